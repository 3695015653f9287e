from datetime import date, datetime

from django.utils import formats
from django.utils.translation import pgettext

from law.models import Company


def day_of(when: date | datetime, company: Company | None = None) -> date:
    """The day it is, or was, where the company is: for a moment late in the evening UTC names another."""
    if not isinstance(when, datetime):
        return when
    return (company or Company.current()).day_of(when)


def spoken(when: date | datetime, company: Company | None = None) -> str:
    """“2 March 2026”, in the visitor's language; never 03/04."""
    written = pgettext("how a date is written (Django's date format)", "j F Y")
    return formats.date_format(day_of(when, company), written)

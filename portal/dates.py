from datetime import date, datetime

from django.utils import formats
from django.utils.translation import pgettext


def spoken(day: date | datetime) -> str:
    """“2 March 2026”, in the visitor's language; never 03/04."""
    return formats.date_format(day, pgettext("how a date is written (Django's date format)", "j F Y"))

"""What makes the desk's alarm bell ring: privacy leads hear of it by mail at once."""

import logging
from smtplib import SMTPException, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import send_mail

from audit.actors import Acts
from audit.models import LargeExport
from people.groups import LEAD
from people.models import User

log = logging.getLogger(__name__)


def tell_of_refused_export(label: str, count: int, *, by: Acts) -> None:
    """Somebody tried to take a crowd out of the house. The event is on record before this runs."""
    words = (
        f"{_who(by)} tried to export {count:,} rows of {label}. "
        f"It was refused: the ceiling is {settings.EXPORT_CEILING:,}.\n\n"
        f"Look at the record: {settings.SITE_URL}/admin/audit/event/\n"
    )
    _tell_leads("A large export was refused", words)


def tell_of_large_export(export: LargeExport, verb: str) -> None:
    """Every lead, the one who asked too: whoever sits at a stolen account cannot keep its owner from hearing."""
    subject, deed = {
        "ask": ("A large export waits for a second person", "asks to export"),
        "fetch": ("A large export was fetched", "has fetched"),
    }[verb]
    words = (
        f"{_who(export.requester)} {deed} {export.rows:,} rows of {export.model}.\n\n"
        f"Look at it: {settings.SITE_URL}/admin/audit/largeexport/{export.pk}/change/\n"
    )
    _tell_leads(subject, words)


def _who(by: Acts) -> str:
    actor = by.as_actor()
    return f"{actor.kind.label.capitalize()} {actor.ref}"


def _tell_leads(subject: str, words: str) -> None:
    leads = User.objects.filter(groups__name=LEAD, is_active=True).values_list("email", flat=True)
    try:
        for address in leads:
            _mail(address, subject, words)
    except (OSError, SMTPException):
        # What happened stands and is on record; a mail server that is down must not turn it into an error page.
        log.exception("an alarm about a large export could not be mailed")


def _mail(address: str, subject: str, words: str) -> None:
    try:
        send_mail(subject, words, None, [address])
    except SMTPRecipientsRefused:  # one dead address keeps nobody else from hearing
        log.exception("a lead's address was refused, so they were not told of a large export")

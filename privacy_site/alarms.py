"""What makes the desk's alarm bell ring: privacy leads hear of it by mail at once."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail

from audit.actors import Acts
from people.groups import LEAD
from people.models import User

log = logging.getLogger(__name__)


def tell_of_refused_export(label: str, count: int, *, by: Acts) -> None:
    """Somebody tried to take a crowd out of the house. The event is on record before this runs."""
    leads = User.objects.filter(groups__name=LEAD, is_active=True).values_list("email", flat=True)
    words = (
        f"{by.as_actor().kind.label.capitalize()} {by.as_actor().ref} tried to export {count:,} rows of {label}. "
        f"It was refused: the ceiling is {settings.EXPORT_CEILING:,}.\n\n"
        f"Look at the record: {settings.SITE_URL}/admin/audit/event/\n"
    )
    try:
        for address in leads:
            send_mail("A large export was refused", words, None, [address])
    except (OSError, SMTPException):
        # The refusal stands and is on record; a mail server that is down must not turn it into an error page.
        log.exception("the alarm about a refused export could not be mailed")

from celery import shared_task
from django.conf import settings
from django.db import connection
from django.utils import timezone

from . import finishing, mail_sender, sender
from .actions import knock, ring_now


@shared_task(name="notices.deliver")
def deliver(helpers: int | None = None) -> None:
    """Send what is due. The first to find a lot to do calls helpers, who call nobody: the number of
    senders stays bounded, however often it rings. SQLite has one sender."""
    if helpers is None:
        helpers = settings.NOTICES_SENDERS - 1 if connection.vendor == "postgresql" else 0
    sender.deliver_due(when_busy=lambda: _call(helpers))
    finishing.note_finished(at=timezone.now())


def _call(helpers: int) -> None:
    for _ in range(helpers):
        ring_now(helpers=0)


@shared_task(name="notices.send_mail")
def send_mail(helpers: int | None = None) -> None:
    """Send single mails that are due; the first sender calls helpers, as for notices."""
    if helpers is None:
        helpers = settings.NOTICES_SENDERS - 1 if connection.vendor == "postgresql" else 0
    mail_sender.send_due(when_busy=lambda: _call_to_mails(helpers))


def _call_to_mails(helpers: int) -> None:
    for _ in range(helpers):
        knock(send_mail, helpers=0)

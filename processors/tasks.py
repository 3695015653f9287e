from celery import shared_task
from django.utils import timezone

from . import subscribing


@shared_task(name="processors.send_links")
def send_links() -> int:
    """Mail the links people asked for; each minute, and right after somebody asked."""
    now = timezone.now()
    subscribing.forget_unconfirmed(at=now)
    return subscribing.send_links(at=now)

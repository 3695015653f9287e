from celery import shared_task
from django.utils import timezone

from . import papers
from .public_list import changes, subscribing


@shared_task(name="processors.send_links")
def send_links() -> int:
    """Mail the links people asked for; each minute, and right after somebody asked."""
    now = timezone.now()
    subscribing.forget_unconfirmed(at=now)
    return subscribing.send_links(at=now)


@shared_task(name="processors.gather")
def gather() -> int:
    """Find what the public list does not say yet, whoever changed it; every five minutes."""
    return changes.gather_all(at=timezone.now())


@shared_task(name="processors.delete_stray_files")
def delete_stray_files() -> int:
    """Each hour: what a crash left behind of a contract's files."""
    return papers.delete_stray_files(at=timezone.now())

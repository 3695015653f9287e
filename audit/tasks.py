from celery import shared_task
from django.utils import timezone

from . import anchors, outside, sealing


@shared_task(name="audit.seal")
def seal() -> None:
    sealing.seal_all(at=timezone.now())


@shared_task(name="audit.anchor")
def anchor() -> None:
    """Once a day: look for events everywhere, not only among the recent, then sign the last link."""
    sealing.seal_all(at=timezone.now(), everywhere=True)
    anchors.anchor(at=timezone.now())


@shared_task(name="audit.write_ledger")
def write_ledger() -> None:
    """What was not written right after its commit: the disk was full, or the process was killed."""
    outside.write_out()

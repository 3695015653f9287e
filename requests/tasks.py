from celery import shared_task
from django.utils import timezone

from . import vault


@shared_task(name="requests.sweep_vault")
def sweep_vault() -> None:
    vault.sweep_leftovers(at=timezone.now())

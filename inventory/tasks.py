from celery import shared_task
from django.utils import timezone

from .letting_go import sweeps
from .models import Sweep

WINDOWS = 20  # then another task goes on, so that none lives near its time limit


@shared_task(name="inventory.sweep")
def sweep() -> None:
    """Go on with what a person has confirmed. Killed anywhere, the next ring takes it up."""
    for confirmed in Sweep.objects.at_work():
        if sweeps.run(confirmed, at=timezone.now(), windows=WINDOWS):
            sweeps.ring_now()

from celery import shared_task
from django.utils import timezone

from inventory.models import CutoffOrder

from . import here
from .arriving import pasted, seeking, unverified
from .changing import newcomers
from .copies import packages
from .desk import summary
from .erasing import erasure, letting_go
from .keeping import vault
from .others import asking, calls, fanout, work
from .proving import proofs


@shared_task(name="requests.go_on")
def go_on() -> None:
    """What follows from the clock or from an answer; each minute, and right after somebody did something."""
    now = timezone.now()
    erasure.begin_due(at=now)
    for order in CutoffOrder.objects.open().filter(task=None):
        fanout.open_task_of(order, at=now)
    work.cancel_what_was_answered_elsewhere()
    here.do_due(at=now)
    asking.ask_due(at=now)
    asking.remind_due(at=now)
    packages.remove_expired(at=now)
    packages.remove_handed_over(at=now)
    erasure.forget_last_addresses(at=now)


@shared_task(name="requests.seek")
def seek() -> None:
    """Find out whether we know who asked; each minute, and right after a form was sent."""
    seeking.seek_due(at=timezone.now())


@shared_task(name="requests.close_unverified")
def close_unverified() -> None:
    """Each hour: remind whoever has not confirmed, close what nobody did, let documents go."""
    now = timezone.now()
    unverified.remind_due(at=now)
    unverified.close_due(at=now)
    proofs.destroy_due(at=now)
    pasted.destroy_due(at=now)


@shared_task(name="requests.call")
def call() -> None:
    calls.call_due(at=timezone.now())


@shared_task(name="requests.pack")
def pack() -> None:
    packages.build_due(at=timezone.now())


@shared_task(name="requests.sweep_vault")
def sweep_vault() -> None:
    letting_go.unclaimed(at=timezone.now())
    vault.sweep_leftovers(at=timezone.now())


@shared_task(name="requests.tell_newcomers")
def tell_newcomers() -> None:
    newcomers.tell_due(at=timezone.now())


@shared_task(name="requests.summarize")
def summarize() -> None:
    """Each hour; whoever has today's summary gets no second one."""
    summary.send_due(at=timezone.now())

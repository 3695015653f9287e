"""What waits for somebody in the house: the questions of the queue, the morning page and the daily mail.

Each is a queryset over an index of open rows only, so that a million closed cases cost nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q

from law.models import Company

from .models import (
    ErasureOrder,
    IdentityCheck,
    Message,
    RightsRequest,
    RightsRequestQuerySet,
    Stage,
    Task,
    TaskStage,
    Verdict,
)

Question = Callable[[datetime], RightsRequestQuerySet]
A_WEEK = timedelta(days=7)


def ours(at: datetime) -> RightsRequestQuerySet:
    """Our move: because it is, because the requester wrote, or because it is late, whoever it waits for.

    That it is open stands before the rest, so that the index of open cases answers."""
    return RightsRequest.objects.open() & (RightsRequest.objects.waiting_for_us() | late(at) | unread(at))


def late(at: datetime) -> RightsRequestQuerySet:
    return RightsRequest.objects.overdue(Company.current().day_of(at))


def due_today(at: datetime) -> RightsRequestQuerySet:
    return RightsRequest.objects.open().filter(strict_due_on=Company.current().day_of(at))


def due_this_week(at: datetime) -> RightsRequestQuerySet:
    """From tomorrow on, seven days."""
    today = Company.current().day_of(at)
    return RightsRequest.objects.due_by(today + A_WEEK).filter(strict_due_on__gt=today)


def unread(at: datetime) -> RightsRequestQuerySet:
    """The requester wrote and nobody has read it; also after the end of a case, while messages are read."""
    return RightsRequest.objects.filter(pk__in=Message.objects.unread().values("request"))


def erasures_to_approve(at: datetime) -> RightsRequestQuerySet:
    proposed = ErasureOrder.objects.filter(approved_at=None, stopped_at=None, done_at=None)
    decided_on = [Stage.REVIEW, Stage.FULFILLING]  # the second, when a plan changed while it waited
    return RightsRequest.objects.filter(stage__in=decided_on, pk__in=proposed.values("request"))


def recoveries_to_second(at: datetime) -> RightsRequestQuerySet:
    half = IdentityCheck.objects.filter(verdict=Verdict.OPEN, is_recovery=True, decided_by__isnull=False)
    return RightsRequest.objects.open().filter(pk__in=half.values("request"))


def stuck_tasks(at: datetime) -> RightsRequestQuerySet:
    """Of closed cases too: that a restriction ended is told afterwards, and must not get lost."""
    stuck = Task.objects.open().filter(Q(stage=TaskStage.PARKED) | Q(due_at__lt=at), request__isnull=False)
    return RightsRequest.objects.filter(pk__in=stuck.values("request"))


def nobodys(at: datetime) -> RightsRequestQuerySet:
    """Confirmed, and nobody has taken it."""
    return RightsRequest.objects.open().exclude(stage=Stage.UNVERIFIED).filter(owner=None)


QUESTIONS: dict[str, Question] = {
    "late": late,
    "today": due_today,
    "week": due_this_week,
    "reading": unread,
    "erasure": erasures_to_approve,
    "recovery": recoveries_to_second,
    "task": stuck_tasks,
}

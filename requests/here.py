"""Tasks for this very database: what can be answered by itself is, the rest is put before staff."""

from datetime import datetime

from django.db import transaction

from audit.actors import SYSTEM

from . import gathering, guards, work
from .models import Answer, Duty, RightsRequest, Task


def do_due(*, at: datetime) -> int:
    """Answer what asks for a copy; put the rest before staff; returns how many were answered."""
    done = 0
    while (answered := _next(at)) is not None:
        done += answered
    return done


@transaction.atomic
def _next(at: datetime) -> bool | None:
    waiting = Task.objects.select_for_update(skip_locked=True, of=("self",)).to_do_here()
    task = waiting.select_related("request").order_by("next_try_at", "pk").first()
    if task is None:
        return None
    if task.duty != Duty.GATHER or task.request is None:
        work.mark_asked(task, at=at)  # an erasure here comes last (erasure.carry_out); staff do the others
        return False
    rows = count(task.request)
    answer = Answer.DONE if rows else Answer.NOTHING
    work.answer(task, answer=answer, count_done=rows, by=SYSTEM, at=at)
    return True


def count(request: RightsRequest) -> int:
    """How many rows of ours are about them. The copy reads the rows themselves when it is put together."""
    subject = guards.subject_of(request)
    return sum(part.found().count() for part in gathering.parts(subject))

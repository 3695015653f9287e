"""What this very database does for a case, duty by duty. Whoever asks “what happens here?” reads `HANDLERS`.

An erasure has no handler: it comes last, by a person's hand (`erasure.carry_out`)."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from audit.actors import SYSTEM
from audit.refusals import Refused

from . import guards
from .changing import correcting, limiting
from .copies import gathering
from .models import Answer, Duty, RightsRequest, Task
from .others import work

# Called in a transaction as handler(request, at=); says how many rows it was about. What it refuses is
# shown to staff on the parked task.
Handler = Callable[..., int]


def count(request: RightsRequest, *, at: datetime | None = None) -> int:
    """How many rows of ours are about them. The copy reads the rows themselves when it is put together."""
    subject = guards.subject_of(request)
    return sum(part.found().count() for part in gathering.parts(subject))


HANDLERS: dict[str, Handler] = {
    Duty.GATHER: count,
    Duty.CORRECT: correcting.apply,
    Duty.RESTRICT: limiting.restrict,
    Duty.STOP: limiting.stop,
}


def do_due(*, at: datetime) -> int:
    """Do what is asked of this database; returns how many tasks were answered."""
    done = 0
    while (answered := _next(at)) is not None:
        done += answered
    return done


@transaction.atomic
def _next(at: datetime) -> bool | None:
    first = Task.objects.to_do_here().select_related("request").order_by("next_try_at", "pk").first()
    if first is None:
        return None
    if first.request:
        guards.locked(first.request)  # the case before its task, as everybody who ends a case holds them
    task = Task.objects.select_for_update(of=("self",)).to_do_here().filter(pk=first.pk).first()
    if task is None:  # another worker was quicker, or the case is over
        return False
    handler = HANDLERS.get(task.duty)
    if handler is None or task.request is None:
        work.mark_asked(task, at=at)
        return False
    try:
        with transaction.atomic():
            rows = handler(task.request, at=at)
    except Refused as refusal:
        work.park(task, failure=str(refusal), at=at)
        return False
    answer = Answer.DONE if rows else Answer.NOTHING
    work.answer(task, answer=answer, count_done=rows, by=SYSTEM, at=at)
    return True


def do_without_a_task(request: RightsRequest, duty: str, *, at: datetime) -> None:
    """Where the register does not name this database as a system, its part is done when work begins."""
    if duty in (Duty.CORRECT, Duty.RESTRICT, Duty.STOP) and request.subject is not None:
        HANDLERS[duty](request, at=at)

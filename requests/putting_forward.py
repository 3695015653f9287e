"""When everybody has answered: the answer of a case is put forward, for somebody to look at."""

from datetime import datetime

from django.db import transaction

from audit.actors import SYSTEM, Acts

from . import events, guards, moves
from .copies import packages
from .models import Happened, Right, RightsRequest, Stage


@transaction.atomic
def go_on_when_answered(request: RightsRequest, *, at: datetime) -> bool:
    """The last answer is in: put it forward for a look. Called after each answer; does nothing before."""
    guards.locked(request)
    if request.stage != Stage.FULFILLING or request.right == Right.ERASURE:
        return False
    if not request.tasks.exists() or request.tasks.owed().exists():
        return False
    put_forward(request, by=SYSTEM, at=at)
    return True


@transaction.atomic
def put_forward(request: RightsRequest, *, by: Acts, at: datetime, reason: str = "") -> RightsRequest:
    """Fulfilling → release: everybody has answered; a person looks before anything leaves the house."""
    guards.locked(request)
    guards.may_become(request, Stage.RELEASE)
    guards.has_no_open_task(request)
    moves.move(request, Stage.RELEASE)
    packages.start_if_owed(request, at=at)
    events.deed(request, "put_forward", Happened.PUT_FORWARD, by=by, at=at, reason=reason)
    return request

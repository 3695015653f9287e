"""The only place that moves a case from stage to stage. Actions call it; nobody else should."""

from datetime import datetime
from typing import Any

from . import guards
from .models import DenialReason, Outcome, RightsRequest, Stage


def move(request: RightsRequest, stage: Stage, **columns: Any) -> None:
    """Raises WrongStage for a step the table does not know."""
    guards.may_become(request, stage)
    request.stage = stage
    put(request, "stage", **columns)


def end(request: RightsRequest, outcome: Outcome, *, at: datetime, denial: DenialReason | str = "") -> None:
    move(request, Stage.CLOSED, outcome=outcome, denial=denial, closed_at=at, pause_reason="")


def put(request: RightsRequest, *also: str, **columns: Any) -> None:
    for name, value in columns.items():
        setattr(request, name, value)
    request.save(update_fields=[*also, *columns])

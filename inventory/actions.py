"""What happens to the registers (GDPR Art. 30 and 5(2)): the record stays true, nothing vanishes in use."""

from collections.abc import Iterable
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.actions import record
from audit.actors import Acts
from law.models import Company

from . import guards
from .models import DataCategory, Measure, ProcessingActivity, Purpose, System

Endable = Purpose | System | ProcessingActivity


@transaction.atomic
def name_categories(
    activity: ProcessingActivity,
    categories: Iterable[DataCategory],
    *,
    by: Acts,
    at: datetime,
    reason: str = "",
) -> None:
    """The activity uses these and no others. Raises NeverHeld for one declared as never held."""
    if refusal := guards.never_held(categories):
        raise guards.NeverHeld(refusal)
    activity.categories.set(categories)
    record("inventory.name_categories", activity, by=by, at=at, reason=reason, fields=["categories"])


@transaction.atomic
def declare_never_held(category: DataCategory, *, by: Acts, at: datetime, reason: str = "") -> None:
    """Say in public that we do not keep it. Raises NeverHeld where an activity uses it."""
    if refusal := guards.still_held(category):
        raise guards.NeverHeld(refusal)
    category.is_never_held = True
    category.save(update_fields=["is_never_held"])
    record("inventory.declare_never_held", category, by=by, at=at, reason=reason, fields=["is_never_held"])


@transaction.atomic
def end_purpose(purpose: Purpose, *, on: date, by: Acts, at: datetime, reason: str) -> None:
    """From `on` nothing is done for it. Raises StillActive while an activity goes on past that day."""
    active = guards.live_after(purpose.activities.all(), on)
    if active.exists():
        raise guards.StillActive(
            f"Still done for it after that day: {guards.named(active)}. End these first."
        )
    _end(purpose, on, by=by, at=at, reason=reason)


@transaction.atomic
def end_system(system: System, *, on: date, by: Acts, at: datetime, reason: str) -> None:
    """From `on` no data lies there. Raises StillActive while an activity names it past that day."""
    active = guards.live_after(system.activities.all(), on)
    if active.exists():
        raise guards.StillActive(
            f"Data still lies there for {guards.named(active)}. Say there where it lies now, or end them."
        )
    _end(system, on, by=by, at=at, reason=reason)


@transaction.atomic
def end_activity(activity: ProcessingActivity, *, on: date, by: Acts, at: datetime, reason: str) -> None:
    """It leaves the live record on that day and stays on file."""
    _end(activity, on, by=by, at=at, reason=reason)


def _end(thing: Endable, on: date, *, by: Acts, at: datetime, reason: str) -> None:
    try:
        guards.day(on, Company.current().day_of(at))
    except ValidationError as error:
        raise guards.NotADay(error.messages[0]) from error
    thing.ended_on = on
    thing.save(update_fields=["ended_on"])
    record("inventory.end", thing, by=by, at=at, reason=reason, details={"on": on.isoformat()})


@transaction.atomic
def take_up(thing: Endable, *, by: Acts, at: datetime, reason: str) -> None:
    """It goes on as before. Raises StillActive for an activity whose purpose has ended."""
    if isinstance(thing, ProcessingActivity) and (
        refusal := guards.ended_purpose(thing.purpose, Company.current().day_of(at))
    ):
        raise guards.StillActive(refusal)
    thing.ended_on = None
    thing.save(update_fields=["ended_on"])
    record("inventory.take_up", thing, by=by, at=at, reason=reason)


@transaction.atomic
def remove(
    thing: DataCategory | Purpose | System | ProcessingActivity | Measure,
    *,
    by: Acts,
    at: datetime,
    reason: str,
) -> None:
    """Delete what was entered by mistake. Raises InUse with all that names it: that is history."""
    if refusal := guards.in_use(thing):
        raise guards.InUse(refusal)
    record("inventory.delete", thing, by=by, at=at, reason=reason)
    thing.delete()

"""Two rows of the register turn out to be one company: the twin is merged into the other.

What may move moves. What was told of the twin is evidence and stays where it stands; `merged_into` leads
from there to the company, and under the twin's name lists go on recognizing it."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db import OperationalError, models, transaction
from django.db.models import Q

from audit.actions import record
from audit.refusals import Refused
from law.models import Company
from people.models import User

from .merging import Likeness, same_company
from .models import Processor, Status
from .public_list import changes

# How far on its way a company is; the twin is never further than the one that stays.
STEPS = (Status.PROPOSED, Status.REVIEW, Status.APPROVED, Status.LEAVING, Status.ACTIVE)


class CannotMerge(Refused):
    pass


class Busy(Refused):
    pass


@transaction.atomic
def merge(twin: Processor, *, into: Processor, by: User, at: datetime, reason: str) -> Processor:
    """From now on both are `into` (GDPR Art. 5(2): one company, one file). Raises CannotMerge, Busy."""
    twin, into = _held(twin, into)
    today = Company.current().day_of(at)
    if refusal := list(contradictions(twin, into, today)):
        raise CannotMerge(" ".join(refusal))
    moved = _move_all(twin, into, today)
    if twin.started_on and (into.started_on is None or twin.started_on < into.started_on):
        into.started_on = twin.started_on
        into.save(update_fields=["started_on"])
    twin.merged.update(merged_into=into)
    # Not by the table of transitions: it does not leave us, it never was a company of its own.
    twin.status, twin.ended_on, twin.merged_into = Status.ENDED, twin.ended_on or today, into
    twin.save(update_fields=["status", "ended_on", "merged_into"])
    for processor in (twin, into):
        changes.gather(processor, at=at)
    record("processors.merge", into, by=by, at=at, reason=reason, details={"merged": twin.pk, **moved})
    return into


def _held(twin: Processor, into: Processor) -> tuple[Processor, Processor]:
    """Both rows, or a refusal: two merges that wait for each other would wait for ever."""
    try:
        with transaction.atomic():
            rows = Processor.objects.select_for_update(nowait=True).filter(pk__in=[twin.pk, into.pk])
            found = {row.pk: row for row in rows.order_by("pk")}
    except OperationalError:
        raise Busy("Somebody is changing one of the two at this moment. Try again.") from None
    if len(found) < len({twin.pk, into.pk}):
        raise CannotMerge("One of the two is gone.")
    return found[twin.pk], found[into.pk]


def contradictions(twin: Processor, into: Processor, on: date) -> Iterator[str]:
    """Why the two cannot be one company as the register stands, each a sentence."""
    if twin.pk == into.pk:
        yield "A company cannot be merged into itself."
        return
    if twin.merged_into_id:
        yield f"“{twin}” is merged into “{twin.merged_into}” already."
        return
    if into.merged_into_id:
        yield f"“{into}” is itself merged into “{into.merged_into}”: choose that one."
        return
    yield from _states(twin, into)
    if twin.reviews.filter(decided_at=None).exists() and into.reviews.filter(decided_at=None).exists():
        yield "Both have an open review: decide one of them first."
    yield from _each_others(twin, into)
    for change in twin.changes.coming(on):
        yield f"A change of “{twin}” is announced for {change.effective_on:%-d %B %Y}: wait for it, or withdraw it."


def _states(twin: Processor, into: Processor) -> Iterator[str]:
    ended = [row for row in (twin, into) if row.status == Status.ENDED]
    if len(ended) == 1:
        other = into if ended[0] == twin else twin
        yield f"“{ended[0]}” has ended and “{other}” has not: what ended does not go on under another name."
    elif not ended and STEPS.index(Status(twin.status)) > STEPS.index(Status(into.status)):
        yield (
            f"“{twin}” is {twin.get_status_display()} and “{into}” only {into.get_status_display()}: "
            f"merge “{into}” into “{twin}” instead."
        )
    if not ended and twin.role != into.role:
        yield (
            f"“{twin}” is {twin.get_role_display()} and “{into}” {into.get_role_display()}: one company is one "
            "of them for the same work. Correct the wrong one first."
        )


def _each_others(twin: Processor, into: Processor) -> Iterator[str]:
    for one, other in ((twin, into), (into, twin)):
        if one.subprocessors.filter(company=other).exists():
            yield f"“{one}” uses “{other}” as a sub-processor, and a company is not its own: take that out first."


def _move_all(twin: Processor, into: Processor, today: date) -> dict[str, Any]:
    """Every row by number, so that the record says whose it was."""
    doubled = _end_doubled(twin, into, today)
    moved = {
        name: _moved(getattr(twin, name), {"processor": into})
        for name in ("contracts", "reviews", "transfers")
    }
    alike = {
        "places": ("processor", "country", "named_as"),
        "receives": ("processor", "activity_id"),
        "hosts": ("processor", "system_id"),
        "subprocessors": ("processor", "company_id"),
        "used_by": ("company", "processor_id"),
    }
    joined = {name: _joined(twin, into, name, *columns) for name, columns in alike.items()}
    return {**moved, "transfers_ended": doubled, **joined}


def _moved(rows: models.QuerySet[Any], values: dict[str, Processor]) -> list[int]:
    pks = list(rows.order_by("pk").values_list("pk", flat=True))
    rows.filter(pk__in=pks).update(**values)
    return pks


def _end_doubled(twin: Processor, into: Processor, today: date) -> list[int]:
    """Of two live transfers of one kind to one country, that of the one that stays goes on."""
    same = Q(pk__in=[])
    for kind in into.transfers.filter(ended_on=None).values("exporter_regime", "destination", "mechanism"):
        same |= Q(**kind)
    rows = twin.transfers.filter(same, ended_on=None)
    pks = list(rows.order_by("pk").values_list("pk", flat=True))
    rows.update(ended_on=today)
    return pks


def _joined(twin: Processor, into: Processor, name: str, key: str, *columns: str) -> int:
    """Links both have become one; the number of those that moved."""
    here = set(getattr(into, name).values_list(*columns))
    rows = getattr(twin, name)
    known = [pk for pk, *values in rows.values_list("pk", *columns) if tuple(values) in here]
    rows.filter(pk__in=known).delete()
    return int(rows.update(**{key: into}))


def likely_twins(processor: Processor) -> list[Processor]:
    """Those whose name looks like the same company, the surest first."""
    others = Processor.objects.filter(merged_into=None).exclude(pk=processor.pk)
    alike = [(same_company(processor.name, other.name), other) for other in others]
    found = [pair for pair in alike if pair[0] is not Likeness.NO]
    return [other for _degree, other in sorted(found, key=lambda pair: pair[0] is not Likeness.CERTAIN)]

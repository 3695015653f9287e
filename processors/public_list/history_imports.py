"""Bringing the history of a published list in (`manage.py import_processor_history`): companies with the
day they came and the day they went, and every change dated. Nobody is told, nothing is proved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import translation

from audit.actions import record
from audit.actors import Acts
from processors.models import Announcement, ChangeKind, Processor, ProcessorPlace, Status, SubprocessorChange

from . import entries, words
from .histories import Difference, Entry, Life


@dataclass
class Counts:
    companies: int = 0
    companies_new: int = 0
    changes: int = 0
    changes_new: int = 0


@transaction.atomic
def bring_in(found: Sequence[Life], *, by: Acts, at: datetime) -> Counts:
    """Write what is not here yet. A company in the register keeps its state, whatever the lists say."""
    counts = Counts(companies=len(found), changes=sum(len(life.story) for life in found))
    days = _Days(at)
    names: set[str] = set()
    for life in found:
        processor, is_new = _processor(life, is_second=life.entry.name in names)
        names.add(life.entry.name)
        counts.companies_new += is_new
        if is_new:
            _begin(processor, life, days)
            record("processors.bring_in", processor, by=by, at=at, details={"since": life.began.isoformat()})
        for day, difference in life.story:
            counts.changes_new += _tell(processor, day, difference, days)
    if counts.companies_new or counts.changes_new:
        record("processors.import_processor_history", by=by, at=at, details=vars(counts))
    return counts


class _Days(dict[date, Announcement]):
    """One announcement for each day on which the list changed."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at

    def __missing__(self, day: date) -> Announcement:
        self[day] = Announcement.objects.create(effective_on=day, announced_at=self.at, is_history=True)
        return self[day]


def _processor(life: Life, *, is_second: bool) -> tuple[Processor, bool]:
    """Born in its state: nothing is moved past the guards of actions."""
    entry = life.entry
    state = Status.ENDED if life.ended else Status.ACTIVE
    processor, is_new = Processor.objects.get_or_create(
        name=entry.name,
        service=entry.purpose[:150] if is_second else "",
        defaults={
            "kind": "other",
            "status": state,
            "description": entry.purpose,
            "seat_country": entry.seat,
            "started_on": life.began,
            "ended_on": life.ended,
        },
    )
    if is_new:
        ProcessorPlace.objects.bulk_create(
            ProcessorPlace(processor=processor, country=country, named_as=named_as)
            for country, named_as in _places(entry)
        )
    return processor, is_new


def _begin(processor: Processor, life: Life, days: _Days) -> None:
    """Whoever stood on the first list came before our story begins: a line, and no news."""
    first = life.story[0][1] if life.story else None
    entry = first.before if first else life.entry
    if entry is not None:
        change = _change(processor, ChangeKind.LISTED, {}, _facts(entry), days.at)
        change.name, change.announcement = entry.name[:150], days[life.began]
        change.save()


def _tell(processor: Processor, day: date, difference: Difference, days: _Days) -> bool:
    entry = difference.after or difference.before
    if entry is None:
        return False
    was, becomes = (_side(difference.kind, one) for one in (difference.before, difference.after))
    change = _change(processor, difference.kind, was, becomes, days.at)
    told = processor.changes.filter(
        kind=change.kind, before=change.before, after=change.after, announcement__effective_on=day
    )
    if told.exists():
        return False
    change.name, change.announcement = entry.name[:150], days[day]
    change.save()
    return True


def _change(
    processor: Processor, kind: ChangeKind, was: entries.Facts, becomes: entries.Facts, at: datetime
) -> SubprocessorChange:
    with translation.override(words.OWN_LANGUAGE):
        before, after = words.said(kind, was), words.said(kind, becomes)
    return SubprocessorChange(
        processor=processor, kind=kind, was=was, becomes=becomes, before=before, after=after, gathered_at=at
    )


def _side(kind: ChangeKind, entry: Entry | None) -> entries.Facts:
    if entry is None:
        return {}
    column = entries.COLUMN.get(kind)
    return _facts(entry) if column is None else {column: _facts(entry)[column]}


def _facts(entry: Entry) -> entries.Facts:
    work = (entry.purpose,) if entry.purpose else ()
    return entries.Entry(entry.name[:150], work, _places(entry), entry.seat).facts


def _places(entry: Entry) -> tuple[tuple[str, str], ...]:
    unread = [("", part.text[:100]) for part in entry.places.unread]
    return tuple(dict.fromkeys([*((code, "") for code in entry.places.codes), *unread]))

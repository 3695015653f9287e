"""Bringing the history of a published list in (`manage.py import_processor_history`): companies with the
day they came and the day they went, and every change dated. Nobody is told, nothing is proved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from audit.actions import record
from audit.actors import Acts

from .changes import country_in_words
from .histories import Difference, Entry, Life
from .models import Announcement, ChangeKind, Processor, ProcessorPlace, Status, SubprocessorChange


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
    days: dict[date, Announcement] = {}
    names: set[str] = set()
    for life in found:
        processor, is_new = _processor(life, is_second=life.entry.name in names)
        names.add(life.entry.name)
        counts.companies_new += is_new
        if is_new:
            record("processors.bring_in", processor, by=by, at=at, details={"since": life.began.isoformat()})
        for day, difference in life.story:
            counts.changes_new += _tell(processor, day, difference, days, at)
    if counts.companies_new or counts.changes_new:
        record("processors.import_processor_history", by=by, at=at, details=vars(counts))
    return counts


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
            ProcessorPlace(processor=processor, country=country, named_as=words)
            for country, words in _places(entry)
        )
    return processor, is_new


def _places(entry: Entry) -> list[tuple[str, str]]:
    unread = [("", part.text[:100]) for part in entry.places.unread]
    return list(dict.fromkeys([*((code, "") for code in entry.places.codes), *unread]))


def _tell(
    processor: Processor, day: date, difference: Difference, days: dict[date, Announcement], at: datetime
) -> bool:
    entry = difference.after or difference.before
    before, after = (
        _words(difference.kind, one) if one else "" for one in (difference.before, difference.after)
    )
    told = SubprocessorChange.objects.filter(
        processor=processor, kind=difference.kind, before=before, after=after, announcement__effective_on=day
    )
    if entry is None or told.exists():
        return False
    if day not in days:
        days[day] = Announcement.objects.create(effective_on=day, announced_at=at, is_history=True)
    SubprocessorChange.objects.create(
        processor=processor,
        kind=difference.kind,
        name=entry.name[:150],
        before=before,
        after=after,
        gathered_at=at,
        announcement=days[day],
    )
    return True


def _words(kind: ChangeKind, entry: Entry) -> str:
    places = ", ".join(words or country_in_words(code) for code, words in _places(entry))
    match kind:
        case ChangeKind.NAME:
            return entry.name
        case ChangeKind.PURPOSE:
            return entry.purpose
        case ChangeKind.PLACE:
            return places
    work = f"{entry.purpose.rstrip('.')}." if entry.purpose else ""
    return " ".join(filter(None, [work, f"Places: {places}." if places else ""]))

"""What the list of companies says of one company: as the register has it, and as people were told.

The told list is the fold of its announced changes, so nothing reaches the public page by another way.
Where the two differ, something waits to be announced (docs/decisions/0011)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any

from django.db.models import Prefetch, QuerySet

from inventory.models import ProcessingActivity
from processors.models import (
    ChangeKind,
    Processor,
    ProcessorActivity,
    ProcessorPlace,
    Subprocessor,
    SubprocessorChange,
)

# Which column of the list each kind of change is about; the others bring or take the whole line.
COLUMN = {
    ChangeKind.NAME: "name",
    ChangeKind.PURPOSE: "work",
    ChangeKind.PLACE: "places",
    ChangeKind.SEAT: "seat",
    ChangeKind.DATA: "data",
    ChangeKind.HELPERS: "helpers",
}
ARRIVALS = (ChangeKind.ADDED, ChangeKind.LISTED)


@dataclass(frozen=True)
class Entry:
    """One line of the list. Countries are codes, so that each reader reads them in their language; the
    rest are the staff's own words."""

    name: str
    work: tuple[str, ...] = ()
    places: tuple[tuple[str, str], ...] = ()  # (country, "") or ("", their words)
    seat: str = ""
    data: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()

    @property
    def facts(self) -> dict[str, Any]:
        """As a change keeps them: plain JSON, equal when read back."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    def with_facts(self, facts: Mapping[str, Any]) -> "Entry":
        known = {field.name for field in fields(self)}
        return replace(self, **{name: _frozen(value) for name, value in facts.items() if name in known})


Facts = dict[str, Any]
Differences = dict[str, tuple[Facts, Facts]]  # kind → (as it was, as it becomes)


def differences(told: Entry | None, now: Entry | None) -> Differences:
    """What has to be told to somebody who knows the one, so that they know the other."""
    if told is None or now is None:
        if told == now:
            return {}
        kind = ChangeKind.ADDED if told is None else ChangeKind.REMOVED
        return {kind: (told.facts if told else {}, now.facts if now else {})}
    before, after = told.facts, now.facts
    return {
        kind: ({name: before[name]}, {name: after[name]})
        for kind, name in COLUMN.items()
        if not _same(before[name], after[name])
    }


def _same(before: Any, after: Any) -> bool:
    """In whatever order they were entered."""
    return bool(sorted(before) == sorted(after)) if isinstance(before, list) else bool(before == after)


def registered(processors: Iterable[Processor], on: date) -> dict[int, Entry]:
    """As the register has them, by processor; a steady number of queries."""
    pks = [processor.pk for processor in processors]
    receives = ProcessorActivity.objects.filter(activity__in=ProcessingActivity.objects.live(on))
    rows = Processor.objects.filter(pk__in=pks).prefetch_related(
        Prefetch("places", ProcessorPlace.objects.order_by("pk")),
        Prefetch("receives", receives.select_related("activity__purpose").order_by("pk")),
        "receives__activity__categories",
        Prefetch("subprocessors", Subprocessor.objects.select_related("company")),
    )
    return {processor.pk: _entry(processor) for processor in rows}


def _entry(processor: Processor) -> Entry:
    activities = [link.activity for link in processor.receives.all()]
    purposes = sorted({activity.purpose.name for activity in activities})
    return Entry(
        name=processor.name,
        work=(processor.description,) if processor.description else tuple(purposes),
        places=tuple((place.country, place.named_as) for place in processor.places.all()),
        seat=processor.seat_country,
        data=tuple(sorted({row.name for activity in activities for row in activity.categories.all()})),
        helpers=tuple(sorted(link.company.name for link in processor.subprocessors.all())),
    )


def told(rows: "QuerySet[SubprocessorChange]") -> dict[int, Entry]:
    """The list those changes leave, by processor: `.in_effect(day)` gives the list of that day, and
    `.standing()` the one that will hold once all that was announced has begun."""
    stories: dict[int, list[SubprocessorChange]] = defaultdict(list)
    for change in rows.order_by("announcement__effective_on", "announcement_id", "pk"):
        stories[change.processor_id].append(change)
    entries = {pk: fold(story) for pk, story in stories.items()}
    return {pk: entry for pk, entry in entries.items() if entry is not None}


def fold(story: Iterable[SubprocessorChange]) -> Entry | None:
    """One company after its changes, in the order they take effect; None where it is not on the list."""
    entry: Entry | None = None
    for change in story:
        if change.kind in ARRIVALS:
            entry = Entry(change.name).with_facts(change.becomes)
        elif change.kind == ChangeKind.REMOVED:
            entry = None
        elif entry is not None:
            entry = entry.with_facts(change.becomes)
    return entry


def _plain(value: Any) -> Any:
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _frozen(value: Any) -> Any:
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value

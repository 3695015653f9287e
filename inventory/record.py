"""The record of processing (GDPR Art. 30): as controller (1) and as processor of schools (2)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice
from typing import TypeVar

from django.db.models import Q, QuerySet
from django_countries import countries

from audit.personal import StartEvent, Then
from people.models import Role

from .models import ProcessingActivity, RetentionRule

CHUNK = 500  # activities in memory at a time
T = TypeVar("T")


@dataclass(frozen=True)
class Recipient:
    """Who else gets the data; `transfers` says where to and under what, each a short phrase:
    “Standard contractual clauses, module 2, to the United States”."""

    name: str
    transfers: tuple[str, ...] = ()


def retention(activities: Sequence[ProcessingActivity]) -> dict[int, list[str]]:
    """How long the retention rules let each activity's data be kept (GDPR Art. 30(1)(f))."""
    rules: dict[int, list[RetentionRule]] = defaultdict(list)
    purposes = {activity.purpose_id for activity in activities}
    for rule in RetentionRule.objects.filter(purpose__in=purposes).select_related("category"):
        rules[rule.purpose_id].append(rule)
    return {activity.pk: _limits(activity, rules[activity.purpose_id]) for activity in activities}


def _limits(activity: ProcessingActivity, rules: Iterable[RetentionRule]) -> list[str]:
    used = {category.pk for category in activity.categories.all()}
    return [_limit(rule) for rule in rules if rule.category_id in used and rule.role in ("", *activity.whose)]


def _limit(rule: RetentionRule) -> str:
    whose = f" of {rule.get_role_display()}s" if rule.role else ""
    if not rule.unit:
        return f"{rule.category}{whose}: kept without an end"
    start = StartEvent(rule.start_event).label
    return f"{rule.category}{whose}: {DONE[Then(rule.then)]} {rule.period} after {start}"


DONE = {Then.DELETE: "deleted", Then.ANONYMIZE: "anonymized", Then.ARCHIVE: "archived"}


# Joined in `ready()`, as audit.naming does. Each is given up to CHUNK activities at a time and answers
# by activity id, so that a long record costs a steady number of queries.
recipients: list[Callable[[Sequence[ProcessingActivity]], Mapping[int, Sequence[Recipient]]]] = []
# “Lesson answers: deleted 2 years after the last activity”, one phrase for each rule.
time_limits: list[Callable[[Sequence[ProcessingActivity]], Mapping[int, Sequence[str]]]] = [retention]


@dataclass(frozen=True)
class Entry:
    """One activity as Art. 30 wants it told. Every column is a list of phrases."""

    activity: ProcessingActivity
    recipients: tuple[Recipient, ...]
    time_limits: tuple[str, ...]

    @property
    def categories(self) -> list[str]:
        return [category.name for category in self.activity.categories.all()]

    @property
    def whose(self) -> list[str]:
        return [str(Role(role).label) for role in self.activity.whose]

    @property
    def systems(self) -> list[str]:
        return [f"{system.name} ({countries.name(system.country)})" for system in self.activity.systems.all()]

    @property
    def recipient_names(self) -> list[str]:
        return [recipient.name for recipient in self.recipients]

    @property
    def transfers(self) -> list[str]:
        return [
            f"{recipient.name}: {phrase}" for recipient in self.recipients for phrase in recipient.transfers
        ]

    @property
    def measures(self) -> list[str]:
        """Those of the activity and those of the systems it uses."""
        of_systems = (system.measures.all() for system in self.activity.systems.all())
        names = (measure.name for measure in chain(self.activity.measures.all(), *of_systems))
        return sorted(set(names))


COLUMNS: dict[str, Callable[[Entry], object]] = {
    "kind": lambda entry: entry.activity.get_capacity_display(),
    "activity": lambda entry: entry.activity.name,
    "purpose": lambda entry: entry.activity.purpose.name,
    "lawful basis": lambda entry: entry.activity.get_basis_display(),
    "whose data": lambda entry: _joined(entry.whose),
    "categories of data": lambda entry: _joined(entry.categories),
    "systems and countries": lambda entry: _joined(entry.systems),
    "recipients": lambda entry: _joined(entry.recipient_names),
    "transfers and safeguards": lambda entry: _joined(entry.transfers),
    "time limits": lambda entry: _joined(entry.time_limits),
    "safeguards": lambda entry: _joined(entry.measures),
    "by a machine alone": lambda entry: entry.activity.get_automation_display(),
    "its logic": lambda entry: entry.activity.logic,
    "its consequences": lambda entry: entry.activity.consequences,
    "protection from it": lambda entry: entry.activity.protection,
    "description": lambda entry: entry.activity.description,
    "ended on": lambda entry: entry.activity.ended_on,
}


def entries(activities: QuerySet[ProcessingActivity]) -> Iterator[Entry]:
    """The activities in their order, read in chunks: a million cost no more memory than a thousand."""
    rows = activities.select_related("purpose").prefetch_related(
        "categories", "systems__measures", "measures"
    )
    for chunk in _chunks(rows.iterator(chunk_size=CHUNK)):
        receiving, limits = _gather(recipients, chunk), _gather(time_limits, chunk)
        for activity in chunk:
            yield Entry(activity, receiving.get(activity.pk, ()), limits.get(activity.pk, ()))


def of_kind(capacity: str, on: date) -> QuerySet[ProcessingActivity]:
    """The live activities of one paragraph of Art. 30, by purpose, in the order of an index."""
    rows = ProcessingActivity.objects.live(on).filter(capacity=capacity)
    return rows.order_by("purpose_id", "name", "pk")


def after(rows: QuerySet[ProcessingActivity], last: ProcessingActivity) -> QuerySet[ProcessingActivity]:
    """What follows `last` in that order; a page far back costs what the first one does."""
    same = Q(purpose=last.purpose_id)
    beyond = Q(purpose__gt=last.purpose_id) | same & (
        Q(name__gt=last.name) | Q(name=last.name, pk__gt=last.pk)
    )
    # Said once more in simple words, for the index to begin there.
    return rows.filter(beyond, purpose__gte=last.purpose_id)


def rows(activities: QuerySet[ProcessingActivity]) -> Iterator[list[object]]:
    for entry in entries(activities):
        yield [cell(entry) for cell in COLUMNS.values()]


def _gather(
    sources: Iterable[Callable[[Sequence[ProcessingActivity]], Mapping[int, Sequence[T]]]],
    chunk: Sequence[ProcessingActivity],
) -> dict[int, tuple[T, ...]]:
    found: dict[int, tuple[T, ...]] = {}
    for source in sources:
        for pk, items in source(chunk).items():
            found[pk] = (*found.get(pk, ()), *items)
    return found


def _chunks(activities: Iterator[ProcessingActivity]) -> Iterator[list[ProcessingActivity]]:
    while chunk := list(islice(activities, CHUNK)):
        yield chunk


def _joined(phrases: Iterable[str]) -> str:
    return "; ".join(phrases)

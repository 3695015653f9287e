"""Which rows of our own tables have run out, in the database's terms; nothing is loaded."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q

from audit.personal import Holding, Rows, StartEvent, Then, holdings_of
from people.models import Person

from .holds import NOBODY, kept_rows
from .schedule import Scheduled

SAMPLES = 5


@dataclass(frozen=True)
class Slice:
    """The rows of one holding and role that a sweep may take, by the cut-off days of its clocks."""

    holding: Holding
    role: str
    apart: tuple[str, ...]
    cutoffs: Mapping[str, date]

    def expired(self) -> Rows:
        rows = self.holding.rows().filter(_whose(self.holding, self.role, self.apart))
        for event, day in self.cutoffs.items():
            rows = rows.filter(self.holding.clocks[StartEvent(event)].until(day))
        return rows

    def free(self) -> Rows:
        """Expired, on nobody's hold and not restricted, at the moment the database runs it."""
        return self.expired().exclude(kept_rows(self.holding))

    def counts(self) -> tuple[int, int]:
        """How many rows have expired, and how many of them are on hold or restricted."""
        rows = self.expired()
        return rows.count(), rows.filter(kept_rows(self.holding)).count()

    def count_unknown(self) -> int:
        """Rows of which nobody knows when their clock started."""
        unknown = Q(pk__in=[])
        for event in self.cutoffs:
            unknown |= self.holding.clocks[StartEvent(event)].unknown
        return self.holding.rows().filter(_whose(self.holding, self.role, self.apart), unknown).count()

    def samples(self) -> list[int]:
        return list(self.free().order_by("pk").values_list("pk", flat=True)[:SAMPLES])


def slices(lines: Iterable[Scheduled], on: date) -> Iterator[tuple[Scheduled, Slice]]:
    """What of the schedule this software can carry out itself."""
    for line in lines:
        for holding in holdings_of(line.category.code):
            if not obstacle(line, holding):
                yield line, Slice(holding, line.role, line.apart, line.ending.cutoffs(on))


def obstacles(lines: Iterable[Scheduled]) -> list[str]:
    """What of it stays undone, and why; a sentence each."""
    found = [
        f"{holding.name.capitalize()}: {text}"
        for line in lines
        for holding in holdings_of(line.category.code)
        if (text := obstacle(line, holding))
    ]
    return list(dict.fromkeys(found))


def obstacle(line: Scheduled, holding: Holding) -> str:
    """Why a line of the schedule cannot be carried out on our own rows; empty when it can."""
    if not line.ending.is_settled:
        return line.words
    if unknown := [rule for rule in line.ending.governing if rule.event not in holding.clocks]:
        names = " and ".join(StartEvent(rule.event).label for rule in unknown)
        return f"{line.words} We do not record {names} for them, so they stay."
    if line.ending.last.then not in holding.ways:
        return (
            f"{line.words} Our own rows cannot do that ({Then(line.ending.last.then).value}), so they stay."
        )
    return ""


def _whose(holding: Holding, role: str, apart: tuple[str, ...]) -> Q:
    if not role and not apart:
        return Q()
    if not holding.subjects:
        return NOBODY if role else Q()
    roles = Q(role=role) if role else Q(role__in=apart)
    if holding.model is Person:
        return roles if role else ~roles
    # The first subject decides; a row whose person is gone belongs to “everybody else”.
    person = Q(Exists(Person.objects.order_by().filter(roles, pk=OuterRef(holding.subjects[0]))))
    return person if role else ~person

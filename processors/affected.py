"""Whom the end of an adequacy decision touches: processors, purposes, categories and people."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db.models import Q, QuerySet

from inventory.models import DataCategory, ProcessingActivity, Purpose
from law.models import Adequacy, Company
from law.transfers import GRANTED_BY, LISTED, Covered, Mechanism
from people.models import Person
from people.models import Role as PersonRole

from .basis import Judge, with_routes
from .models import LIVE, Processor, Transfer


@dataclass(frozen=True)
class Affected:
    """One processor that relies on a decision; `stands_in` says what covers it without the decision."""

    processor: Processor
    stands_in: str


@dataclass(frozen=True)
class Reach:
    """Everything that hangs on one decision. `people` is an upper bound: everybody with such a role."""

    decision: Adequacy
    affected: list[Affected]
    purposes: list[Purpose]
    categories: list[DataCategory]
    roles: list[str]
    people: int

    @property
    def people_in_words(self) -> str:
        return f"{self.people:,} people" if self.people != 1 else "1 person"


def relying_on(decision: Adequacy, on: date) -> QuerySet[Transfer]:
    """Live transfers of live processors that rest on this decision, whether it still stands or not."""
    laws = [law for law, grantor in GRANTED_BY.items() if grantor == decision.granted_by]
    mechanisms = sorted(LISTED) if decision.needs_listing else [Mechanism.ADEQUACY]
    return Transfer.objects.live(on).filter(
        exporter_regime__in=laws,
        destination=decision.territory,
        mechanism__in=mechanisms,
        processor__status__in=LIVE,
    )


def reach(decision: Adequacy, on: date) -> Reach:
    processors = Processor.objects.filter(transfers__in=relying_on(decision, on)).distinct()
    rows = ProcessingActivity.objects.live(on).filter(recipients__processor__in=processors).distinct()
    activities = list(rows.select_related("purpose").prefetch_related("categories"))
    roles = sorted({role for activity in activities for role in activity.whose})
    return Reach(
        decision,
        list(_affected(decision, processors, on)),
        sorted({activity.purpose for activity in activities}, key=str),
        sorted({row for activity in activities for row in activity.categories.all()}, key=str),
        [str(PersonRole(role).label) for role in roles],
        Person.objects.active().filter(role__in=roles).count(),
    )


def _affected(decision: Adequacy, processors: QuerySet[Processor], on: date) -> Iterator[Affected]:
    judge = _without(decision, Judge.of(on))
    laws = {law for law, grantor in GRANTED_BY.items() if grantor == decision.granted_by}
    for processor in with_routes(processors.order_by("name")):
        for route in judge.routes(processor):
            if route.law in laws and route.destination == decision.territory:
                covered = isinstance(route.outcome, Covered)
                yield Affected(processor, route.outcome.why if covered else "")


def _without(decision: Adequacy, judge: Judge) -> Judge:
    """The law as it is without this decision."""
    gone = (decision.granted_by, decision.territory, decision.instrument)
    left = [row for row in judge.rules.decisions if (row.granted_by, row.territory, row.instrument) != gone]
    return replace(judge, rules=replace(judge.rules, decisions=left))


def in_use(on: date) -> list[Adequacy]:
    """Decisions that some live transfer rests on, the next to end first; those that ended stay listed."""
    rows = Adequacy.objects.filter(Q(in_force_from=None) | Q(in_force_from__lte=on))
    used = [row for row in rows if relying_on(row, on).exists()]
    return sorted(used, key=lambda row: row.in_force_until or date.max)


def ending(on: date) -> list[Adequacy]:
    """Those in use whose last day comes within the company's warning."""
    until = on + timedelta(days=Company.current().adequacy_warning_days)
    soon = Adequacy.objects.in_force(on).filter(in_force_until__lte=until).order_by("in_force_until")
    return [row for row in soon if relying_on(row, on).exists()]

"""What an erasure takes and what it leaves: asked of the register, told to two people and to the requester.

An erasure request overrides the ordinary clocks: they say how long data may stay, not that it must. What
stays is what a law demands (a rule marked so), what a legal hold covers, and what proves that we kept
our word (GDPR Art. 17(3)(b), (e); Art. 5(2)). The facts are stored; `keepers` says them."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from django.db.models import Q

from audit.personal import holdings
from inventory.letting_go.retention import Ending, ending
from inventory.letting_go.schedule import Scheduled, as_rule, schedule
from inventory.models import DataCategory, HoldScope, LegalHold, RetentionRule
from people.models import Person

from .forgetting import about
from .keepers import REFUSALS, Keeper, Term, sentence


@dataclass(frozen=True, kw_only=True)
class Line:
    """One category of data about one person: what keeps it, if anything does, with the facts of that."""

    category: str
    name: str
    keeper: str = ""
    hold: int = 0
    terms: tuple[Term, ...] = ()
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def goes(self) -> bool:
        return not self.keeper

    @property
    def is_refusal(self) -> bool:
        """The requester asked for this to go and we say no, which makes the answer a partial one."""
        return self.keeper in REFUSALS

    @property
    def why(self) -> str:
        """Why it stays and for how long, in the language that is switched on."""
        return sentence(self.keeper, self.category, self.terms, self.rows)

    @property
    def count(self) -> int:
        return sum(self.rows.values())


def plan(subject: Person, *, on: date) -> list[Line]:
    """Every category that we hold, or may hold elsewhere, about somebody of this role; what goes first.

    The number of queries depends on the register, never on the number of rows."""
    rows, periods = _rows_here(subject), _periods(subject, on)
    codes = periods.keys() | rows.keys()
    names = dict(DataCategory.objects.filter(code__in=codes).values_list("code", "name"))
    keepers = _Keepers(_holds_of(subject), _duties(subject, on), _proofs(periods))
    lines = [
        Line(
            category=code,
            name=names.get(code) or _unlisted(code),
            rows=rows.get(code, {}),
            **keepers.of(code),
        )
        for code in sorted(codes)
    ]
    return sorted(lines, key=lambda line: (not line.goes, line.name))


def _unlisted(code: str) -> str:
    return code.replace("-", " ").capitalize()


@dataclass(frozen=True)
class _Keepers:
    """What may keep something of this person; a hold before a law, a law before proof."""

    holds: list[tuple[LegalHold, set[str]]]
    duties: dict[str, tuple[Term, ...]]
    proofs: dict[str, tuple[Term, ...]]

    def of(self, code: str) -> dict[str, Any]:
        if hold := _hold_over(code, self.holds):
            return {"keeper": Keeper.HOLD.value, "hold": hold.pk}
        if code in self.duties:
            return {"keeper": Keeper.LAW.value, "terms": self.duties[code]}
        if code in self.proofs:
            return {"keeper": Keeper.PROOF.value, "terms": self.proofs[code]}
        return {}


def _rows_here(subject: Person) -> dict[str, dict[str, int]]:
    """Category → model → how many rows of this database are about them; models without any are left out."""
    found: dict[str, dict[str, int]] = {}
    for holding in holdings():
        if count := about(holding, [subject.pk]).count():
            found.setdefault(holding.category, {})[holding.name] = count
    return found


def _periods(subject: Person, on: date) -> dict[str, Ending]:
    """Category → what the schedule says of people of this role."""
    mine = [line for line in schedule(on) if subject.role in (line.role, *_others(line, subject))]
    return {line.category.code: line.ending for line in mine}


def _others(line: Scheduled, subject: Person) -> tuple[str, ...]:
    return (subject.role,) if not line.role and subject.role not in line.apart else ()


def _duties(subject: Person, on: date) -> dict[str, tuple[Term, ...]]:
    """Category → the rules of law that keep it longest; the role's own rule before the one for everybody."""
    found: dict[str, list[RetentionRule]] = defaultdict(list)
    rules = RetentionRule.objects.filter(is_protected_by_law=True, role__in=["", subject.role])
    for rule in rules.select_related("category").order_by("pk"):
        found[rule.category.code].append(rule)
    return {code: _binding(rules, subject.role, on) for code, rules in found.items()}


def _binding(rules: list[RetentionRule], role: str, on: date) -> tuple[Term, ...]:
    by_purpose = [as_rule(rule, str(rule.purpose_id)) for rule in rules]
    anchors = {rule.pk: rule.legal_anchor for rule in rules}
    return _terms(ending(by_purpose, [], role=role, apart=(), on=on), anchors)


def _proofs(periods: Mapping[str, Ending]) -> dict[str, tuple[Term, ...]]:
    codes = {holding.category for holding in holdings() if holding.survives}
    return {code: _terms(periods[code]) if code in periods else () for code in codes}


def _terms(end: Ending, anchors: Mapping[int, str] | None = None) -> tuple[Term, ...]:
    """Where one rule names no end, the others do not count."""
    return tuple(
        Term(
            rule=rule.pk or 0,
            event=rule.event,
            number=rule.number,
            unit=rule.unit,
            anchor=(anchors or {}).get(rule.pk or 0, ""),
        )
        for rule in end.endless or end.governing
    )


def _holds_of(subject: Person) -> list[tuple[LegalHold, set[str]]]:
    """The holds over this person, each with the categories it covers; an empty set is all of them."""
    mine = LegalHold.objects.in_force().filter(
        Q(scope=HoldScope.EVERYONE)
        | Q(scope=HoldScope.ROLE, role=subject.role)
        | Q(scope=HoldScope.PEOPLE, people__person_id=subject.pk)
    )
    found = mine.distinct().order_by("pk").prefetch_related("categories")
    return [(hold, {category.code for category in hold.categories.all()}) for hold in found]


def _hold_over(code: str, holds: list[tuple[LegalHold, set[str]]]) -> LegalHold | None:
    return next((hold for hold, codes in holds if not codes or code in codes), None)


def as_json(lines: list[Line]) -> list[dict[str, Any]]:
    return [asdict(line) for line in lines]


def from_json(stored: list[dict[str, Any]]) -> list[Line]:
    return [Line(**{**facts, "terms": tuple(Term(**term) for term in facts["terms"])}) for facts in stored]


def fingerprint(lines: list[Line]) -> str:
    """Of what is decided, not of what is counted: a row more on the day changes no decision."""
    decided = [[line.category, line.keeper, _lengths(line)] for line in lines]
    return hashlib.sha256(json.dumps(sorted(decided)).encode()).hexdigest()


def _lengths(line: Line) -> list[list[Any]]:
    return [[term.event, term.number, term.unit] for term in line.terms]


def kept(lines: list[Line]) -> Iterator[Line]:
    return (line for line in lines if not line.goes)

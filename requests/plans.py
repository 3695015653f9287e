"""What an erasure takes and what it leaves: asked of the register, told to two people and to the requester.

An erasure request overrides the ordinary clocks: they say how long data may stay, not that it must. What
stays is what a law demands (a rule marked so), what a legal hold covers, and what proves that we kept
our word (GDPR Art. 17(3)(b), (e); Art. 5(2))."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from django.db.models import Q

from audit.personal import holdings
from inventory.models import DataCategory, HoldScope, LegalHold, RetentionRule
from inventory.schedule import as_rule, schedule
from people.models import Person

from .forgetting import about


@dataclass(frozen=True, kw_only=True)
class Line:
    """One category of data about one person. `why` is a sentence; `until` reads on after “kept until”.

    `is_refusal`: the requester asked for this to go and we say no, which makes the answer a partial one;
    what only proves that we answered is none."""

    category: str
    name: str
    goes: bool
    why: str = ""
    until: str = ""
    is_refusal: bool = False
    hold: int = 0
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(self.rows.values())


def plan(subject: Person, *, on: date) -> list[Line]:
    """Every category that we hold, or may hold elsewhere, about somebody of this role; what goes first.

    The number of queries depends on the register, never on the number of rows."""
    rows = _rows_here(subject)
    codes = {line.category.code for line in schedule(on) if line.role in ("", subject.role)} | rows.keys()
    names = dict(DataCategory.objects.filter(code__in=codes).values_list("code", "name"))
    duties, holds, proofs = _duties(subject), _holds_of(subject), _proofs()
    lines = [
        _line(
            code,
            names.get(code) or code.replace("-", " ").capitalize(),
            rows.get(code, {}),
            _hold_over(code, holds),
            duties.get(code),
            proofs.get(code),
        )
        for code in sorted(codes)
    ]
    return sorted(lines, key=lambda line: (not line.goes, line.name))


def _line(
    code: str,
    name: str,
    rows: dict[str, int],
    hold: LegalHold | None,
    duty: RetentionRule | None,
    proof: str | None,
) -> Line:
    if hold:
        why = "It is kept for a legal claim, and used for nothing else."
        return Line(
            category=code,
            name=name,
            goes=False,
            is_refusal=True,
            hold=hold.pk,
            why=why,
            until="the hold is lifted",
            rows=rows,
        )
    if duty:
        rule = as_rule(duty, duty.purpose.name)
        why = f"A law makes us keep it{f' ({duty.legal_anchor})' if duty.legal_anchor else ''}."
        return Line(
            category=code, name=name, goes=False, is_refusal=True, why=why, until=rule.words, rows=rows
        )
    if proof:
        return Line(
            category=code, name=name, goes=False, why=proof, until="its own retention period ends", rows=rows
        )
    return Line(category=code, name=name, goes=True, rows=rows)


def _rows_here(subject: Person) -> dict[str, dict[str, int]]:
    """Category → model → how many rows of this database are about them; models without any are left out."""
    found: dict[str, dict[str, int]] = {}
    for holding in holdings():
        if count := about(holding, [subject.pk]).count():
            found.setdefault(holding.category, {})[holding.name] = count
    return found


def _duties(subject: Person) -> dict[str, RetentionRule]:
    """Category → the rule of law that keeps it; the role's own rule before the one for everybody."""
    rules = RetentionRule.objects.filter(is_protected_by_law=True, role__in=["", subject.role])
    return {rule.category.code: rule for rule in rules.select_related("category", "purpose").order_by("role")}


def _proofs() -> dict[str, str]:
    return {holding.category: holding.survives for holding in holdings() if holding.survives}


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
    return [Line(**facts) for facts in stored]


def fingerprint(lines: list[Line]) -> str:
    """Of what is decided, not of what is counted: a row more on the day changes no decision."""
    decided = [[line.category, line.goes, line.until] for line in lines]
    return hashlib.sha256(json.dumps(sorted(decided)).encode()).hexdigest()


def kept(lines: list[Line]) -> Iterator[Line]:
    return (line for line in lines if not line.goes)

"""Which laws a person is under, and each law's row as a rule for the deadline engine."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from audit.refusals import Refused

from . import deadlines
from .models import Company, LastDay, LawRow, Protects, Regime, StateLaw
from .models.regimes import PERIODS, pieces
from .periods import Period, PeriodUnit
from .places import wider
from .transfers import EU

STATES = "us_state_model"
L = TypeVar("L", bound=LawRow)


class UnknownLaw(Refused):
    status_code = 404


@dataclass(frozen=True)
class Applicable:
    """A law that binds us towards one person: its row, and the state's own row where it has one.

    `is_guess`: no law of that place is on record, this one is followed instead."""

    regime: Regime
    state: StateLaw | None = None
    is_guess: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        return self.state.code if self.state and self.regime.code == STATES else self.regime.code

    @property
    def name(self) -> str:
        return str(self.state if self.state and self.regime.code == STATES else self.regime)

    def rule(self) -> deadlines.Rule:
        rule = rule_of(self.regime, self.state)
        return replace(rule, remarks=(*rule.remarks, *self.remarks))

    def gives(self, right: str) -> bool:
        if right == "rectification" and self.state and self.state.has_correction is False:
            return False
        return self.regime.gives(right)


def regimes_for(place: str, on: date, company: Company, *, is_child: bool = False) -> list[Applicable]:
    rows = list(Regime.objects.in_force(on).exclude(protects__in=(Protects.PUPILS, Protects.BREACH)))
    states = {row.state: row for row in StateLaw.objects.in_force(on)}
    own = [row for row in rows if _covers(row, place)]
    general = [Applicable(row, _state(place, states)) for row in own if row.protects == Protects.EVERYONE]
    if not general:
        general = _by_state(place, rows, states) or _fallback(rows, company)
    children = [Applicable(row) for row in own if row.protects == Protects.CHILDREN] if is_child else []
    return [*general, *children]


def _covers(row: Regime, place: str) -> bool:
    named = set(pieces(row.places))
    country = place.partition("-")[0]
    return bool(named & set(wider(place))) or ("EU" in named and country in EU)


def _state(place: str, states: dict[str, StateLaw]) -> StateLaw | None:
    country, _, region = place.partition("-")
    return states.get(region) if country == "US" else None


def _by_state(place: str, rows: Sequence[Regime], states: dict[str, StateLaw]) -> list[Applicable]:
    state = _state(place, states)
    return [Applicable(row, state) for row in rows if row.code == STATES] if state else []


def _fallback(rows: Sequence[Regime], company: Company) -> list[Applicable]:
    """The company's choice, or the switched-on law that leaves the least time."""
    words = "No law of this person’s place is on record: answered as if under this one."
    chosen = [row for row in rows if row.code == company.fallback_regime]
    numbered = [row for row in rows if row.protects == Protects.EVERYONE and row.response_n]
    return [
        Applicable(row, is_guess=True, remarks=(words,))
        for row in chosen or sorted(numbered, key=_rough_days)[:1]
    ]


def _rough_days(row: Regime) -> int:
    days = {PeriodUnit.CALENDAR_MONTH: 28, PeriodUnit.BUSINESS_DAY: 1, PeriodUnit.WORKING_DAY: 1}
    return (row.response_n or 0) * days.get(PeriodUnit(row.response_unit), 1)


# --- By code -----------------------------------------------------------------------------------------


def pattern(code: str) -> str:
    """The code whose grounds and words a law goes by: us_va is one of many states."""
    return STATES if _is_state(code) and not Regime.objects.filter(code=code).exists() else code


def _is_state(code: str) -> bool:
    return len(code) == len("us_va") and code.startswith("us_")


def find(code: str, on: date) -> Applicable:
    """The row of that code as of a day, with remarks on what is wrong with it. Raises UnknownLaw."""
    rows = list(Regime.objects.filter(code=code))
    if rows:
        return _with_remarks(_at(rows, on), None, on)
    states = list(StateLaw.objects.filter(state=code[3:].upper())) if _is_state(code) else []
    model = list(Regime.objects.filter(code=STATES)) if states else []
    if not model:
        raise UnknownLaw(f"No law is called “{code}”. Known: {', '.join(codes())}.")
    return _with_remarks(_at(model, on), _at(states, on), on)


def codes() -> list[str]:
    """Every code that `find` knows, sorted."""
    states = [row.code for row in StateLaw.objects.all()]
    return sorted({*Regime.objects.values_list("code", flat=True), *states})


def _at(rows: Sequence[L], on: date) -> L:
    """In force and switched on, if there is such a row; else the one in force; else the nearest in time."""
    ordered = sorted(rows, key=lambda row: row.in_force_from or date.min)
    begun = [row for row in ordered if row.in_force_from is None or row.in_force_from <= on]
    live = [row for row in begun if row.in_force_until is None or row.in_force_until > on]
    switched = [row for row in live if row.is_on]
    return (switched or live or begun or ordered[:1])[-1]


def _with_remarks(regime: Regime, state: StateLaw | None, on: date) -> Applicable:
    row: LawRow = state or regime
    return Applicable(regime, state, remarks=tuple(_remarks(row, on)))


def _remarks(row: LawRow, on: date) -> Iterable[str]:
    if not row.is_verified:
        yield "This row stands from memory only; nobody has read the source."
    if not row.is_on:
        yield "This row is switched off: no request is counted by it."
    if row.in_force_from and row.in_force_from > on:
        yield f"This law binds from {row.in_force_from:%-d %B %Y} only; no earlier row is on record."
    if row.in_force_until and row.in_force_until <= on:
        yield f"This row ended on {row.in_force_until:%-d %B %Y}; none is on record that follows it."


# --- From a row to a rule ----------------------------------------------------------------------------


def rule_of(regime: Regime, state: StateLaw | None = None) -> deadlines.Rule:
    periods: dict[str, Any] = {name: regime.period(name) for name in PERIODS}
    rule = deadlines.Rule(
        code=regime.code,
        name=regime.name,
        source=regime.source,
        is_receipt_day_disputed=regime.is_receipt_day_disputed,
        moves_last_day=regime.last_day == LastDay.NEXT_WORKING_DAY,
        identity_effect=regime.identity_effect,
        is_identity_pause_disputed=regime.is_identity_pause_disputed,
        clarification_effect=regime.clarification_effect,
        is_extension_open=regime.is_extension_open,
        is_breach_authority_after_people=regime.is_breach_authority_after_people,
        breach_authority_above=regime.breach_authority_above,
        **periods,
    )
    return _of_state(rule, state) if state and regime.code == STATES else rule


def _of_state(rule: deadlines.Rule, state: StateLaw) -> deadlines.Rule:
    """A state's own numbers. What it does not say is not borrowed from Virginia."""
    return replace(
        rule,
        code=state.code,
        name=str(state),
        source="" if state.source == state.law else state.source,
        response=_in_days(state.response_days),
        extension=_in_days(state.extension_days),
        appeal=_in_days(state.appeal_days),
    )


def _in_days(number: int | None) -> Period | None:
    return None if number is None else Period(number, PeriodUnit.CALENDAR_DAY)

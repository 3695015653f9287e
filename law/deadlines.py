"""When an answer is due. Pure: no database, no clock.

Two dates are kept apart. The **legal** date is the reading that regulators publish: the last
lawful day. The **strict** date is the earliest day that any defensible reading gives, and the one
work is sorted by. Where the law names no number both are None, and the house's own target is said to
be just that."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from .clocks import (
    CLARIFICATION,
    COMPANY_FIELDS,
    EVENTS,
    FEE,
    ID,
    NONE,
    OPEN_DAYS,
    PAUSE,
    RESTART,
    Case,
    First,
    Happening,
    Interpretation,
    Reading,
    Rule,
    contradictions,
    day_of,
    readings,
)
from .counting import ClosedDays, Counted, long
from .periods import Period, PeriodUnit

__all__ = [
    "COMPANY_FIELDS",
    "EVENTS",
    "KINDS",
    "ClosedDays",
    "Deadline",
    "Happening",
    "Interpretation",
    "Rule",
    "contradictions",
    "due",
]


@dataclass(frozen=True)
class Deadline:
    """Both dates, or moments for periods in hours; None where the law names no number.

    `target_due` is the house's own aim. `is_waiting`: a question is open whose answer will move the
    dates; until then they are those without it."""

    strict_due: date | datetime | None
    legal_due: date | datetime | None
    steps: tuple[str, ...]
    target_due: date | None = None
    is_extended: bool = False
    is_waiting: bool = False
    uses_calendar: bool = False

    @property
    def explanation(self) -> str:
        return " ".join(self.steps)


def due(
    rule: Rule,
    received_at: datetime,
    events: Sequence[Happening],
    closed: ClosedDays,
    *,
    kind: str = "respond",
    settings: Interpretation,
) -> Deadline:
    """Raises KeyError for a kind that is not in KINDS, ValueError for a moment without a time zone."""
    if received_at.tzinfo is None:
        raise ValueError("The moment of receipt needs a time zone.")
    case = Case(rule, received_at, tuple(events), closed, settings)
    found = KINDS[kind](case)
    remark = (closed.remark,) if closed.remark and found.uses_calendar else ()
    return replace(found, steps=(*found.steps, *rule.remarks, *remark))


REFUSAL = "A refusal is told within the first period: an extension is for acting, not for refusing."


# --- What can be due ---------------------------------------------------------------------------------


def _respond(case: Case) -> Deadline:
    period = case.rule.response
    if period is None:
        return _house(case, "answer", case.settings.house_response_days)
    first = _firsts(case, period)
    if case.has("refused"):
        return _both(case, "answer", period, first, (REFUSAL,))
    longer = {name: reading.extended(first[name]) for name, reading in readings(case).items()}
    last = {name: longer[name] or first[name].last for name in longer}
    found = _written(case, "answer", period, last, _on_extension(case, first, longer))
    return replace(
        found,
        target_due=_target(case, period, first["strict"], found) if not longer["legal"] else None,
        is_extended=bool(longer["legal"]),
        is_waiting=_is_waiting(case),
    )


def _target(case: Case, period: Period, strict: First, found: Deadline) -> date | None:
    """28 days end most debates about months (the ICO's own suggestion)."""
    if period.unit != PeriodUnit.CALENDAR_MONTH or not isinstance(found.strict_due, date):
        return None
    aim = strict.start + timedelta(days=case.settings.internal_target_days + strict.still)
    return min(aim, found.strict_due)


def _on_extension(case: Case, first: dict[str, First], longer: dict[str, Counted | None]) -> tuple[str, ...]:
    told = case.days("extension_notified")
    if not told:
        return ()
    last = first["legal"].last.day
    if told[0] > last:
        return (
            f"The extension was told on {long(told[0])}, after {long(last)}: too late, it has no effect.",
        )
    if longer["legal"] is None:
        return (_no_extension(case.rule),)
    if longer["strict"] is None:
        strict = first["strict"].last.day
        return (f"The extension was told in time, but after the strict date {long(strict)}, which stays.",)
    how = " It counts from the start, in one step." if case.rule.extension else ""
    return (f"The extension was told on {long(told[0])}, in time.{how}",)


def _no_extension(rule: Rule) -> str:
    if rule.is_extension_open:
        return "The law sets no longest time: the date moves when the new day told is on record."
    return "No number for an extension is on record for this law, so it moves nothing."


def _first_period(what: str, *extra: str) -> Callable[[Case], Deadline]:
    def find(case: Case) -> Deadline:
        if case.rule.response is None:
            return _house(case, what, case.settings.house_response_days)
        first = _firsts(case, case.rule.response)
        return _both(case, what, case.rule.response, first, extra)

    return find


def _notify_extension(case: Case) -> Deadline:
    if case.rule.extension is None and not case.rule.is_extension_open:
        return Deadline(None, None, (_heading(case, "tell of an extension", None), _no_extension(case.rule)))
    return _first_period("tell of an extension")(case)


def _acknowledge(case: Case) -> Deadline:
    if case.rule.acknowledge is None:
        return _house(case, "confirm the receipt", case.settings.house_acknowledge_days)
    return _plain(case, "confirm the receipt", case.rule.acknowledge, case.received_at)


def _opt_out(case: Case) -> Deadline:
    if case.rule.opt_out is None:
        found = _respond(case)
        return replace(found, steps=(*found.steps, "Opt-outs have no period of their own under this law."))
    found = _plain(case, "carry out an opt-out", case.rule.opt_out, case.received_at)
    return replace(found, steps=(*found.steps, "As soon as feasible, and without an identity check."))


def _appeal(case: Case) -> Deadline:
    start = case.moment("appeal_received")
    if case.rule.appeal is not None:
        return _plain(case, "decide the appeal", case.rule.appeal, start)
    house = Period(case.settings.appeal_default_days, PeriodUnit.CALENDAR_DAY)
    aim = Reading(case, is_strict=True)
    last = aim.ends(aim.day(start, house.unit), house)
    said = f"No legal number is on record: house target of {house}, and nothing shorter is known."
    steps = (_heading(case, "decide the appeal", None), said, *last.steps)
    return Deadline(last.day, None, steps, target_due=last.day)


def _complaint_acknowledge(case: Case) -> Deadline:
    period = case.rule.complaint_acknowledge
    what = "acknowledge a complaint"
    if period is None:
        return _house(case, what, case.settings.house_acknowledge_days)
    found = {name: reading.ends(reading.day(case.received_at, period.unit), period)
             for name, reading in readings(case).items()}  # fmt: skip
    step = "The days begin when it is received, so the day of receipt is the first of them."
    if not case.settings.complaint_counts_receipt_day:
        return _written(case, what, period, {**found, "strict": found["strict"].later(-1, step)}, ())
    return _written(case, what, period, {name: last.later(-1, step) for name, last in found.items()}, ())


def _breach_authority(case: Case) -> Deadline:
    what, period = "tell the authority of a breach", case.rule.breach_authority
    if period is None:
        return _no_number(case, what)
    if not case.rule.is_breach_authority_after_people:
        return _plain(case, what, period, case.moment("aware", "discovered"))
    if not _is_large(case):
        reason = f"Owed only where more than {case.rule.breach_authority_above} people are affected."
        return Deadline(None, None, (_heading(case, what, period), reason))
    if not case.has("people_notified"):
        return Deadline(
            None, None, (_heading(case, what, period), "It counts from the day people are told: not yet.")
        )
    return _plain(case, what, period, case.moment("people_notified"))


def _is_large(case: Case) -> bool:
    """An unknown number counts as large."""
    above = case.rule.breach_authority_above
    numbers = [event.number for event in case.events if event.name == "affected" and event.number is not None]
    return above is None or not numbers or numbers[-1] > above


def _breach_people(case: Case) -> Deadline:
    what, period = "tell the people of a breach", case.rule.breach_people
    if period is None:
        return _no_number(case, what)
    found = _plain(case, what, period, case.moment("aware", "discovered"))
    if not case.rule.is_breach_authority_after_people:
        return found
    return replace(found, steps=(*found.steps, _then_the_authority(case)))


def _then_the_authority(case: Case) -> str:
    authority = _breach_authority(case)
    if not isinstance(authority.legal_due, date):
        return authority.steps[-1]
    return f"Then the authority by {long(authority.legal_due)}: {case.rule.breach_authority} after people were told."


KINDS: dict[str, Callable[[Case], Deadline]] = {
    "respond": _respond,
    "acknowledge": _acknowledge,
    "notify_extension_by": _notify_extension,
    "tell_refusal_by": _first_period("tell of a refusal", REFUSAL),
    "appeal": _appeal,
    "opt_out": _opt_out,
    "complaint_acknowledge": _complaint_acknowledge,
    "breach_authority": _breach_authority,
    "breach_people": _breach_people,
}


# --- Putting it together -----------------------------------------------------------------------------


def _firsts(case: Case, period: Period) -> dict[str, First]:
    return {name: reading.first(period) for name, reading in readings(case).items()}


def _both(case: Case, what: str, period: Period, first: dict[str, First], extra: tuple[str, ...]) -> Deadline:
    found = _written(case, what, period, {name: one.last for name, one in first.items()}, extra)
    return replace(
        found, target_due=_target(case, period, first["strict"], found), is_waiting=_is_waiting(case)
    )


def _plain(case: Case, what: str, period: Period, start: date | datetime) -> Deadline:
    """A period nothing but the calendar moves."""
    if period.unit == PeriodUnit.HOUR:
        return _hours(case, what, period, start)
    last = {}
    for name, reading in readings(case).items():
        last[name] = reading.ends(reading.day(start, period.unit), period)
    return _written(case, what, period, last, ())


def _hours(case: Case, what: str, period: Period, start: date | datetime) -> Deadline:
    """Hours run through weekends and holidays, and through a change of the clocks."""
    zone = case.settings.zone
    begins = (
        start if isinstance(start, datetime) else datetime(start.year, start.month, start.day, tzinfo=zone)
    )
    end = (begins.astimezone(UTC) + timedelta(hours=period.number)).astimezone(zone)
    step = (
        f"{period} from {begins.astimezone(zone):%-d %B %Y, %H:%M} end on {end:%A %-d %B %Y at %H:%M} by the clock "
        f"of {zone}; hours run on over weekends and holidays."
    )
    return Deadline(end, end, (_heading(case, what, period), step))


def _written(
    case: Case, what: str, period: Period, last: dict[str, Counted], extra: tuple[str, ...]
) -> Deadline:
    """The explanation follows the legal date, then says where and why the strict one differs."""
    legal, strict = last["legal"], last["strict"]
    day = min(strict.day, legal.day)
    steps = (_heading(case, what, period), _received(case), *legal.steps, *extra, *_unanswered(case))
    uses_calendar = case.rule.moves_last_day or period.unit in OPEN_DAYS
    return Deadline(day, legal.day, (*steps, *_difference(day, legal, strict)), uses_calendar=uses_calendar)


def _heading(case: Case, what: str, period: Period | None) -> str:
    source = f" ({case.rule.source})" if case.rule.source not in ("", case.rule.name) else ""
    within = f" within {period}" if period else ""
    return f"{case.rule.name}{source}: {what}{within}."


def _received(case: Case) -> str:
    local = case.received_at.astimezone(case.settings.zone)
    return f"Received on {long(local.date())} at {local:%H:%M} by the clock of {case.settings.zone}."


def _difference(day: date, legal: Counted, strict: Counted) -> tuple[str, ...]:
    if day == legal.day:
        return (f"Strict and legal date are the same: {long(day)}.",)
    only = " ".join(step for step in strict.steps if step not in legal.steps)
    words = (
        only or "Read strictly it waits neither for weekends nor for holidays, and no disputed pause counts."
    )
    return (f"Legal date: {long(legal.day)}.", f"Strict date: {long(day)}. {words}")


def _unanswered(case: Case) -> tuple[str, ...]:
    """Until the answer comes, the dates shown are those without it: never too late."""
    effect = {
        "pause": "stops the clock until it is answered",
        "restart": "starts the period anew when answered",
    }
    said = []
    for names, kind, words in _effects(case):
        asked = [day for day, answer in case.questions(names) if answer is None]
        if asked and kind in effect:
            said.append(
                f"The question about {words} of {long(asked[-1])} {effect[kind]}; these dates are without it."
            )
        if case.questions(names) and kind == NONE:
            said.append(f"Asking about {words} does not stop this clock.")
    return (*said, *_not_prompt(case))


def _effects(case: Case) -> tuple[tuple[tuple[str, str], str, str], ...]:
    """A fee is waited for where identity is: both begin the period anew."""
    fee = RESTART if case.rule.identity_effect == RESTART else NONE
    return (
        (ID, case.rule.identity_effect, "identity"),
        (CLARIFICATION, case.rule.clarification_effect, "clarification"),
        (FEE, fee, "the fee"),
    )


def _not_prompt(case: Case) -> tuple[str, ...]:
    if case.rule.identity_effect != PAUSE or not case.settings.identity_pause_counts:
        return ()
    late = [day for day, _answer in case.questions(ID) if not Reading(case, False).is_prompt(day)]
    return tuple(
        f"Identity was asked for on {long(day)}, not without delay: it stops nothing." for day in late
    )


def _is_waiting(case: Case) -> bool:
    return any(
        answer is None
        for names, effect, _words in _effects(case)
        if effect != NONE
        for _question, answer in case.questions(names)
    )


def _house(case: Case, what: str, days: int) -> Deadline:
    period = Period(days, PeriodUnit.BUSINESS_DAY)
    aim = Reading(case, is_strict=False).ends(day_of(case.received_at, case.settings.zone), period)
    said = f"No legal number: house target. {aim.steps[0]}"
    return Deadline(None, None, (_heading(case, what, None), _received(case), said), target_due=aim.day)


def _no_number(case: Case, what: str) -> Deadline:
    return Deadline(None, None, (_heading(case, what, None), "No legal number: act without undue delay."))

"""Counting days where some are closed. Pure: no database, no clock.

Every count returns the day it ends on together with the sentences that explain it, because a date
nobody can follow is a date nobody can defend before an authority."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby

from .calendar import months_after
from .periods import Period, PeriodUnit

SATURDAY = 5
CLOSE_DOWN = "close_down"
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Closed:
    """Why a day is closed: its name, the place whose day it is, and its kind."""

    name: str
    place: str
    kind: str = "public_holiday"


@dataclass(frozen=True)
class ClosedDays:
    """The closed days of a place, and a remark on how good the list is."""

    place: str = ""
    days: Mapping[date, Closed] = field(default_factory=dict)
    remark: str = ""


@dataclass(frozen=True)
class Calendar:
    """Closed days as one reading of a law sees them. Weekends are closed in every reading."""

    closed: ClosedDays
    with_holidays: bool = True
    with_close_down: bool = True
    with_regional: bool = True

    def why_shut(self, day: date) -> str:
        """The reason in words, or nothing for an open day."""
        if day.weekday() >= SATURDAY:
            return f"a {day:%A}"
        found = self.closed.days.get(day)
        return found.name if found and self._sees(found) else ""

    def _sees(self, found: Closed) -> bool:
        if not self.with_regional and "-" in found.place:
            return False
        return self.with_close_down if found.kind == CLOSE_DOWN else self.with_holidays

    def open_days_after(self, day: date) -> Iterator[date]:
        while True:
            day += ONE_DAY
            if not self.why_shut(day):
                yield day

    def next_open(self, day: date) -> date:
        """The day itself if it is open."""
        return next(self.open_days_after(day - ONE_DAY))

    def shut_between(self, first: date, last: date) -> list[str]:
        """Named days from the first to the last, both included, a row of them under one name together;
        weekends are left unsaid."""
        span = (first + timedelta(days=n) for n in range((last - first).days + 1))
        named = [day for day in span if self._is_named(day)]
        return [_row(list(days), why) for why, days in groupby(named, key=self.why_shut)]

    def _is_named(self, day: date) -> bool:
        return day.weekday() < SATURDAY and bool(self.why_shut(day))


@dataclass(frozen=True)
class Counted:
    """The last day of a period, and how it was found."""

    day: date
    steps: tuple[str, ...] = ()

    def later(self, days: int, step: str) -> "Counted":
        return Counted(self.day + timedelta(days=days), (*self.steps, step))


def count(start: date, period: Period, calendar: Calendar) -> Counted:
    """The period after `start`, which is not counted itself (Reg. 1182/71 Art. 3(1))."""
    if period.unit == PeriodUnit.CALENDAR_MONTH:
        return _months(start, period)
    if period.unit == PeriodUnit.CALENDAR_DAY:
        day = start + timedelta(days=period.number)
        return Counted(day, (f"{period} after {long(start)} is {long(day)}.",))
    return _open_days(start, period, calendar)


def rolled(counted: Counted, calendar: Calendar) -> Counted:
    """A last day that is closed moves to the next open one (Reg. 1182/71 Art. 3(4))."""
    why = calendar.why_shut(counted.day)
    if not why:
        return counted
    day = calendar.next_open(counted.day)
    reasons = ", ".join([f"{short(counted.day)} ({why})", *calendar.shut_between(counted.day + ONE_DAY, day)])
    step = f"The last day is closed: {reasons}. It moves to the next working day, {long(day)}."
    return Counted(day, (*counted.steps, step))


def _months(start: date, period: Period) -> Counted:
    day = months_after(start, period.number)
    if day.day == start.day:
        return Counted(day, (f"{period} after {long(start)} is the same day of the month, {long(day)}.",))
    step = (
        f"{period} after {long(start)}: {day:%B %Y} has no day {start.day}, so it ends with the month, "
        f"on {long(day)}."
    )
    return Counted(day, (step,))


def _open_days(start: date, period: Period, calendar: Calendar) -> Counted:
    days = calendar.open_days_after(start)
    for _ in range(period.number - 1):
        next(days)
    day = next(days)
    named = calendar.shut_between(start + ONE_DAY, day)
    besides = (
        f" Besides weekends these do not count: {', '.join(named)}." if named else " Weekends do not count."
    )
    return Counted(day, (f"{period} after {long(start)} end on {long(day)}.{besides}",))


def _row(days: list[date], why: str) -> str:
    span = short(days[0]) if len(days) == 1 else f"{short(days[0])} to {short(days[-1])}"
    return f"{span} ({why})"


def long(day: date) -> str:
    return f"{day:%A %-d %B %Y}"


def short(day: date) -> str:
    return f"{day:%-d %B}"

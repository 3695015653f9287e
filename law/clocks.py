"""How one law's clock runs through the events of a case, in each of its two readings. Pure.

`law.deadlines` asks; what can be asked stands there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta, tzinfo

from .calendar import months_after
from .counting import Calendar, ClosedDays, Counted, count, long, rolled, short
from .periods import Period, PeriodUnit

NONE, PAUSE, RESTART = "none", "pause", "restart"
OPEN_DAYS = (PeriodUnit.BUSINESS_DAY, PeriodUnit.WORKING_DAY)
ID = ("id_requested", "id_received")
CLARIFICATION = ("clarification_requested", "clarification_received")
FEE = ("fee_requested", "fee_received")
# Every event that moves a date; others in a ledger are passed over.
EVENTS = (
    *ID, *CLARIFICATION, *FEE, "extension_notified", "extended_to", "refused", "appeal_received", "aware",
    "discovered", "people_notified", "affected",
)  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """The numbers and habits of one body of law on one day."""

    code: str
    name: str
    source: str = ""
    response: Period | None = None
    extension: Period | None = None
    acknowledge: Period | None = None
    opt_out: Period | None = None
    appeal: Period | None = None
    complaint_acknowledge: Period | None = None
    breach_authority: Period | None = None
    breach_people: Period | None = None
    is_receipt_day_disputed: bool = False
    moves_last_day: bool = False
    identity_effect: str = NONE
    is_identity_pause_disputed: bool = False
    clarification_effect: str = NONE
    is_extension_open: bool = False
    is_breach_authority_after_people: bool = False
    breach_authority_above: int | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Happening:
    """An event of a case. Without `at` it happened with the receipt; `number` is for counts."""

    name: str
    at: date | datetime | None = None
    number: int | None = None


@dataclass(frozen=True)
class Interpretation:
    """What the law leaves open, as the company decided it. The reasons stand beside the company's fields."""

    zone: tzinfo = UTC
    strict_from_utc: bool = True
    strict_counts_receipt_day: bool = True
    regional_holidays_count: bool = True
    identity_pause_counts: bool = True
    identity_prompt_days: int = 7
    pause_counts_both_days: bool = True
    complaint_counts_receipt_day: bool = True
    business_days_skip_holidays: bool = True
    close_down_counts: bool = True
    internal_target_days: int = 28
    house_response_days: int = 10
    house_acknowledge_days: int = 3
    appeal_default_days: int = 45


# Every field but the clock stands on the company's row under the same name.
COMPANY_FIELDS = tuple(item.name for item in fields(Interpretation) if item.name != "zone")


def contradictions(received_at: datetime, events: Sequence[Happening], zone: tzinfo) -> Iterator[str]:
    """What cannot have happened in this order, as sentences for whoever typed it."""
    first = received_at.astimezone(UTC).date()
    first = min(first, received_at.astimezone(zone).date())
    for event in events:
        if event.at is not None and day_of(event.at, zone) < first:
            yield f"{event.name} is dated {day_of(event.at, zone):%-d %B %Y}, before the receipt."
    for asked, answered in (ID, CLARIFICATION, FEE):
        days = {event.name: day_of(event.at or received_at, zone) for event in events}
        if asked in days and answered in days and days[answered] < days[asked]:
            yield f"{answered} is dated before {asked}."


@dataclass(frozen=True)
class Case:
    rule: Rule
    received_at: datetime
    events: tuple[Happening, ...]
    closed: ClosedDays
    settings: Interpretation

    def day_of(self, event: Happening) -> date:
        return day_of(event.at or self.received_at, self.settings.zone)

    def days(self, *names: str) -> list[date]:
        return sorted(self.day_of(event) for event in self.events if event.name in names)

    def has(self, name: str) -> bool:
        return any(event.name == name for event in self.events)

    def moment(self, *names: str) -> datetime | date:
        """Of the first such event; the receipt where there is none."""
        found = [event.at for event in self.events if event.name in names and event.at]
        return found[0] if found else self.received_at

    def questions(self, names: tuple[str, str]) -> list[tuple[date, date | None]]:
        """Each question with its answer; None while it is open."""
        asked, answers = self.days(names[0]), self.days(names[1])
        return [(day, next((a for a in answers if a >= day), None)) for day in asked]


@dataclass(frozen=True)
class Reading:
    """How one of the two dates is read."""

    case: Case
    is_strict: bool

    def day(self, moment: date | datetime, unit: str) -> date:
        """A working day is a day of the place; for other periods the strict date may begin in UTC."""
        local = day_of(moment, self.case.settings.zone)
        if not (self.is_strict and self.case.settings.strict_from_utc and isinstance(moment, datetime)):
            return local
        return local if unit in OPEN_DAYS else min(local, moment.astimezone(UTC).date())

    def why_earlier(self, unit: str) -> tuple[str, ...]:
        local = day_of(self.case.received_at, self.case.settings.zone)
        start = self.day(self.case.received_at, unit)
        return (f"In UTC it was still {long(start)}.",) if start < local else ()

    def calendar(self, unit: str) -> Calendar:
        settings = self.case.settings
        by_rule = settings.business_days_skip_holidays and not self.is_strict
        return Calendar(
            self.case.closed,
            with_holidays=by_rule if unit == PeriodUnit.BUSINESS_DAY else True,
            with_close_down=settings.close_down_counts and not self.is_strict,
            with_regional=settings.regional_holidays_count,
        )

    def ends(self, start: date, period: Period) -> Counted:
        return count(start, period, self.calendar(period.unit))

    def one_earlier(self, counted: Counted) -> Counted:
        disputed = self.case.rule.is_receipt_day_disputed and self.case.settings.strict_counts_receipt_day
        if not (self.is_strict and disputed):
            return counted
        return counted.later(-1, "Read strictly the day of receipt counts, so it ends a day earlier.")

    def rolled(self, counted: Counted) -> Counted:
        """A strict date waits for nobody's weekend."""
        if self.is_strict or not self.case.rule.moves_last_day:
            return counted
        return rolled(counted, self.calendar(""))

    # --- the answer to a request -----------------------------------------------------------------

    def start(self, period: Period) -> tuple[date, tuple[str, ...]]:
        """The day the period counts from, and why (UK GDPR Art. 12A: the latest of three)."""
        start, why = self.day(self.case.received_at, period.unit), self.why_earlier(period.unit)
        if self.case.rule.identity_effect != RESTART:
            return start, why
        last = self.rolled(self.ends(start, period)).day
        asked = [pair for names in (ID, FEE) for pair in self.case.questions(names)]
        answers = [answer for question, answer in asked if answer is not None and question <= last]
        latest = max(answers, default=start)
        if latest <= start:
            return start, why
        return latest, (f"What we asked for came on {long(latest)}: the period begins on that day.",)

    def first(self, period: Period) -> "First":
        """The period without an extension."""
        start, why = self.start(period)
        counted = self.one_earlier(self.ends(start, period))
        still, said = self.standstill(start, self.rolled(counted).day)
        if still:
            words = (
                f"{in_words(still)} do not count, which gives {long(counted.day + timedelta(days=still))}."
            )
            counted = counted.later(still, words)
        counted = replace(counted, steps=(*why, *said, *counted.steps))
        return First(start, still, self.rolled(counted))

    def standstill(self, start: date, last: date) -> tuple[int, tuple[str, ...]]:
        """How many days the clock stood still between the start and the last day, and why."""
        days: set[date] = set()
        said = []
        for asked, answered, what in self._pauses():
            if asked > last:
                said.append(f"{what} asked on {short(asked)}, after the last day, stops nothing.")
            else:
                days |= {day for day in self._between(asked, answered, what) if day >= start}
                said.append(
                    f"{what} asked on {short(asked)} and answered on {short(answered)} stops the clock."
                )
        return len(days), tuple(said)

    def _pauses(self) -> Iterator[tuple[date, date, str]]:
        rule, settings = self.case.rule, self.case.settings
        if rule.clarification_effect == PAUSE:
            yield from ((q, a, "A clarification") for q, a in self.case.questions(CLARIFICATION) if a)
        disputed = rule.is_identity_pause_disputed and (self.is_strict or not settings.identity_pause_counts)
        if rule.identity_effect == PAUSE and not disputed:
            yield from ((q, a, "Identity") for q, a in self.case.questions(ID) if a and self.is_prompt(q))

    def is_prompt(self, asked: date) -> bool:
        received = self.case.received_at.astimezone(self.case.settings.zone).date()
        return asked <= received + timedelta(days=self.case.settings.identity_prompt_days)

    def _between(self, asked: date, answered: date, what: str) -> set[date]:
        """UK GDPR Art. 12A: both days included, or, read strictly, neither; identity: the answer's day only."""
        span = {asked + timedelta(days=n) for n in range((answered - asked).days + 1)}
        if what == "Identity":
            return span - {asked}
        both = self.case.settings.pause_counts_both_days and not self.is_strict
        return span if both else span - {asked, answered}

    def extended(self, first: "First") -> Counted | None:
        """The longer period, if it was told in time; None if nothing was told, or too late."""
        if not any(day <= first.last.day for day in self.case.days("extension_notified")):
            return None
        counted = self._longer(first)
        if counted is None:
            return None
        counted = self.one_earlier(counted)
        still, _said = self.standstill(first.start, self.rolled(counted).day)
        if still:
            counted = counted.later(still, f"{in_words(still)} stood still.")
        return self.rolled(counted)

    def _longer(self, first: "First") -> Counted | None:
        """Three months in one step; strictly, two months added to the clamped day."""
        response, more = self.case.rule.response, self.case.rule.extension
        if response is None or more is None:
            return self._told(first)
        if self.is_strict and more.unit == PeriodUnit.CALENDAR_MONTH:
            clamped = months_after(first.start, response.number)
            return self.ends(clamped, more)
        return self.ends(first.start, Period(response.number + more.number, more.unit))

    def _told(self, first: "First") -> Counted | None:
        """The law sets no longest time: the day we named holds."""
        days = [day for day in self.case.days("extended_to") if day > first.last.day]
        if not (self.case.rule.is_extension_open and days):
            return None
        return Counted(days[-1], (f"The person was told to expect the answer by {long(days[-1])}.",))


@dataclass(frozen=True)
class First:
    start: date
    still: int
    last: Counted


def readings(case: Case) -> dict[str, Reading]:
    return {"legal": Reading(case, is_strict=False), "strict": Reading(case, is_strict=True)}


def day_of(moment: date | datetime, zone: tzinfo) -> date:
    return moment.astimezone(zone).date() if isinstance(moment, datetime) else moment


def in_words(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"

"""When a case is due: derived from the laws it falls under and its ledger, never typed.

The earliest strict date of all its laws leads; where none of them names a number, the house's own target
does, and says that it is no more than that (design, truth 3)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from law import applying, deadlines, readings
from law.ages import has_reached
from law.counting import ClosedDays
from law.models import Company
from people.models import Role, User

from .models import Happened, RequestRegime, Right, RightsRequest

# What moves a date. The rest of the ledger only tells the story.
MOVERS = frozenset(
    {
        Happened.RECEIVED,
        Happened.ACKNOWLEDGED,
        Happened.ID_REQUESTED,
        Happened.ID_RECEIVED,
        Happened.CLARIFICATION_REQUESTED,
        Happened.CLARIFICATION_RECEIVED,
        Happened.FEE_REQUESTED,
        Happened.FEE_RECEIVED,
        Happened.EXTENSION_NOTIFIED,
        Happened.REFUSED,
        Happened.APPEAL_RECEIVED,
        Happened.PLACE_SET,
    }
)
# Where no law speaks of what was asked: the house answers in its own time.
HOUSE = deadlines.Rule(code="house", name="The house’s own promise")
YEARS_AHEAD = 2
ANSWER, ACKNOWLEDGE, COMPLAINT = "respond", "acknowledge", "complaint_acknowledge"


@dataclass(frozen=True)
class Line:
    """What one law wants by when. `kind` is a kind of law.deadlines; `row` is None for the house's own."""

    rule: deadlines.Rule
    kind: str
    deadline: deadlines.Deadline
    row: RequestRegime | None = None
    is_leading: bool = False

    @property
    def strict(self) -> date | None:
        return _day(self.deadline.strict_due)

    @property
    def legal(self) -> date | None:
        return _day(self.deadline.legal_due)

    @property
    def is_answer(self) -> bool:
        """The answer itself, not a receipt on the way."""
        return self.kind not in (ACKNOWLEDGE, COMPLAINT)


def _day(due: date | datetime | None) -> date | None:
    return due.date() if isinstance(due, datetime) else due


# --- Which laws ------------------------------------------------------------------------------


def propose_regimes(request: RightsRequest) -> None:
    """Note the laws that protect people of that place, in the rows of the day; staff confirm them."""
    day = Company.current().day_of(request.received_at)
    found = readings.regimes_for(request.place, day, is_child=_is_child(request, day))
    RequestRegime.objects.bulk_create(
        [
            RequestRegime(request=request, regime=law.regime, state=law.state, is_guess=law.is_guess)
            for law in found
        ],
        ignore_conflicts=True,
    )


def choose_regimes(request: RightsRequest, codes: Sequence[str], *, by: User, at: datetime) -> None:
    """Exactly these laws, in the rows of the day of receipt. Raises law.applying.UnknownLaw."""
    day = Company.current().day_of(request.received_at)
    rows = {row.code: row for row in request.regimes.select_related("regime", "state")}
    for code in codes:
        row = rows.get(code)
        if row is None:
            law = applying.find(code, day)
            row = RequestRegime(request=request, regime=law.regime, state=law.state)
        row.confirmed_by, row.confirmed_at, row.dropped_at = by, at, None
        row.save()
    dropped = [row.pk for code, row in rows.items() if code not in codes]
    RequestRegime.objects.filter(pk__in=dropped, dropped_at=None).update(dropped_at=at)


def _is_child(request: RightsRequest, day: date) -> bool:
    """A learner below the age where they live; without a birth date, every learner."""
    subject = request.subject
    if subject is None or subject.role != Role.LEARNER:
        return False
    years = readings.ages(day, Company.current()).years(request.place)
    return subject.birth_date is None or not has_reached(subject.birth_date, years, day)


def settle_place(request: RightsRequest) -> bool:
    """Whom it is about is known by now: their place proposes the law, where nobody said another.

    True when that changed something; laws that a colleague has confirmed stay."""
    if request.subject is None or request.regimes.exclude(confirmed_by=None).exists():
        return False
    before = {(row.code, row.is_guess) for row in binding(request)}
    if not request.place and request.subject.place:
        request.place = request.subject.place
        request.save(update_fields=["place"])
        request.regimes.filter(is_guess=True).delete()
    propose_regimes(request)
    return before != {(row.code, row.is_guess) for row in binding(request)}


# --- The dates -------------------------------------------------------------------------------


def refresh(request: RightsRequest) -> None:
    """Derive both dates anew and store them for sorting."""
    lines = explain(request)
    leading = next((line for line in lines if line.is_leading), None)
    strict = (leading.strict or leading.deadline.target_due) if leading else None
    legal = leading.legal if leading else None
    if (request.strict_due_on, request.legal_due_on) != (strict, legal):
        request.strict_due_on, request.legal_due_on = strict, legal
        request.save(update_fields=["strict_due_on", "legal_due_on"])


def explain(request: RightsRequest, *, extra: Iterable[deadlines.Happening] = ()) -> list[Line]:
    """What each law wants, the most urgent first, with both dates and the reasons in words.

    `extra` asks “what if”: happenings that are not on record."""
    company = Company.current()
    events = [*happenings(request), *extra]
    year = request.received_at.year
    closed = readings.closed_days(request.place, range(year - 1, year + YEARS_AHEAD))
    ask = _Asking(request, events, closed, readings.interpretation(company))
    lines = sorted((ask.line(rule, kind, row) for rule, kind, row in _wanted(request)), key=_urgency)
    return [_lead(line) if number == 0 else line for number, line in enumerate(lines)]


@dataclass(frozen=True)
class _Asking:
    request: RightsRequest
    events: list[deadlines.Happening]
    closed: ClosedDays
    settings: deadlines.Interpretation

    def line(self, rule: deadlines.Rule, kind: str, row: RequestRegime | None) -> Line:
        found = deadlines.due(
            rule, self.request.received_at, self.events, self.closed, kind=kind, settings=self.settings
        )
        return Line(rule, kind, found, row)


def _lead(line: Line) -> Line:
    return Line(line.rule, line.kind, line.deadline, line.row, is_leading=True)


def _urgency(line: Line) -> tuple[bool, date]:
    """Numbers of law before the house's own."""
    return (line.legal is None, line.strict or line.deadline.target_due or date.max)


def happenings(request: RightsRequest) -> list[deadlines.Happening]:
    """The ledger, in the words of the deadline engine."""
    found = []
    for event in request.events.filter(kind__in=[kind.value for kind in MOVERS]).order_by("at", "id"):
        found.append(deadlines.Happening(event.kind, event.at))
        if until := event.facts.get("until"):
            found.append(deadlines.Happening("extended_to", date.fromisoformat(until)))
    return found


def binding(request: RightsRequest) -> list[RequestRegime]:
    rows = request.regimes.binding().select_related("regime", "state")
    return sorted(rows, key=lambda row: row.code)


def _wanted(request: RightsRequest) -> Iterator[tuple[deadlines.Rule, str, RequestRegime | None]]:
    rows = binding(request)
    # The complaint a law speaks of goes to an authority; one to us is answered in the house's own time.
    is_ours = request.right in (Right.COMPLAINT, Right.INQUIRY)
    answered = [] if is_ours else [row for row in rows if row.gives(request.right)]
    kind = _kind(request)
    for row in answered:
        yield readings.rule_of(row.regime, row.state), kind, row
    if not answered:
        yield HOUSE, ANSWER, None
    if request.appeal_of_id is None and not request.events.filter(kind=Happened.ACKNOWLEDGED).exists():
        yield from _receipts(request, rows)


def _receipts(
    request: RightsRequest, rows: list[RequestRegime]
) -> Iterator[tuple[deadlines.Rule, str, RequestRegime]]:
    """Laws that want the receipt confirmed by a day of its own; done once it is."""
    kind = COMPLAINT if request.right == Right.COMPLAINT else ACKNOWLEDGE
    for row in rows:
        rule = readings.rule_of(row.regime, row.state)
        period = rule.complaint_acknowledge if kind == COMPLAINT else rule.acknowledge
        if period is not None and (kind == COMPLAINT or row.gives(request.right)):
            yield rule, kind, row


def _kind(request: RightsRequest) -> str:
    if request.appeal_of_id is not None:
        return "appeal"
    return "opt_out" if request.right == Right.OPT_OUT else ANSWER


# --- Questions about them --------------------------------------------------------------------


def last_day(request: RightsRequest, kind: str) -> date | None:
    """By when something has to be told (“notify_extension_by”, “tell_refusal_by”) under the law that
    leads; None where no law names a number."""
    leading = leading_answer(request)
    if leading is None or leading.row is None:
        return None
    company = Company.current()
    year = request.received_at.year
    closed = readings.closed_days(request.place, range(year - 1, year + YEARS_AHEAD))
    found = deadlines.due(
        leading.rule,
        request.received_at,
        [event for event in happenings(request) if event.name not in ("refused", "extension_notified")],
        closed,
        kind=kind,
        settings=readings.interpretation(company),
    )
    return _day(found.legal_due)


def leading_answer(request: RightsRequest, *, extra: Iterable[deadlines.Happening] = ()) -> Line | None:
    return next((line for line in explain(request, extra=extra) if line.is_answer), None)


def if_extended(request: RightsRequest, *, at: datetime, until: date | None = None) -> Line | None:
    """The leading law's answer as it would be, told now; None where that would move nothing."""
    told = [deadlines.Happening("extension_notified", at)]
    if until is not None:
        told.append(deadlines.Happening("extended_to", until))
    before = leading_answer(request)
    if before is None or before.legal is None:
        return None
    after = [line for line in explain(request, extra=told) if line.is_answer and line.rule == before.rule]
    moved = [line for line in after if line.legal is not None and line.legal > before.legal]
    return moved[0] if moved else None


def clarification_stops(request: RightsRequest) -> bool:
    """Does a question to the requester stop the leading law's clock? UK: yes. EU: no (EDPB 01/2022)."""
    leading = leading_answer(request)
    return leading is not None and leading.rule.clarification_effect != "none"


# --- For staff ---------------------------------------------------------------------------------


def day(at: datetime) -> str:
    """As the calendar of the house has it: midnight in Berlin is the evening before in Greenwich."""
    return f"{Company.current().day_of(at):%-d %B %Y}"


def moment(at: datetime) -> str:
    """By the clock of the house, as everywhere on the screen."""
    return f"{at.astimezone(Company.current().zone):%-d %B %Y at %H:%M}"

"""Saying no, saying “later”, saying “not us”: each with a reason the law knows and a letter that tells it."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from audit.actors import Acts
from law import readings
from law.models import Company, RefusalGround
from people.models import User

from . import clocks, events, guards, moves
from .copies import packages
from .models import (
    DenialReason,
    Happened,
    LetterKind,
    Outcome,
    Right,
    RightsRequest,
    Stage,
)
from .others import work
from .proving import identity
from .refusals import (
    DeadlineAlreadyExtended,
    ExtensionTooLate,
    GroundDoesNotFit,
    NoExtension,
    RefusalTooLate,
    WrongStage,
)
from .saying import closing, letters, reasons
from .saying.reasons import ExtensionReason

# An answer is all that is owed: nothing has to be fetched from or done in any system.
ANSWERED_WITH_WORDS = (Right.COMPLAINT, Right.INQUIRY)


# --- Later -----------------------------------------------------------------------------------


@transaction.atomic
def extend(
    request: RightsRequest,
    *,
    by: User,
    at: datetime,
    letter: str,
    because: ExtensionReason | str,
    until: date | None = None,
    reason: str = "",
) -> RightsRequest:
    """Tell the requester that it takes longer, and why; the date moves in the same step. Once, and only
    inside the first period. `until` where the law sets no longest time.

    Raises ExtensionTooLate, NoExtension, DeadlineAlreadyExtended."""
    guards.locked(request)
    guards.is_open(request)
    guards.is_verified(request)
    extended = may_be_extended(request, at=at, until=until)
    facts = {"because": ExtensionReason(because).value, "to": extended.isoformat()}
    if until is not None:
        facts["until"] = until.isoformat()
    events.deed(request, "extend", Happened.EXTENSION_NOTIFIED, by=by, at=at, reason=reason, facts=facts)
    letters.send(request, LetterKind.EXTENSION, letter, by=by, at=at)
    return request


def may_be_extended(request: RightsRequest, *, at: datetime, until: date | None = None) -> date:
    """The legal date as it would be. The law decides, not we: a late notice has no effect (GDPR Art. 12(3))."""
    if guards.noted(request, Happened.EXTENSION_NOTIFIED).exists():
        raise DeadlineAlreadyExtended
    line = clocks.if_extended(request, at=at, until=until)
    if line is not None and line.legal is not None:
        return line.legal
    last = clocks.last_day(request, "notify_extension_by")
    if last is None:
        raise NoExtension("No law this case falls under gives more time, or none with a number we know.")
    if Company.current().day_of(at) > last:
        raise ExtensionTooLate(f"An extension had to be told by {last:%-d %B %Y}. The date stays as it is.")
    raise NoExtension("The law that leads sets no longest time: say until when.")


def draft_extension(
    request: RightsRequest, *, at: datetime, reason: str = "", until: date | None = None
) -> str:
    """What is not known yet keeps its name in braces; the form fills it with what a colleague chooses.

    Raises what `extend` would raise: no letter promises a date the law does not give."""
    day = letters.say_day(may_be_extended(request, at=at, until=until), request.language)
    return letters.draft(request, LetterKind.EXTENSION, new_due_on=day, reason=reason or "{reason}")


# --- No --------------------------------------------------------------------------------------


def grounds(request: RightsRequest, *, at: datetime) -> list[RefusalGround]:
    """What the laws of this case accept against this right. An exemption from erasure never answers a
    request for a copy (GDPR Art. 17(3))."""
    codes = [row.code for row in clocks.binding(request)]
    return readings.grounds_for(codes, request.right, Company.current().day_of(at))


@transaction.atomic
def refuse(
    request: RightsRequest,
    *,
    by: User,
    at: datetime,
    letter: str,
    ground: RefusalGround | None,
    denial: DenialReason | str,
    reason: str,
) -> RightsRequest:
    """Closed with a no, whose letter names the reason, where to complain and the way to a court or an
    appeal (GDPR Art. 12(4)). An extension gives no time for this.

    Raises GroundDoesNotFit, RefusalTooLate."""
    guards.locked(request)
    guards.is_open(request)
    guards.is_another_pair_of_eyes(request, by)
    _fits(request, ground, at)
    if last := _too_late(request, at):
        raise RefusalTooLate(
            f"A refusal had to be told by {last:%-d %B %Y}. Do what was asked; or close the case with your "
            "written reason, and it will stand as late."
        )
    letters.send(request, LetterKind.REFUSAL, letter, by=by, at=at)
    return _say_no(request, by=by, at=at, ground=ground, denial=denial, outcome=Outcome.DENIED, reason=reason)


@transaction.atomic
def refuse_partly(
    request: RightsRequest,
    *,
    by: User,
    at: datetime,
    letter: str,
    ground: RefusalGround | None,
    denial: DenialReason | str,
    reason: str,
) -> RightsRequest:
    """The answer goes out, and its letter says which part does not, and why. That a part is refused late
    is written down, not forbidden: the rest of the answer must not wait for it."""
    guards.locked(request)
    if request.stage != Stage.RELEASE:
        raise WrongStage("Put the answer forward first; then say which part of it is refused.")
    guards.may_act(request)
    guards.has_no_open_task(request)
    guards.is_another_pair_of_eyes(request, by)
    _fits(request, ground, at)
    packages.release_if_owed(request, by=by, at=at)
    letters.send(request, LetterKind.PARTIAL, letter, by=by, at=at)
    events.note(request, Happened.RELEASED, by=by, at=at)
    return _say_no(request, by=by, at=at, ground=ground, denial=denial, outcome=Outcome.PARTLY, reason=reason)


def draft_refusal(
    request: RightsRequest, ground: RefusalGround | None, *, reason: str = "", is_partial: bool = False
) -> str:
    """What is not known yet keeps its name in braces; the form fills it with what a colleague chooses and
    writes. Which part was done is said from the answers of those who were asked."""
    words = (reasons.of_ground(ground, request.language) if ground else "") or "{ground}"
    reason = reason or "{reason}"
    if request.appeal_of_id:  # there is no third look to point to
        what = reasons.of_a_second_no(reason, words, request.language)
        return letters.draft(request, LetterKind.APPEAL, what=what)
    kind = LetterKind.PARTIAL if is_partial else LetterKind.REFUSAL
    done = closing.facts(request) if is_partial else {}
    return letters.draft(request, kind, **done, ground=words, reason=reason)


def _fits(request: RightsRequest, ground: RefusalGround | None, at: datetime) -> None:
    accepted = grounds(request, at=at)
    if ground is None:
        if accepted:
            raise GroundDoesNotFit("Choose the ground: the laws of this case have a list of them.")
    elif ground.pk not in {row.pk for row in accepted}:
        raise GroundDoesNotFit(
            f"“{ground.ground}” does not answer {request.get_right_display()} under the laws of this case."
        )


def _too_late(request: RightsRequest, at: datetime) -> date | None:
    last = clocks.last_day(request, "tell_refusal_by")
    return last if last is not None and Company.current().day_of(at) > last else None


def _say_no(
    request: RightsRequest,
    *,
    by: User,
    at: datetime,
    ground: RefusalGround | None,
    denial: DenialReason | str,
    outcome: Outcome,
    reason: str,
) -> RightsRequest:
    facts = {"ground": ground.code if ground else "", "denial": str(denial)}
    if last := _too_late(request, at):
        facts["late_since"] = last.isoformat()
    events.note(request, Happened.REFUSED, by=by, at=at, facts=facts)
    return conclude(request, by=by, at=at, outcome=outcome, denial=denial, reason=reason, letter_sent=True)


# --- Not us, and plain answers ---------------------------------------------------------------


@transaction.atomic
def reroute(request: RightsRequest, *, by: User, at: datetime, letter: str, reason: str) -> RightsRequest:
    """The data is kept for a school, and the school decides: passed on, not refused (34 CFR 99.31(a)(1)(i)(B))."""
    guards.locked(request)
    guards.is_open(request)
    letters.send(request, LetterKind.REROUTED, letter, by=by, at=at)
    return conclude(request, by=by, at=at, outcome=Outcome.REROUTED, reason=reason, letter_sent=True)


@transaction.atomic
def answer(request: RightsRequest, *, by: User, at: datetime, letter: str, reason: str = "") -> RightsRequest:
    """A question or a complaint has its answer. «Privacy concerns deserve thoughtful responses»."""
    guards.locked(request)
    guards.is_open(request)
    guards.is_another_pair_of_eyes(request, by)
    if request.right not in ANSWERED_WITH_WORDS:
        raise WrongStage("Words are not enough here: accept it, so that the systems are asked.")
    letters.send(request, letters.kind_of_answer(request), letter, by=by, at=at)
    return conclude(request, by=by, at=at, outcome=Outcome.DONE, reason=reason, letter_sent=True)


# --- The end ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lateness:
    """Since when a case is late by law; `was_told` when an extension was."""

    since: date
    was_told: bool


def lateness(request: RightsRequest, at: datetime) -> Lateness | None:
    if request.legal_due_on is None or Company.current().day_of(at) <= request.legal_due_on:
        return None
    return Lateness(request.legal_due_on, guards.noted(request, Happened.EXTENSION_NOTIFIED).exists())


def conclude(
    request: RightsRequest,
    *,
    by: Acts,
    at: datetime,
    outcome: Outcome,
    denial: DenialReason | str = "",
    reason: str = "",
    letter_sent: bool,
) -> RightsRequest:
    """The one way into the stage closed. What was asked of others is asked no more."""
    guards.has_its_reason(outcome, denial)
    late = lateness(request, at)
    moves.end(request, outcome, at=at, denial=denial)
    work.cancel_all(request.pk)
    identity.void_open(request, at=at)
    packages.drop_unreleased(request, at=at)
    facts: dict[str, object] = {"outcome": outcome.value, "letter": letter_sent}
    if late:
        facts |= {"late_since": late.since.isoformat(), "extension_told": late.was_told}
    events.deed(request, "close", Happened.CLOSED, by=by, at=at, reason=reason, facts=facts)
    return request

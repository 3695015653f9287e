"""What can happen to a rights request. Each function reads as the list of its consequences.

The promise: «We'll process your request within a reasonable timeframe and confirm completion»
(GDPR Art. 12; Cal. Civ. Code 1798.130; Va. Code 59.1-577)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from audit.actors import SYSTEM, Acts
from people.models import User

from . import clocks, events, guards, here, moves
from .arriving.matching import amend, match, show_authority
from .arriving.receiving import Asked, receive
from .arriving.seeking import ask_again
from .arriving.unverified import deny_link
from .changing import correcting, limiting
from .copies import packages
from .deciding import answer, conclude, extend, refuse, refuse_partly, reroute
from .linked import appeal, convert_inquiry, link_duplicate, unlink
from .models import DenialReason, Happened, LetterKind, Outcome, PauseReason, Right, RightsRequest, Stage, Way
from .others import fanout
from .proving.identity import ask_identity, confirm_identity, confirm_link, fail_identity, send_link
from .proving.recovery import begin_recovery, second, vouch
from .putting_forward import go_on_when_answered, put_forward
from .refusals import NotPaused, Paused, TooManyAtOnce, WrongStage
from .saying import letters, mails
from .saying.messages import hear, mark_read, say

__all__ = [
    "Asked",
    "accept",
    "amend",
    "answer",
    "appeal",
    "ask_again",
    "ask_clarification",
    "ask_identity",
    "assign",
    "begin_recovery",
    "begin_work",
    "clarified",
    "close",
    "close_as_spam",
    "confirm_identity",
    "confirm_link",
    "confirm_regimes",
    "convert_inquiry",
    "deny_link",
    "extend",
    "fail_identity",
    "go_on_when_answered",
    "hear",
    "link_duplicate",
    "mark_read",
    "match",
    "pause",
    "put_forward",
    "receive",
    "refuse",
    "refuse_partly",
    "release",
    "reroute",
    "resume",
    "say",
    "second",
    "send_back",
    "send_link",
    "show_authority",
    "unlink",
    "vouch",
    "withdraw",
]

MOST_SPAM = 50


# --- Work ------------------------------------------------------------------------------------


@transaction.atomic
def assign(request: RightsRequest, *, owner: User, by: Acts, at: datetime, reason: str = "") -> RightsRequest:
    guards.locked(request)
    guards.is_open(request)
    moves.put(request, owner=owner)
    events.deed(request, "assign", Happened.ASSIGNED, by=by, at=at, reason=reason, facts={"owner": owner.pk})
    return request


@transaction.atomic
def accept(request: RightsRequest, *, by: User, at: datetime, reason: str = "") -> RightsRequest:
    """Review → fulfilling: the law that applies is confirmed, and every system and company that holds
    something is asked. An erasure is proposed and approved instead (`erasure.propose`)."""
    guards.locked(request)
    guards.is_no_erasure(request)
    correcting.refuse_undecided(request, at=at)
    limiting.refuse_undecided(request)
    limiting.settle_uses(request, by=by, at=at)
    begin_work(request, by=by, at=at, reason=reason)
    tasks = fanout.open_tasks(request, at=at)
    if not any(task.way == Way.HERE for task in tasks):
        here.do_without_a_task(request, fanout.DUTIES[Right(request.right)], at=at)
    events.note(request, Happened.TASKS_OPENED, by=SYSTEM, at=at, facts={"tasks": len(tasks)})
    go_on_when_answered(request, at=at)
    mails.post_news(request, mails.BEGUN, at=at)
    return request


@transaction.atomic
def begin_work(request: RightsRequest, *, by: User, at: datetime, reason: str = "") -> RightsRequest:
    """Review → fulfilling, and nothing more: for whoever opens the tasks at another time."""
    guards.locked(request)
    guards.may_become(request, Stage.FULFILLING)
    guards.is_not_paused(request)
    guards.is_verified(request)
    guards.is_about_somebody(request)
    guards.may_act(request)
    guards.reaches_the_requester(request)
    guards.is_its_turn(request)
    guards.is_another_pair_of_eyes(request, by)
    request.regimes.filter(confirmed_by=None, dropped_at=None).update(confirmed_by=by, confirmed_at=at)
    moves.move(request, Stage.FULFILLING, owner=request.owner or by)
    events.deed(request, "accept", Happened.ACCEPTED, by=by, at=at, reason=reason)
    return request


@transaction.atomic
def send_back(request: RightsRequest, *, by: User, at: datetime, reason: str) -> RightsRequest:
    """Release → fulfilling: something is missing, or should not go out."""
    guards.locked(request)
    guards.says_why(reason, "send it back")
    moves.move(request, Stage.FULFILLING)
    events.deed(request, "send_back", Happened.SENT_BACK, by=by, at=at, reason=reason)
    return request


@transaction.atomic
def release(
    request: RightsRequest,
    *,
    by: User,
    at: datetime,
    letter: str,
    reason: str = "",
    kind: LetterKind | str = LetterKind.ANSWER,
    outcome: Outcome | str = Outcome.DONE,
) -> RightsRequest:
    """Release → closed: somebody looked, the answer goes to the status page, and a mail says there is news."""
    guards.locked(request)
    guards.may_become(request, Stage.CLOSED)
    if request.stage != Stage.RELEASE:
        raise WrongStage("Put the answer forward first: somebody looks before anything leaves the house.")
    guards.may_act(request)  # a guardian’s authority may have ended since the work began
    guards.has_no_open_task(request)
    guards.is_another_pair_of_eyes(request, by)
    packages.release_if_owed(request, by=by, at=at)
    letters.send(request, kind, letter, by=by, at=at)
    events.deed(request, "release", Happened.RELEASED, by=by, at=at, reason=reason)
    return close(request, by=by, at=at, outcome=outcome, letter_sent=True)


# --- The law ---------------------------------------------------------------------------------


@transaction.atomic
def confirm_regimes(
    request: RightsRequest,
    *,
    by: User,
    at: datetime,
    reason: str,
    codes: Sequence[str],
    place: str | None = None,
) -> RightsRequest:
    """A colleague says which laws the case falls under; the dates follow in the same step.

    `place` where the requester lives, if the form had it wrong. A law that is left out is dropped, not
    forgotten."""
    guards.locked(request)
    guards.is_open(request)
    if place is not None and place != request.place:
        moves.put(request, place=place)
    clocks.choose_regimes(request, codes, by=by, at=at)
    facts = {"place": request.place, "laws": sorted(codes)}
    events.deed(request, "confirm_regimes", Happened.PLACE_SET, by=by, at=at, reason=reason, facts=facts)
    return request


# --- Waiting ---------------------------------------------------------------------------------


@transaction.atomic
def pause(
    request: RightsRequest, *, by: User, at: datetime, reason: str, pause_reason: PauseReason | str
) -> RightsRequest:
    """Set aside. This stops our work, never the legal clock: only a needed question to the requester
    does, where the law says so (`ask_clarification`)."""
    guards.locked(request)
    guards.is_open(request)
    if request.pause_reason:
        raise Paused(f"This case is paused already: {request.get_pause_reason_display()}.")
    moves.put(request, pause_reason=PauseReason(pause_reason))
    facts = {"pause_reason": str(request.pause_reason)}
    events.deed(request, "pause", Happened.PAUSED, by=by, at=at, reason=reason, facts=facts)
    return request


@transaction.atomic
def resume(request: RightsRequest, *, by: Acts, at: datetime, reason: str = "") -> RightsRequest:
    guards.locked(request)
    if not request.pause_reason:
        raise NotPaused
    moves.put(request, pause_reason="")
    events.deed(request, "resume", Happened.RESUMED, by=by, at=at, reason=reason)
    return request


@transaction.atomic
def ask_clarification(
    request: RightsRequest, *, by: User, at: datetime, letter: str, reason: str = ""
) -> RightsRequest:
    """Ask what is meant, and wait. Whether the clock waits too is the law's to say (UK: yes; EU: no)."""
    guards.locked(request)
    guards.is_open(request)
    guards.is_not_paused(request)
    letters.send(request, LetterKind.CLARIFICATION, letter, by=by, at=at)
    moves.put(request, pause_reason=PauseReason.CLARIFICATION)
    kind = Happened.CLARIFICATION_REQUESTED
    events.deed(request, "ask_clarification", kind, by=by, at=at, reason=reason)
    return request


@transaction.atomic
def clarified(request: RightsRequest, *, by: Acts, at: datetime, reason: str = "") -> RightsRequest:
    """The answer is here; a message of the requester says so by itself."""
    guards.locked(request)
    if request.pause_reason != PauseReason.CLARIFICATION:
        raise NotPaused
    moves.put(request, pause_reason="")
    events.deed(request, "clarified", Happened.CLARIFICATION_RECEIVED, by=by, at=at, reason=reason)
    return request


# --- Ends ------------------------------------------------------------------------------------


@transaction.atomic
def close(
    request: RightsRequest,
    *,
    by: Acts,
    at: datetime,
    outcome: Outcome | str,
    reason: str = "",
    denial: DenialReason | str = "",
    letter_sent: bool = False,
) -> RightsRequest:
    """Closed. Without a letter it takes a written reason: nothing ends in silence and without a trace.

    A case closed late, with or without an extension told, says so in its ledger and in the audit record."""
    guards.locked(request)
    guards.may_become(request, Stage.CLOSED)
    if not letter_sent:
        guards.says_why(reason, "close it without a letter")
    outcome = Outcome(outcome)
    if outcome in (Outcome.DONE, Outcome.PARTLY):
        guards.is_verified(request)
        guards.was_worked_on(request)
        guards.has_no_open_task(request)
    if outcome == Outcome.DENIED:
        guards.is_another_pair_of_eyes(request, by)
    return conclude(
        request, by=by, at=at, outcome=outcome, denial=denial, reason=reason, letter_sent=letter_sent
    )


@transaction.atomic
def withdraw(request: RightsRequest, *, by: Acts, at: datetime, reason: str = "") -> RightsRequest:
    """The requester does not want it any more; what was under way stops."""
    guards.locked(request)
    guards.is_open(request)
    guards.nobody_erases_yet(request)
    events.note(request, Happened.WITHDRAWN, by=by, at=at)
    why = reason or "Withdrawn by the requester."
    return conclude(request, by=by, at=at, outcome=Outcome.WITHDRAWN, reason=why, letter_sent=False)


@transaction.atomic
def close_as_spam(requests: Sequence[RightsRequest], *, by: User, at: datetime, reason: str) -> int:
    """Many at once, for floods. Only what nobody confirmed and nobody works on, and not without end."""
    if len(requests) > MOST_SPAM:
        raise TooManyAtOnce(f"At most {MOST_SPAM} at once; look at the rest first.")
    guards.says_why(reason, "call these spam")
    return sum(_is_closed_as_spam(request, by, at, reason) for request in requests)


def _is_closed_as_spam(request: RightsRequest, by: User, at: datetime, reason: str) -> bool:
    guards.locked(request)
    if request.verified_at is not None or request.stage not in (Stage.UNVERIFIED, Stage.REVIEW):
        return False
    conclude(request, by=by, at=at, outcome=Outcome.SPAM, reason=reason, letter_sent=False)
    return True

"""What can happen to a rights request. Each function reads as the list of its consequences.

The promise: «We'll process your request within a reasonable timeframe and confirm completion»
(GDPR Art. 12; Cal. Civ. Code 1798.130; Va. Code 59.1-577)."""

from datetime import datetime

from django.db import transaction

from audit.actors import SYSTEM, Acts
from people.models import User

from . import events, fanout, guards, letters, mails, moves, work
from .identity import (
    amend,
    ask_identity,
    begin_recovery,
    confirm_identity,
    confirm_link,
    fail_identity,
    match,
    second,
    send_link,
    show_authority,
    vouch,
)
from .messages import hear, mark_read, say
from .models import DenialReason, Happened, LetterKind, Outcome, PauseReason, Right, RightsRequest, Stage
from .receiving import Asked, receive
from .refusals import NotPaused, Paused, ReasonMissing, WrongStage

__all__ = [
    "Asked",
    "accept",
    "amend",
    "ask_clarification",
    "ask_identity",
    "assign",
    "begin_recovery",
    "begin_work",
    "clarified",
    "close",
    "confirm_identity",
    "confirm_link",
    "fail_identity",
    "go_on_when_answered",
    "hear",
    "mark_read",
    "match",
    "pause",
    "put_forward",
    "receive",
    "release",
    "resume",
    "say",
    "second",
    "send_back",
    "send_link",
    "show_authority",
    "vouch",
    "withdraw",
]

# An answer is all that is owed: nothing has to be fetched from or done in any system.
ANSWERED_WITH_WORDS = (Right.COMPLAINT, Right.INQUIRY)


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
    begin_work(request, by=by, at=at, reason=reason)
    tasks = fanout.open_tasks(request, at=at)
    events.note(request, Happened.TASKS_OPENED, by=SYSTEM, at=at, facts={"tasks": len(tasks)})
    go_on_when_answered(request, at=at)
    mails.post_news(request, at=at)
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
    guards.is_its_turn(request)
    guards.is_another_pair_of_eyes(request, by)
    request.regimes.filter(confirmed_by=None, dropped_at=None).update(confirmed_by=by, confirmed_at=at)
    moves.move(request, Stage.FULFILLING, owner=request.owner or by)
    events.deed(request, "accept", Happened.ACCEPTED, by=by, at=at, reason=reason)
    return request


@transaction.atomic
def go_on_when_answered(request: RightsRequest, *, at: datetime) -> bool:
    """The last answer is in: put it forward for a look. Called after each answer; does nothing before."""
    guards.locked(request)
    if request.stage != Stage.FULFILLING or request.right == Right.ERASURE:
        return False
    if not request.tasks.exists() or request.tasks.open().exists():
        return False
    put_forward(request, by=SYSTEM, at=at)
    return True


@transaction.atomic
def put_forward(request: RightsRequest, *, by: Acts, at: datetime, reason: str = "") -> RightsRequest:
    """Fulfilling → release: everybody has answered; a person looks before anything leaves the house."""
    guards.locked(request)
    guards.may_become(request, Stage.RELEASE)
    guards.has_no_open_task(request)
    moves.move(request, Stage.RELEASE)
    events.deed(request, "put_forward", Happened.PUT_FORWARD, by=by, at=at, reason=reason)
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
    guards.has_no_open_task(request)
    guards.is_another_pair_of_eyes(request, by)
    letters.send(request, kind, letter, by=by, at=at)
    events.deed(request, "release", Happened.RELEASED, by=by, at=at, reason=reason)
    return close(request, by=by, at=at, outcome=outcome, letter_sent=True)


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

    A case closed late without an extension told says so in the audit record."""
    guards.locked(request)
    outcome = Outcome(outcome)
    guards.may_become(request, Stage.CLOSED)
    if not letter_sent and not reason.strip():
        raise ReasonMissing("No letter says how this ended, so write down why.")
    if outcome in (Outcome.DONE, Outcome.PARTLY):
        guards.is_verified(request)
        guards.has_no_open_task(request)
    moves.end(request, outcome, at=at, denial=denial)
    work.cancel_all(request.pk, by=by, at=at)
    facts = {"outcome": outcome.value, "letter": letter_sent, **_late(request, at)}
    events.deed(request, "close", Happened.CLOSED, by=by, at=at, reason=reason, facts=facts)
    return request


def _late(request: RightsRequest, at: datetime) -> dict[str, str]:
    if request.legal_due_on is None or at.date() <= request.legal_due_on:
        return {}
    return {"late_since": request.legal_due_on.isoformat()}


@transaction.atomic
def withdraw(request: RightsRequest, *, by: Acts, at: datetime, reason: str = "") -> RightsRequest:
    """The requester does not want it any more; what was under way stops."""
    guards.locked(request)
    guards.is_open(request)
    events.note(request, Happened.WITHDRAWN, by=by, at=at)
    return close(
        request, by=by, at=at, outcome=Outcome.WITHDRAWN, reason=reason or "Withdrawn by the requester."
    )

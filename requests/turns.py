"""What comes next in a case and whose turn it is: derived, for the desk, the status page and the mails."""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from django.utils import timezone

from audit.refusals import Refused

from . import clocks, deciding, guards
from .changing import limiting
from .copies import packages
from .erasing import erasure
from .models import (
    Duty,
    ErasureOrder,
    Happened,
    IdentityCheck,
    PauseReason,
    RequesterKind,
    Right,
    RightsRequest,
    Stage,
    Verdict,
)
from .proving import identity
from .refusals import MayNotAct


class Turn(Enum):
    US = "us"
    THEM = "them"
    SYSTEMS = "systems"
    NOBODY = "nobody"


@dataclass(frozen=True)
class NextMove:
    """A sentence for staff, whose turn it is, and the verb of the button that does it (empty: wait)."""

    sentence: str
    whose_turn: Turn
    button: str = ""


def next_move(request: RightsRequest, on: date) -> NextMove:
    if request.pause_reason:
        return _paused(request)
    return _BY_STAGE[Stage(request.stage)](request, on)


def _paused(request: RightsRequest) -> NextMove:
    if request.pause_reason == PauseReason.CLARIFICATION:
        return NextMove(
            "We asked the requester what they mean, and wait for the answer.", Turn.THEM, "clarified"
        )
    label = PauseReason(request.pause_reason).label
    return NextMove(f"Paused for {label}. The legal clock runs on.", Turn.US, "resume")


def _unverified(request: RightsRequest, on: date) -> NextMove:
    check = request.identity_checks.filter(verdict=Verdict.OPEN).first()
    if check is not None and check.is_recovery:
        return _recovery(check)
    if check is not None and check.documents.exists():
        return NextMove("A document waits to be looked at.", Turn.US, "judge")
    ends = identity.closes_at(request)
    if check is None:
        words = "Nobody on file fits what was typed. Find the person"
        return NextMove(f"{words}, or it closes by itself on {clocks.day(ends)}.", Turn.US, "match")
    return NextMove(f"The requester has to confirm it, by {clocks.day(ends)}.", Turn.THEM)


def _recovery(check: IdentityCheck) -> NextMove:
    if check.decided_by_id is not None:
        return NextMove("The address is said to be lost; a second colleague has to agree.", Turn.US, "second")
    until = clocks.moment(check.not_before) if check.not_before else "the wait is over"
    return NextMove(f"The address is said to be lost. Look at the proof after {until}.", Turn.US, "vouch")


def _review(request: RightsRequest, on: date) -> NextMove:
    if request.right in deciding.ANSWERED_WITH_WORDS:
        return NextMove("Read it and answer.", Turn.US, "answer")
    try:
        guards.is_about_somebody(request)
    except Refused as refusal:
        return NextMove(str(refusal), Turn.US, "match")
    try:
        guards.may_act(request)
        guards.reaches_the_requester(request)
        guards.is_its_turn(request)
    except Refused as refusal:
        held = isinstance(refusal, MayNotAct) and request.requester_kind == RequesterKind.AGENT
        return NextMove(str(refusal), Turn.US, "authority" if held else "")
    if request.right == Right.ERASURE:
        return _erasure(request)
    if undecided := _undecided(request):
        return undecided
    return NextMove("Look at what is asked, and accept or refuse it.", Turn.US, "accept")


def _undecided(request: RightsRequest) -> NextMove | None:
    """What a colleague says before work can begin on it."""
    match request.right:
        case Right.RECTIFICATION if not request.corrections.exists():
            return NextMove("Write down what is to be corrected.", Turn.US, "add-correction")
        case Right.RECTIFICATION if request.corrections.undecided().exists():
            return NextMove("Decide each correction.", Turn.US, "corrections")
        case Right.RESTRICTION if not limiting.ground_of(request):
            return NextMove("Say on which ground the data is restricted.", Turn.US, "ground")
        case Right.OBJECTION if not guards.noted(request, Happened.USES_DECIDED).exists():
            return NextMove(
                "Say which uses stop; or accept, and all they may object to stops.", Turn.US, "uses"
            )
    return None


def _erasure(request: RightsRequest) -> NextMove:
    order = ErasureOrder.objects.filter(request=request).first()
    if order is None:
        return NextMove("Propose what goes and what stays.", Turn.US, "propose")
    return NextMove("A second colleague has to approve the erasure.", Turn.US, "approve")


def _fulfilling(request: RightsRequest, on: date) -> NextMove:
    tasks = request.tasks.exclude(stage="cancelled").exclude(duty=Duty.RESUME)
    count, open_count = tasks.count(), tasks.open().count()
    if open_count:
        answered = count - open_count
        return NextMove(f"{answered} of {count} systems and companies have answered.", Turn.SYSTEMS)
    if request.right == Right.ERASURE:
        return _waiting_erasure(request)
    return NextMove("Everybody has answered. Put the answer forward.", Turn.US, "put-forward")


def _waiting_erasure(request: RightsRequest) -> NextMove:
    order, now = ErasureOrder.objects.filter(request=request).first(), timezone.now()
    if order is None or order.approved_at is None:
        return _erasure(request)
    if order.not_before and erasure.is_stoppable(order, now):
        until = clocks.moment(order.not_before)
        return NextMove(
            f"Until {until} the requester can stop the erasure; then the systems are asked.", Turn.THEM
        )
    if found := erasure.hindrance(request, order, now):
        anew = isinstance(found, erasure.PlanChanged)
        return NextMove(str(found), Turn.US, "propose" if anew else "")
    if not guards.noted(request, Happened.TASKS_OPENED).exists():
        return NextMove("The systems and companies are asked within a minute.", Turn.SYSTEMS)
    return NextMove(
        "Everybody else has erased. Now erase here and send the closing letter.", Turn.US, "erase"
    )


def _release(request: RightsRequest, on: date) -> NextMove:
    if left := request.copy_parts.unseen().count():
        total = request.copy_parts.count()
        words = f"Look through the copy, part by part: {left} of {total} to go."
        return NextMove(words, Turn.US, "look-through" if packages.ready(request) else "")
    return NextMove("Look at the answer, then release it or send it back.", Turn.US, "release")


def _closed(request: RightsRequest, on: date) -> NextMove:
    return NextMove(f"Closed: {request.get_outcome_display()}.", Turn.NOBODY)


_BY_STAGE = {
    Stage.UNVERIFIED: _unverified,
    Stage.REVIEW: _review,
    Stage.FULFILLING: _fulfilling,
    Stage.RELEASE: _release,
    Stage.CLOSED: _closed,
}

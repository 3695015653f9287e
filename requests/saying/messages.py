"""The thread of a case: on the status page, never in a mail."""

from datetime import datetime, timedelta

from django.db import transaction

from audit.actors import ActorKind, Acts
from law.models import Company
from requests import events, guards, moves
from requests.arriving import pasted
from requests.models import Happened, Message, PauseReason, RightsRequest
from requests.refusals import ThreadClosed

from . import mails


@transaction.atomic
def say(
    request: RightsRequest,
    body: str,
    *,
    by: Acts,
    at: datetime,
    letter: str = "",
    reason: str = "",
) -> Message:
    """Ours to the requester, who gets a mail that there is news. The words are frozen from here on."""
    guards.locked(request)
    if not letter:  # what we owe them is told whenever it is due: the end of a restriction, years later
        _is_open(request, at)
    message = _write(request, body, by, at, letter)
    facts = {"message": message.pk, "letter": letter}
    events.deed(request, "say", Happened.MESSAGE_SENT, by=by, at=at, reason=reason, facts=facts)
    mails.post_letter(request, letter, at=at)
    return message


@transaction.atomic
def hear(request: RightsRequest, body: str, *, by: Acts, at: datetime) -> Message:
    """The requester's to us. If we waited for a clarification, this is it, and the clock goes on."""
    guards.locked(request)
    _is_open(request, at)
    message = _write(request, body, by, at, "")
    facts = {"message": message.pk}
    events.deed(request, "hear", Happened.MESSAGE_RECEIVED, by=by, at=at, facts=facts)
    if request.pause_reason == PauseReason.CLARIFICATION:
        moves.put(request, pause_reason="")
        events.deed(request, "clarified", Happened.CLARIFICATION_RECEIVED, by=by, at=at)
    return message


@transaction.atomic
def mark_read(request: RightsRequest, *, by: Acts, at: datetime) -> int:
    """This side has the thread before its eyes: what the other side wrote is read."""
    is_ours = by.as_actor().kind == ActorKind.STAFF
    theirs = request.messages.filter(read_at=None)
    theirs = (
        theirs.filter(sender_kind=ActorKind.PERSON)
        if is_ours
        else theirs.exclude(sender_kind=ActorKind.PERSON)
    )
    return theirs.update(read_at=at)


def is_open(request: RightsRequest, at: datetime) -> bool:
    """Also for a while after the end: somebody may have a question about the answer."""
    if request.closed_at is None:
        return True
    return at <= request.closed_at + timedelta(days=Company.current().message_days)


def _is_open(request: RightsRequest, at: datetime) -> None:
    if not is_open(request, at):
        raise ThreadClosed("This case is closed for good. Send a new request; it can name this one.")


def _write(request: RightsRequest, body: str, by: Acts, at: datetime, letter: str) -> Message:
    actor = by.as_actor()
    return Message.objects.create(
        request=request,
        letter=letter,
        sender_kind=actor.kind,
        sender_ref=actor.ref,
        body=body,
        sent_at=at,
        document_until=pasted.goes_at(body, at) if actor.kind == ActorKind.PERSON else None,
    )

"""Cases that belong together: twins, second looks, and the question a request was found in."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from audit.actors import SYSTEM, Acts
from people.models import User

from . import deciding, events, guards, moves
from .arriving import pasted, receiving
from .models import (
    Channel,
    Happened,
    Outcome,
    Particulars,
    RequesterKind,
    RequestRegime,
    Right,
    RightsRequest,
    Stage,
)
from .proving import identity
from .refusals import NotALink, NotAnInquiry, NotAppealable
from .saying import mails, messages

APPEALABLE = (Outcome.DONE, Outcome.PARTLY, Outcome.DENIED, Outcome.UNVERIFIED)


def link_twin(request: RightsRequest, *, at: datetime) -> RightsRequest | None:
    """The oldest open case that asks the same, if there is one. A link, no more: each is verified and
    answered by itself (Fides GHSA-qx5f-ghc2-7g5c)."""
    twin = _twin(request)
    if twin is None:
        return None
    request.duplicate_of = twin
    request.save(update_fields=["duplicate_of"])
    events.note(request, Happened.LINKED, by=SYSTEM, at=at, facts={"duplicate_of": twin.reference})
    return twin


def _twin(request: RightsRequest) -> RightsRequest | None:
    earlier = RightsRequest.objects.open().filter(
        right=request.right, duplicate_of=None, appeal_of=None, pk__lt=request.pk
    )
    if request.subject_id is not None:
        if twin := earlier.filter(subject=request.subject_id).order_by("pk").first():
            return twin
        earlier = earlier.filter(subject=None)  # the same guardian, another child
    typed = request.particulars
    if not typed.email:
        return None
    same = earlier.filter(particulars__email=typed.email, particulars__about__iexact=typed.about)
    return same.order_by("pk").first()


# --- By hand ---------------------------------------------------------------------------------


@transaction.atomic
def link_duplicate(
    request: RightsRequest, *, of: RightsRequest, by: User, at: datetime, reason: str = ""
) -> RightsRequest:
    """A colleague sees that two cases ask the same. A link, no verdict: nothing is verified by it (abuse A10)."""
    guards.locked(request)
    guards.is_open(request)
    if of.pk == request.pk or of.right != request.right or of.duplicate_of_id is not None:
        raise NotALink("Link it to another case about the same right that is not itself a duplicate.")
    moves.put(request, duplicate_of=of)
    facts = {"duplicate_of": of.reference}
    events.deed(request, "link_duplicate", Happened.LINKED, by=by, at=at, reason=reason, facts=facts)
    return request


@transaction.atomic
def unlink(request: RightsRequest, *, by: User, at: datetime, reason: str) -> RightsRequest:
    """It was no duplicate after all."""
    guards.locked(request)
    guards.is_open(request)
    moves.put(request, duplicate_of=None)
    events.deed(request, "unlink", Happened.LINKED, by=by, at=at, reason=reason, facts={"duplicate_of": ""})
    return request


# --- Children --------------------------------------------------------------------------------


@transaction.atomic
def appeal(request: RightsRequest, words: str, *, by: Acts, at: datetime, reason: str = "") -> RightsRequest:
    """A second look, as a case of its own with its own clock, decided by somebody else (Va. Code 59.1-577(C)).

    Only while messages are still read, and once. Raises NotAppealable."""
    guards.locked(request)
    may_be_appealed(request, at=at)
    child = RightsRequest.objects.create(
        appeal_of=request,
        right=request.right,
        channel=request.channel,
        requester_kind=request.requester_kind,
        subject=request.subject,
        requester=request.requester,
        place=request.place,
        language=request.language,
        received_at=at,
        verified_at=request.verified_at,
        stage=Stage.REVIEW if request.verified_at or not request.needs_identity else Stage.UNVERIFIED,
    )
    _copy_particulars(request, child, details=words, at=at)
    _copy_regimes(request, child)
    events.note(child, Happened.RECEIVED, by=by, at=at)
    events.note(child, Happened.ACKNOWLEDGED, by=by, at=at)
    facts = {"appeal_of": request.reference}
    events.deed(child, "appeal", Happened.APPEAL_RECEIVED, by=by, at=at, reason=reason, facts=facts)
    events.note(request, Happened.LINKED, by=by, at=at, facts={"appeal": child.reference})
    if child.stage == Stage.UNVERIFIED:
        identity.begin([child], by=SYSTEM, at=at)
    return child


def may_be_appealed(request: RightsRequest, *, at: datetime) -> None:
    if request.is_open or request.outcome not in APPEALABLE or request.appeal_of_id is not None:
        raise NotAppealable("Only a decision can be looked at again, and once.")
    if request.appeals.exists():
        raise NotAppealable("A second look was asked for before.")
    if not messages.is_open(request, at):
        raise NotAppealable("The time for a second look is over; a new request can be sent at any time.")


@transaction.atomic
def convert_inquiry(
    request: RightsRequest, *, rights: Sequence[Right | str], by: User, at: datetime, reason: str = ""
) -> list[RightsRequest]:
    """What came as a question is a request for something: it becomes one, and keeps the day it arrived."""
    guards.locked(request)
    if not request.is_open or request.right not in (Right.INQUIRY, Right.COMPLAINT):
        raise NotAnInquiry
    typed = request.particulars
    asked = receiving.Asked(
        rights=tuple(Right(right) for right in rights),
        channel=Channel(request.channel),
        requester_kind=RequesterKind(request.requester_kind),
        subject=request.subject,
        requester=request.requester,
        place=request.place,
        language=request.language,
        name=typed.name,
        email=typed.email,
        about=typed.about,
        details=typed.details,
        authority=typed.authority,
        received_at=request.received_at,
        inquiry=request,
    )
    cases = receiving.receive(asked, by=by, at=at, reason=reason)
    facts = {"became": [case.reference for case in cases]}
    events.note(request, Happened.CONVERTED, by=by, at=at, facts=facts)
    why = reason or "It asked for something, and is worked on as a request."
    deciding.conclude(request, by=by, at=at, outcome=Outcome.DUPLICATE, reason=why, letter_sent=False)
    mails.post_news(request, at=at)
    return cases


def _copy_particulars(before: RightsRequest, child: RightsRequest, *, details: str, at: datetime) -> None:
    typed = getattr(before, "particulars", None) or Particulars()
    Particulars.objects.create(
        request=child,
        name=typed.name,
        email=typed.email,
        about=typed.about,
        authority=typed.authority,
        details=details,
        document_until=pasted.goes_at(details, at),
    )


def _copy_regimes(before: RightsRequest, child: RightsRequest) -> None:
    """In the very rows the first answer was judged by."""
    RequestRegime.objects.bulk_create(
        RequestRegime(
            request=child,
            regime=row.regime,
            state=row.state,
            is_guess=row.is_guess,
            confirmed_by=row.confirmed_by,
            confirmed_at=row.confirmed_at,
        )
        for row in before.regimes.binding()
    )

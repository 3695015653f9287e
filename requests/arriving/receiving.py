"""How a case begins. Two dangers shape it: *impostors* type other people's addresses, so nothing typed
ever decides whom a case is about; and *people press twice*, so one form is one case for each right."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from audit.actors import ActorKind, Acts
from people.models import Guardianship, Person
from requests import clocks, events, linked
from requests.changing import correcting
from requests.models import (
    COPIES,
    WITHOUT_IDENTITY,
    Channel,
    Happened,
    Particulars,
    RequesterKind,
    Right,
    RightsRequest,
    Stage,
)
from requests.proving import identity
from requests.refusals import NotALink

from . import pasted, receipts, seeking

# What is asked for in one go is worked off in this order; erasure comes last, or nothing is left to copy.
ORDER = (
    Right.ACCESS,
    Right.PORTABILITY,
    Right.RECTIFICATION,
    Right.RESTRICTION,
    Right.OBJECTION,
    Right.OPT_OUT,
    Right.COMPLAINT,
    Right.INQUIRY,
    Right.ERASURE,
)
# What a case and its particulars take over as it stands.
AS_ASKED = ("submission", "channel", "requester_kind", "subject", "requester", "language", "inquiry")
TYPED = ("name", "email", "about", "details", "authority")
# The page that took these shows that they arrived.
CONFIRMED_AT_ONCE = (Channel.PORTAL, Channel.SCHOOL_API)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody asks for. `subject` and `requester` only when a colleague or a sign-in says who they
    are; `name`, `email`, `about`, `details` are what was typed, already clean."""

    rights: tuple[Right, ...]
    channel: Channel = Channel.PORTAL
    requester_kind: RequesterKind = RequesterKind.SELF
    subject: Person | None = None
    requester: Person | None = None
    place: str = ""
    language: str = "en"
    name: str = ""
    email: str = ""
    about: str = ""
    details: str = ""
    authority: str = ""
    corrections: tuple[correcting.Wanted, ...] = ()
    received_at: datetime | None = None
    submission: UUID = field(default_factory=uuid4)
    inquiry: RightsRequest | None = None


def receive(asked: Asked, *, by: Acts, at: datetime, reason: str = "") -> list[RightsRequest]:
    """One case for each right, in the order of work. Asked again with the same `submission`, it gives the
    same cases. `by` is a colleague, the person signed in, a school's client, or `events.SOMEBODY`.

    «You can request a copy … request corrections … or ask us to delete your information» (GDPR Art. 12(2))."""
    _refuse_names_of_strangers(asked, by)
    if before := _already(asked):
        return before
    try:
        with transaction.atomic():
            return _receive_all(asked, by, at, reason)
    except IntegrityError:  # the other press was quicker
        if before := _already(asked):
            return before
        raise


def _already(asked: Asked) -> list[RightsRequest]:
    return list(RightsRequest.objects.filter(submission=asked.submission).order_by("pk"))


def _refuse_names_of_strangers(asked: Asked, by: Acts) -> None:
    """Whom it is about is never taken from the form: only from a sign-in or a colleague."""
    actor = by.as_actor()
    named = [person for person in (asked.subject, asked.requester) if person is not None]
    if not named or actor.kind in (ActorKind.STAFF, ActorKind.SCHOOL_CLIENT):
        return
    if not isinstance(by, Person) or asked.requester is None or asked.requester.pk != by.pk:
        raise NotALink("Only a sign-in or a colleague says who asks.")
    if asked.subject is not None and not _speaks_for(by, asked.subject):
        raise NotALink("Nothing on file shows that the requester may act for this person.")


def _speaks_for(requester: Person, subject: Person) -> bool:
    if requester.pk == subject.pk:
        return True
    return Guardianship.objects.verified().filter(child=subject, guardian=requester).exists()


def _receive_all(asked: Asked, by: Acts, at: datetime, reason: str) -> list[RightsRequest]:
    cases: list[RightsRequest] = []
    for right in sorted(set(asked.rights), key=ORDER.index):
        cases.append(_receive_one(asked, right, _after(right, cases), by, at, reason))
    if by == events.SOMEBODY:
        seeking.seek_later()
    else:
        identity.begin(cases, by=by, at=at)
    return cases


def _after(right: Right, earlier: list[RightsRequest]) -> RightsRequest | None:
    if right != Right.ERASURE and right not in COPIES:
        return None
    return next((case for case in reversed(earlier) if case.right in COPIES), None)


def _receive_one(
    asked: Asked, right: Right, after: RightsRequest | None, by: Acts, at: datetime, reason: str
) -> RightsRequest:
    request = _write_down(asked, right, after, at)
    if right == Right.RECTIFICATION:
        correcting.take_down(request, asked.corrections)
    clocks.propose_regimes(request)
    _note(request, by, at, reason)
    linked.link_twin(request, at=at)
    if asked.channel in CONFIRMED_AT_ONCE:
        events.note(request, Happened.ACKNOWLEDGED, by=by, at=at)
    if not request.needs_identity:
        receipts.confirm(request, at=at)
    return request


def _write_down(asked: Asked, right: Right, after: RightsRequest | None, at: datetime) -> RightsRequest:
    """The case, which stays as proof, and what was typed, which goes when its time is over."""
    request = RightsRequest.objects.create(
        right=right,
        place=asked.place or (asked.subject.place if asked.subject else ""),
        received_at=asked.received_at or at,
        stage=Stage.REVIEW if right in WITHOUT_IDENTITY else Stage.UNVERIFIED,
        comes_after=after,
        **{name: getattr(asked, name) for name in AS_ASKED},
    )
    typed = {name: getattr(asked, name) for name in TYPED}
    Particulars.objects.create(request=request, document_until=pasted.goes_at(asked.details, at), **typed)
    return request


def _note(request: RightsRequest, by: Acts, at: datetime, reason: str) -> None:
    facts = {"right": str(request.right), "channel": str(request.channel)}
    events.deed(
        request, "receive", Happened.RECEIVED, by=by, at=at, reason=reason, facts=facts,
        happened_at=request.received_at,
    )  # fmt: skip

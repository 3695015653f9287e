"""Whom a case is about, and what happens when that, or what was typed, changes afterwards."""

from datetime import datetime

from django.db import transaction

from audit.actors import SYSTEM, Acts
from notices.mail import kill_links
from people.models import Person, User
from requests import clocks, events, guards, moves
from requests.models import ErasureOrder, Happened, Method, RequesterKind, RightsRequest, Stage, Verdict
from requests.proving import identity
from requests.refusals import WrongStage
from requests.saying import mails

from . import pasted


def learn_place(request: RightsRequest, at: datetime) -> None:
    """Once it is known whom a case is about, their place proposes the law, if nobody named another."""
    if clocks.settle_place(request):
        laws = [row.code for row in clocks.binding(request)]
        facts = {"place": request.place, "laws": laws}
        events.note(request, Happened.PLACE_SET, by=SYSTEM, at=at, facts=facts)


@transaction.atomic
def match(
    request: RightsRequest,
    *,
    by: User,
    at: datetime,
    reason: str,
    subject: Person | None = None,
    requester: Person | None = None,
) -> RightsRequest:
    """A colleague finds them on file. Another person than before means: show again who you are (abuse A8)."""
    guards.locked(request)
    _may_still_change(request)
    if request.requester_kind == RequesterKind.SELF and request.requester is None:
        requester = requester or subject  # else nobody would hear of the answer
    changed = _differs(request.subject_id, subject) or _differs(request.requester_id, requester)
    moves.put(request, subject=subject or request.subject, requester=requester or request.requester)
    events.deed(request, "match", Happened.MATCHED, by=by, at=at, reason=reason)
    learn_place(request, at)
    if changed and request.verified_at is not None:
        reset(request, by=by, at=at)
    return request


def _differs(before: int | None, now: Person | None) -> bool:
    return before is not None and now is not None and before != now.pk


@transaction.atomic
def amend(request: RightsRequest, *, by: Acts, at: datetime, reason: str = "", **typed: str) -> RightsRequest:
    """Change what was typed: name, email, about, details. Whoever was verified asked for something else,
    so they show again who they are (abuse A8)."""
    guards.locked(request)
    _may_still_change(request)
    particulars = request.particulars
    changed = [name for name, value in typed.items() if getattr(particulars, name) != value]
    if not changed:
        return request
    for name in changed:
        setattr(particulars, name, typed[name])
    if "details" in changed:
        particulars.document_until = pasted.goes_at(particulars.details, at)
    particulars.save(update_fields=[*changed, "document_until"])
    reset(request, by=by, at=at, reason=reason, fields=changed)
    return request


def _may_still_change(request: RightsRequest) -> None:
    if request.stage not in (Stage.UNVERIFIED, Stage.REVIEW):
        raise WrongStage("Work on this case has begun. What is new needs a request of its own.")


def reset(
    request: RightsRequest, *, by: Acts, at: datetime, reason: str = "", fields: list[str] | None = None
) -> None:
    kill_links(request, mails.CONFIRM_PURPOSE, at=at)
    identity.void(request, Verdict.OPEN, Verdict.PASSED, at=at)
    # A plan to erase was read for whom the case was about before.
    ErasureOrder.objects.filter(request=request, approved_at=None).delete()
    if request.stage == Stage.REVIEW and request.needs_identity:
        moves.move(request, Stage.UNVERIFIED, verified_at=None)
    facts = {"fields": sorted(fields or [])}
    events.deed(request, "reset", Happened.RESET, by=by, at=at, reason=reason, facts=facts)
    if request.needs_identity and (person := identity.candidate(request)):
        identity.open_check(request, Method.ADDRESS_ON_FILE, at)
        mails.post_link(request, person, at=at)


@transaction.atomic
def show_authority(
    request: RightsRequest, *, by: User, at: datetime, reason: str, text: str
) -> RightsRequest:
    """A colleague saw the mandate of an agent. What is found still goes to the person (abuse A9)."""
    guards.locked(request)
    guards.is_open(request)
    if request.requester_kind != RequesterKind.AGENT:
        raise WrongStage("Only an agent needs a mandate.")
    request.particulars.authority = text
    request.particulars.save(update_fields=["authority"])
    events.deed(request, "show_authority", Happened.AUTHORITY_SHOWN, by=by, at=at, reason=reason)
    return request

"""The address on file is said to be lost. Pleading never makes it easier (abuse A2; Pavur & Knerr 2019)."""

from datetime import datetime, timedelta

from django.db import transaction

from audit.actors import Acts
from law.models import Company
from notices.mail import kill_links
from people.models import User
from requests import clocks, events, guards
from requests.models import Happened, IdentityCheck, Method, RightsRequest
from requests.refusals import NobodyMatched, NoCheckOpen, NotEnough, TooSoon
from requests.saying import mails

from . import identity


@transaction.atomic
def begin_recovery(
    request: RightsRequest, *, method: Method | str, by: Acts, at: datetime, reason: str
) -> IdentityCheck:
    """«I lost that address»: a document or facts, then a wait, a letter to the lost address, and two
    colleagues."""
    guards.locked(request)
    identity.is_unverified(request)
    guards.is_staff(by)
    if Method(method) not in identity.DECIDED_BY_STAFF:
        raise NotEnough("With the address lost, only facts or a document can show who asks.")
    wait = timedelta(hours=Company.current().recovery_hours)
    check = identity.open_check(request, Method(method), at, is_recovery=True, not_before=at + wait)
    lost = request.requester or request.subject
    if lost is None:
        raise NobodyMatched
    kill_links(request, mails.CONFIRM_PURPOSE, at=at)
    mails.post_address_lost(request, lost, at=at)
    facts = {"not_before": (at + wait).isoformat()}
    events.deed(request, "begin_recovery", Happened.ADDRESS_LOST, by=by, at=at, reason=reason, facts=facts)
    return check


@transaction.atomic
def vouch(request: RightsRequest, *, by: User, at: datetime, note: str, reason: str = "") -> IdentityCheck:
    """The first of two colleagues is satisfied. Not before the wait is over."""
    guards.locked(request)
    check = _recovery(request)
    if check.not_before is not None and at < check.not_before:
        raise TooSoon(f"Wait until {clocks.moment(check.not_before)}: the old address may still object.")
    check.decided_by, check.note = by, note
    check.save(update_fields=["decided_by", "note"])
    events.deed(request, "vouch", Happened.VOUCHED, by=by, at=at, reason=reason)
    return check


@transaction.atomic
def second(request: RightsRequest, *, by: User, at: datetime, reason: str = "") -> RightsRequest:
    """The second colleague agrees; the database refuses the first one too."""
    guards.locked(request)
    check = _recovery(request)
    if check.decided_by_id is None:
        raise NotEnough("A first colleague has to be satisfied before.")
    guards.is_second_person(check.decided_by_id, by, "agree")
    check.second_by, check.second_at = by, at
    return identity.pass_check(request, check, person=None, by=by, at=at, note=check.note, reason=reason)


def _recovery(request: RightsRequest) -> IdentityCheck:
    check = identity.open_of(request)
    if check is None or not check.is_recovery:
        raise NoCheckOpen
    return check

"""Requests nobody confirms, or somebody denies: reminded once, then closed. Found by question, so a missed run
loses nothing."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import DateTimeField, Max, QuerySet
from django.db.models.functions import Coalesce

from audit.actors import SYSTEM
from law.models import Company
from notices import links
from notices.links import TooManyCodes
from notices.models import Mail
from people.models import Person
from requests import deciding, guards
from requests.models import (
    DenialReason,
    IdentityCheck,
    LetterKind,
    Method,
    Outcome,
    RightsRequest,
    Stage,
    Verdict,
)
from requests.proving import identity
from requests.refusals import LinkSpent
from requests.saying import letters, mails

AT_ONCE = 200
Requests = QuerySet[RightsRequest]


def _waiting_since(moment: datetime) -> Requests:
    """The clock begins anew whenever proof is asked for."""
    last_asked = Coalesce(Max("identity_checks__asked_at"), "received_at", output_field=DateTimeField())
    open_cases = RightsRequest.objects.filter(stage=Stage.UNVERIFIED).annotate(waiting_since=last_asked)
    return open_cases.filter(waiting_since__lt=moment).order_by("pk")


def _each(waiting: Requests) -> Iterator[RightsRequest]:
    """All of them, a window at a time: those that cannot move must not keep the others from their turn."""
    last = 0
    while window := list(waiting.filter(pk__gt=last)[:AT_ONCE]):
        yield from window
        last = window[-1].pk


def remind_due(*, at: datetime) -> int:
    """One reminder to each who got a link, some days before the end. Returns how many."""
    company = Company.current()
    since = at - timedelta(days=company.unverified_days - company.reminder_days)
    linked = IdentityCheck.objects.filter(verdict=Verdict.OPEN, method=Method.ADDRESS_ON_FILE)
    waiting = _waiting_since(since).filter(pk__in=linked.values("request"))
    return sum(_remind(case, at) for case in _each(waiting.exclude(pk__in=_reminded(since))))


def _reminded(since: datetime) -> set[int]:
    mails_out = Mail.objects.filter(event=mails.REMINDER, posted_at__gt=since)
    return {int(number) for number in mails_out.values_list("object_ref", flat=True)}


def _remind(request: RightsRequest, at: datetime) -> bool:
    with transaction.atomic():
        guards.locked(request)
        person = identity.candidate(request)
        if request.stage != Stage.UNVERIFIED or person is None or (ends := identity.closes_at(request)) <= at:
            return False
        with suppress(TooManyCodes):  # they are asking for links this very hour
            return mails.post_reminder(request, person, closes_at=ends, at=at)
        return False


@transaction.atomic
def deny_link(mail: Mail, *, at: datetime) -> RightsRequest:
    """“This was not me”: whatever was asked in that go ends, and nothing was done. Behind a POST.

    The link is spent with the same commit, so a process killed here leaves it to be pressed again.
    Raises LinkSpent."""
    request = guards.locked(RightsRequest.objects.get(pk=mail.object_ref))
    if request.stage != Stage.UNVERIFIED or not links.consume(mail, at=at):
        raise LinkSpent
    reader = Person.objects.filter(pk=mail.recipient_id or 0).first()
    for case in (request, *identity.asked_along(request)):
        deciding.conclude(
            guards.locked(case),
            by=reader or SYSTEM,
            at=at,
            outcome=Outcome.UNVERIFIED,
            denial=DenialReason.SUSPECTED_FRAUD,
            reason="Whoever reads the address on file says that it was not them.",
            letter_sent=False,
        )
    return request


def close_due(*, at: datetime) -> int:
    """Closed as not verified, with the letter that says so. Returns how many."""
    since = at - timedelta(days=Company.current().unverified_days)
    return sum(_close(case, at) for case in _each(_waiting_since(since)))


def _close(request: RightsRequest, at: datetime) -> bool:
    with transaction.atomic():
        guards.locked(request)
        if request.stage != Stage.UNVERIFIED or identity.closes_at(request) >= at or _waits_for_us(request):
            return False
        letters.send(
            request, LetterKind.UNVERIFIED, letters.draft(request, LetterKind.UNVERIFIED), by=SYSTEM, at=at
        )
        deciding.conclude(
            request,
            by=SYSTEM,
            at=at,
            outcome=Outcome.UNVERIFIED,
            denial=DenialReason.INSUF_VERIFICATION,
            reason="Nobody confirmed it in time.",
            letter_sent=True,
        )
        return True


def _waits_for_us(request: RightsRequest) -> bool:
    """A document or a recovery lies with us: our slowness ends nobody's request."""
    check = request.identity_checks.filter(verdict=Verdict.OPEN).first()
    return check is not None and (check.is_recovery or check.documents.exists())

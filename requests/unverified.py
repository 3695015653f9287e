"""Requests nobody confirms: reminded once, then closed. Found by question, so a missed run loses nothing."""

from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import DateTimeField, Max, QuerySet
from django.db.models.functions import Coalesce

from audit.actors import SYSTEM
from law.models import Company
from notices.links import TooManyCodes
from notices.models import Mail

from . import deciding, guards, identity, letters, mails
from .models import DenialReason, IdentityCheck, LetterKind, Method, Outcome, RightsRequest, Stage, Verdict

AT_ONCE = 200
Requests = QuerySet[RightsRequest]


def _waiting_since(moment: datetime) -> Requests:
    """The clock begins anew whenever proof is asked for."""
    last_asked = Coalesce(Max("identity_checks__asked_at"), "received_at", output_field=DateTimeField())
    open_cases = RightsRequest.objects.filter(stage=Stage.UNVERIFIED).annotate(waiting_since=last_asked)
    return open_cases.filter(waiting_since__lt=moment).order_by("pk")


def closes_at(request: RightsRequest) -> datetime:
    asked = request.identity_checks.aggregate(last=Max("asked_at"))["last"]
    return (asked or request.received_at) + timedelta(days=Company.current().unverified_days)


def remind_due(*, at: datetime) -> int:
    """One reminder to each who got a link, some days before the end. Returns how many."""
    company = Company.current()
    since = at - timedelta(days=company.unverified_days - company.reminder_days)
    linked = IdentityCheck.objects.filter(verdict=Verdict.OPEN, method=Method.ADDRESS_ON_FILE)
    waiting = _waiting_since(since).filter(pk__in=linked.values("request"))
    return sum(_remind(case, at) for case in waiting.exclude(pk__in=_reminded(since))[:AT_ONCE])


def _reminded(since: datetime) -> set[int]:
    mails_out = Mail.objects.filter(event=mails.REMINDER, posted_at__gt=since)
    return {int(number) for number in mails_out.values_list("object_ref", flat=True)}


def _remind(request: RightsRequest, at: datetime) -> bool:
    with transaction.atomic():
        guards.locked(request)
        person = identity.candidate(request)
        if request.stage != Stage.UNVERIFIED or person is None or (ends := closes_at(request)) <= at:
            return False
        with suppress(TooManyCodes):  # they are asking for links this very hour
            return mails.post_reminder(request, person, closes_at=ends, at=at)
        return False


def close_due(*, at: datetime) -> int:
    """Closed as not verified, with the letter that says so. Returns how many."""
    since = at - timedelta(days=Company.current().unverified_days)
    return sum(_close(case, at) for case in _waiting_since(since)[:AT_ONCE])


def _close(request: RightsRequest, at: datetime) -> bool:
    with transaction.atomic():
        guards.locked(request)
        if request.stage != Stage.UNVERIFIED or closes_at(request) >= at or _waits_for_us(request):
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

"""Whose address was typed? Looked up behind the public form, so its answer says nothing of whom we know."""

from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Subquery

from audit.actors import SYSTEM
from notices.actions import knock
from notices.links import TooManyCodes
from requests import events, guards
from requests.models import Channel, Happened, IdentityCheck, RequestEvent, RightsRequest, Stage
from requests.proving import identity

SEEKING = (Happened.RECEIVED, Happened.LINK_ASKED, Happened.SOUGHT)


def seek_later() -> None:
    """Whether a stranger's address is on file is looked up off the request: the form does the same work,
    and so takes the same time, for known and unknown addresses (abuse A4, A31)."""
    transaction.on_commit(_ring, robust=True)


def _ring() -> None:
    from requests import tasks

    knock(tasks.seek)


def seek_due(*, at: datetime) -> int:
    """Look for whoever asked at the public form; returns how many forms were looked at. Each once."""
    looked_at = 0
    while _seek_next(at):
        looked_at += 1
    return looked_at


@transaction.atomic
def _seek_next(at: datetime) -> bool:
    last = RequestEvent.objects.filter(request=OuterRef("pk"), kind__in=SEEKING).order_by("-pk")
    unverified = RightsRequest.objects.filter(stage=Stage.UNVERIFIED)
    # Not where a colleague's deed has asked already: an appeal, a question that became a request.
    unasked = ~Exists(IdentityCheck.objects.filter(request=OuterRef("pk")))
    fresh = Q(last=Happened.RECEIVED, channel=Channel.PORTAL, requester=None) & unasked
    waiting = unverified.annotate(last=Subquery(last.values("kind")[:1])).filter(
        fresh | Q(last=Happened.LINK_ASKED)
    )
    found = waiting.order_by("pk").first()
    if found is None:
        return False
    _hold(found)
    if first := waiting.filter(pk=found.pk).first():  # else another worker was quicker
        _seek(first, at)
    return True


def _hold(found: RightsRequest) -> None:
    """All that was asked in one go, in one order: two workers at its two ends would wait for each other."""
    along = Q(submission=found.submission) if found.submission else Q(pk=found.pk)
    list(RightsRequest.objects.select_for_update().filter(along).order_by("pk"))


def _seek(first: RightsRequest, at: datetime) -> None:
    cases = [first, *identity.asked_along(first)]
    if first.identity_checks.exists():
        with suppress(TooManyCodes):  # three mails an hour are enough for any mailbox
            identity.send_link(first, at=at)
    else:
        identity.begin(cases, by=events.SOMEBODY, at=at)
    for case in cases:
        facts = {"found": case.identity_checks.exists()}
        events.note(case, Happened.SOUGHT, by=SYSTEM, at=at, facts=facts)


@transaction.atomic
def ask_again(request: RightsRequest, *, at: datetime) -> None:
    """The link got lost. Written down for `seek_due`, the same for whom we know and whom we do not."""
    guards.locked(request)
    if request.stage == Stage.UNVERIFIED:
        events.note(request, Happened.LINK_ASKED, by=events.SOMEBODY, at=at)
        seek_later()

"""The end of a campaign is noted outside the database: a restored one must not tell everybody again."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from audit import outside
from audit.actors import Acts
from audit.models import LedgerEntry

from . import actions
from .models import Campaign, Notice, Status

FINISHED = "campaign_finished"


def note_finished(*, at: datetime) -> int:
    """Note each campaign whose last waiting notice is done, once; how many were new."""
    noted = set(LedgerEntry.objects.filter(kind=FINISHED).values_list("ref", flat=True))
    mine = Notice.objects.filter(campaign=OuterRef("pk"))
    ended = Campaign.objects.filter(Exists(mine), ~Exists(mine.filter(status=Status.WAITING)))
    new = [ref for ref in map(_ref, ended.order_by("pk")) if outside.marker(ref) not in noted]
    if not new:
        return 0
    with transaction.atomic():
        return outside.note_all(FINISHED, new, at=at)


def replay_finished(entries: Sequence[outside.Entry], *, by: Acts, at: datetime) -> int:
    """After a restore: what waits of a finished campaign went out long ago, and is stopped; how many."""
    finished = {entry.ref for entry in entries}
    campaigns = [one for one in Campaign.objects.order_by("pk") if outside.marker(_ref(one)) in finished]
    return sum(actions.end_again(campaign, by=by, at=at) for campaign in campaigns)


def _ref(campaign: Campaign) -> str:
    """What makes a campaign this one, in every copy of the database."""
    return f"{campaign.event} {campaign.object_type} {campaign.object_ref}"

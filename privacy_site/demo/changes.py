"""What the demo company has told, and will tell, about the companies that work for it.

Most arrivals are told and in effect; one move is coming and two subscribers have a mail about it; the
last arrival still waits on the desk, so that somebody can press Announce."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from law.models import Company
from people.models import User
from processors import announcing, changes
from processors.models import Announcement, ChangeKind, Processor, SubprocessorChange, Subscription

FOLLOWERS = [("carla@family.example", "en"), ("escuela@colegio.example", "es")]


@transaction.atomic
def load(company: Company, staff: Sequence[User], at: datetime) -> None:
    """Once, after the processors; what staff have announced or withdrawn is left alone."""
    if Announcement.objects.exists() or Subscription.objects.exists():
        return
    *arrivals, _waiting = SubprocessorChange.objects.gathered().order_by("pk")
    today = company.today()
    dov = staff[0]
    announcing.announce(arrivals, effective_on=today, by=dov, at=at, reason="The list begins.")
    for address, language in FOLLOWERS:
        Subscription.objects.create(address=address, language=language, asked_at=at, confirmed_at=at)
    if move := _move(at):
        coming = today + timedelta(days=company.notice_days)
        announcing.announce([move], effective_on=coming, by=dov, at=at, reason="They open a data center.")


def _move(at: datetime) -> SubprocessorChange | None:
    """A company that is told already says that it will work in Iceland too."""
    told = SubprocessorChange.objects.told().values("processor")
    mover = Processor.objects.live().filter(pk__in=told).order_by("pk").first()
    if mover is None:
        return None
    places = changes.places_in_words(mover)
    return changes.note(mover, ChangeKind.PLACE, before=places, after=f"{places}, Iceland", at=at)

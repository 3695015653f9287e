"""What the demo company will tell about the companies that work for it.

Their arrivals are told and in effect; one move is coming and two subscribers have a mail about it; one
arrival still waits on the desk, so that somebody can press Announce."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from law.models import Company
from people.models import User
from processors.models import Processor, Subscription
from processors.public_list import announcing, changes

FOLLOWERS = [("carla@family.example", "en"), ("escuela@colegio.example", "es")]


@transaction.atomic
def load(_company: Company, staff: Sequence[User], at: datetime) -> None:
    """Once, after the processors; what staff have announced or withdrawn is left alone."""
    if Subscription.objects.exists():
        return
    for address, language in FOLLOWERS:
        Subscription.objects.create(address=address, language=language, asked_at=at, confirmed_at=at)
    mover = Processor.objects.live().order_by("pk").first()
    if mover is not None:
        mover.places.create(country="IS", what="storage")
        move = changes.gather(mover, at=at)
        day = announcing.earliest(at)
        announcing.announce(move, effective_on=day, by=staff[0], at=at, reason="They open a data center.")

"""Companies on the public list, what changed on it, and people who follow it."""

from datetime import UTC, datetime
from typing import Any

import factory
from factory.django import DjangoModelFactory

from processors.models import (
    Announcement,
    ChangeKind,
    Status,
    SubprocessorChange,
    Subscription,
)
from processors.public_list import entries

from .factories import STARTED, ProcessorFactory

LONG_AGO = datetime(2026, 1, 5, 9, tzinfo=UTC)


class ListedFactory(ProcessorFactory):
    """A company on the public list. `places=["US", "IE"]` says where."""

    name = factory.Sequence(lambda n: f"Brightpage {n}, Inc.")
    status = Status.ACTIVE
    started_on = STARTED
    description = "Lesson videos"
    seat_country = "US"


def entry(name: str, **facts: Any) -> dict[str, Any]:
    """A line of the list as a change keeps it."""
    return entries.Entry(name, work=("Lesson videos",), places=(("US", ""),), **facts).facts


class ChangeFactory(DjangoModelFactory[SubprocessorChange]):
    """An arrival, gathered. `told_for=date(…)` makes it part of an announcement that takes effect then.
    `becomes` follows from nothing but the name: say more where it matters."""

    class Meta:
        model = SubprocessorChange

    class Params:
        told_for = None

    processor = factory.SubFactory(ListedFactory, told=False)
    kind = ChangeKind.ADDED
    name = factory.SelfAttribute("processor.name")
    becomes = factory.LazyAttribute(lambda change: entry(change.name))
    after = "Lesson videos. Places: United States."
    gathered_at = LONG_AGO

    @factory.lazy_attribute
    def announcement(self) -> Announcement | None:
        if self.told_for is None:
            return None
        return Announcement.objects.create(effective_on=self.told_for, announced_at=LONG_AGO)


class SubscriptionFactory(DjangoModelFactory[Subscription]):
    """Confirmed. Traits: `unconfirmed`, `ended`."""

    class Meta:
        model = Subscription

    class Params:
        unconfirmed = factory.Trait(confirmed_at=None)
        ended = factory.Trait(address="", ended_at=LONG_AGO)

    address = factory.Sequence(lambda n: f"carla{n}@family.example")
    asked_at = LONG_AGO
    confirmed_at = LONG_AGO

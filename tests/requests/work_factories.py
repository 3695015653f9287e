"""Cases under way and the work they make, without the road that leads there."""

from datetime import date, timedelta

import factory
from factory.django import DjangoModelFactory

from inventory.models import CutoffOrder, Sweep, SweepStatus
from requests.models import Duty, Right, RightsRequest, Stage, Task, Way
from tests.inventory.factories import DataCategoryFactory, SystemFactory
from tests.people.factories import NOW, PersonFactory, UserFactory


class CaseFactory(DjangoModelFactory[RightsRequest]):
    """Amina asked for a copy, showed who she is, and we are at it."""

    class Meta:
        model = RightsRequest

    class Params:
        erasure = factory.Trait(right=Right.ERASURE)
        in_review = factory.Trait(stage=Stage.REVIEW)

    right = Right.ACCESS
    subject = factory.SubFactory(PersonFactory, amina=True)
    requester = factory.SelfAttribute("subject")
    place = "FR"
    received_at = NOW
    verified_at = NOW
    stage = Stage.FULFILLING


class TaskFactory(DjangoModelFactory[Task]):
    class Meta:
        model = Task

    request = factory.SubFactory(CaseFactory)
    system = factory.SubFactory(SystemFactory)
    duty = Duty.GATHER
    way = Way.BY_HAND
    due_at = NOW + timedelta(days=14)
    next_try_at = NOW


class CutoffOrderFactory(DjangoModelFactory[CutoffOrder]):
    """An order of a sweep that is still open, without the counting that leads there."""

    class Meta:
        model = CutoffOrder

    sweep = factory.LazyFunction(
        lambda: Sweep.objects.create(
            status=SweepStatus.CONFIRMED,
            as_of=NOW.date(),
            proposed_by=UserFactory(),
            proposed_at=NOW,
            confirmed_by=UserFactory(),
            confirmed_at=NOW,
        )
    )
    system = factory.SubFactory(SystemFactory)
    category = factory.SubFactory(DataCategoryFactory)
    then = "delete"
    cutoffs = factory.LazyFunction(lambda: {"last_activity": "2024-03-02"})
    before = date(2024, 3, 3)
    due_on = date(2026, 4, 1)

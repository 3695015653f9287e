"""Cases under way and the work they make, without the road that leads there."""

from datetime import timedelta

import factory
from factory.django import DjangoModelFactory

from requests.models import Duty, Right, RightsRequest, Stage, Task, Way
from tests.inventory.factories import SystemFactory
from tests.people.factories import NOW, PersonFactory


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

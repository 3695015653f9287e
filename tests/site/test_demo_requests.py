"""The demo's queue has something of everything, so that a newcomer can try each button."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from people.models import User
from requests import waiting
from requests.erasing import erasure
from requests.models import ErasureOrder, Package, Right, RightsRequest, Stage, TaskStage

pytestmark = pytest.mark.django_db


def test_the_demo_shows_a_case_at_every_point_of_the_road() -> None:
    call_command("demo", stdout=StringIO(), stderr=StringIO())
    now, cases = timezone.now(), RightsRequest.objects
    assert {case.stage for case in cases.all()} == set(Stage.values)
    assert {case.right for case in cases.all()} >= set(Right.values) - {Right.OBJECTION}
    for question in (
        waiting.late,
        waiting.due_today,
        waiting.unread,
        waiting.erasures_to_approve,
        waiting.stuck_tasks,
    ):
        assert question(now).exists(), question.__name__
    assert ErasureOrder.objects.filter(not_before__gt=now, approved_at__isnull=False).exists()
    assert cases.filter(appeal_of__isnull=False).exists()
    assert cases.filter(duplicate_of__isnull=False).exists()
    assert cases.filter(tasks__stage=TaskStage.PARKED).exists()
    assert Package.objects.filter(released_at__isnull=False).exists()
    dov = User.objects.get(name="Dov")
    erasure.approve(waiting.erasures_to_approve(now).get().erasure_order, by=dov, at=now, reason="Read.")
    count = cases.count()
    call_command("demo", stdout=StringIO(), stderr=StringIO())
    assert cases.count() == count

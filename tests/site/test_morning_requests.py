"""The morning page counts what requests wait for, and each count leads to exactly those cases."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from privacy_site.morning import cases as lines
from requests import actions, waiting
from requests.erasing import erasure
from requests.models import Method, RightsRequest
from requests.proving import recovery
from tests.people.factories import NOW, UserFactory
from tests.requests.factories import RequestFactory
from tests.requests.work_factories import TaskFactory

pytestmark = pytest.mark.django_db
LINES = (*lines.NOW, *lines.SECOND, *lines.SOON)


@pytest.fixture(autouse=True)
def _on_the_day_it_came():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cases() -> None:
    """One of each kind."""
    RequestFactory(in_review=True, overdue=True)
    for days in (0, 5):
        case = RequestFactory(in_review=True, owner=UserFactory())
        RightsRequest.objects.filter(pk=case.pk).update(strict_due_on=NOW.date() + timedelta(days=days))
    closed = RequestFactory(closed=True)
    actions.hear(closed, "And now?", by=closed.requester, at=NOW)
    TaskFactory(request=RequestFactory(fulfilling=True), due_at=NOW - timedelta(days=1))
    erasure.propose(
        RequestFactory(erasure=True, in_review=True), by=UserFactory(), at=NOW, reason="They asked."
    )
    lost = RequestFactory()
    recovery.begin_recovery(
        lost, method=Method.DOCUMENT, by=UserFactory(), at=NOW - timedelta(days=9), reason="Lost."
    )
    recovery.vouch(lost, by=UserFactory(), at=NOW, note="A card.")


def test_every_count_leads_to_as_many_cases(client: Client, cases: None) -> None:
    client.force_login(UserFactory(group="privacy officer"))
    html = client.get("/admin/").content.decode()
    for line in LINES:
        count = line.question(NOW).count()
        assert count, line.one
        assert f"<strong>{count}</strong> {line.one if count == 1 else line.many}" in html
        listed = client.get(f"/admin/requests/rightsrequest/?{line.query}")
        if line.question is not waiting.nobodys:  # its list shows the unconfirmed too
            assert listed.context["cl"].result_count == count, line.query


def test_support_is_told_nothing_of_cases(client: Client, cases: None) -> None:
    client.force_login(UserFactory(group="support"))
    assert not re.search(r"rights request|erasure to read", client.get("/admin/").content.decode())

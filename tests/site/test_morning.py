"""The morning page: what waits, and only for those who may see it."""

import re
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.actions import record
from audit.actors import SYSTEM
from people.models import AccessGrant
from policies import actions
from policies.models import Policy
from tests.people.factories import GuardianshipFactory, PersonFactory, UserFactory
from tests.policies.factories import PolicyFactory, PolicyVersionFactory
from tests.requests.factories import RequestFactory

pytestmark = pytest.mark.django_db


def morning(client: Client, group: str = "privacy lead") -> str:
    client.force_login(UserFactory(group=group))
    return client.get("/admin/").content.decode()


def test_the_page_asks_as_much_for_one_of_each_as_for_many(client: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/admin/").status_code == 200
        return len(asked)

    client.force_login(UserFactory(group="privacy lead"))
    GuardianshipFactory(claimed=True)
    RequestFactory(in_review=True, overdue=True)
    cost()  # counts the faults of the registers, which is believed for a while
    few = cost()
    GuardianshipFactory.create_batch(3, claimed=True)
    RequestFactory.create_batch(3, in_review=True, overdue=True)
    assert (few, cost()) == (33, 33)


def test_a_quiet_morning_says_so(client: Client) -> None:
    html = morning(client)
    assert "Nothing is due today." in html
    assert "Nobody waits for you." in html


def test_a_version_in_review_waits_for_somebody_else_than_its_author(client: Client) -> None:
    version = PolicyVersionFactory(review=True)
    assert "waits for a second person" in morning(client)
    client.force_login(version.submitted_by)
    assert "waits for a second person" not in client.get("/admin/").content.decode()


def test_a_planned_publication_that_did_not_happen_says_why(client: Client) -> None:
    PolicyVersionFactory(
        approved=True, effective_on=date(2020, 3, 2), publish_on=date(2020, 1, 1), planned_by=UserFactory()
    )
    assert "The effective date is in the past" in morning(client)


def test_a_review_past_its_day_stands_under_today(client: Client) -> None:
    policy = PolicyFactory(title="Cookie policy")
    Policy.objects.filter(pk=policy.pk).update(reviewed_on=date(2020, 1, 31))
    html = morning(client)
    assert html.index("The review of Cookie policy was due on 31 January 2021") < html.index("second person")


def test_claims_and_unapproved_law_rows_are_counted(client: Client) -> None:
    GuardianshipFactory.create_batch(2, claimed=True)
    html = morning(client)
    assert "guardianships claimed and not yet verified" in html
    assert "law rows in use, not yet approved" in html


def test_a_sealer_that_stands_still_is_noticed(client: Client) -> None:
    record("test.deed", by=SYSTEM, at=timezone.now() - timedelta(minutes=11))
    assert "wait to be sealed" in morning(client)


def test_support_sees_no_line_it_could_not_follow(client: Client) -> None:
    PolicyVersionFactory(review=True)
    html = morning(client, "support")
    assert "wait to be sealed" not in html
    assert "law rows" not in html


def test_the_page_is_for_staff_only(client: Client) -> None:
    assert client.get("/admin/").status_code == 302


def test_every_line_leads_to_a_page_that_opens(client: Client) -> None:
    """One of each line: a filter the list does not offer would answer 400."""
    version = PolicyVersionFactory(
        policy=PolicyFactory(main=True), approved=True, effective_on=date(2099, 3, 2)
    )
    PersonFactory(ben=True)
    PersonFactory()
    actions.publish(version, by=UserFactory(), at=timezone.now())
    for other in ({"review": True}, {"approved": True}):
        PolicyVersionFactory(policy__slug=next(iter(other)), **other)
    Policy.objects.filter(slug="review").update(reviewed_on=date(2020, 1, 31))
    GuardianshipFactory(claimed=True)
    AccessGrant.objects.create(
        user=UserFactory(),
        group=Group.objects.first(),
        requested_by=UserFactory(),
        requested_at=timezone.now(),
    )
    record("test.deed", by=SYSTEM, at=timezone.now() - timedelta(minutes=11))
    links = re.findall(r'<a href="([^"]+)">', morning(client).split("All registers")[0].split("Today")[1])
    assert len(links) >= 9
    for link in links:
        assert client.get(link.replace("&amp;", "&")).status_code == 200, link


def test_a_planned_publication_is_announced_and_its_page_says_when(client: Client) -> None:
    version = PolicyVersionFactory(
        approved=True, effective_on=date(2099, 3, 2), publish_on=date(2099, 1, 5), planned_by=UserFactory()
    )
    assert "is published by itself on 5 January 2099" in morning(client)
    html = client.get(f"/admin/policies/policyversion/{version.pk}/change/").content.decode()
    assert "It is published by itself on 5 January 2099." in html
    assert "Publication planned by" in html

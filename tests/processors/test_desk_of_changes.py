"""The desk of the public list."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from audit.models import Event
from notices.models import Notice
from processors.models import Announcement, SubprocessorChange, Subscription
from tests.people.factories import UserFactory

from .change_factories import ChangeFactory, SubscriptionFactory
from .factories import ProcessorFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _june():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(UserFactory(dov=True, group="privacy lead"))
    return client


def button(change: SubprocessorChange | Subscription, verb: str) -> str:
    return reverse(f"admin:processors_{change._meta.model_name}_do", args=[change.pk, verb])


def test_the_announcement_says_first_how_many_it_tells(desk: Client):
    SubscriptionFactory.create_batch(2)
    html = desk.get(button(ChangeFactory(name="Brightpage"), "announce")).content.decode()
    assert "Announce and tell 2 subscribers" in html
    assert "What is announced cannot be edited." in html


def test_several_gathered_changes_go_out_in_one_mail(desk: Client):
    SubscriptionFactory()
    first, second = ChangeFactory.create_batch(2)
    data = {"effective_on": "2026-07-01", "together": [second.pk], "reason": "A new host."}
    assert desk.post(button(first, "announce"), data).status_code == 302
    assert Announcement.objects.get().changes.count() == 2
    assert Notice.objects.count() == 1


def test_a_day_within_the_notice_period_is_refused_beside_the_form(desk: Client):
    change = ChangeFactory()
    response = desk.post(button(change, "announce"), {"effective_on": "2026-06-30", "reason": "Late."})
    assert response.status_code == 409
    assert "take effect on 1 July 2026 at the earliest" in response.content.decode()
    assert not Announcement.objects.exists()


def test_the_form_proposes_the_planned_day_or_the_first_possible(desk: Client):
    for planned_on, proposed in ((None, "2026-07-01"), (date(2026, 9, 1), "2026-09-01")):
        html = desk.get(button(ChangeFactory(planned_on=planned_on), "announce")).content.decode()
        assert f'value="{proposed}"' in html


def test_short_notice_says_what_it_costs_and_keeps_both_reasons_apart(desk: Client):
    change = ChangeFactory(name="Brightpage")
    html = desk.get(button(change, "announce-at-short-notice")).content.decode()
    assert "with less than 30 days’ notice?" in html
    assert 'name="effective_on" value="2026-06-30"' in html
    data = {"effective_on": "2026-06-01", "because": "the old host closes.", "reason": "Their letter of May."}
    assert desk.post(button(change, "announce-at-short-notice"), data).status_code == 302
    told = Announcement.objects.get()
    assert (told.is_short_notice, told.because) == (True, "the old host closes.")
    assert Event.objects.get(verb="processors.announce_at_short_notice").reason == "Their letter of May."


def test_a_correction_is_offered_for_a_column_and_not_for_a_company(desk: Client):
    column, company = ChangeFactory(kind="name", becomes={"name": "Brightpage"}), ChangeFactory()
    for change, is_offered in ((column, True), (company, False)):
        page = desk.get(reverse("admin:processors_subprocessorchange_change", args=[change.pk]))
        assert (button(change, "correct") in page.content.decode()) is is_offered
    assert desk.post(button(column, "correct"), {"reason": "A typing error."}).status_code == 302
    assert Announcement.objects.get().is_correction


@pytest.mark.parametrize("verb", ["announce-at-short-notice", "correct"])
def test_whoever_may_announce_in_time_may_not_do_it_in_a_hurry(client: Client, verb: str):
    user = UserFactory()
    for name in ("view_subprocessorchange", "publish_subprocessorchange"):
        user.user_permissions.add(Permission.objects.get(codename=name))
    client.force_login(user)
    change = ChangeFactory(kind="name", becomes={"name": "Brightpage"})
    assert client.post(button(change, verb), {"reason": "x"}).status_code == 403


def test_an_announced_change_offers_to_be_withdrawn_until_its_day(desk: Client):
    coming = ChangeFactory(told_for=date(2026, 7, 1), processor=ProcessorFactory(approved=True))
    begun = ChangeFactory(told_for=date(2026, 5, 1))
    for change, is_offered in ((coming, True), (begun, False)):
        page = desk.get(reverse("admin:processors_subprocessorchange_change", args=[change.pk]))
        assert (button(change, "withdraw") in page.content.decode()) is is_offered
    assert desk.post(button(coming, "withdraw"), {"reason": "They withdrew."}).status_code == 302
    assert SubprocessorChange.objects.get(pk=coming.pk).withdrawn_at == NOW


def test_the_list_of_changes_shows_where_each_stands(desk: Client):
    ChangeFactory(name="Brightpage")
    html = desk.get(reverse("admin:processors_subprocessorchange_changelist")).content.decode()
    assert "Brightpage" in html
    assert "gathered" in html


def test_the_list_of_subscriptions_shows_no_address_and_finds_one(desk: Client):
    SubscriptionFactory(address="carla@family.example")
    SubscriptionFactory(address="amina@family.example")
    rows = reverse("admin:processors_subscription_changelist")
    assert "family.example" not in desk.get(rows).content.decode()
    found = desk.get(rows, {"q": "Carla@family.example"}).content.decode()
    assert found.count('class="field-number"') == 1


def test_staff_end_a_subscription_for_somebody_who_rang(desk: Client):
    subscription = SubscriptionFactory()
    desk.post(button(subscription, "end"), {"reason": "She rang."})
    subscription.refresh_from_db()
    assert (subscription.address, subscription.ended_at) == ("", NOW)
    assert Event.objects.get(verb="processors.stop_subscription").reason == "She rang."


def test_an_auditor_looks_and_presses_nothing(client: Client):
    client.force_login(UserFactory(group="auditor"))
    change = ChangeFactory()
    assert (
        client.get(reverse("admin:processors_subprocessorchange_change", args=[change.pk])).status_code == 200
    )
    assert client.post(button(change, "announce"), {"reason": "x"}).status_code == 403


def test_nobody_adds_or_edits_a_change_by_hand(desk: Client):
    change = ChangeFactory()
    assert desk.get(reverse("admin:processors_subprocessorchange_add")).status_code == 403
    page = reverse("admin:processors_subprocessorchange_change", args=[change.pk])
    assert desk.post(page, {"name": "Forged"}).status_code == 403

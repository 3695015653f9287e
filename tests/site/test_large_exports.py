"""A crowd leaves the house on the word of two people, once, for a day (A26)."""

import csv
import io
from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from audit import large_exports
from audit.models import Event, LargeExport
from tests.people.factories import PersonFactory, UserFactory

pytestmark = pytest.mark.django_db
EXPORT = "/admin/people/person/export/"
WHY = {"reason": "For the court; deleted by Friday."}
FILTER = "?role=learner"


def at_the_desk(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def dov(settings):
    settings.EXPORT_CEILING = 2
    PersonFactory.create_batch(3, amina=True)
    return UserFactory(group="privacy lead", email="dov@company.example")


@pytest.fixture
def lena():
    return UserFactory(group="privacy lead", email="lena@company.example", name="Lena")


def ask(dov, query: str = FILTER) -> LargeExport:
    at_the_desk(dov).post(EXPORT + query, {**WHY, "ask": "1"})
    return LargeExport.objects.get()


def press(user, export: LargeExport, verb: str):
    return at_the_desk(user).post(f"/admin/audit/largeexport/{export.pk}/do/{verb}/", WHY)


def fetch(user, query: str = FILTER) -> list[list[str]] | None:
    """The rows of the file, or None where a page came instead."""
    response: Any = at_the_desk(user).post(EXPORT + query)
    if not response.streaming:
        return None
    return list(csv.reader(io.StringIO(response.getvalue().decode("utf-8-sig"))))


def test_past_the_ceiling_the_page_offers_to_ask_a_second_person(dov):
    body = at_the_desk(dov).get(EXPORT).content.decode()
    assert "This list holds 3 rows" in body
    assert "Ask a second person" in body


def test_asking_makes_no_file_and_is_on_record_and_mailed_to_every_lead(dov, lena):
    export = ask(dov)
    assert (export.rows, export.query) == (3, "role=learner")
    event = Event.objects.get(verb="audit.ask_export")
    assert (event.actor, event.reason) == (dov.as_actor(), WHY["reason"])
    assert {to for message in mail.outbox for to in message.to} == {dov.email, lena.email}
    assert f"/admin/audit/largeexport/{export.pk}/" in mail.outbox[0].body
    assert fetch(dov) is None


def test_whoever_asked_cannot_approve_it(dov):
    export = ask(dov)
    assert press(dov, export, "approve").status_code == 403
    assert fetch(dov) is None


def test_the_database_lets_nobody_approve_an_export_they_asked_for(dov):
    export, now = ask(dov), timezone.now()
    rows = LargeExport.objects.filter(pk=export.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(approved_by=export.requested_by, approved_at=now, fetch_until=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(fetched_at=now)


@pytest.mark.parametrize("group", ["privacy officer", "auditor"])
def test_a_second_person_without_the_power_cannot_approve(dov, group):
    assert press(UserFactory(group=group), ask(dov), "approve").status_code == 403


def test_what_a_second_person_approved_is_fetched_once_by_whoever_asked(dov, lena):
    press(lena, ask(dov), "approve")
    assert fetch(lena) is None
    assert len(fetch(dov) or ()) == 1 + 3
    assert fetch(dov) is None
    verbs = list(Event.objects.filter(verb__contains="_export").order_by("id").values_list("verb", flat=True))
    assert verbs == ["audit.ask_export", "audit.approve_export", "audit.fetch_export"]
    assert mail.outbox[-1].subject == "A large export was fetched"


def test_a_fetched_export_is_frozen_by_the_database(dov, lena):
    press(lena, ask(dov), "approve")
    fetch(dov)
    with pytest.raises(IntegrityError), transaction.atomic():
        LargeExport.objects.update(fetched_at=None)


def test_the_word_holds_for_the_rows_that_were_asked_for_only(dov, lena):
    press(lena, ask(dov), "approve")
    PersonFactory(amina=True)
    PersonFactory.create_batch(3, carla=True)
    assert fetch(dov, "") is None
    assert fetch(dov, "?role=guardian") is None
    assert len(fetch(dov) or ()) == 1 + 3


def test_after_a_day_the_word_is_over(dov, lena, time_machine):
    press(lena, ask(dov), "approve")
    time_machine.move_to(timezone.now() + large_exports.LASTS + timedelta(seconds=1))
    assert fetch(dov) is None


def test_a_refused_export_is_not_fetched(dov, lena):
    press(lena, ask(dov), "refuse")
    assert fetch(dov) is None
    assert Event.objects.filter(verb="audit.refuse_export").count() == 1


def test_a_decided_export_is_decided_once(dov, lena):
    export = ask(dov)
    press(lena, export, "refuse")
    assert press(lena, export, "approve").status_code == 409


def test_asking_twice_asks_once(dov):
    ask(dov)
    again = at_the_desk(dov).post(EXPORT + FILTER, {**WHY, "ask": "1"})
    assert (again.status_code, LargeExport.objects.count()) == (409, 1)


def test_a_search_word_is_not_put_to_anybody(dov, settings):
    settings.EXPORT_CEILING = 0
    PersonFactory(email="ben@family.example")
    response = at_the_desk(dov).post(f"{EXPORT}?q=ben@family.example", {**WHY, "ask": "1"})
    assert "Take the search word away" in response.content.decode()
    assert not LargeExport.objects.exists()


def test_the_order_of_the_filters_and_the_page_do_not_matter():
    one, other = QueryDict("role=learner&place=FR"), QueryDict("p=2&place=FR&role=learner")
    assert large_exports.filters(one) == large_exports.filters(other) == "place=FR&role=learner"


def test_it_waits_on_the_morning_page_of_others_and_then_on_that_of_whoever_asked(dov, lena):
    export = ask(dov)
    assert f"/admin/audit/largeexport/{export.pk}/change/" in home(lena)
    assert f"/admin/audit/largeexport/{export.pk}/change/" not in home(dov)
    press(lena, export, "approve")
    assert f"{EXPORT}?role=learner" in home(dov)
    assert f"{EXPORT}?role=learner" not in home(lena)


def home(user) -> str:
    return at_the_desk(user).get("/admin/").content.decode()


def test_asking_and_fetching_want_a_fresh_login(dov, settings):
    settings.MFA_REQUIRED = True
    for answer in (
        at_the_desk(dov).post(EXPORT + FILTER, {**WHY, "ask": "1"}),
        at_the_desk(dov).post(EXPORT),
    ):
        assert answer.status_code == 302
    assert not LargeExport.objects.exists()


@pytest.mark.parametrize("dead", ["dov@company.example", "lena@company.example"])
def test_a_lead_whose_address_is_dead_keeps_no_other_from_hearing(dov, lena, monkeypatch, dead):
    send = EmailMultiAlternatives.send

    def unless_dead(message: Any, *how: Any, **more: Any) -> int:
        if message.to == [dead]:
            raise SMTPRecipientsRefused({dead: (550, b"unknown")})
        return send(message, *how, **more)

    monkeypatch.setattr(EmailMultiAlternatives, "send", unless_dead)
    ask(dov)
    heard = {to for message in mail.outbox for to in message.to}
    assert heard == {dov.email, lena.email} - {dead}


def test_whoever_asked_is_led_from_the_approval_to_the_file_and_nobody_else_is(dov, lena):
    export = ask(dov)
    press(lena, export, "approve")
    page = f"/admin/audit/largeexport/{export.pk}/change/"
    assert (
        f'href="{EXPORT}{FILTER}" class="verb">Fetch the file' in at_the_desk(dov).get(page).content.decode()
    )
    assert "Fetch the file" not in at_the_desk(lena).get(page).content.decode()
    fetch(dov)
    assert "Fetch the file" not in at_the_desk(dov).get(page).content.decode()

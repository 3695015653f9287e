"""What a page still offers once things are over: nothing that no longer works, and no word of who was on file."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from notices.links import hash_token
from notices.models import Mail
from people.models import Person
from requests import actions
from requests.arriving import unverified
from requests.erasing import erasure
from requests.models import Right, RightsRequest
from requests.refusals import LinkSpent
from tests.people.factories import NOW, PersonFactory, UserFactory
from tests.requests.factories import RequestFactory
from tests.requests.road import LETTER, ask, link_in
from tests.requests.test_erasure import AFTER_THE_WAIT, asked_and_answered

from .asking import words

pytestmark = pytest.mark.django_db
LATER = AFTER_THE_WAIT + timedelta(days=1)


@pytest.fixture(autouse=True)
def _clear():
    cache.clear()


@pytest.fixture
def erased() -> RightsRequest:
    robin: Person = PersonFactory(given_name="Robin", email="robin@family.example")
    case: RightsRequest = RequestFactory(erasure=True, in_review=True, subject=robin)
    dov, noor = UserFactory(name="Dov"), UserFactory(name="Noor")
    asked_and_answered(case, dov, noor)
    erasure.carry_out(case, by=dov, at=AFTER_THE_WAIT, letter=LETTER)
    case.refresh_from_db()
    return case


def test_after_an_erasure_the_page_offers_the_letter_alone(client, erased):
    home = f"/requests/{erased.reference}/"
    with time_machine.travel(LATER, tick=False):
        page = client.get(home)
        assert "Our last mail leads to the letter that says what we deleted and what we keep." in words(page)
        assert "Open your messages" not in words(page)
        assert f"{home}open/" not in page.content.decode()
        assert "robin" not in page.content.decode().lower()


def test_once_that_letter_is_closed_the_page_says_so(client, erased):
    with time_machine.travel(AFTER_THE_WAIT + timedelta(days=31), tick=False):
        said = words(client.get(f"/requests/{erased.reference}/"))
    assert "That letter is closed now." in said


@pytest.mark.parametrize("door", ["open", "messages", "withdraw", "details", "copy"])
def test_every_door_of_an_erased_case_leads_back_to_that_page(client, erased, door):
    home = f"/requests/{erased.reference}/"
    with time_machine.travel(LATER, tick=False):
        page = client.get(f"{home}{door}/", follow=True)
        assert page.redirect_chain[-1][0] == home
        before = Mail.objects.count()
        client.post(f"{home}open/", {"send": "1"})
    assert Mail.objects.count() == before


def test_messages_opened_before_the_erasure_close_with_it(client, erased):
    session = client.session
    session["opened-cases"] = {erased.reference: "2999-01-01T00:00:00+00:00"}
    session.save()
    assert client.get(f"/requests/{erased.reference}/messages/").status_code == 302


def test_what_nobody_confirmed_looks_the_same_for_known_and_unknown(client):
    PersonFactory(email="robin@family.example")
    pages = []
    for address in ("robin@family.example", "stranger@nowhere.example"):
        (case,) = ask(Right.ERASURE, email=address)
        unverified.close_due(at=NOW + timedelta(days=22))
        page = words(client.get(f"/requests/{case.reference}/"))
        pages.append(page.replace(case.reference, "REFERENCE"))
    assert "Nobody confirmed this request" in pages[0]
    assert pages[0] == pages[1]


def test_the_link_of_a_request_closed_meanwhile_says_that_it_is_closed(client):
    PersonFactory(email="robin@family.example")
    (case,) = ask(email="robin@family.example")
    link_in(case)
    token = "t" * 32
    Mail.objects.filter(event="requests.confirm").update(token_hash=hash_token(token))
    unverified.close_due(at=NOW + timedelta(days=22))
    path = f"/requests/{case.reference}/confirm/{token}/"
    for method in ("get", "post"):
        said = words(getattr(client, method)(path))
        assert "The request is closed It was not confirmed, so we did nothing." in said
        assert "Was this you?" not in said
    assert (
        client.get(f"/requests/{case.reference}/confirm/").headers["Location"].endswith(f"{case.reference}/")
    )


def test_a_link_cut_off_offers_no_new_one_where_none_would_come(client):
    case = RequestFactory(closed=True)
    page = client.get(f"/requests/{case.reference}/confirm/nothing/")
    assert page.status_code == 404
    assert "Send me a new one" not in words(page)
    assert "See how the request stands" in words(page)


@pytest.mark.parametrize("deed", ["confirm_link", "deny_link"])
def test_a_link_pressed_twice_acts_once(deed):
    PersonFactory(email="robin@family.example")
    (case,) = ask(email="robin@family.example")
    mail = link_in(case)
    getattr(actions, deed)(mail, at=NOW)
    events = case.events.count()
    for again in (actions.confirm_link, actions.deny_link):
        with pytest.raises(LinkSpent):
            again(mail, at=NOW)
    assert case.events.count() == events


def test_a_scanner_at_the_last_link_reads_no_letter_and_the_person_does_twice(erased):
    letter = Mail.objects.get(event=erasure.LAST)
    Mail.objects.filter(pk=letter.pk).update(
        token_hash=hash_token("s" * 32), expires_at=LATER + timedelta(days=30)
    )
    path = f"/requests/{erased.reference}/letter/{'s' * 32}/"
    with time_machine.travel(LATER, tick=False):
        for _ in range(3):
            assert LETTER not in words(Client().get(path))
            assert Client().head(path).content == b""
        assert LETTER in words(Client().post(path))
        assert LETTER in words(Client().post(path))

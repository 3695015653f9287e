"""Button → confirmation page → action → message; and every way in which it does not happen."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.messages import get_messages

from audit import naming
from audit.models import Event
from people.models import Person
from tests.people.factories import PersonFactory

from .conftest import may

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.audit.desk")]


@pytest.fixture
def ben():
    return PersonFactory(ben=True)


@pytest.fixture
def staff(client, dov):
    may(dov, "people.view_person", "people.change_person")
    client.force_login(dov)
    return client


def page(person, verb="close"):
    return f"/admin/people/person/{person.pk}/do/{verb}/"


def answers(person, **changes):
    return {"note": "by phone", "reason": "They asked us to.", "opened_revision": person.revision} | changes


def is_closed(person):
    return Person.objects.get(pk=person.pk).left_at is not None


def test_the_object_page_links_to_what_may_be_done(staff, ben):
    body = staff.get(f"/admin/people/person/{ben.pk}/change/").content.decode()
    assert f'<a href="{page(ben)}" class="verb">Close account</a>' in body
    assert f'<a href="{page(ben, "tell")}" class="verb danger">Tell everybody</a>' in body


def test_the_object_page_hides_what_may_not_be_done(client, dov, ben):
    may(dov, "people.view_person")
    client.force_login(dov)
    assert "/do/" not in client.get(f"/admin/people/person/{ben.pk}/change/").content.decode()


def test_the_object_page_hides_what_is_done_already(staff):
    gone = PersonFactory(left=True)
    assert page(gone) not in staff.get(f"/admin/people/person/{gone.pk}/change/").content.decode()


def test_the_confirmation_page_says_what_will_happen(staff, ben):
    body = staff.get(page(ben)).content.decode()
    for words in (
        "<h1>Close this account?</h1>",
        "The person can no longer sign in.",
        "Nobody is told.",
        "The account cannot be opened again.",
        "Lesson 3",
        "Close account</button>",
        f'<a href="/admin/people/person/{ben.pk}/change/" class="go-back">Go back, change nothing</a>',
    ):
        assert words in body
    assert "Lesson 4" not in body
    assert not is_closed(ben)


def test_pressing_does_the_deed_by_me_for_my_reason(staff, dov, ben):
    response = staff.post(page(ben), answers(ben))
    assert response.url == f"/admin/people/person/{ben.pk}/change/"
    assert [str(m) for m in get_messages(response.wsgi_request)] == [
        f"The account of Person {ben.pk} is closed."
    ]
    event = Event.objects.get(verb="people.close")
    assert (event.actor, event.reason) == (dov.as_actor(), "They asked us to.")
    assert event.details == {"note": "by phone"}
    assert is_closed(ben)


@pytest.mark.parametrize("missing", ["reason", "note", "opened_revision"])
def test_a_missing_answer_is_asked_for_and_nothing_happens(staff, ben, missing):
    response = staff.post(
        page(ben), answers(ben, **{missing: "", "reason" if missing == "note" else "note": "Keep"})
    )
    body = response.content.decode()
    assert response.status_code == 200
    assert "Nothing was saved." in body
    assert "errorlist" in body
    assert "Keep" in body
    assert not is_closed(ben)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("granted", [["people.view_person"], ["people.delete_person"], []])
def test_who_may_not_gets_403(client, dov, ben, method, granted):
    may(dov, *granted)
    client.force_login(dov)
    assert getattr(client, method)(page(ben), answers(ben)).status_code == 403
    assert not is_closed(ben)


def test_an_unknown_verb_is_not_found(staff, ben):
    assert staff.get(page(ben, "explode")).status_code == 404


@pytest.mark.parametrize("pk", ["0", "abc", "99999999999999999999999", "1%27"])
def test_an_unknown_object_leads_home(staff, pk):
    assert staff.get(f"/admin/people/person/{pk}/do/close/").url == "/admin/"


def test_a_stranger_is_sent_to_sign_in(client, ben):
    assert client.get(page(ben)).status_code == 302
    assert client.post(page(ben), answers(ben)).status_code == 302
    assert not is_closed(ben)


def test_a_refusal_stands_beside_the_form_and_nothing_is_kept(staff, ben):
    response = staff.post(page(ben), answers(ben, reason="They owe an invoice."))
    body = response.content.decode()
    assert response.status_code == 409
    assert "There is an open invoice. Settle it first." in body
    assert "They owe an invoice." in body
    assert 'value="by phone"' in body
    assert not is_closed(ben)
    assert not Event.objects.filter(verb="people.close").exists()


def test_a_double_submit_does_it_once(staff, ben):
    first, second = answers(ben), answers(ben)
    assert staff.post(page(ben), first).status_code == 302
    response = staff.post(page(ben), second)
    assert response.status_code == 409
    assert "This cannot be done now" in response.content.decode()
    assert Event.objects.filter(verb="people.close").count() == 1


def test_what_was_done_meanwhile_says_so(staff, ben):
    Person.objects.filter(pk=ben.pk).update(left_at="2026-03-02T12:00Z")
    response = staff.get(page(ben))
    assert response.status_code == 409
    assert "“Close account” does not apply to Person" in response.content.decode()


def test_a_stale_page_is_told_so(staff, ben, monkeypatch):
    monkeypatch.setattr(naming, "namers", [lambda actor: "Dov"])
    opened = answers(ben)
    staff.post(page(ben, "guarded"), answers(ben))
    Person.objects.filter(pk=ben.pk).update(left_at=None)
    response = staff.post(page(ben), opened)
    assert response.status_code == 409
    assert "Changed since you opened it, by Dov on " in response.content.decode()
    assert not is_closed(ben)


def test_a_deed_makes_every_open_page_stale(staff, ben):
    staff.post(page(ben), answers(ben))
    assert Person.objects.get(pk=ben.pk).revision == ben.revision + 1


@pytest.mark.parametrize("typed", ["9,412", "9412", " 9 412 "])
def test_a_crowd_is_confirmed_by_typing_its_number(staff, ben, typed):
    staff.post(page(ben, "tell"), answers(ben, typed_count=typed))
    assert is_closed(ben)


@pytest.mark.parametrize("typed", ["", "9413", "yes"])
def test_another_number_stops_it(staff, ben, typed):
    response = staff.post(page(ben, "tell"), answers(ben, typed_count=typed))
    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    assert not is_closed(ben)


def test_a_guarded_button_asks_again_who_you_are(staff, dov, ben, settings):
    settings.MFA_REQUIRED = True
    Authenticator.objects.create(user=dov, type=Authenticator.Type.TOTP, data={"secret": "x"})
    for method in (staff.get, staff.post):
        response = method(page(ben, "guarded"), answers(ben))
        assert response.status_code == 302
        assert "reauthenticate" in response.url
    assert not is_closed(ben)


def test_where_no_second_factor_is_asked_a_guarded_button_works(staff, ben, settings):
    settings.MFA_REQUIRED = False
    staff.post(page(ben, "guarded"), answers(ben))
    assert is_closed(ben)

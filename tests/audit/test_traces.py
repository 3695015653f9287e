"""What the desk writes down, and what it never does."""

import pytest
from django.contrib.admin.models import LogEntry

from audit.actions import record
from audit.models import Event
from people.models import Person, User
from tests.people.factories import PersonFactory

from .conftest import NOON, may

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.audit.desk")]


@pytest.fixture
def ben():
    return PersonFactory(ben=True, family_name="Okafor")


@pytest.fixture
def staff(client, dov):
    may(dov, "people.view_person", "people.change_person", "people.add_person", "people.delete_person")
    may(dov, "people.view_user")
    client.force_login(dov)
    return client


def change(staff, ben, **changes):
    fields = ("given_name", "family_name", "email", "country", "role")
    entries = {name: getattr(ben, name) for name in fields} | {"opened_revision": ben.revision} | changes
    return staff.post(f"/admin/people/person/{ben.pk}/change/", entries)


def test_a_change_is_an_event_with_the_names_of_its_fields(staff, dov, ben):
    change(staff, ben, family_name="Diop", country="FR", region="")
    event = Event.objects.about(ben).deeds().get()
    assert (event.verb, event.actor, event.fields) == (
        "people.change",
        dov.as_actor(),
        ["country", "family_name"],
    )


def test_an_added_row_is_an_event(staff):
    staff.post(
        "/admin/people/person/add/", {"given_name": "Amina", "role": "learner", "country": "", "email": ""}
    )
    assert Event.objects.filter(verb="people.add", object_ref=str(Person.objects.get().pk)).exists()


def test_neither_log_holds_a_personal_value(staff, ben):
    change(staff, ben, family_name="Diop", email="ben.diop@family.example")
    written = [*LogEntry.objects.values_list(), *Event.objects.values_list()]
    assert len(written) >= 2
    for secret in ("Diop", "Okafor", "Ben", "family.example"):
        assert secret not in str(written)
    assert LogEntry.objects.get().object_repr == f"person {ben.pk}"
    assert str(LogEntry.objects.get())


def test_no_row_is_deleted_from_the_desk_without_leave(staff, ben):
    assert staff.post(f"/admin/people/person/{ben.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Person.objects.filter(pk=ben.pk).exists()


def test_where_a_room_allows_it_the_deletion_is_an_event(staff, ben, monkeypatch):
    from .desk import PersonDesk

    monkeypatch.setattr(PersonDesk, "may_delete", True)
    staff.post(f"/admin/people/person/{ben.pk}/delete/", {"post": "yes"})
    assert Event.objects.get(verb="people.delete").object_ref == str(ben.pk)
    assert "Okafor" not in str(list(LogEntry.objects.values_list()))


@pytest.mark.parametrize("page", ["change/", "history/", "do/close/"])
def test_each_look_at_a_person_is_an_event(staff, dov, ben, page):
    staff.get(f"/admin/people/person/{ben.pk}/{page}")
    event = Event.objects.about(ben).get()
    assert (event.verb, event.actor) == ("people.read", dov.as_actor())


def test_a_look_that_was_refused_is_no_look(client, dov, ben):
    client.force_login(dov)
    assert client.get(f"/admin/people/person/{ben.pk}/change/").status_code == 403
    assert not Event.objects.exists()


def test_pages_that_show_no_person_leave_no_reads(staff, dov):
    staff.get(f"/admin/people/user/{dov.pk}/change/")
    staff.get("/admin/people/person/")
    assert not Event.objects.exists()


def test_the_history_tells_what_was_done_and_on_request_who_looked(staff, ben):
    record("people.correct", ben, by=User.objects.get(), at=NOON, reason="Misspelt.", fields=["family_name"])
    url = f"/admin/people/person/{ben.pk}/history/"
    plain, full = staff.get(url).content.decode(), staff.get(f"{url}?reads=1").content.decode()
    assert "Misspelt." in plain
    assert "family_name" in plain
    assert "<td>read</td>" not in plain
    assert "<td>read</td>" in full


def test_a_long_history_goes_on_at_older(staff, ben):
    for n in range(60):
        record("people.correct", ben, by=User.objects.get(), at=NOON, reason=f"Reason {n}.")
    url = f"/admin/people/person/{ben.pk}/history/"
    first = staff.get(url)
    assert "Reason 59." in first.content.decode()
    assert "Reason 9." not in first.content.decode()
    assert "Reason 9." in staff.get(f"{url}?before={first.context['older']}").content.decode()
    assert staff.get(f"{url}?before={'9' * 5000}").status_code == 200


def test_evidence_is_looked_at_and_never_touched(staff, dov):
    page = f"/admin/people/user/{dov.pk}/"
    assert staff.get(f"{page}change/").status_code == 200
    for forged in (f"{page}change/", f"{page}delete/", "/admin/people/user/add/"):
        assert staff.post(forged, {"name": "Mallory", "post": "yes"}).status_code == 403
    assert User.objects.get().name == "Dov"

"""Two people with one page open."""

from threading import Thread

import pytest
from django.db import connection

from audit import naming, revisions
from audit.models import Event
from people.models import Person
from tests.people.factories import PersonFactory, UserFactory

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


def entries(person, **changes):
    fields = ("given_name", "family_name", "email", "country", "role")
    return {name: getattr(person, name) for name in fields} | {"opened_revision": person.revision} | changes


def save(staff, person, **changes):
    return staff.post(f"/admin/people/person/{person.pk}/change/", entries(person, **changes))


def test_the_page_carries_the_revision_it_was_opened_with(staff, ben):
    body = staff.get(f"/admin/people/person/{ben.pk}/change/").content.decode()
    assert body.count('name="opened_revision" value="0"') == 1


def test_saving_raises_the_revision(staff, ben):
    assert save(staff, ben, family_name="Diop").status_code == 302
    ben.refresh_from_db()
    assert (ben.family_name, ben.revision) == ("Diop", 1)


def test_the_second_of_two_is_told_who_changed_it_and_loses_no_entry(staff, ben, monkeypatch):
    monkeypatch.setattr(naming, "namers", [lambda actor: "Dov"])
    save(staff, ben, family_name="Diop")
    response = save(staff, ben, family_name="Dupont")
    body = response.content.decode()
    assert response.status_code == 200
    assert "Changed since you opened it, by Dov on " in body
    assert "Your entries are kept below; reload to see the other change." in body
    assert 'value="Dupont"' in body
    ben.refresh_from_db()
    assert (ben.family_name, ben.revision) == ("Diop", 1)
    assert Event.objects.filter(verb="people.change").count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_race_lost_at_the_last_moment_is_told_too(staff, ben, monkeypatch):
    """Somebody saves after our form was checked and before we write. (SQLite lets one write at a time.)"""
    check, others = revisions.OpenedRevision.clean, []

    def save_meanwhile():
        others.append(Person.objects.filter(pk=ben.pk).update(revision=5, family_name="Diop"))
        connection.close()

    def slow_check(form):
        cleaned = check(form)
        if not others:
            meanwhile = Thread(target=save_meanwhile)
            meanwhile.start()
            meanwhile.join(10)
        return cleaned

    monkeypatch.setattr(revisions.OpenedRevision, "clean", slow_check)
    response = save(staff, ben, family_name="Dupont")
    assert "Changed since you opened it" in response.content.decode()
    ben.refresh_from_db()
    assert (ben.family_name, ben.revision) == ("Diop", 5)


@pytest.mark.parametrize("opened", ["", "x", "-1"])
def test_a_page_that_does_not_say_what_it_saw_saves_nothing(staff, ben, opened):
    assert save(staff, ben, opened_revision=opened, family_name="Dupont").status_code == 200
    ben.refresh_from_db()
    assert ben.family_name != "Dupont"


def test_a_form_with_errors_leaves_the_revision_alone(staff, ben):
    assert save(staff, ben, role="emperor").status_code == 200
    ben.refresh_from_db()
    assert ben.revision == 0


def test_without_permission_to_change_nothing_is_saved(client, ben):
    viewer = UserFactory()
    may(viewer, "people.view_person")
    client.force_login(viewer)
    assert save(client, ben, family_name="Dupont").status_code == 403


def test_typed_text_is_cleaned(staff, ben):
    save(staff, ben, family_name="  Di\u200bop ")
    ben.refresh_from_db()
    assert ben.family_name == "Diop"


@pytest.mark.parametrize("typed", ["Di\x00op", "\u202epoid"])
def test_text_that_would_deceive_is_a_field_error(staff, ben, typed):
    response = save(staff, ben, family_name=typed)
    assert response.status_code == 200
    assert response.context["adminform"].form.errors.keys() == {"family_name"}

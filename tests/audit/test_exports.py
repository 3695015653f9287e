"""A list leaves the house with a reason, a record and no formulas; a big one does not leave."""

import csv
import io

import pytest

from audit import exports
from audit.models import Event
from tests.people.factories import PersonFactory

from .conftest import may

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.audit.desk")]
EXPORT = "/admin/people/person/export/"
WHY = {"reason": "Quarterly check; the file is deleted by Friday."}


@pytest.fixture
def staff(client, dov, settings):
    settings.MFA_REQUIRED = False
    may(dov, "people.view_person", "people.export_person")
    client.force_login(dov)
    return client


def rows(response):
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_the_page_says_how_many_rows_and_what_happens(staff):
    PersonFactory.create_batch(2)
    body = staff.get(EXPORT).content.decode()
    assert "a CSV file with 2 rows" in body
    assert "external id, given name, email" in body


def test_formulas_in_names_are_neutralized(staff):
    PersonFactory(external_id="1", given_name="=cmd|' /C calc'!A0", email="=cmd|x@x.org")
    head, row = rows(staff.post(EXPORT, WHY))
    assert head == ["external_id", "given_name", "email"]
    assert row == ["1", "'=cmd|' /C calc'!A0", "'=cmd|x@x.org"]


def test_an_export_is_on_record_without_what_was_searched(staff, dov):
    PersonFactory(email="ben@family.example")
    list(staff.post(f"{EXPORT}?q=ben@family.example", WHY).streaming_content)
    event = Event.objects.get(verb="people.export")
    assert (event.actor, event.reason) == (dov.as_actor(), WHY["reason"])
    assert event.details == {"model": "people.person", "rows": 1, "filters": ["q"]}
    assert "family.example" not in str(event.canonical())


def test_the_file_holds_what_the_list_was_filtered_to(staff):
    PersonFactory(amina=True, external_id="amina")
    PersonFactory(carla=True)
    assert [row[0] for row in rows(staff.post(f"{EXPORT}?role=learner", WHY))] == ["external_id", "amina"]


def test_without_a_reason_no_file_is_made(staff):
    response = staff.post(EXPORT, {"reason": " "})
    assert response["Content-Type"].startswith("text/html")
    assert not Event.objects.exists()


@pytest.mark.parametrize("granted", [["people.view_person"], ["people.export_person"], []])
def test_who_may_not_export_gets_403(client, dov, granted):
    may(dov, *granted)
    client.force_login(dov)
    assert client.get(EXPORT).status_code == client.post(EXPORT, WHY).status_code == 403


def test_a_list_without_columns_to_export_has_no_export(staff, dov):
    dov.is_superuser = True
    dov.save()
    assert staff.get("/admin/people/user/export/").status_code == 403


def test_past_the_ceiling_nothing_leaves_and_the_privacy_lead_can_be_told(staff, dov, settings, monkeypatch):
    told = []
    monkeypatch.setattr(
        exports, "on_export_refused", [lambda model, count, *, by: told.append((model, by.pk))]
    )
    settings.EXPORT_CEILING = 2
    PersonFactory.create_batch(3)
    response = staff.post(EXPORT, WHY)
    assert response.status_code == 403
    assert "No file was made" in response.content.decode()
    assert "One file may take 2 out" in response.content.decode()
    assert Event.objects.get().verb == "people.export_refused"
    assert told == [("people.person", dov.pk)]


def test_a_probing_filter_exports_nothing(staff):
    PersonFactory()
    assert staff.post(f"{EXPORT}?email__startswith=a", WHY).status_code == 400

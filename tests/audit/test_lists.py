"""Lists answer what they were built for, quickly, and nothing else."""

import pytest
from django.contrib.admin import site as desk
from django.core import checks
from django.db import connection
from django.http import HttpRequest
from django.test.utils import CaptureQueriesContext

from audit import lists, paging
from audit.actions import record
from audit.admin import AuditedAdmin
from audit.models import Event
from notices.models import Notice
from people.models import Person
from tests.people.factories import PersonFactory

from .conftest import may
from .desk import PersonDesk, site

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.audit.desk")]
LIST = "/admin/people/person/"


@pytest.fixture
def staff(client, dov):
    may(dov, "people.view_person", "people.change_person", "audit.view_event")
    client.force_login(dov)
    return client


def found(response):
    return [person.external_id for person in response.context["cl"].result_list]


@pytest.mark.parametrize(
    "probe",
    [
        "email__startswith=a", "guardians__email__startswith=a", "children__given_name=Ben", "email=x@example.org",
        "email__regex=^a", "role__startswith=l", "role__gt=a", "country__contains=F", "password=x", "pk__gt=1",
        "role=%00", "q=%00",
    ],
)  # fmt: skip
def test_a_probing_address_shows_no_row(staff, probe):
    PersonFactory(email="a@family.example")
    response = staff.get(f"{LIST}?{probe}")
    assert response.status_code in (302, 400) or found(response) == []


@pytest.mark.parametrize(
    "offered", ["role=learner", "role__exact=learner", "country=FR", "country__exact=FR"]
)
def test_an_offered_filter_works(staff, offered):
    PersonFactory(amina=True, external_id="amina")
    PersonFactory(carla=True, country="US")
    assert found(staff.get(f"{LIST}?{offered}")) == ["amina"]


@pytest.mark.parametrize(
    "data", [{"_save": "1"}, {"action": "delete_selected", "index": "0", "_selected_action": "1"}]
)
def test_a_forged_post_to_a_list_does_nothing(staff, data):
    person = PersonFactory(given_name="Ben")
    forged = {
        "form-TOTAL_FORMS": "1",
        "form-INITIAL_FORMS": "1",
        "form-0-id": person.pk,
        "form-0-given_name": "X",
    }
    assert staff.post(LIST, forged | data).status_code == 405
    assert Person.objects.get().given_name == "Ben"


@pytest.mark.parametrize("query", ["_to_field=email", "_to_field=external_id"])
def test_another_column_is_no_key(staff, query):
    person = PersonFactory(email="a@family.example")
    assert staff.get(f"{LIST}?{query}").status_code == 400
    assert staff.get(f"{LIST}{person.email}/change/?{query}").status_code == 400


@pytest.mark.parametrize(
    ("term", "hits"),
    [("CARLA@family.example", 1), ("carla@family", 0), ("plat", 2), ("plat carla@family.example", 1),
     ("\u202ecarla", 0), ("  ", 2), ("nobody", 0)],
)  # fmt: skip
def test_search_is_exact_or_from_the_start(staff, term, hits):
    PersonFactory(external_id="plat-1", email="carla@family.example")
    PersonFactory(external_id="plat-2")
    assert len(found(staff.get(LIST, {"q": term}))) == hits


def test_a_list_asks_the_same_number_of_questions_however_long(staff):
    def questions():
        with CaptureQueriesContext(connection) as asked:
            staff.get(LIST)
        return len(asked)

    PersonFactory.create_batch(3)
    questions()  # permissions and company facts are remembered from here on
    few = questions()
    PersonFactory.create_batch(40)
    assert questions() == few <= 9


def test_a_list_past_the_exact_count_is_estimated(staff, monkeypatch):
    monkeypatch.setattr(paging, "EXACT_UP_TO", 3)
    monkeypatch.setattr(paging, "estimated_rows", lambda model, using: 1_234_567)
    PersonFactory.create_batch(5)
    assert "about 1,234,567" in staff.get(LIST).content.decode()
    assert "more than 3" in staff.get(f"{LIST}?role=subject").content.decode()


def test_pages_end_where_the_exact_count_does(staff, monkeypatch):
    monkeypatch.setattr(paging, "EXACT_UP_TO", 100)
    monkeypatch.setattr(paging, "estimated_rows", lambda model, using: 1_234_567)
    PersonFactory.create_batch(101)
    last = staff.get(f"{LIST}?p=2")
    assert len(found(last)) == 50
    assert "the first 100 are on these pages" in last.content.decode()
    assert staff.get(f"{LIST}?p=3", follow=True).context["cl"].page_num == 1


@pytest.mark.parametrize("query", ["", "role=learner", "country=FR"])
def test_a_late_page_goes_on_where_the_one_before_it_ended(staff, monkeypatch, query):
    monkeypatch.setattr(PersonDesk, "list_per_page", 2)
    PersonFactory.create_batch(7, amina=True)
    inner = found(staff.get(f"{LIST}?{query}"))
    with CaptureQueriesContext(connection) as near:
        rest = [found(staff.get(f"{LIST}?{query}&p={number}")) for number in (2, 3, 4)]
    monkeypatch.setattr(paging, "FAR", 2)
    with CaptureQueriesContext(connection) as far:
        assert [found(staff.get(f"{LIST}?{query}&p={number}")) for number in (2, 3, 4)] == rest
    assert len(near) == len(far)
    assert len(set(sum(rest, inner))) == 7


def test_the_database_has_an_estimate_of_every_table():
    PersonFactory.create_batch(2)
    assert paging.estimated_rows(Person, "default") >= -1


@pytest.mark.parametrize("path", ["?p=999", "?o=99", "?o=abc", "?all=", "?e=1"])
def test_a_wrong_page_or_order_is_no_error(staff, path):
    PersonFactory()
    assert staff.get(LIST + path).status_code in (200, 302)


def test_the_export_link_is_for_those_who_may(staff, dov):
    assert "Export…" not in staff.get(LIST).content.decode()
    may(dov, "people.export_person")
    assert f'href="{LIST}export/?role=learner"' in staff.get(f"{LIST}?role=learner").content.decode()


def test_events_are_found_by_number_and_by_what_they_are_about(staff, deeds):
    event, other = deeds(2)
    ben = PersonFactory(ben=True)
    about = record("people.close", ben, by=event.actor, at=event.at)
    for term, hit in ((str(other.pk), other), (f"people.person {ben.pk}", about)):
        listed = staff.get("/admin/audit/event/", {"q": term}).context["cl"].result_list
        assert list(listed) == [hit]


def test_slow_searches_and_bulk_edits_are_refused_at_start():
    class Careless(AuditedAdmin):
        search_fields = ("^email", "given_name")
        list_editable = ("given_name",)

    ids = [found.id for found in lists.ListChecks().check(Careless(Person, site))]
    assert ids.count("audit.E001") == 2
    assert "audit.E002" in ids


def test_every_registered_desk_passes_its_checks():
    assert [error for error in checks.run_checks() if error.id and error.id.startswith("audit.")] == []
    audited = [one for one in desk._registry.values() if isinstance(one, AuditedAdmin)]
    assert any(one.model is Event for one in audited)
    assert isinstance(site._registry[Person], PersonDesk)


def test_an_ordinary_no_is_a_dash_and_no_red_cross():
    desk = PersonDesk(Notice, site)
    desk.list_display = ("__str__", "is_possible_duplicate")
    _name, column = desk.get_list_display(HttpRequest())
    assert [column(Notice(is_possible_duplicate=answer)) for answer in (True, False)] == ["yes", "–"]
    assert column.short_description == "possible duplicate"
    assert column.admin_order_field == column.__name__ == "is_possible_duplicate"


def test_an_empty_list_says_what_would_be_here(staff):
    assert "Nothing is here yet." in staff.get(LIST).content.decode()


def test_a_search_that_finds_nothing_leads_back_to_the_whole_list(staff):
    PersonFactory()
    page = staff.get(LIST, {"q": "nobody-at-all"}).content.decode()
    assert 'Nothing matches. <a href="?">Show the whole list</a>' in page

"""Kept, and not used (GDPR Art. 18): what that stops at the edges of this room."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.urls import reverse

from people import actions, imports
from people.models import Person, Restriction
from people.refusals import AlreadyRestricted, DataRestricted, NotRestricted

from .factories import NOW, PersonFactory, UserFactory

pytestmark = pytest.mark.django_db
HEADER = "external_id,given_name,family_name,email,birth_date,country,region,language,role,guardians\n"


@pytest.fixture
def robin() -> Person:
    person = PersonFactory(external_id="robin", email="robin@family.example")
    actions.restrict(person, ground="accuracy", case="7KQ2M", by=UserFactory(), at=NOW)
    return person


@pytest.fixture
def desk(client):
    client.force_login(UserFactory(dov=True, group="privacy lead"))
    return client


def page(person: Person) -> str:
    return reverse("admin:people_person_change", args=[person.pk])


def test_an_address_is_not_corrected_by_hand(robin):
    with pytest.raises(DataRestricted):
        actions.correct_address(robin, email="new@family.example", by=UserFactory(), at=NOW, reason="Typo.")


def test_the_page_says_it_above_all_and_offers_no_field(desk, robin):
    shown = desk.get(page(robin)).content.decode()
    assert "Restricted: kept, and not used." in shown
    assert 'name="given_name"' not in shown
    assert "Correct address" not in shown


def test_a_forged_post_changes_nothing(desk, robin):
    assert desk.post(page(robin), {"given_name": "Other"}).status_code == 403
    robin.refresh_from_db()
    assert robin.given_name == "Robin"


def test_an_export_leaves_them_out_and_says_so(desk, robin):
    PersonFactory(external_id="open")
    url = reverse("admin:people_person_export")
    assert "People whose data is restricted are left out" in desk.get(url).content.decode()
    file = b"".join(desk.post(url, {"reason": "A list."}).streaming_content).decode()
    assert "open" in file
    assert "robin" not in file


def test_a_file_does_not_change_them_and_says_which_line(robin):
    row = "robin,Other,Example,robin@family.example,1985-06-20,FR,,en,subject,\n"
    with imports.planned(BytesIO((HEADER + row).encode())) as plan:
        plan.apply(by=UserFactory(), at=NOW)
        [(line, kind, text)] = plan.remarks()
    assert (line, kind) == (2, "rejected")
    assert "restricted" in text
    robin.refresh_from_db()
    assert robin.given_name == "Robin"


def test_a_file_that_says_nothing_new_about_them_is_no_trouble(robin):
    row = "robin,Robin,Example,robin@family.example,1985-06-20,FR,,en,subject,\n"
    with imports.planned(BytesIO((HEADER + row).encode())) as plan:
        assert (plan.counts().unchanged, plan.counts().rejected) == (1, 0)


def test_an_import_that_was_planned_before_finds_the_row_changed():
    person = PersonFactory(external_id="robin")
    row = "robin,Other,Example,robin@family.example,1985-06-20,FR,,en,subject,\n"
    with imports.planned(BytesIO((HEADER + row).encode())) as plan:
        actions.restrict(person, ground="claims", case="7KQ2M", by=UserFactory(), at=NOW)
        plan.apply(by=UserFactory(), at=NOW)
    person.refresh_from_db()
    assert person.given_name == "Robin"


def test_the_history_stays_when_it_is_lifted(desk, robin):
    actions.lift_restriction(
        robin, case="7KQ2M", by=UserFactory(), at=NOW + timedelta(days=9), reason="Checked."
    )
    assert "2 March 2026" in desk.get(page(robin)).content.decode()
    assert list(Person.objects.unrestricted()) == [robin]


def test_one_case_restricts_once_and_lifts_once(robin):
    with pytest.raises(AlreadyRestricted):
        actions.restrict(robin, ground="claims", case="7KQ2M", by=UserFactory(), at=NOW)
    actions.lift_restriction(robin, case="7KQ2M", by=UserFactory(), at=NOW, reason="Checked.")
    with pytest.raises(NotRestricted):
        actions.lift_restriction(robin, case="7KQ2M", by=UserFactory(), at=NOW, reason="Checked.")
    assert Restriction.objects.count() == 1


def test_the_list_finds_them_and_asks_the_same_few_questions(desk, robin, django_assert_max_num_queries):
    PersonFactory.create_batch(5)
    with django_assert_max_num_queries(14):
        shown = desk.get(reverse("admin:people_person_changelist"), {"state": "restricted"})
    assert shown.context["cl"].result_count == 1

"""Finding the person of a case: by name, address or platform id, what fits first, and each look written down."""

from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Event
from people.models import Person, User
from requests.desk.candidates import MOST
from requests.models import RightsRequest
from tests.audit.conftest import may
from tests.people.factories import NOW, GuardianshipFactory, PersonFactory, UserFactory
from tests.plans import forget_the_statistics

from .factories import RequestFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _on_the_day_it_came():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(UserFactory(dov=True, group="privacy lead"))
    return client


@pytest.fixture
def case() -> RightsRequest:
    return RequestFactory(unmatched=True, particulars__name="", particulars__email="", particulars__about="")


def url(case: RightsRequest) -> str:
    return reverse("admin:requests_rightsrequest_do", args=[case.pk, "match"])


def look(desk: Client, case: RightsRequest, term: str) -> Any:
    response = desk.post(url(case), {"look_for": term, "look": "1"})
    assert response.status_code == 200
    return response.context["forms"][0].look


def ids(found: Any) -> list[str]:
    return [candidate.person.external_id for candidate in found.candidates]


@pytest.mark.parametrize(
    "term",
    [
        "amina moreau",
        "Moreau Amina",
        "Moreau, Am",
        "amina",
        "MOREAU",
        "u-amina",
        "Amina@family.example",
        "amina@fam",
    ],
)
def test_a_person_is_found_by_name_address_and_platform_id(
    desk: Client, case: RightsRequest, term: str
) -> None:
    PersonFactory(amina=True, family_name="Moreau", external_id="u-amina", email="amina@family.example")
    PersonFactory(ben=True)
    assert ids(look(desk, case, term)) == ["u-amina"]


@pytest.mark.parametrize("term", ["nobody", "%", "_mina", "u-ami", "Moreau Ben", ", ,"])
def test_nobody_is_found_by_what_is_not_a_beginning(desk: Client, case: RightsRequest, term: str) -> None:
    PersonFactory(amina=True, family_name="Moreau", external_id="u-amina")
    assert ids(look(desk, case, term)) == []


def test_names_of_several_words_are_found_whole(desk: Client, case: RightsRequest) -> None:
    maria = PersonFactory(given_name="María José", family_name="de la Cruz")
    for term in ("María José de la Cruz", "de la cruz", "de la Cruz María"):
        assert ids(look(desk, case, term)) == [maria.external_id]


def test_the_page_tells_people_of_one_name_apart(desk: Client, case: RightsRequest) -> None:
    amina = PersonFactory(amina=True)
    GuardianshipFactory(child=amina, guardian=PersonFactory(carla=True, family_name="Moreau"))
    GuardianshipFactory(child=amina, ended=True, guardian=PersonFactory(given_name="Former"))
    html = desk.post(url(case), {"look_for": "Amina", "look": "1"}).content.decode()
    for words in ("Amina Example", "2012", "FR", amina.external_id, "Carla Moreau"):
        assert f"<td>{words}</td>" in html
    assert "Former" not in html


def test_those_who_fit_what_was_typed_stand_there_without_a_search(desk: Client) -> None:
    typed = {"particulars__name": "Amina Example", "particulars__email": "amina@family.example"}
    case = RequestFactory(unmatched=True, place="FR", particulars__about="", **typed)
    namesake = PersonFactory(amina=True, country="US")
    amina = PersonFactory(amina=True, email="amina@family.example")
    found = desk.get(url(case)).context["forms"][0].look
    assert ids(found) == [amina.external_id, namesake.external_id]
    assert found.candidates[1].fits == ["the name they typed"]


def test_a_common_name_does_not_hide_who_lives_where_the_case_says(desk: Client, case: RightsRequest) -> None:
    PersonFactory.create_batch(MOST + 3, country="US")
    RightsRequest.objects.filter(pk=case.pk).update(place="DE")
    here = PersonFactory(country="DE")
    found = look(desk, case, "Example")
    assert (ids(found)[0], len(found.candidates), found.is_more) == (here.external_id, MOST, True)


def test_verified_children_of_who_asks_are_proposed_and_claimed_ones_are_not(
    desk: Client, case: RightsRequest
) -> None:
    care, claim = GuardianshipFactory(), GuardianshipFactory(claimed=True)
    claim.guardian = care.guardian
    claim.save(update_fields=["guardian"])
    RightsRequest.objects.filter(pk=case.pk).update(requester=care.guardian)
    found = desk.get(url(case)).context["forms"][0].look
    assert {care.child.external_id, care.guardian.external_id} == set(ids(found))
    assert "verified child of who asks" in found.candidates[0].fits


def test_each_person_shown_is_written_down_as_looked_at(desk: Client, case: RightsRequest) -> None:
    amina = PersonFactory(amina=True)
    PersonFactory(ben=True)
    look(desk, case, "Amina")
    seen = Event.objects.filter(verb="people.read").get()
    assert (seen.object_ref, seen.details) == (str(amina.pk), {"case": case.pk})
    assert seen.actor_ref == str(User.objects.get(name="Dov").pk)


def test_whoever_may_not_see_people_finds_only_whom_they_can_name(
    client: Client, case: RightsRequest
) -> None:
    user = UserFactory()
    may(user, "requests.view_rightsrequest", "requests.work_rightsrequest")
    client.force_login(user)
    amina = PersonFactory(amina=True)
    assert ids(look(client, case, "Amina")) == []
    found = look(client, case, amina.external_id)
    assert [(c.person.external_id, c.name, c.person.birth_date) for c in found.candidates] == [
        (amina.external_id, "", None)
    ]
    assert not Event.objects.filter(verb="people.read").exists()


def test_looking_changes_nothing_and_asks_for_no_reason(desk: Client, case: RightsRequest) -> None:
    PersonFactory(amina=True)
    response = desk.post(url(case), {"look_for": "Amina", "look": "1"})
    case.refresh_from_db()
    assert case.subject is None
    assert not response.context["has_errors"]


def test_the_chosen_one_is_matched(desk: Client, case: RightsRequest) -> None:
    care = GuardianshipFactory()
    data = {"subject": care.child.external_id, "requester": care.guardian.external_id}
    desk.post(
        url(case), {**data, "opened_revision": case.revision, "reason": "Names and month of birth agree."}
    )
    case.refresh_from_db()
    assert (case.subject, case.requester) == (care.child, care.guardian)


def test_a_choice_survives_a_missing_reason(desk: Client, case: RightsRequest) -> None:
    amina = PersonFactory(amina=True)
    data = {"subject": amina.external_id, "look_for": "Amina", "opened_revision": case.revision}
    html = desk.post(url(case), data).content.decode()
    assert f'value="{amina.external_id}" aria-label="It is about {amina.external_id}" checked' in html


def test_an_erased_person_is_neither_found_nor_chosen(desk: Client, case: RightsRequest) -> None:
    gone = PersonFactory(given_name="", family_name="", email="", external_id="erased-7", erased_at=NOW)
    assert ids(look(desk, case, "erased-7")) == []
    data = {"subject": gone.external_id, "opened_revision": case.revision, "reason": "Because."}
    assert "Nobody on file has this platform id." in desk.post(url(case), data).content.decode()


def test_a_look_costs_the_same_for_one_and_for_twenty(desk: Client, case: RightsRequest) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            look(desk, case, "Example")
        return len(asked)

    GuardianshipFactory(guardian__family_name="Other")
    cost()
    few = cost()
    for _ in range(18):
        GuardianshipFactory(guardian__family_name="Other")
    assert (few, cost()) == (15, 15)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("name", "index"), [("Moreau Am", "family_given"), ("amina", "given"), ("moreau", "family_given")]
)
def test_an_index_answers_for_names(name: str, index: str) -> None:
    with connection.cursor() as cursor:
        forget_the_statistics(cursor, Person)
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Person.objects.order_by().named(name).explain()
    assert f"people_person_{index}" in plan
    assert "Seq Scan" not in plan

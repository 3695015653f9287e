"""“Your requests”: what somebody signed in sees of their own, of their children's, and of nobody else's."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from people.models import Authority, Guardianship, Person
from portal.rights.visitors import sign_in
from requests import actions
from requests.models import Outcome, Right, RightsRequest, Stage
from tests.people.factories import GuardianshipFactory, PersonFactory, UserFactory
from tests.requests.factories import RequestFactory

from .asking import NEW, answer, words

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
YOURS = "/requests/yours/"


@pytest.fixture(autouse=True)
def _march():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def carla() -> Person:
    person: Person = PersonFactory(carla=True, email="carla@family.example")
    return person


@pytest.fixture
def ben(carla: Person) -> Person:
    child: Person = PersonFactory(ben=True, email="")
    GuardianshipFactory(guardian=carla, child=child)
    return child


def browser_of(person: Person) -> Client:
    client = Client()
    session = client.session
    session["person"] = [person.pk, (NOW + timedelta(hours=1)).isoformat()]
    session.save()
    return client


def for_child(guardian: Person, child: Person, **traits: Any) -> RightsRequest:
    traits = {"in_review": True, "right": Right.ACCESS, "guardianship": False, **traits}
    case: RightsRequest = RequestFactory(
        requester_kind="guardian", requester=guardian, subject=child, **traits
    )
    return case


# --- What stands there --------------------------------------------------------------------------------


def test_a_guardian_sees_their_own_and_their_child_s_each_with_how_it_stands(carla, ben):
    own = RequestFactory(subject=carla, in_review=True, erasure=True)
    childs = for_child(carla, ben, in_review=False, fulfilling=True)
    said = words(browser_of(carla).get(YOURS))
    assert "2 requests are open." in said
    assert said.index("About you") < said.index(own.reference) < said.index("About Ben")
    assert said.index("About Ben") < said.index(childs.reference)
    assert "Delete We are checking it You hear from us by 2 April 2026. Asked on 2 March 2026" in said


def test_each_leads_to_its_messages_without_another_code(carla, ben):
    case = for_child(carla, ben)
    client = browser_of(carla)
    path = f"/requests/{case.reference}/messages/"
    assert f'href="{path}"' in client.get(YOURS).content.decode()
    page = client.get(path)
    assert page.status_code == 200
    assert f'href="{YOURS}"' in page.content.decode()


@pytest.mark.parametrize(("count", "line"), [(1, "1 request is open."), (2, "2 requests are open.")])
def test_one_is_said_as_one(carla, count, line):
    for _number in range(count):
        RequestFactory(subject=carla, in_review=True)
    assert line in words(browser_of(carla).get(YOURS))


def test_what_has_ended_stands_below_what_is_open(carla):
    ended = RequestFactory(subject=carla, closed=True)
    still = RequestFactory(subject=carla, in_review=True, received_at=NOW - timedelta(days=9))
    said = words(browser_of(carla).get(YOURS))
    assert said.index(still.reference) < said.index(ended.reference)


def test_before_anybody_asked_it_says_what_will_stand_there(carla):
    said = words(browser_of(carla).get(YOURS))
    assert "You have not asked for anything yet." in said
    assert "Ask for something new" in said
    assert "About you" not in said


def test_an_unconfirmed_request_is_not_there_yet(carla):
    case = RequestFactory(subject=carla)
    assert case.reference not in words(browser_of(carla).get(YOURS))


def test_an_agent_s_request_is_seen_by_whom_it_is_about_and_not_by_the_agent(carla):
    case = RequestFactory(of_agent=True, requester=carla, in_review=True)
    assert case.reference not in words(browser_of(carla).get(YOURS))
    assert case.reference in words(browser_of(case.subject).get(YOURS))
    assert browser_of(carla).get(f"/requests/{case.reference}/messages/").status_code == 302


def test_who_is_not_signed_in_is_led_to_the_door():
    assert Client().get(YOURS).headers["Location"] == "/sign-in/"


def test_the_page_costs_the_same_for_two_and_for_twenty_that_have_ended(carla, django_assert_num_queries):
    client = browser_of(carla)
    for _number in range(2):
        RequestFactory(subject=carla, closed=True, rectification=True)
    client.get(YOURS)
    with django_assert_num_queries(7):
        client.get(YOURS)
    for _number in range(18):
        RequestFactory(subject=carla, closed=True, rectification=True)
    with django_assert_num_queries(7):
        client.get(YOURS)


# --- Another guardian ----------------------------------------------------------------------------------


@pytest.fixture
def other(ben: Person) -> Person:
    """Ben's other parent, who lives elsewhere."""
    person: Person = PersonFactory(given_name="Olga", email="olga@elsewhere.example")
    GuardianshipFactory(guardian=person, child=ben)
    return person


def test_another_guardian_s_words_place_and_name_are_not_shown(carla, ben, other):
    case = for_child(other, ben, right=Right.ERASURE, particulars__details="We live in Lyon now.")
    actions.say(case, "We write to Lyon.", by=UserFactory(), at=NOW)
    client = browser_of(carla)
    page = client.get(YOURS).content.decode()
    assert "Asked by somebody else who may decide for this child" in page
    assert "Delete" in words(client.get(YOURS))
    for secret in ("Olga", "Lyon", "olga@", case.reference, "2 March"):
        assert secret not in page


@pytest.mark.parametrize("right", [Right.ACCESS, Right.PORTABILITY, Right.INQUIRY, Right.COMPLAINT])
def test_what_concerns_only_whoever_asked_is_not_even_hinted_at(carla, ben, other, right):
    for_child(other, ben, right=right)
    assert "You have not asked for anything yet." in words(browser_of(carla).get(YOURS))


@pytest.mark.parametrize("door", ["messages", "copy", "details", "withdraw", "stop", "second-look"])
def test_the_doors_of_another_guardian_s_case_stay_shut(carla, ben, other, door):
    case = for_child(other, ben, right=Right.ERASURE)
    home = f"/requests/{case.reference}/"
    for method in ("get", "post"):
        response = getattr(browser_of(carla), method)(f"{home}{door}/")
        assert response.headers["Location"] == f"{home}open/"
    case.refresh_from_db()
    assert case.is_open


def test_a_child_s_own_request_is_not_told_to_the_guardian(carla, ben):
    RequestFactory(subject=ben, requester=ben, in_review=True, erasure=True)
    said = words(browser_of(carla).get(YOURS))
    assert "Delete" not in said


@pytest.mark.parametrize("authority", [Authority.CLAIMED, Authority.DISPUTED, Authority.ENDED])
def test_a_guardian_who_is_none_any_more_sees_nothing_of_the_child(carla, ben, other, authority):
    mine, theirs = for_child(carla, ben), for_child(other, ben, right=Right.ERASURE)
    Guardianship.objects.filter(guardian=carla).update(authority=authority)
    page = words(browser_of(carla).get(YOURS))
    assert mine.reference not in page
    assert "Ben" not in page
    assert "Delete" not in page
    assert set(RightsRequest.objects.visible_to(carla)) == set(RightsRequest.objects.felt_by(carla)) == set()
    assert theirs.is_open


def test_a_learner_hears_that_something_about_them_changes_and_not_who_asked(carla, ben):
    for_child(carla, ben, right=Right.ERASURE, particulars__details="She must not know.")
    Person.objects.filter(pk=ben.pk).update(email="ben@family.example")
    page = browser_of(ben).get(YOURS).content.decode()
    assert "Asked by somebody who may decide for you" in page
    assert "Carla" not in page
    assert "must not know" not in page


def test_what_was_refused_or_taken_back_is_nobody_else_s_business(carla, ben, other):
    for_child(other, ben, right=Right.ERASURE, in_review=False, closed=True, outcome=Outcome.WITHDRAWN)
    assert "You have not asked for anything yet." in words(browser_of(carla).get(YOURS))


# --- Asking anew ---------------------------------------------------------------------------------------


def test_asking_for_a_child_knows_whom_it_is_about_and_does_not_ask_again(carla, ben):
    client = browser_of(carla)
    response = client.post(f"{YOURS}new/", {"who": f"child-{ben.pk}"})
    assert response.headers["Location"] == f"{NEW}need/"
    answer(client, "need", need=["erasure"])
    assert answer(client, "need", need=["erasure"]).headers["Location"] == f"{NEW}details/"
    answer(client, "details", details="")
    check = client.get(f"{NEW}check/")
    assert "Who is it about? Ben" in words(check)
    client.post(f"{NEW}check/", {"submission": client.session["intake"]["submission"]})
    case = RightsRequest.objects.get()
    assert (case.subject, case.requester, case.stage) == (ben, carla, Stage.REVIEW)


def test_the_answer_given_can_still_be_changed(carla, ben):
    client = browser_of(carla)
    client.post(f"{YOURS}new/", {"who": f"child-{ben.pk}"})
    answer(client, "need", need=["erasure"])
    answer(client, "details", details="")
    assert client.post(f"{NEW}who/?change", {"who": "self"}).headers["Location"] == f"{NEW}check/"
    assert "Who is it about? Me" in words(client.get(f"{NEW}check/"))


def test_nobody_begins_for_the_child_of_another_family(carla, ben):
    stranger = PersonFactory(amina=True)
    client = browser_of(carla)
    assert client.post(f"{YOURS}new/", {"who": f"child-{stranger.pk}"}).status_code == 404
    assert client.post(f"{YOURS}new/", {"who": "agent"}).status_code == 404
    assert "intake" not in client.session
    assert Client().post(f"{YOURS}new/", {"who": "self"}).headers["Location"] == "/requests/"


def test_opening_the_address_begins_nothing(carla):
    client = browser_of(carla)
    client.get(f"{YOURS}new/")
    assert "intake" not in client.session


def test_signing_in_is_what_the_tests_above_take_for_granted(carla, rf):
    request = rf.get("/")
    request.session = Client().session
    sign_in(request, carla, at=NOW)
    assert request.session["person"] == [carla.pk, (NOW + timedelta(minutes=60)).isoformat()]

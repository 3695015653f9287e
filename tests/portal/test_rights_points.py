"""What somebody wants corrected, kept apart or stopped: from the public form to the closed case."""

from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from inventory.models import Fulfilment, Objection
from notices.links import token_of
from notices.mail_sender import send_due
from notices.models import Mail
from people.models import Person
from requests import actions, here
from requests.arriving.seeking import seek_due
from requests.changing import limiting
from requests.models import Answer, Outcome, RightsRequest, Stage, Task, TaskStage
from requests.others import asking, work
from tests.inventory.factories import ProcessingActivityFactory, SystemFactory
from tests.people.factories import NOW, PersonFactory, UserFactory
from tests.requests.road import LETTER, confirm, decide

from .asking import NEW, answer, opened, send, words

pytestmark = pytest.mark.django_db
ROBIN = "robin@family.example"


@pytest.fixture(autouse=True)
def _march():
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


def asked(client: Client, **answers: Any) -> RightsRequest:
    """Sent by the form, and confirmed by whoever reads the address on file."""
    PersonFactory(email=ROBIN, family_name="Rossi")
    send(client, copy=None, **answers)
    seek_due(at=NOW)
    case = RightsRequest.objects.get()
    return confirm(case) if case.needs_identity else case


def closed(case: RightsRequest) -> Person:
    """By the desk, with this database and one owner asked."""
    here_system = SystemFactory(fulfilment=Fulfilment.DATABASE)
    ProcessingActivityFactory(whose=["subject"], systems=[here_system, SystemFactory()])
    dov = UserFactory()
    if case.subject_id is None:
        actions.match(case, by=dov, at=NOW, reason="Found.", subject=Person.objects.get(email=ROBIN))
    decide(case, by=dov)
    actions.accept(case, by=dov, at=NOW)
    here.do_due(at=NOW)
    for task in Task.objects.filter(request=case).open():
        work.answer(task, answer=Answer.DONE, by=dov, at=NOW)
    case.refresh_from_db()
    actions.release(case, by=dov, at=NOW, letter=LETTER)
    assert (case.stage, case.outcome) == (Stage.CLOSED, Outcome.DONE)
    assert case.subject
    return Person.objects.get(pk=case.subject.pk)


def test_a_correction_goes_from_the_form_to_the_row(client: Client):
    case = asked(client, need={"need": ["rectification"]})
    assert closed(case).family_name == "Bianchi"


def test_whoever_asked_reads_what_they_asked_and_what_came_of_it(client: Client):
    case = asked(client, need={"need": ["rectification"]})
    opened(client, case)
    page = f"/requests/{case.reference}/messages/"
    before = words(client.get(page))
    assert "Family name: Bianchi" in before
    assert "We correct this." not in before
    closed(case)
    assert "We correct this." in words(client.get(page))


def test_what_is_not_corrected_is_shown_with_the_reason(client: Client):
    case = asked(client, need={"need": ["rectification"]})
    case.corrections.update(
        judgment="refused", why="It stands so in your passport.", decided_by=UserFactory(), decided_at=NOW
    )
    RightsRequest.objects.filter(pk=case.pk).update(stage="fulfilling")
    opened(client, case)
    page = f"/requests/{case.reference}/messages/"
    assert "We do not change this. It stands so in your passport." in words(client.get(page))


def test_a_restriction_goes_from_the_form_to_the_mark(client: Client):
    case = asked(client, need={"need": ["limit"]}, limit={"limit": "restriction"})
    assert closed(case).is_restricted
    assert limiting.restriction_of(case).ground == "accuracy"


def test_an_objection_goes_from_the_form_to_the_standing_word(client: Client):
    ProcessingActivityFactory(purpose__code="analytics", whose=["subject"], basis="legitimate_interests")
    case = asked(client, need={"need": ["limit"]}, limit={"limit": "objection"})
    person = closed(case)
    assert Objection.objects.in_force().get(person=person).purpose.code == "analytics"


def test_an_opt_out_goes_from_the_form_to_the_standing_word(client: Client):
    case = asked(client, need={"need": ["limit"]}, limit={"limit": "opt_out"})
    person = closed(case)
    assert Objection.objects.in_force().get(person=person).kind == "sale"


# --- The page of the form ----------------------------------------------------------------------


def begun(client: Client) -> None:
    answer(client, "need", need=["rectification"])


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Choose what it is about."),
        ({"field_1": "family_name"}, "Write what it should say."),
        ({"field_1": "other", "wanted_1": "17"}, "Write where it stands, or what it says now."),
        ({"field_1": "role", "wanted_1": "x"}, "Choose one of these."),
        ({"field_1": "family_name", "wanted_1": "x" * 501}, "Use 500 characters at most."),
        ({"field_1": "family_name", "wanted_1": "B", "wanted_3": "C"}, "Choose what it is about."),
    ],
)
def test_a_point_that_is_not_whole_is_sent_back_with_what_was_written(client: Client, typed, said):
    begun(client)
    response = answer(client, "corrections", **typed)
    assert response.status_code == 422
    assert said in words(response)


def test_three_points_stand_on_the_page_before_sending_and_in_the_case(client: Client):
    points = {
        "field_1": "family_name", "wanted_1": "Bianchi",
        "field_2": "other", "what_2": "score of lesson 3", "wanted_2": "17",
        "field_3": "birth_date", "wanted_3": "3 April 1987",
    }  # fmt: skip
    PersonFactory(email=ROBIN)
    send(client, need={"need": ["rectification"]}, copy=None, corrections=points)
    rows = RightsRequest.objects.get().corrections.values_list("field", "what", "wanted")
    assert list(rows) == [
        ("family_name", "", "Bianchi"), ("other", "score of lesson 3", "17"), ("birth_date", "", "3 April 1987"),
    ]  # fmt: skip


def test_only_whoever_wants_a_correction_is_asked_what(client: Client):
    answer(client, "need", need=["erasure"])
    assert client.get(f"{NEW}corrections/").status_code == 302


# --- The page of an owner ----------------------------------------------------------------------


def test_an_owner_reads_what_to_correct_after_the_button_and_not_before(client: Client):
    case = asked(client, need={"need": ["rectification"]})
    system = SystemFactory(owner_email="owner@systems.example")
    ProcessingActivityFactory(whose=["subject"], systems=[system])
    decide(case, by=UserFactory())
    actions.accept(case, by=UserFactory(), at=NOW)
    asking.ask_due(at=NOW)
    task = Task.objects.get(request=case, stage=TaskStage.ASKED)
    url = reverse(
        "portal:task",
        args=[token_of(Mail.objects.filter(object_ref=str(task.pk)).get(event="requests.task"))],
    )
    send_due()
    assert "Bianchi" not in client.get(url).content.decode()
    assert "Family name Bianchi" in words(client.post(url))

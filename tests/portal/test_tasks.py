"""The page of a system's owner, reached by the link in a mail."""

from datetime import timedelta

import pytest
import time_machine
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from inventory.letting_go import holds
from inventory.models import HoldScope
from notices.links import token_of
from notices.mail_sender import send_due
from notices.models import Mail
from requests import actions
from requests.models import Answer, Duty, Outcome, Right, Stage, Task, TaskFile, TaskStage
from requests.others import asking, fanout, leaving_out, work
from tests.inventory.retention_factories import LegalHoldFactory
from tests.people.factories import NOW, PersonFactory, UserFactory
from tests.requests.work_factories import CaseFactory, CutoffOrderFactory, TaskFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked():
    """A task whose owner was written to, and the address in the mail."""
    task = TaskFactory()
    TaskFactory(request=task.request)
    asking.ask_due(at=NOW)
    mail = Mail.objects.filter(object_ref=str(task.pk)).get()
    token = token_of(mail)
    send_due()
    return task, reverse("portal:task", args=[token])


def test_opening_the_link_names_nobody_and_changes_nothing(client, asked):
    _task, url = asked

    page = client.get(url).content.decode()

    assert "Amina" not in page
    assert not Event.objects.filter(verb="requests.open_task").exists()


def test_showing_whom_it_is_about_is_written_down(client, asked):
    _task, url = asked

    page = client.post(url).content.decode()

    assert "Amina" in page
    assert Event.objects.filter(verb="requests.open_task").count() == 1


@pytest.mark.parametrize(("days", "is_told"), [(3, False), (-3, True)])
def test_an_owner_who_is_late_is_told_so(client, asked, days, is_told):
    task, path = asked
    Task.objects.filter(pk=task.pk).update(due_at=timezone.now() + timedelta(days=days))
    assert ("This day has passed." in client.post(path).content.decode()) is is_told


def test_an_owner_hands_over_files(client, asked):
    task, url = asked
    upload = SimpleUploadedFile("amina.csv", b"lesson,score\n1,2\n")

    response = client.post(url, {"send": "1", "answer": "done", "uploads": [upload]})

    assert response.status_code == 302
    task.refresh_from_db()
    assert (task.stage, task.answer) == (TaskStage.ANSWERED, Answer.DONE)
    assert TaskFile.objects.get().name == "amina.csv"


def hand_over(client, url, name) -> None:
    upload = SimpleUploadedFile(name, b"lesson,score\n1,2\n")
    assert client.post(url, {"send": "1", "answer": "done", "uploads": [upload]}).status_code == 302


def test_a_second_upload_adds_and_the_page_says_so(client, asked):
    task, url = asked
    hand_over(client, url, "amina.csv")

    page = client.post(url).content.decode()
    assert "amina.csv" in page
    assert "They are added to the files above." in page

    hand_over(client, url, "more.csv")
    assert sorted(task.files.values_list("name", flat=True)) == ["amina.csv", "more.csv"]


def test_a_wrong_file_is_removed_before_answering_and_what_was_written_stays(client, asked):
    task, url = asked
    hand_over(client, url, "wrong.csv")
    file = task.files.get()

    typed = {"take_back": file.pk, "answer": "done", "text": "The right one follows."}
    page = client.post(url, typed).content.decode()

    assert "The file is removed." in page
    assert "The right one follows." in page
    assert "wrong.csv" not in page
    file.refresh_from_db()
    assert (file.path, file.name) == ("", "")
    task.refresh_from_db()
    assert task.answer == Answer.DONE


@pytest.mark.parametrize("number", ["0", "x", "9" * 30])
def test_somebody_elses_file_cannot_be_removed(client, asked, number):
    _task, url = asked
    other = TaskFile.objects.create(
        task=TaskFactory(), name="ben.csv", path="", size=1, sha256="", received_at=NOW
    )
    for typed in (number, str(other.pk)):
        assert "The file is removed." not in client.post(url, {"take_back": typed}).content.decode()
    other.refresh_from_db()
    assert other.destroyed_at is None


def test_no_choice_is_named_and_what_was_written_is_kept(client, asked):
    _task, url = asked

    response = client.post(url, {"send": "1", "text": "I looked everywhere"})

    page = response.content.decode()
    assert response.status_code == 422
    assert "Choose one of the three." in page
    assert "I looked everywhere" in page


def test_an_exception_needs_a_reason(client, asked):
    _task, url = asked

    response = client.post(url, {"send": "1", "answer": "exception"})

    assert "Say why it was not done" in response.content.decode()


def test_a_file_that_cannot_be_looked_through_is_refused_beside_the_form(client, asked):
    task, url = asked
    upload = SimpleUploadedFile("all.zip", b"PK\x03\x04")

    response = client.post(url, {"send": "1", "answer": "done", "uploads": [upload]})

    task.refresh_from_db()
    assert (response.status_code, task.stage) == (422, TaskStage.ASKED)
    assert "cannot be looked through" in response.content.decode()


def test_an_answer_can_be_corrected_while_the_case_is_open(client, asked):
    task, url = asked
    client.post(url, {"send": "1", "answer": "nothing"})

    client.post(url, {"send": "1", "answer": "done"})

    task.refresh_from_db()
    assert task.answer == Answer.DONE


def test_when_the_case_is_over_so_is_the_link(client, asked):
    task, url = asked
    actions.withdraw(task.request, by=UserFactory(), at=NOW)

    assert client.post(url, {"send": "1", "answer": "done"}).status_code == 410


def test_the_owner_hears_that_a_restriction_is_over_although_the_case_is_closed(client):
    case = CaseFactory(right=Right.RESTRICTION, stage=Stage.CLOSED, outcome=Outcome.DONE, closed_at=NOW)
    task = TaskFactory(request=case, duty=Duty.RESUME)
    asking.ask_due(at=NOW)
    token = token_of(Mail.objects.get())
    send_due()
    url = reverse("portal:task", args=[token])
    assert "The restriction of one person’s data" in client.get(url).content.decode()
    thanks = client.post(url, {"send": "1", "answer": "done"}, follow=True).content.decode()
    assert "You need do nothing more." in thanks
    assert "Correct my answer" not in thanks
    task.refresh_from_db()
    assert task.answer == Answer.DONE
    assert client.get(url).status_code == 410


def test_a_link_nobody_sent_leads_nowhere(client):
    assert client.get(reverse("portal:task", args=["x" * 32])).status_code == 404


def test_a_new_link_ends_the_one_before(client, asked):
    task, url = asked

    asking.ask_anew(task, at=NOW)

    assert client.get(url).status_code == 404


def test_the_page_is_not_kept(client, asked):
    _task, url = asked

    assert "no-store" in client.post(url)["Cache-Control"]


def test_an_answer_at_the_desk_and_one_by_link_go_the_same_road(client, asked):
    task, _url = asked

    work.answer(task, answer="nothing", by=UserFactory(), at=NOW)

    task.refresh_from_db()
    assert (task.answer, CaseFactory._meta.model.objects.count()) == (Answer.NOTHING, 1)


# --- Cut-off orders: whom they leave out ---------------------------------------------------------


@pytest.fixture
def ordered():
    """A cut-off order on its way, Amina on hold, and the address in its owner's mail."""
    amina = PersonFactory(amina=True, external_id="platform-000001")
    order = CutoffOrderFactory()
    held(amina)
    task = fanout.open_task_of(order, at=NOW)
    asking.ask_due(at=NOW)
    url = reverse("portal:task", args=[token_of(Mail.objects.get(object_ref=str(task.pk)))])
    send_due()
    return task, url


def held(*people, **hold):
    by = UserFactory()
    made = LegalHoldFactory(people=people, owner=by, review_on=NOW.date() + timedelta(days=90), **hold)
    return holds.place(made, by=by, at=NOW)


def test_the_owner_reads_how_many_stay_and_takes_the_whole_list_which_is_written_down(client, ordered):
    _task, url = ordered

    page = client.post(url).content.decode()
    file = client.post(url, {"leave_out": "1"})

    assert "A legal hold keeps the data of 1 person." in page
    assert b"".join(file.streaming_content).decode().splitlines() == [
        '\ufeff"external_id"',
        '"platform-000001"',
    ]
    assert file["Cache-Control"] == "no-store, private"
    assert Event.objects.get(verb="requests.hand_over_left_out").details == {"rows": 1}


def test_a_hold_on_a_role_or_on_everybody_stands_on_the_page(client, ordered):
    _task, url = ordered
    held(scope=HoldScope.ROLE, role="guardian")
    assert "Guardians: a legal hold keeps the data of all of them." in client.post(url).content.decode()
    held(scope=HoldScope.EVERYONE)
    assert "Nothing may be erased now" in client.post(url).content.decode()


def test_nobody_takes_a_list_from_a_task_that_is_no_order(client, asked):
    _task, url = asked

    assert client.post(url, {"leave_out": "1"}).status_code == 404


def test_the_address_in_a_call_gives_the_list_for_a_day_and_while_the_order_is_open(client, ordered):
    task, _url = ordered
    key = signing.dumps(task.pk, salt=leaving_out.SALT)
    address = reverse("portal:task_leave_out", args=[key])

    assert b"platform-000001" in b"".join(client.get(address).streaming_content)
    assert client.post(address).status_code == 405
    assert client.get(address[:-3] + "x/").status_code == 404
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert client.get(address).status_code == 404
    work.answer(task, answer="done", by=UserFactory(), at=NOW)
    assert client.get(address).status_code == 404


def read(client, task):
    key = signing.dumps(task.pk, salt=leaving_out.SALT)
    return client.get(reverse("portal:task_leave_out", args=[key]))


def test_the_list_names_the_people_of_a_role_that_came_on_hold_after_the_call(client, ordered):
    task, _url = ordered
    PersonFactory(external_id="platform-000009", carla=True)
    held(scope=HoldScope.ROLE, role="guardian")
    lines = b"".join(read(client, task).streaming_content).decode().split()
    assert '"platform-000009"' in lines


def test_there_is_no_list_of_who_stays_while_everybody_does(client, ordered):
    task, url = ordered
    held(scope=HoldScope.EVERYONE)
    assert read(client, task).status_code == 404
    assert "Nothing may be erased now" in client.post(url, {"leave_out": "1"}).content.decode()

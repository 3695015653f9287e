"""Answers: by which road they come, and what they set going."""

from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError

from audit.actors import SYSTEM
from audit.models import Event
from inventory.letting_go import sweeps
from law.models import Company
from notices.models import Mail
from requests import here
from requests.keeping.files import FileRefused
from requests.models import Answer, Duty, Happened, Stage, Task, TaskFile, TaskStage, Way
from requests.models.vault import SealedFile
from requests.others import asking, fanout, work
from tests.inventory.factories import SystemFactory
from tests.people.factories import NOW, UserFactory

from .work_factories import CaseFactory, CutoffOrderFactory, TaskFactory

pytestmark = pytest.mark.django_db


def test_the_last_answer_puts_the_case_forward():
    first = TaskFactory()
    second = TaskFactory(request=first.request)
    work.answer(first, answer="done", by=UserFactory(), at=NOW)
    first.request.refresh_from_db()
    assert first.request.stage == Stage.FULFILLING

    work.answer(second, answer="nothing", by=UserFactory(), at=NOW)

    first.request.refresh_from_db()
    assert first.request.stage == Stage.RELEASE


def test_an_exception_says_why():
    with pytest.raises(work.AnswerIncomplete):
        work.answer(TaskFactory(), answer="exception", text=" ", by=UserFactory(), at=NOW)


def test_a_corrected_answer_stays_in_the_ledger_twice():
    task = TaskFactory()
    TaskFactory(request=task.request)
    work.answer(task, answer="nothing", by=UserFactory(), at=NOW)

    work.answer(task, answer="done", count_done=3, by=UserFactory(), at=NOW)

    answers = task.request.events.filter(kind=Happened.TASK_ANSWERED).values_list("facts__answer", flat=True)
    assert list(answers) == ["nothing", "done"]


def test_a_closed_case_takes_no_more_answers():
    case = CaseFactory(stage=Stage.CLOSED, outcome="done", closed_at=NOW)
    task = TaskFactory(request=case, stage="answered", answer="done", answered_at=NOW)

    with pytest.raises(work.TaskCannotMove):
        work.answer(task, answer="done", by=UserFactory(), at=NOW)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.exe", b"MZ", "cannot be looked through"),
        ("a.zip", b"PK\x03\x04", "cannot be looked through"),
        ("a.svg", b"<svg/>", "cannot be looked through"),
        ("a.csv", b"PK\x03\x04", "its content is something else"),
        ("a.pdf", b"hello", "its content is something else"),
        ("a.jpg", b"GIF89a", "its content is something else"),
        ("a.txt", b"", "the file is empty"),
    ],
)
def test_a_file_that_cannot_be_looked_through_is_refused(name, content, words):
    task = TaskFactory()

    with pytest.raises(FileRefused, match=words):
        work.answer(
            task, answer="done", uploads=[SimpleUploadedFile(name, content)], by=UserFactory(), at=NOW
        )

    task.refresh_from_db()
    assert (task.stage, SealedFile.objects.count()) == (TaskStage.WAITING, 0)


def test_too_many_files_are_refused():
    uploads = [SimpleUploadedFile(f"{number}.csv", b"1") for number in range(21)]

    with pytest.raises(FileRefused, match="At most 20"):
        work.answer(TaskFactory(), answer="done", uploads=uploads, by=UserFactory(), at=NOW)


def test_files_of_an_answer_that_fails_do_not_stay_in_the_vault(monkeypatch):
    def broken(*_anything, **_named):
        raise IntegrityError

    monkeypatch.setattr(work, "_pass_on", broken)

    with pytest.raises(IntegrityError):
        work.answer(
            TaskFactory(),
            answer="done",
            uploads=[SimpleUploadedFile("a.csv", b"1")],
            by=UserFactory(),
            at=NOW,
        )

    assert (SealedFile.objects.count(), TaskFile.objects.count()) == (0, 0)


def test_an_owner_is_asked_once_and_the_mail_names_nobody():
    task = TaskFactory()

    assert asking.ask_due(at=NOW) == 1
    assert asking.ask_due(at=NOW) == 0

    mail = Mail.objects.get()
    assert (mail.address, mail.recipient_id) == ("platform@example.org", None)
    assert "Amina" not in str(mail.context)
    task.refresh_from_db()
    assert task.stage == TaskStage.ASKED


def test_a_system_whose_owner_nobody_knows_is_put_before_staff():
    task = TaskFactory(system=SystemFactory(owner_email=""))

    asking.ask_due(at=NOW)

    task.refresh_from_db()
    assert (task.stage, task.failure) == (TaskStage.PARKED, asking.NOBODY)


def test_an_owner_is_reminded_once_before_the_day():
    task = TaskFactory()
    asking.ask_due(at=NOW)

    assert asking.remind_due(at=task.due_at) == 1
    assert asking.remind_due(at=task.due_at) == 0

    assert list(Mail.objects.order_by("pk").values_list("event", flat=True)) == [
        "requests.task",
        "requests.task_reminder",
    ]


def test_this_database_answers_for_a_copy_by_itself():
    task = TaskFactory(way=Way.HERE)

    assert here.do_due(at=NOW) == 1

    task.refresh_from_db()
    assert (task.answer, task.count_done) == (Answer.DONE, 1)


def test_what_this_database_cannot_do_by_itself_is_put_before_staff():
    task = TaskFactory(way=Way.HERE, duty=Duty.TELL)

    here.do_due(at=NOW)

    task.refresh_from_db()
    assert task.stage == TaskStage.ASKED


def test_an_erasure_here_waits_for_its_own_button():
    task = TaskFactory(way=Way.HERE, duty=Duty.ERASE, request=CaseFactory(erasure=True))

    here.do_due(at=NOW)

    task.request.subject.refresh_from_db()
    assert task.request.subject.given_name == "Amina"


def test_trying_again_is_written_down():
    task = TaskFactory(stage=TaskStage.PARKED, failure="HTTP 404", attempts=3)

    work.try_again(task, by=UserFactory(), at=NOW, reason="The address was wrong.")

    task.refresh_from_db()
    assert (task.stage, task.attempts, task.failure) == (TaskStage.WAITING, 0, "")
    assert Event.objects.filter(verb="requests.retry_task").exists()


def test_the_database_lets_no_task_be_answered_without_an_answer():
    task = TaskFactory()

    with pytest.raises(IntegrityError):
        Task.objects.filter(pk=task.pk).update(stage=TaskStage.ANSWERED)


def test_a_cut_off_order_rides_on_the_same_road():
    order = CutoffOrderFactory()

    task = fanout.open_task_of(order, at=NOW)
    assert fanout.open_task_of(order, at=NOW) == task
    work.answer(task, answer="done", text="Ticket 12, run of 2 March.", count_done=7, by=SYSTEM, at=NOW)

    order.refresh_from_db()
    assert (order.status, order.answer, order.count_done, order.answered_by) == ("answered", "done", 7, None)


def test_an_order_answered_on_its_own_page_needs_no_answer_here():
    order = CutoffOrderFactory()
    task = fanout.open_task_of(order, at=NOW)
    sweeps.answer(order, answer="done", evidence="Ticket 12.", by=UserFactory(), at=NOW)

    assert work.cancel_what_was_answered_elsewhere() == 1

    task.refresh_from_db()
    assert task.stage == TaskStage.CANCELLED


def test_what_was_handed_over_by_mistake_goes_into_no_copy():
    task = TaskFactory()
    TaskFactory(request=task.request)
    somebody_elses = SimpleUploadedFile("ben.csv", b"a,b\n1,2\n")
    work.answer(task, answer="done", uploads=[somebody_elses], by=UserFactory(), at=NOW)

    work.answer(task, answer="nothing", by=UserFactory(), at=NOW)

    file = TaskFile.objects.get()
    assert (file.name, file.path, file.destroyed_at) == ("", "", NOW)
    assert not SealedFile.objects.exists()


def test_an_answer_corrected_before_the_release_makes_a_new_copy():
    task = TaskFactory()
    work.answer(task, answer="done", by=UserFactory(), at=NOW)
    first = task.request.packages.get()

    work.answer(task, answer="nothing", by=UserFactory(), at=NOW)

    first.refresh_from_db()
    assert first.removed_at == NOW
    assert task.request.packages.filter(removed_at=None).count() == 1


def test_the_day_in_the_mail_is_the_day_on_the_company_s_calendar():
    Company.objects.update_or_create(pk=1, defaults={"name": "Learnwell", "time_zone": "Europe/Berlin"})
    TaskFactory(due_at=datetime(2026, 3, 31, 22, tzinfo=UTC), system__owner_email="owner@systems.example")

    asking.ask_due(at=NOW)

    assert Mail.objects.get().context["due_on"] == "2026-04-01"

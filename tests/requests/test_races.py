"""Two at the same moment: one wins, the other is told, and nothing happens twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from threading import Event as Bell
from time import sleep
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from audit.models import Event
from audit.refusals import Refused
from inventory import objections
from inventory.letting_go import sweeps
from inventory.models import Objection, SweepItem
from notices.models import Mail
from people import actions as people
from people.models import Person, User
from requests import actions, events, guards, here
from requests.arriving import seeking
from requests.changing import ending
from requests.copies import packages
from requests.models import Outcome, Right, RightsRequest, Stage
from requests.others import work
from requests.proving import identity
from requests.saying import letters
from tests.inventory.factories import ProcessingActivityFactory, PurposeFactory, SystemFactory
from tests.inventory.retention_factories import account_schedule
from tests.inventory.test_sweeps import LONG_AGO
from tests.people.factories import NOW, PersonFactory, UserFactory

from .factories import RequestFactory
from .road import LETTER, ask, link_in
from .work_factories import TaskFactory

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


def at_once(*deeds: Callable[[], object]) -> list[str]:
    """Run them together; for each, "done" or the name of its refusal."""
    barrier = Barrier(len(deeds))

    def run(deed: Callable[[], object]) -> str:
        try:
            barrier.wait(10)
            deed()
            return "done"
        except Refused as refusal:
            return type(refusal).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def anew(case: RightsRequest) -> RightsRequest:
    return RightsRequest.objects.get(pk=case.pk)


@pytest.mark.parametrize("round", range(3))
def test_a_form_sent_twice_in_the_same_instant_is_one_case(round: int) -> None:
    asked = actions.Asked(rights=(Right.ACCESS, Right.ERASURE), place="FR", submission=uuid4())
    send = lambda: actions.receive(asked, by=events.SOMEBODY, at=NOW)  # noqa: E731
    assert at_once(send, send, send, send) == ["done"] * 4
    assert RightsRequest.objects.count() == 2
    assert Event.objects.filter(verb="requests.receive").count() == 2


@pytest.mark.parametrize("round", range(3))
def test_two_colleagues_release_one_answer_once(round: int) -> None:
    case = RequestFactory(rectification=True, in_release=True)
    dov, noor = UserFactory(name="Dov"), UserFactory(name="Noor")

    def release(by: User) -> Callable[[], object]:
        return lambda: actions.release(anew(case), by=by, at=NOW, letter=LETTER)

    assert sorted(at_once(release(dov), release(noor))) == ["WrongStage", "done"]
    assert case.messages.count() == 1
    assert Event.objects.filter(verb="requests.close").count() == 1


def test_a_withdrawal_and_a_release_end_in_one_of_the_two() -> None:
    case, dov = RequestFactory(rectification=True, in_release=True), UserFactory()
    outcomes = at_once(
        lambda: actions.release(anew(case), by=dov, at=NOW, letter=LETTER),
        lambda: actions.withdraw(anew(case), by=case.requester, at=NOW),
    )
    assert outcomes.count("done") == 1
    assert anew(case).outcome in (Outcome.DONE, Outcome.WITHDRAWN)
    assert case.events.filter(kind="closed").count() == 1


def test_a_link_pressed_on_two_devices_confirms_once() -> None:
    PersonFactory(amina=True, email="amina@family.example")
    (case,) = ask(email="amina@family.example")
    mail = link_in(case)
    press = lambda: actions.confirm_link(Mail.objects.get(pk=mail.pk), at=NOW)  # noqa: E731
    assert sorted(at_once(press, press)) == ["LinkSpent", "done"]
    assert anew(case).stage == Stage.REVIEW
    assert Event.objects.filter(verb="requests.confirm_identity").count() == 1


def test_confirming_and_changing_what_was_typed_never_leave_a_case_confirmed_and_changed() -> None:
    """Abuse A8 in a race."""
    amina = PersonFactory(amina=True, email="amina@family.example")
    (case,) = ask(email="amina@family.example")
    mail = link_in(case)
    at_once(
        lambda: actions.confirm_link(Mail.objects.get(pk=mail.pk), at=NOW),
        lambda: actions.amend(anew(case), by=amina, at=NOW, about="another child"),
    )
    assert anew(case).particulars.about == "another child"
    assert anew(case).stage == Stage.UNVERIFIED


def test_an_answer_that_comes_while_the_copy_is_released_joins_no_copy(monkeypatch) -> None:
    """Nobody looked through it, so it must not go out."""
    case, dov = released_soon(), UserFactory(name="Dov")
    is_half_released, send = Bell(), letters.send

    def slowly(*told: object, **more: object) -> object:
        is_half_released.set()
        sleep(0.5)  # the answer is waiting by now
        return send(*told, **more)  # type: ignore[arg-type]

    def answer() -> None:
        is_half_released.wait(10)
        late = SimpleUploadedFile("late.csv", b"lesson,friend\n1,Zoe Classmate\n")
        work.answer(case.tasks.get(), answer="done", uploads=[late], by=dov, at=NOW)

    monkeypatch.setattr(letters, "send", slowly)
    release = lambda: actions.release(anew(case), by=dov, at=NOW, letter=LETTER)  # noqa: E731
    assert at_once(release, answer) == ["done", "TaskCannotMove"]
    packages.build_due(at=NOW)
    assert not case.copy_parts.unseen().exists()


def released_soon() -> RightsRequest:
    task = TaskFactory()
    work.answer(task, answer="nothing", by=UserFactory(), at=NOW)
    packages.build_due(at=NOW)
    case = anew(task.request)
    case.copy_parts.update(looked_at=NOW, looked_by=UserFactory())
    return case


def test_a_withdrawal_and_an_answer_of_this_database_never_wait_for_each_other(monkeypatch) -> None:
    case = TaskFactory(way="here").request
    is_held, cancel = Bell(), work.cancel_all

    def slowly(number: int, **more: object) -> int:
        is_held.set()
        sleep(0.5)
        return cancel(number, **more)

    def do_here() -> None:
        is_held.wait(10)
        here.do_due(at=NOW)

    monkeypatch.setattr(work, "cancel_all", slowly)
    withdraw = lambda: actions.withdraw(anew(case), by=case.requester, at=NOW)  # noqa: E731
    assert at_once(withdraw, do_here) == ["done", "done"]
    assert anew(case).outcome == Outcome.WITHDRAWN
    assert case.tasks.get().stage == "cancelled"


def test_two_workers_write_one_mail_for_all_that_was_asked_in_one_go(monkeypatch) -> None:
    PersonFactory(amina=True, email="amina@family.example")
    asked = actions.Asked(
        rights=(Right.ACCESS, Right.ERASURE), place="FR", email="amina@family.example", submission=uuid4()
    )
    actions.receive(asked, by=events.SOMEBODY, at=NOW)
    begin = identity.begin

    def slowly(*cases: object, **more: object) -> None:
        sleep(0.3)  # both have taken theirs by now
        begin(*cases, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(identity, "begin", slowly)
    seek = lambda: seeking.seek_due(at=NOW)  # noqa: E731
    assert at_once(seek, seek) == ["done", "done"]
    assert Mail.objects.filter(event="requests.confirm").count() == 1


def test_two_cases_that_stop_the_same_use_note_it_once() -> None:
    amina, purpose, dov = PersonFactory(amina=True), PurposeFactory(), UserFactory()

    def stop(case: str) -> Callable[[], object]:
        return lambda: objections.stop(amina, purposes=[purpose], kinds=["sale"], case=case, by=dov, at=NOW)

    assert at_once(stop("ONE"), stop("TWO")) == ["done", "done"]
    assert amina.objections.count() == 2


def test_an_objection_ends_while_a_system_answers_and_neither_waits_for_the_other(monkeypatch) -> None:
    """The case before its tasks, whoever comes: the other way round they would wait for each other."""
    case, dov = RequestFactory(right=Right.OBJECTION, in_review=True), UserFactory()
    system = SystemFactory()
    ProcessingActivityFactory(basis="legitimate_interests", whose=["learner"], systems=[system])
    actions.accept(case, by=dov, at=NOW)
    here.do_due(at=NOW)
    task, is_half_over, cancel_all = case.tasks.get(system=system), Bell(), work.cancel_all

    def slowly(number: int) -> int:
        count = cancel_all(number)
        is_half_over.set()
        sleep(0.5)
        return count

    def answer() -> object:
        assert is_half_over.wait(10)
        return work.answer(task, answer="done", by=dov, at=NOW)

    monkeypatch.setattr(work, "cancel_all", slowly)
    end = lambda: objections.end(Objection.objects.get(), by=dov, at=NOW + DAY, reason="Taken back.")  # noqa: E731
    assert at_once(end, answer) == ["done", "TaskCannotMove"]


def test_no_restriction_is_lifted_while_a_sweep_counts_what_it_keeps(monkeypatch) -> None:
    """Else the sweep would take what whoever confirms it read as staying."""
    account_schedule()
    case, dov = RequestFactory(right=Right.RESTRICTION, in_review=True), UserFactory()
    Person.objects.filter(pk=case.subject_id).update(last_active_on=LONG_AGO)
    people.restrict(guards.subject_of(case), ground="claims", case=case.reference, by=dov, at=NOW)
    ending.tell_of_lifting(case, letter=LETTER, from_on=(NOW + DAY).date(), by=dov, at=NOW)
    has_counted, create = Bell(), SweepItem.objects.bulk_create

    def slowly(items: list[SweepItem]) -> object:
        has_counted.set()
        sleep(0.5)
        return create(items)

    def lift() -> object:
        assert has_counted.wait(10)
        return ending.lift(anew(case), by=dov, at=NOW + DAY, reason="Checked.")

    monkeypatch.setattr(SweepItem.objects, "bulk_create", slowly)
    assert at_once(lambda: sweeps.propose(by=dov, at=NOW), lift) == ["done", "SweepUnderWay"]

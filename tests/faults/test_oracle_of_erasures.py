"""The judge of erasures under kill -9 sees each half that may be left behind."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from audit import outside
from audit.models import Event, LedgerEntry
from audit.outside import write_out
from notices.models import Mail, MailStatus
from people.models import Person
from requests.erasing import erasure
from requests.keeping import vault
from requests.models import ErasureOrder, RightsRequest
from requests.others import work
from tests.inventory.factories import ProcessingActivityFactory
from tests.notices.sink import Sink
from tests.people.factories import NOW, GuardianshipFactory, PersonFactory, UserFactory
from tests.requests.factories import RequestFactory

from .oracle import Outcome
from .oracle_of_erasures import of_erasures

pytestmark = pytest.mark.django_db
AFTER_THE_WAIT = NOW + timedelta(days=10)


@dataclass
class End:
    """A system that was told, without a server."""

    erased: list[str] = field(default_factory=list)

    def knows(self, person: str) -> bool:
        return person not in self.erased


@dataclass
class Told:
    case: RightsRequest
    known_as: str
    end: End
    sink: Sink

    def judged(self) -> Outcome:
        return of_erasures({self.case.pk: self.known_as}, [self.end], self.sink)


def a_case() -> Told:
    person = PersonFactory.create(amina=True)
    GuardianshipFactory.create(child=person)
    ProcessingActivityFactory.create()
    case = RequestFactory.create(erasure=True, verified=True, subject=person)
    vault.seal(case, [b"a copy of a passport"])
    order = erasure.propose(case, by=UserFactory.create(), at=NOW, reason="They asked.")
    erasure.approve(order, by=UserFactory.create(), at=NOW, reason="Read and right.")
    sink = Sink.__new__(Sink)
    sink.message_ids = []
    return Told(case, person.external_id, End(), sink)


@pytest.fixture
def stopped() -> Told:
    told = a_case()
    erasure.stop(ErasureOrder.objects.get(), by=Person.objects.get(rights_requests=told.case), at=NOW)
    return told


@pytest.fixture
def done(django_capture_on_commit_callbacks: Any) -> Told:
    told, by = a_case(), UserFactory.create()
    with django_capture_on_commit_callbacks(execute=True):
        erasure.begin_due(at=AFTER_THE_WAIT)
        for task in told.case.tasks.all():
            work.answer(task, answer="done", by=by, at=AFTER_THE_WAIT)
        erasure.carry_out(told.case, by=by, at=AFTER_THE_WAIT, letter="We erased what we held.")
    told.end.erased.append(told.known_as)
    last = Mail.objects.get(event=erasure.LAST)
    Mail.objects.filter(pk=last.pk).update(status=MailStatus.SENT)
    told.sink.message_ids.append(last.message_id)
    return told


def test_an_erasure_done_and_one_stopped_are_promises_kept(done: Told) -> None:
    assert done.judged() == Outcome(0, 0)


def test_a_stopped_one_leaves_everything_whole(stopped: Told) -> None:
    assert stopped.judged() == Outcome(0, 0)


def test_an_erasure_still_under_way_is_lost() -> None:
    assert a_case().judged().lost == 1


def test_a_last_mail_that_never_came_is_lost(done: Told) -> None:
    done.sink.message_ids.clear()
    assert done.judged().lost > 0


def test_a_second_copy_is_counted_and_needs_its_flag(done: Told) -> None:
    done.sink.message_ids *= 2
    outcome = done.judged()
    assert (outcome.doubled, [fault.partition(" ")[2] for fault in outcome.wrong]) == (
        1,
        ["came twice and has no flag"],
    )


@pytest.mark.parametrize("times", [0, 2])
def test_a_system_that_erased_never_or_twice_is_told(done: Told, times: int) -> None:
    done.end.erased = [done.known_as] * times
    assert done.judged().wrong == [f"{done.case.reference}: erased {times} times at a system"]


def test_a_person_who_came_back_is_told(done: Told) -> None:
    Person.objects.filter(rights_requests=done.case).update(given_name="Amina")
    assert done.judged().wrong == [f"{done.case.reference}: the person is half erased"]


def test_a_line_too_many_in_the_ledger_is_told(done: Told) -> None:
    outside.note("erasure", str(done.case.subject_id), at=NOW)
    write_out()
    assert LedgerEntry.objects.filter(kind="erasure").count() == 2
    assert done.judged().wrong == [f"{done.case.reference}: 2 lines in the ledger outside"]


def test_a_stopped_erasure_that_a_system_did_all_the_same_is_told(stopped: Told) -> None:
    stopped.end.erased.append(stopped.known_as)
    assert stopped.judged().wrong == [f"{stopped.case.reference}: erased 1 times at a system"]


def test_a_step_without_its_event_is_told(done: Told, without_triggers: Any) -> None:
    with without_triggers():
        Event.objects.filter(verb="requests.erase").delete()
    assert done.judged().wrong == [f"{done.case.reference}: 0 × requests.erase"]

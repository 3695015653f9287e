"""Killed in the middle of each deed, at every single write: nothing half done, and nothing twice."""

import os
import signal
import traceback
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from audit import outside, outside_file
from audit.models import Event, LedgerEntry
from inventory import objections
from inventory.models import Objection
from notices.models import Mail
from people.models import Guardianship, Person, User
from requests import actions, deciding, events
from requests.arriving import seeking
from requests.changing import ending, newcomers
from requests.copies import packages, reviewing
from requests.erasing import erasure, letting_go
from requests.keeping import vault
from requests.models import (
    CaseKey,
    CopyPart,
    Duty,
    ErasureOrder,
    Happened,
    Message,
    Package,
    RequestEvent,
    Right,
    RightsRequest,
    SealedFile,
    Stage,
    Task,
)
from requests.others import work
from requests.refusals import WrongStage
from tests.inventory.factories import ProcessingActivityFactory, SystemFactory
from tests.people.factories import NOW, GuardianshipFactory, PersonFactory, UserFactory

from .factories import RequestFactory
from .road import LETTER, ask, decide, link_in

pytestmark = pytest.mark.django_db(transaction=True)
WRITES = ("INSERT", "UPDATE", "DELETE")


def is_killed(deed: Callable[[], object], *, at_write: int) -> bool:
    """Do it in a process of its own that dies by SIGKILL right after that write; False if it lived."""
    return dies_doing(lambda: _do_and_die(deed, at_write))


def dies_doing(deed: Callable[[], object]) -> bool:
    """Do it in a process of its own, and say whether SIGKILL ended that one."""
    connections.close_all()
    close_pool = getattr(connection, "close_pool", None)
    if close_pool is not None:
        close_pool()  # the child must not speak over our lines
    child = os.fork()
    if child == 0:
        _do_and_exit(deed)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the deed itself failed"
    return os.WIFSIGNALED(status)


def _do_and_exit(deed: Callable[[], object]) -> None:
    try:
        deed()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _do_and_die(deed: Callable[[], object], at_write: int) -> None:
    written = count(1)

    def kill(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if sql.lstrip("( ").upper().startswith(WRITES) and next(written) == at_write:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    with connection.execute_wrapper(kill):
        deed()


def everything() -> list[object]:
    """All that a deed may touch."""
    return [
        sorted(
            RightsRequest.objects.values_list(
                "pk", "stage", "outcome", "verified_at", "revision", "strict_due_on"
            )
        ),
        sorted(RequestEvent.objects.values_list("pk", "kind")),
        sorted(Event.objects.values_list("pk", "verb")),
        sorted(Mail.objects.values_list("pk", "event", "used_at")),
        sorted(Message.objects.values_list("pk", "letter")),
        sorted(Person.objects.values_list("pk", "given_name", "erased_at")),
        sorted(Guardianship.objects.values_list("pk")),
        sorted(ErasureOrder.objects.values_list("pk", "approved_at", "stopped_at", "done_at")),
        sorted(Task.objects.values_list("pk", "stage", "answer")),
        sorted(CopyPart.objects.values_list("pk", "looked_at")),
        sorted(Package.objects.values_list("pk", "released_at", "removed_at", "downloads")),
        sorted(CaseKey.objects.values_list("pk", "shredded_at")),
        sorted(LedgerEntry.objects.values_list("pk", "kind")),
        sorted(path.name for path in Path(settings.VAULT_DIR).rglob("*")),
    ]


def survives_every_kill(deed: Callable[[], object], *, is_whole: Callable[[], bool] = lambda: False) -> int:
    """Killed at each write in turn nothing has happened; let alone, it happens. Returns the kills.

    `is_whole` for a deed that goes on after its commit: killed there, it must have happened wholly."""
    before = everything()
    for number in count(1):
        if not is_killed(deed, at_write=number) or is_whole():
            return number - 1
        assert everything() == before, f"half done after write {number}"
    raise AssertionError


def anew(case: RightsRequest) -> RightsRequest:
    return RightsRequest.objects.get(pk=case.pk)


def audit(verb: str) -> int:
    return Event.objects.filter(verb=f"requests.{verb}").count()


@pytest.fixture
def dov() -> User:
    return UserFactory(dov=True)


def test_receiving() -> None:
    asked = actions.Asked(rights=(Right.ACCESS, Right.ERASURE), place="FR", email="amina@family.example")
    assert survives_every_kill(lambda: actions.receive(asked, by=events.SOMEBODY, at=NOW)) > 8
    assert (RightsRequest.objects.count(), audit("receive")) == (2, 2)


def test_looking_for_whoever_asked_and_confirming() -> None:
    PersonFactory(amina=True, email="amina@family.example")
    asked = actions.Asked(rights=(Right.ACCESS,), place="FR", email="amina@family.example")
    (case,) = actions.receive(asked, by=events.SOMEBODY, at=NOW)
    assert survives_every_kill(lambda: seeking.seek_due(at=NOW)) > 1
    assert Mail.objects.count() == 1
    mail = link_in(case)
    assert survives_every_kill(lambda: actions.confirm_link(Mail.objects.get(pk=mail.pk), at=NOW)) > 3
    assert (anew(case).stage, audit("confirm_identity")) == (Stage.REVIEW, 1)


def test_accepting_putting_forward_sending_back_and_releasing(dov: User) -> None:
    case = RequestFactory(rectification=True, verified=True)
    decide(case, by=dov)
    assert survives_every_kill(lambda: actions.accept(anew(case), by=dov, at=NOW)) > 3
    assert survives_every_kill(lambda: actions.put_forward(anew(case), by=dov, at=NOW)) > 1
    assert survives_every_kill(lambda: actions.send_back(anew(case), by=dov, at=NOW, reason="Look.")) > 1
    assert survives_every_kill(lambda: actions.put_forward(anew(case), by=dov, at=NOW)) > 1
    assert survives_every_kill(lambda: actions.release(anew(case), by=dov, at=NOW, letter=LETTER)) > 6
    assert anew(case).stage == Stage.CLOSED
    assert [audit(verb) for verb in ("accept", "put_forward", "send_back", "release", "close")] == [
        1,
        2,
        1,
        1,
        1,
    ]
    assert case.messages.count() == 1


def test_extending_and_refusing(dov: User) -> None:
    case = RequestFactory(verified=True)
    letter = deciding.draft_extension(case, at=NOW, reason="Two schools have to look.")
    extend = lambda: actions.extend(anew(case), by=dov, at=NOW, letter=letter, because="complex")  # noqa: E731
    assert survives_every_kill(extend) > 4
    ground = deciding.grounds(case, at=NOW)[0]

    def refuse() -> RightsRequest:
        return actions.refuse(
            anew(case), by=dov, at=NOW, letter=LETTER, ground=ground, denial="other", reason="No."
        )

    assert survives_every_kill(refuse) > 5
    assert [audit(verb) for verb in ("extend", "close")] == [1, 1]
    assert case.events.filter(kind=Happened.REFUSED).count() == 1


def test_withdrawing_and_appealing() -> None:
    (case,) = ask(Right.INQUIRY, email="robin@family.example")
    assert survives_every_kill(lambda: actions.withdraw(anew(case), by=events.SOMEBODY, at=NOW)) > 3
    denied = RequestFactory(denied=True)
    appeal = lambda: actions.appeal(anew(denied), "Again.", by=denied.requester, at=NOW)  # noqa: E731
    assert survives_every_kill(appeal) > 5
    assert (denied.appeals.count(), audit("appeal")) == (1, 1)


def restricted(dov: User) -> RightsRequest:
    """Accepted, asked elsewhere and answered; the person knows from when on it ends."""
    ProcessingActivityFactory()
    case = RequestFactory(right=Right.RESTRICTION, in_review=True)
    decide(case, by=dov)
    actions.accept(case, by=dov, at=NOW)
    work.answer(case.tasks.get(), answer="done", by=dov, at=NOW)
    tomorrow = NOW.date() + timedelta(days=1)
    ending.tell_of_lifting(case, letter=LETTER, from_on=tomorrow, by=dov, at=NOW)
    return case


def test_lifting_a_restriction_and_telling_whom_we_told(dov: User) -> None:
    case, later = restricted(dov), NOW + timedelta(days=1)
    lift = lambda: ending.lift(anew(case), by=dov, at=later, reason="Checked.")  # noqa: E731
    assert survives_every_kill(lift) > 4
    with pytest.raises(WrongStage):
        lift()
    assert Task.objects.filter(duty=Duty.RESUME).count() == 1
    assert case.events.filter(kind=Happened.END_TOLD).count() == 1


def test_taking_an_objection_back_and_telling_whom_we_told(dov: User) -> None:
    ProcessingActivityFactory(basis="legitimate_interests")
    case = RequestFactory(right=Right.OBJECTION, in_review=True)
    actions.accept(case, by=dov, at=NOW)
    work.answer(case.tasks.get(), answer="done", by=dov, at=NOW)
    end = lambda: objections.end(Objection.objects.get(), by=dov, at=NOW, reason="A letter.")  # noqa: E731
    assert survives_every_kill(end) > 3
    with pytest.raises(objections.ObjectionOver):
        end()
    assert Task.objects.filter(duty=Duty.RESUME).count() == 1


def test_telling_who_came_later(dov: User) -> None:
    case = restricted(dov)
    ProcessingActivityFactory(systems=[SystemFactory()])
    assert survives_every_kill(lambda: newcomers.tell_due(at=NOW)) > 1
    assert newcomers.tell_due(at=NOW) == 0
    assert (case.tasks.count(), case.events.filter(kind=Happened.NEWCOMERS_TOLD).count()) == (2, 1)


AFTER_THE_WAIT = NOW + timedelta(days=10)


@pytest.fixture
def noor() -> User:
    return UserFactory(name="Noor")


@pytest.fixture
def to_erase() -> RightsRequest:
    """Somebody with a guardian, a document in the vault, and a system that knows them."""
    case = RequestFactory(erasure=True, verified=True)
    GuardianshipFactory(child=case.subject)
    ProcessingActivityFactory()
    vault.seal(case, [b"a copy of a passport"])
    return case


def order_of(case: RightsRequest) -> ErasureOrder:
    return ErasureOrder.objects.get(request=case)


def whose(case: RightsRequest) -> Person:
    return Person.objects.get(rights_requests=case)


def propose_and_approve(case: RightsRequest, dov: User, noor: User) -> None:
    erasure.propose(anew(case), by=dov, at=NOW, reason="They asked.")
    erasure.approve(order_of(case), by=noor, at=NOW, reason="Read.")


def test_proposing_and_approving_an_erasure(to_erase: RightsRequest, dov: User, noor: User) -> None:
    propose = lambda: erasure.propose(anew(to_erase), by=dov, at=NOW, reason="They asked.")  # noqa: E731
    assert survives_every_kill(propose) > 2
    approve = lambda: erasure.approve(order_of(to_erase), by=noor, at=NOW, reason="Read.")  # noqa: E731
    assert survives_every_kill(approve) > 6
    verbs = ("propose_erasure", "approve_erasure", "accept")
    assert ([audit(verb) for verb in verbs], Mail.objects.count()) == ([1, 1, 1], 1)


def test_stopping_an_erasure_in_its_cool_off(to_erase: RightsRequest, dov: User, noor: User) -> None:
    propose_and_approve(to_erase, dov, noor)
    assert survives_every_kill(lambda: erasure.stop(order_of(to_erase), by=whose(to_erase), at=NOW)) > 5
    assert (anew(to_erase).stage, audit("stop_erasure"), audit("close")) == (Stage.CLOSED, 1, 1)
    assert erasure.begin_due(at=AFTER_THE_WAIT) == 0


def test_the_end_of_the_cool_off_and_the_erasure_itself(
    to_erase: RightsRequest, dov: User, noor: User
) -> None:
    propose_and_approve(to_erase, dov, noor)
    assert survives_every_kill(lambda: erasure.begin_due(at=AFTER_THE_WAIT)) > 1
    task = to_erase.tasks.get()
    answer = lambda: work.answer(task, answer="done", by=dov, at=AFTER_THE_WAIT)  # noqa: E731
    assert survives_every_kill(answer) > 2

    def erase() -> None:
        erasure.carry_out(anew(to_erase), by=dov, at=AFTER_THE_WAIT, letter=LETTER)

    # The line outside is written after the commit; whoever comes next writes what a killed one did not.
    assert survives_every_kill(erase, is_whole=lambda: anew(to_erase).stage == Stage.CLOSED) > 20
    outside.write_out()
    assert whose(to_erase).given_name == ""
    assert [audit(verb) for verb in ("erase", "close", "shred", "answer_task")] == [1, 1, 1, 1]
    assert sorted(entry.kind for entry in outside_file.verified()) == ["erasure", "shred"]
    assert Mail.objects.filter(event=erasure.LAST).count() == 1


def test_putting_a_copy_together_begins_anew_and_leaves_no_second_one() -> None:
    case = RequestFactory(fulfilling=True)
    packages.start(case, at=NOW)
    kills = 0
    while is_killed(lambda: packages.build_due(at=NOW), at_write=kills + 1):
        kills += 1
        Package.objects.update(lease_until=NOW, attempts=0)
    assert kills > 3
    assert case.events.filter(kind=Happened.PACKED).count() == 1
    later = timezone.now() + 2 * vault.LEFTOVER_AFTER
    assert letting_go.unclaimed(at=later) + vault.sweep_leftovers(at=later) > 0
    parts = sorted(case.copy_parts.values_list("path", flat=True))
    assert parts
    assert sorted(SealedFile.objects.values_list("path", flat=True)) == parts
    on_disk = (path for path in Path(settings.VAULT_DIR).rglob("*") if path.is_file())
    assert sorted(f"{path.parent.name}/{path.name}" for path in on_disk) == parts


def test_releasing_a_copy_and_fetching_it(dov: User) -> None:
    case = RequestFactory(fulfilling=True)
    actions.put_forward(case, by=dov, at=NOW)
    packages.build_due(at=NOW)
    look = lambda: reviewing.look_through(case, parts=list(case.copy_parts.all()), by=dov, at=NOW)  # noqa: E731
    assert survives_every_kill(look) > 1
    assert survives_every_kill(lambda: actions.release(anew(case), by=dov, at=NOW, letter=LETTER)) > 6
    assert [audit(verb) for verb in ("release", "close")] == [1, 1]
    assert case.packages.get().released_by == dov
    assert survives_every_kill(lambda: packages.fetch(anew(case), by=case.requester, at=NOW)) > 2
    assert (case.packages.get().downloads, audit("fetch_copy")) == (1, 1)

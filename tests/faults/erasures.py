"""Erasures under kill -9: told to two systems over TLS, done here, written in the ledger outside, and the last
mail sent, while whoever does it is killed anywhere (the victims); and stopped just as their wait ends."""

import multiprocessing
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone

from inventory.models import Fulfilment, ProcessingActivity
from law.models import Company
from notices import links, mail
from notices.models import Mail, Notice
from people.models import User
from requests.erasing import erasure
from requests.keeping import vault
from requests.models import Connection, ErasureOrder, RightsRequest, Task
from requests.others import calls
from tests.inventory.factories import ProcessingActivityFactory, SystemFactory
from tests.notices.sink import Sink
from tests.notices.test_kills import wait_until
from tests.people.factories import GuardianshipFactory, PersonFactory, UserFactory
from tests.requests import receiving_end
from tests.requests.factories import RequestFactory

from . import victims

GIVE_UP = 300  # seconds; a bound for a broken run, not a measurement
KILLED, ENDED = -9, 0
LONG_AGO = date(2020, 1, 1)
chance = random.Random()  # noqa: S311 (when to kill is no secret)
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.faults.victims"])


@dataclass
class End:
    """A system at the other end: whom it held, and how often it erased each of them."""

    example: Any
    erased: list[str] = field(default_factory=list)

    def knows(self, person: str) -> bool:
        return person in self.example.PEOPLE

    def watch(self) -> None:
        """What the example really did, whatever it answered: a call heard twice must not do it twice."""
        do = self.example._done

        def noted(kind: str, data: dict[str, Any]) -> dict[str, Any]:
            answer: dict[str, Any] = do(kind, data)
            self.erased.append(data["subject"]["id"])
            return answer

        self.example._done = noted


@dataclass
class World:
    """The house and its surroundings, for all rounds of one fault; `cases` with the name that the systems
    have for whoever is to be erased."""

    around: victims.Around
    sink: Sink
    ends: list[End]
    officers: tuple[User, User]
    cases: dict[int, str] = field(default_factory=dict)
    kills: int = 0
    failures: list[str] = field(default_factory=list)


@contextmanager
def a_world(systems: int = 2) -> Iterator[World]:
    """Systems over HTTP, our own database, two officers, and nobody to erase yet."""
    Notice.objects.all().delete()
    Mail.objects.all().delete()
    ProcessingActivity.objects.update(ended_on=LONG_AGO)  # a former world's systems listen no more
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        certificate = receiving_end.certificate(folder)
        ends = [End(receiving_end.example()) for _system in range(systems)]
        ports = tuple(
            stack.enter_context(receiving_end.listening(end.example.Receiver, certificate)) for end in ends
        )
        sink = stack.enter_context(Sink())
        officers = (UserFactory.create(), UserFactory.create())
        world = World(victims.Around(sink.port, ports, certificate), sink, ends, officers)
        _connect(world)
        yield world


def _connect(world: World) -> None:
    by, at = world.officers[0], timezone.now()
    here = SystemFactory.create(fulfilment=Fulfilment.DATABASE)
    others = [SystemFactory.create(fulfilment=Fulfilment.HTTP) for _end in world.ends]
    ProcessingActivityFactory.create(systems=[here, *others])
    for system, end, port in zip(others, world.ends, world.around.ports, strict=True):
        url = f"https://{receiving_end.HOST}:{port}/privacy"
        connection = Connection.objects.create(system=system, url=url, secret=b"")
        end.example.Receiver.secret = calls.renew_secret(connection, by=by, at=at)
        end.example.PEOPLE = {}
        end.watch()
        Connection.objects.filter(pk=connection.pk).update(is_on=True)


def an_erasure(world: World, *, wait_ends: datetime) -> RightsRequest:
    """Asked for, proposed, approved and announced; the requester can stop it until then."""
    first, second = world.officers
    approved_at = wait_ends - timedelta(hours=Company.current().cool_off_hours)
    person = PersonFactory.create(amina=True)
    GuardianshipFactory.create(child=person)
    case: RightsRequest = RequestFactory.create(
        erasure=True, verified=True, subject=person, received_at=approved_at
    )
    vault.seal(case, [b"a copy of a passport"])
    for end in world.ends:
        end.example.PEOPLE[person.external_id] = {"favorites": ["owls"]}
    order = erasure.propose(case, by=first, at=approved_at, reason="They asked.")
    erasure.approve(order, by=second, at=approved_at, reason="Read and right.")
    world.cases[case.pk] = person.external_id
    return case


# --- Killed while they erase -------------------------------------------------------------------


def kill_both_workers(world: World, size: int) -> None:
    """Some waits are over, others end meanwhile; the blows fall one after the other, anywhere."""
    now = timezone.now()
    for number in range(size):
        an_erasure(world, wait_ends=now + timedelta(seconds=number / 4 - 1))
    one, two = a_worker(world), a_worker(world)
    goal = len(world.ends[0].erased) + chance.randint(1, size)
    wait_until(lambda: _has_come_to(world, goal) or not (one.is_alive() or two.is_alive()), seconds=GIVE_UP)
    kill(world, one)
    time.sleep(chance.random() / 2)
    kill(world, two)
    expire_leases()


def _has_come_to(world: World, goal: int) -> bool:
    return len(world.ends[0].erased) >= goal


def a_worker(world: World) -> ForkServerProcess:
    return _started(victims.work, world.around, world.officers[0].pk)


def _started(deed: Any, *arguments: Any) -> ForkServerProcess:
    process = processes.Process(target=deed, args=arguments)
    process.start()
    return process


def kill(world: World, process: ForkServerProcess) -> None:
    """A process that ended by itself, all done, was not killed; one that failed is a fault of ours."""
    process.kill()
    process.join(GIVE_UP)
    world.kills += process.exitcode == KILLED
    _note_failure(world, process)


def finish(world: World) -> None:
    """What minutes do in production: leases run out, and somebody else goes on."""
    expire_leases()
    worker = a_worker(world)
    worker.join(GIVE_UP)
    if worker.is_alive():
        worker.kill()
        worker.join()
        world.failures.append("the work did not come to its end")
    _note_failure(world, worker)


def _note_failure(world: World, process: ForkServerProcess) -> None:
    if process.exitcode not in (KILLED, ENDED):
        world.failures.append(f"a worker failed ({process.exitcode})")


def expire_leases() -> None:
    over = Now() - timedelta(seconds=1)
    Task.objects.exclude(lease_token=None).update(lease_until=over)
    Task.objects.open().update(next_try_at=Now())  # a call cut short on a busy machine waits for minutes
    Mail.objects.exclude(lease_token=None).update(lease_until=over)


# --- Stopped as the wait ends ------------------------------------------------------------------

ALONE = timedelta(hours=1)  # nobody begins before the page is open


def race_to_stop(world: World, size: int) -> None:
    """One process begins each erasure as its wait ends; another presses the button behind the link in the
    mail, a breath earlier or later. One of the two is killed on the way."""
    cases = [an_erasure(world, wait_ends=timezone.now() + ALONE) for _number in range(size)]
    presses = [_press(case) for case in cases]
    beginner, hand = _started(victims.begin, world.around), _started(victims.stop, world.around, presses)
    goal = chance.randint(0, size)
    wait_until(lambda: _decided(cases) >= goal or not (beginner.is_alive() and hand.is_alive()))
    time.sleep(chance.random() / 10)
    victim, other = chance.sample((beginner, hand), 2)
    kill(world, victim)
    if other is hand:  # whoever begins waits for whoever stops, and would wait for ever
        other.join(GIVE_UP)
    kill(world, other)
    # What nobody decided goes on as it was approved.
    ErasureOrder.objects.filter(request__in=cases, not_before__gt=timezone.now()).update(not_before=Now())


def _decided(cases: list[RightsRequest]) -> int:
    return ErasureOrder.objects.filter(request__in=cases, not_before__lte=Now()).count()


def _press(case: RightsRequest) -> victims.Press:
    """On its link, as if its mail had arrived."""
    told = Mail.objects.about(case).get(event=erasure.PLANNED)
    mail.prepare_link(told, at=told.posted_at)
    return victims.Press(case.reference, links.token_of(told), chance.uniform(-0.1, 0.01))

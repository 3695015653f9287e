"""The faults, each some rounds of it under load. The servers are this process's own."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from inventory.letting_go import holds, sweeps
from inventory.models import Sweep, SweepItem
from notices.actions import ring_now
from notices.models import Notice, Status
from people.models import Person, Role
from privacy_site.celery import app
from tests.inventory.retention_factories import LegalHoldFactory, account_schedule
from tests.notices.factories import LetterFactory
from tests.notices.sink import Sink
from tests.notices.test_kills import a_sender, crowd, wait_until
from tests.people.factories import UserFactory

from . import oracle
from .erasures import World, a_world, finish, kill_both_workers, race_to_stop
from .oracle_of_erasures import of_erasures
from .servers import Servers, environment

LEASE = 5  # seconds; in production five minutes
MARKS_A_CRASH_FORGETS = 25  # design, truth 1: marks do not wait for the disk
HELD = 5
GIVE_UP = 300  # seconds; a bound for a broken run, not a measurement
chance = random.Random()  # noqa: S311 (when to kill is no secret)


@dataclass(frozen=True)
class Scale:
    """Mails and erasures are of one round; people of the one sweep; races of all rounds together."""

    rounds: int
    mails: int
    people: int
    erasures: int
    races: int


SHORT = Scale(rounds=2, mails=500, people=600, erasures=6, races=20)
LONG = Scale(rounds=20, mails=2_000, people=6_000, erasures=12, races=500)
RACES_AT_ONCE = 25


@dataclass(frozen=True)
class Result:
    fault: str
    rounds: int
    outcome: oracle.Outcome
    bound: int
    audit: list[str]

    @property
    def faults(self) -> list[str]:
        return [*self.outcome.wrong, *self.audit]

    @property
    def is_met(self) -> bool:
        kept = self.outcome.lost == 0 and self.outcome.doubled <= self.bound
        return kept and not self.faults and self.rounds > 0


def all_of(servers: Servers, scale: Scale) -> Iterator[Result]:
    yield _mails("kill -9 of one of two senders", scale, _kill_a_sender, bound=1)
    yield _mails("kill -9 of both senders", scale, _kill_both_senders, bound=2)
    yield _sweep(scale)
    yield _erasures(
        "kill -9 of two workers while they erase", scale.rounds, kill_both_workers, scale.erasures
    )
    yield _erasures(
        "an erasure stopped as its wait ends, one side killed",
        max(1, scale.races // RACES_AT_ONCE),
        race_to_stop,
        min(scale.races, RACES_AT_ONCE),
    )
    yield _mails("FLUSHALL of the broker under a worker", scale, _wipe(servers), bound=0)
    yield _mails(
        "immediate crash of PostgreSQL under two senders", scale, _crash(servers), MARKS_A_CRASH_FORGETS
    )


def _erasures(fault: str, rounds: int, strike: Callable[[World, int], None], size: int) -> Result:
    with a_world() as world:
        for _round in range(rounds):
            strike(world, size)
            finish(world)
        outcome = of_erasures(world.cases, world.ends, world.sink)
        outcome.wrong.extend(world.failures)
    return Result(fault, rounds, outcome, world.kills, oracle.of_audit(timezone.now()))


Break = Callable[[Sink, int], None]


def _mails(fault: str, scale: Scale, strike: Break, bound: int) -> Result:
    """`bound` is how many mails one round may double."""
    Notice.objects.all().delete()
    letter = LetterFactory.create()
    with Sink() as sink:
        _send_to(sink)
        for _round in range(scale.rounds):
            crowd(scale.mails, letter, first=Notice.objects.count() + 1)
            strike(sink, scale.mails // 2)
        _finish(sink)
        outcome = oracle.of_notices(sink)
    return Result(fault, scale.rounds, outcome, bound * scale.rounds, oracle.of_audit(timezone.now()))


def _send_to(sink: Sink) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
    settings.EMAIL_BACKEND = "notices.backends.Smtp"
    settings.EMAIL_USE_SSL = False


def _waiting() -> int:
    return Notice.objects.filter(status=Status.WAITING).count()


def _finish(sink: Sink) -> None:
    give_up = time.monotonic() + GIVE_UP
    while _waiting() and time.monotonic() < give_up:
        with a_sender(sink, f"--lease={LEASE}", "--young-server") as process:
            process.wait(GIVE_UP)
        time.sleep(0.5)


def _until_some_more(sink: Sink, most: int) -> None:
    """The blow falls anywhere in the work."""
    enough = len(sink.recipients) + chance.randint(20, most)
    wait_until(lambda: len(sink.recipients) >= enough or not _waiting())


def _kill_a_sender(sink: Sink, most: int) -> None:
    with a_sender(sink, f"--lease={LEASE}") as survivor, a_sender(sink, f"--lease={LEASE}") as victim:
        _until_some_more(sink, most)
        victim.send_signal(signal.SIGKILL)
        time.sleep(chance.random())
        survivor.terminate()  # softly: it gives back what it has not begun
        survivor.wait(60)


def _kill_both_senders(sink: Sink, most: int) -> None:
    with a_sender(sink, f"--lease={LEASE}"), a_sender(sink, f"--lease={LEASE}"):
        _until_some_more(sink, most)


def _wipe(servers: Servers) -> Break:
    def strike(sink: Sink, most: int) -> None:
        """The worker's own bells and ours vanish, while it is at work and while it is not."""
        with _a_worker(sink, servers.broker):
            ring_now()
            _until_some_more(sink, most)
            ring_now()
            broker = redis.Redis.from_url(servers.broker)
            broker.flushall()
            broker.close()
            ring_now()  # as beat does each minute
            _until_some_more(sink, most)

    return strike


@contextmanager
def _a_worker(sink: Sink, broker: str) -> Iterator[None]:
    """`celery worker` as production runs it; it ends softly, as on a deployment."""
    app.conf.update(broker_url=broker, broker_transport_options={"socket_connect_timeout": 1})
    app._after_fork()  # type: ignore[attr-defined] # forget the connections made so far
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "privacy_site",
        "-q",
        "worker",
        "-c",
        "2",
        "-l",
        "critical",
    ]
    # CI is root, of which Celery warns; what it says of its own coming and going is no news here.
    quiet = {**environment(sink, broker), "PYTHONWARNINGS": "ignore"}
    worker = subprocess.Popen(command, env=quiet, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(GIVE_UP)


def _crash(servers: Servers) -> Break:
    def strike(sink: Sink, most: int) -> None:
        """Both senders live on, reconnect and mark again what the database forgot."""
        arguments = (f"--lease={LEASE}", "--young-server")
        with a_sender(sink, *arguments) as one, a_sender(sink, *arguments) as two:
            _until_some_more(sink, most)
            servers.cluster.crash()
            _reconnect()
            _until_some_more(sink, most)
            for sender in (one, two):
                sender.terminate()
                sender.wait(60)

    return strike


def _reconnect() -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined] # PostgreSQL's


def _sweep(scale: Scale) -> Result:
    """Each round kills the worker of a sweep; what it took is gone once, and no held row with it."""
    sweep, held = _a_sweep(scale.people)
    done = 0
    while done < scale.rounds:
        target = _taken() + chance.randint(1, max(1, scale.people // (scale.rounds + 1)))
        with _a_sweeper() as worker:
            wait_until(lambda target=target, worker=worker: _taken() >= target or worker.poll() is not None)
            if worker.poll() is not None:
                break
            worker.kill()
        done += 1
    with _a_sweeper() as worker:
        worker.wait(GIVE_UP)
    outcome = oracle.of_sweep(sweep, held, scale.people)
    return Result("kill -9 of a sweep of retention", done, outcome, 0, oracle.of_audit(timezone.now()))


def _a_sweep(people: int) -> tuple[Sweep, list[Person]]:
    at, dov = timezone.now(), UserFactory.create(dov=True)
    account_schedule()
    crowd_of_old = Person.objects.bulk_create(
        Person(external_id=f"old-{number}", role=Role.LEARNER, last_active_on=date(2020, 1, 1))
        for number in range(people)
    )
    held = crowd_of_old[:: people // HELD][:HELD]
    holds.place(LegalHoldFactory.create(owner=dov, people=held), by=dov, at=at)
    return sweeps.confirm(sweeps.propose(by=dov, at=at), by=dov, at=at, reason="Read the numbers."), held


def _taken() -> int:
    return sum(SweepItem.objects.values_list("done_count", flat=True))


@contextmanager
def _a_sweeper() -> Iterator["subprocess.Popen[bytes]"]:
    worker = subprocess.Popen([sys.executable, "-m", "tests.inventory.sweeping"], env=environment())
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait(10)
        with suppress(DatabaseError, InterfaceError):
            Sweep.objects.first()

"""A worker killed for real, several times: nothing is lost, counted twice, or taken in spite of a hold."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from django.db import transaction

from audit.actions import seal_all
from audit.models import DisposedRow, Event
from audit.personal import StartEvent
from audit.verification import verify
from inventory.letting_go import holds, sweeps
from inventory.models import Sweep, SweepItem
from inventory.personal import RECORD
from people.models import Person, Role
from tests.notices.test_kills import database_url
from tests.people.factories import UserFactory

from .retention_factories import LegalHoldFactory, RetentionRuleFactory, account_schedule

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
CROWD, HELD = 1_500, 5


def done() -> int:
    return SweepItem.objects.values_list("done_count", flat=True).get()


def killed_once(true: Callable[[], bool]) -> None:
    """A worker on this test's database, killed as soon as `true`, or dead by itself."""
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "privacy_site.settings", "DATABASE_URL": database_url(),
    }  # fmt: skip
    worker = subprocess.Popen([sys.executable, "-m", "tests.inventory.sweeping"], env=environment)
    try:
        deadline = time.monotonic() + 60
        while not true() and worker.poll() is None:
            assert time.monotonic() < deadline, "waited too long"
            time.sleep(0.002)
    finally:
        worker.kill()
        worker.wait(10)


def test_killed_three_times_the_sweep_takes_each_row_once_and_no_held_one() -> None:
    dov = UserFactory.create(dov=True)
    account_schedule()
    people = Person.objects.bulk_create(
        Person(external_id=f"old-{n}", role=Role.LEARNER, last_active_on=date(2020, 1, 1))
        for n in range(CROWD)
    )
    held = people[:: CROWD // HELD]
    holds.place(LegalHoldFactory.create(owner=dov, people=held), by=dov, at=NOW)
    sweep = sweeps.confirm(sweeps.propose(by=dov, at=NOW), by=dov, at=NOW, reason="Read the numbers.")
    for share in (1, 2, 3):
        killed_once(lambda share=share: done() >= share * CROWD // 5)  # type: ignore[misc]
        with transaction.atomic():  # the database may still be finishing the dead worker's last window
            Sweep.objects.select_for_update().get()
            assert Person.objects.count() == CROWD - done()
    sweeps.run(sweep, at=NOW)
    assert list(Person.objects.order_by("pk")) == held
    assert done() == CROWD - HELD


def test_killed_three_times_evidence_goes_once_and_only_by_its_list() -> None:
    dov, lead = UserFactory.create(dov=True), UserFactory.create()
    RetentionRuleFactory.create(category__code=RECORD, start_event=StartEvent.EVENT)
    Event.objects.bulk_create(
        Event(at=LONG_AGO, verb="people.read", actor_kind="system", fields=[], details={})
        for _n in range(CROWD)
    )
    seal_all(at=LONG_AGO)
    sweep = sweeps.propose(by=dov, at=NOW)
    sweeps.confirm_with_evidence(sweep, by=lead, at=NOW, reason="Read the numbers.")
    for share in (1, 2, 3):
        killed_once(lambda share=share: done() >= share * CROWD // 5)  # type: ignore[misc]
        with transaction.atomic():
            Sweep.objects.select_for_update().get()
            assert Event.objects.filter(at=LONG_AGO).count() == CROWD - done()
            assert DisposedRow.objects.count() == done()
    sweeps.run(sweep, at=NOW)
    seal_all(at=NOW)
    assert (done(), verify(at=NOW).disposed) == (CROWD, CROWD)

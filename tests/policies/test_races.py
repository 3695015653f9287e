"""Two people press at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier
from threading import Event as Signal
from time import sleep

import pytest
from django.db import connection, transaction

from audit.models import Event
from audit.refusals import Refused
from notices.models import Notice
from people.models import User
from policies import actions
from policies.models import PolicyVersion, Status
from tests.people.factories import PersonFactory, UserFactory

from .factories import PolicyFactory, PolicyVersionFactory

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


def at_once(*deeds: Callable[[], object]) -> list[str]:
    """Run them together; for each, "done" or the sentence it was refused with."""
    barrier = Barrier(len(deeds))

    def run(deed: Callable[[], object]) -> str:
        try:
            barrier.wait(10)
            deed()
            return "done"
        except Refused as refusal:
            return str(refusal)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


@pytest.mark.parametrize("round", range(5))
def test_one_publishes_and_the_other_is_told_who(round: int) -> None:
    PersonFactory.create_batch(3)
    version = PolicyVersionFactory(
        policy=PolicyFactory(main=True), approved=True, effective_on=date(2026, 3, 2)
    )
    noor, dov = UserFactory(name="Noor"), UserFactory(name="Dov")

    def publish(by: User) -> Callable[[], object]:
        return lambda: actions.publish(PolicyVersion.objects.get(pk=version.pk), by=by, at=NOW)

    outcomes = at_once(publish(noor), publish(dov))
    assert outcomes.count("done") == 1
    assert any("was published by" in outcome for outcome in outcomes)
    assert Notice.objects.count() == 3
    assert Event.objects.filter(verb="policies.publish").count() == 1


def test_publishing_and_sending_back_end_in_one_of_the_two() -> None:
    version = PolicyVersionFactory(
        policy=PolicyFactory(main=True), approved=True, effective_on=date(2026, 3, 2)
    )
    staff = UserFactory()
    outcomes = at_once(
        lambda: actions.publish(version, by=staff, at=NOW),
        lambda: actions.send_back(version, by=staff, at=NOW, reason="Wait."),
    )
    version.refresh_from_db()
    assert outcomes.count("done") == 1
    assert version.status in (Status.PUBLISHED, Status.DRAFT)
    assert (version.status == Status.PUBLISHED) == version.is_frozen


def test_a_button_and_the_minute_sweep_never_wait_for_each_other() -> None:
    """The button holds the version's row before its action asks for the policy's: the sweep does too."""
    version = PolicyVersionFactory(
        policy=PolicyFactory(main=True), approved=True, effective_on=date(2026, 3, 2)
    )
    staff, is_held = UserFactory(), Signal()

    def press() -> None:
        with transaction.atomic():
            held = PolicyVersion.objects.select_for_update().get(pk=version.pk)
            is_held.set()
            sleep(0.3)
            actions.publish(held, by=staff, at=NOW)

    def sweep() -> None:
        is_held.wait(10)
        actions.publish(PolicyVersion.objects.get(pk=version.pk), by=staff, at=NOW)

    outcomes = at_once(press, sweep)
    assert outcomes[0] == "done"
    assert "was published by" in outcomes[1]

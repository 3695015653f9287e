"""A company with a policy in force, and the cast. Each test below keeps one sentence of that policy."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from audit.actors import SYSTEM
from law.models import Company
from people.models import Person
from policies import actions
from policies.models import Policy, PolicyVersion, Significance
from tests.people.factories import GuardianshipFactory, PersonFactory, UserFactory
from tests.policies.factories import PolicyFactory, PolicyVersionFactory

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
IN_TIME = date(2026, 4, 10)

Announce = Callable[[], PolicyVersion]


@pytest.fixture
def company(db: None) -> Company:
    return Company.objects.create(
        pk=1,
        name="Aloraoraex",
        service="Aloraoraex",
        contact_email="help@aloraoraex.org",
        postal_address="Dayton",
    )


@pytest.fixture
def policy(company: Company) -> Policy:
    """The front page's policy, in force since September 2025."""
    policy = PolicyFactory(main=True)
    since = date(2025, 9, 1)
    actions.bring_in(policy, "# Privacy\n\nAs it was.\n", effective_on=since, note="", by=SYSTEM, at=NOW)
    return policy


@pytest.fixture
def announce(policy: Policy) -> Announce:
    """Takes a significant change from draft to published, by two people."""

    def publish() -> PolicyVersion:
        noor, dov = UserFactory(), UserFactory(dov=True)
        version = PolicyVersionFactory(policy=policy, effective_on=IN_TIME)
        significant = Significance.SIGNIFICANT
        actions.decide_significance(
            version, by=noor, at=NOW, reason="A new recipient.", significance=significant
        )
        actions.submit(version, by=noor, at=NOW)
        actions.approve(version, by=dov, at=NOW)
        return actions.publish(version, by=dov, at=NOW)

    return publish


@pytest.fixture
def carla() -> Person:
    """Verified guardian of Amina (13, France) and Ben (9, Ohio)."""
    carla = PersonFactory(carla=True)
    for child in (PersonFactory(amina=True), PersonFactory(ben=True)):
        GuardianshipFactory(child=child, guardian=carla)
    return carla

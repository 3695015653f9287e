"""Two people press at the same moment."""

from datetime import UTC, date, datetime

import pytest

from notices.models import Notice
from processors import announcing, subscribing
from processors.models import Announcement, Subscription
from tests.people.factories import UserFactory
from tests.policies.test_races import at_once

from .change_factories import ChangeFactory, SubscriptionFactory

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("round", range(3))
def test_one_announces_and_the_other_is_refused(round: int) -> None:
    SubscriptionFactory()
    rows, dov = ChangeFactory.create_batch(2), UserFactory()

    def announce() -> None:
        announcing.announce(rows, effective_on=date(2026, 7, 1), by=dov, at=NOW, reason="A new host.")

    assert sorted(at_once(announce, announce))[1] == "done"
    assert (Announcement.objects.count(), Notice.objects.count()) == (1, 1)


def test_a_form_sent_twice_at_once_is_one_subscription() -> None:
    def ask() -> None:
        subscribing.ask("carla@family.example", language="en", at=NOW)

    assert at_once(ask, ask, ask) == ["done"] * 3
    assert Subscription.objects.count() == 1


def test_a_confirmation_pressed_twice_at_once_counts_once() -> None:
    subscription = SubscriptionFactory(unconfirmed=True)
    made = []
    press = lambda: made.append(subscribing.confirm(subscription, at=NOW))  # noqa: E731
    at_once(press, press)
    assert sorted(made) == [False, True]

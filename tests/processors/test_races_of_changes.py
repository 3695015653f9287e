"""Two people press at the same moment."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from django.db import transaction

from notices.models import Notice
from processors import actions
from processors.models import Announcement, Status, SubprocessorChange, Subscription
from processors.public_list import announcing, changes, entries, subscribing
from tests.people.factories import UserFactory
from tests.policies.test_races import at_once

from .change_factories import ChangeFactory, ListedFactory, SubscriptionFactory
from .factories import ProcessorFactory

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
JULY = date(2026, 7, 1)
BUSY = "Somebody else is at work on one of these changes. Try again."


@pytest.mark.parametrize("round", range(3))
def test_one_announces_and_the_other_is_refused(round: int) -> None:
    SubscriptionFactory()
    rows, dov = ChangeFactory.create_batch(2), UserFactory()

    def announce() -> None:
        announcing.announce(rows, effective_on=JULY, by=dov, at=NOW, reason="A new host.")

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


@pytest.mark.parametrize("round", range(3))
def test_the_same_gathered_by_the_sweep_twice_at_once_is_one_change(round: int) -> None:
    ListedFactory.create_batch(2, told=False)
    sweep = lambda: changes.gather_all(at=NOW)  # noqa: E731
    assert at_once(sweep, sweep) == ["done"] * 2
    assert SubprocessorChange.objects.gathered().count() == 2


@pytest.mark.parametrize("round", range(5))
def test_a_company_does_not_begin_while_its_announcement_is_taken_back(round: int) -> None:
    """One reads the clock before midnight, the other after it: whoever comes second is refused."""
    owl, dov = ProcessorFactory(approved=True, whole=True), UserFactory()
    [arrival] = changes.gather(owl, at=NOW)
    announcing.announce([arrival], effective_on=JULY, by=dov, at=NOW, reason="A new host.")

    def withdraw() -> None:
        at = datetime(2026, 7, 1, 3, 59, tzinfo=UTC)  # a minute before midnight in New York
        announcing.withdraw(arrival, by=dov, at=at, reason="They withdrew.")

    def activate() -> None:
        actions.activate(owl, by=dov, at=datetime(2026, 7, 1, 4, tzinfo=UTC), reason="It is July.")

    assert at_once(withdraw, activate).count("done") == 1
    owl.refresh_from_db()
    arrival.refresh_from_db()
    assert (owl.status == Status.ACTIVE) is (arrival.withdrawn_at is None)


@pytest.mark.parametrize("round", range(3))
def test_an_edit_during_an_announcement_is_told_whole_or_gathers_again(round: int) -> None:
    owl, dov = ListedFactory(places=["US"]), UserFactory()
    owl.places.create(country="IE")
    rows = changes.gather(owl, at=NOW)

    def announce() -> None:
        announcing.announce(rows, effective_on=JULY, by=dov, at=NOW, reason="A new host.")

    def edit() -> None:
        owl.places.create(country="ES")
        changes.gather(owl, at=NOW)

    told, edited = at_once(announce, edit)
    assert told in {"done", BUSY}
    assert edited == "done"
    changes.gather_all(at=NOW)
    known = entries.told(SubprocessorChange.objects.standing())[owl.pk]
    waiting = owl.changes.gathered().first()
    places = waiting.becomes["places"] if waiting else [list(place) for place in known.places]
    assert sorted(code for code, _words in places) == ["ES", "IE", "US"]


@pytest.mark.parametrize("round", range(3))
def test_two_people_with_each_others_changes_do_not_wait_for_ever(round: int) -> None:
    """Each button holds the change it was pressed on, and wants the other's too."""
    rows, dov = ChangeFactory.create_batch(2), UserFactory()

    def press(first: SubprocessorChange, second: SubprocessorChange) -> Callable[[], object]:
        def deed() -> None:
            with transaction.atomic():
                SubprocessorChange.objects.select_for_update().get(pk=first.pk)
                announcing.announce([first, second], effective_on=JULY, by=dov, at=NOW, reason="A new host.")

        return deed

    said = at_once(press(*rows), press(*reversed(rows)))
    assert set(said) <= {"done", BUSY, f"{rows[0]} was announced or withdrawn meanwhile."}
    assert Announcement.objects.count() == said.count("done") <= 1

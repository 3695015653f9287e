"""Data retention: each sentence, shown."""

from datetime import UTC, date, datetime

import pytest

from audit.personal import StartEvent
from inventory.letting_go import promises_retention, sweeps
from inventory.models import CutoffOrder
from people.models import Person, User
from tests.inventory.factories import DataCategoryFactory, ProcessingActivityFactory
from tests.inventory.retention_factories import RetentionRuleFactory, account_schedule
from tests.people.factories import PersonFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture
def dov() -> User:
    return UserFactory.create(dov=True)


def sweep(dov: User) -> None:
    sweeps.run(
        sweeps.confirm(sweeps.propose(by=dov, at=NOW), by=dov, at=NOW, reason="Read the numbers."), at=NOW
    )


def test_we_keep_your_information_only_as_long_as_necessary(dov: User) -> None:
    rule = account_schedule()
    assert promises_retention.kept_only_as_long_as_necessary(TODAY).state.value == "kept"
    ProcessingActivityFactory.create(categories=[rule.category], purpose__name="For the sake of having it")
    assert promises_retention.kept_only_as_long_as_necessary(TODAY).state.value == "at risk"


def test_account_data_remains_while_you_use_it_and_a_reasonable_period_afterward(dov: User) -> None:
    account_schedule(number=24, unit="months")
    PersonFactory.create(amina=True, last_active_on=date(2024, 3, 1))
    ben = PersonFactory.create(ben=True, last_active_on=date(2024, 3, 2))
    sweep(dov)
    assert list(Person.objects.all()) == [ben]


def test_after_extended_inactivity_we_delete_according_to_our_schedule(dov: User) -> None:
    account_schedule()
    PersonFactory.create(amina=True, last_active_on=date(2020, 1, 1))
    sweep(dov)
    assert not Person.objects.exists()
    assert promises_retention.inactive_data_goes(TODAY).state.value == "kept"


def test_learning_records_persist_longer_and_session_logs_go_sooner(dov: User) -> None:
    for code, number, event in [
        ("session-logs", 90, StartEvent.EVENT),
        ("learning-records", 1_825, StartEvent.COURSE_END),
        ("certificates", 3_650, StartEvent.ISSUE),
    ]:
        category = DataCategoryFactory.create(code=code)
        activity = ProcessingActivityFactory.create(categories=[category])
        RetentionRuleFactory.create(
            category=category, purpose=activity.purpose, start_event=event, number=number, unit="days"
        )
    sweep(dov)
    orders = dict(CutoffOrder.objects.values_list("category__code", "before"))
    assert orders["session-logs"] == date(2025, 12, 2)
    assert orders["session-logs"] > orders["learning-records"] > orders["certificates"]
    assert promises_retention.records_persist_longer_than_logs(TODAY).state.value == "kept"

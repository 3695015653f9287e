"""A sweep keeps what a person asked us to keep and not to use (GDPR Art. 18), as it keeps what is on hold."""

from datetime import timedelta
from typing import Any

import pytest

from inventory.letting_go import holds, orders, sweeps
from inventory.models import CutoffOrder
from people import actions
from people.models import Guardianship, Person
from tests.people.factories import NOW, GuardianshipFactory, PersonFactory, UserFactory
from tests.requests.work_factories import CutoffOrderFactory

from .retention_factories import account_schedule
from .test_sweeps import LONG_AGO, confirmed, swept

pytestmark = pytest.mark.django_db


@pytest.fixture
def dov() -> Any:
    return UserFactory(dov=True)


def restricted(**fields: Any) -> Person:
    person = PersonFactory.create(**fields)
    actions.restrict(person, ground="claims", case="7KQ2M", by=UserFactory(), at=NOW)
    return person


def test_whose_data_is_restricted_is_counted_as_staying_and_stays(dov):
    account_schedule()
    kept, gone = restricted(last_active_on=LONG_AGO), PersonFactory.create(last_active_on=LONG_AGO)
    sweep = swept(dov)
    assert set(Person.objects.values_list("pk", flat=True)) >= {kept.pk}
    assert not Person.objects.filter(pk=gone.pk, erased_at=None).exists()
    assert sweep.items.get(holding="people.person").held_count == 1


def test_restricted_after_the_sweep_was_confirmed_they_stay_too(dov):
    account_schedule()
    person = PersonFactory.create(last_active_on=LONG_AGO)
    PersonFactory.create(last_active_on=LONG_AGO)
    sweep = confirmed(dov)
    actions.restrict(person, ground="claims", case="7KQ2M", by=dov, at=NOW)
    sweeps.run(sweep, at=NOW)
    assert Person.objects.filter(pk=person.pk, erased_at=None).exists()


def test_a_guardian_does_not_take_along_the_link_of_a_restricted_child(dov):
    account_schedule()
    child = restricted(learner=True)
    GuardianshipFactory(child=child, guardian=PersonFactory(guardian=True, last_active_on=LONG_AGO))
    PersonFactory.create(last_active_on=LONG_AGO)
    swept(dov)
    assert Guardianship.objects.filter(child=child).exists()


def test_another_system_is_told_to_leave_them_out():
    order: CutoffOrder = CutoffOrderFactory()
    person = restricted(external_id="keep-me")
    assert list(orders.left_out(order)) == ["keep-me"]
    actions.lift_restriction(
        person, case="7KQ2M", by=UserFactory(), at=NOW + timedelta(days=1), reason="Over."
    )
    assert list(orders.left_out(order)) == []


def test_a_restriction_is_not_lifted_under_a_sweep_that_counted_it_as_staying(dov):
    account_schedule()
    restricted(last_active_on=LONG_AGO)
    PersonFactory.create(last_active_on=LONG_AGO)
    confirmed(dov)
    with pytest.raises(holds.SweepUnderWay):
        holds.refuse_under_sweep()

"""What is different from what people were told gathers by itself, whoever made it so."""

from datetime import UTC, date, datetime

import pytest

from processors import actions, guards
from processors.models import Processor, Status, SubprocessorChange
from processors.public_list import announcing, changes, entries
from tests.inventory.factories import DataCategoryFactory, ProcessingActivityFactory
from tests.people.factories import UserFactory

from .change_factories import ListedFactory
from .factories import ProcessorFactory, SubprocessorFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
JULY = date(2026, 7, 1)


@pytest.fixture
def dov():
    return UserFactory(dov=True)


def gathered(processor: Processor) -> list[tuple[str, str, str]]:
    changes.gather(processor, at=NOW)
    return list(processor.changes.gathered().order_by("kind").values_list("kind", "before", "after"))


def announce(processor: Processor, by, effective_on: date = JULY) -> None:
    rows = processor.changes.gathered()
    announcing.announce(rows, effective_on=effective_on, by=by, at=NOW, reason="Agreed.")


def test_an_arrival_says_what_for_and_where_and_what_data():
    activity = ProcessingActivityFactory()
    activity.categories.set([DataCategoryFactory(name="Lesson answers")])
    owl = ListedFactory(told=False, places=["US", "IE"], activities=[activity])
    after = "Lesson videos. Places: United States, Ireland. Data: Lesson answers."
    assert gathered(owl) == [("added", "", after)]
    assert gathered(owl) == [("added", "", after)]


def test_nothing_gathers_of_a_company_that_stands_there_as_it_is():
    assert gathered(ListedFactory(places=["US"])) == []


@pytest.mark.parametrize("state", [{}, {"review": True}, {"ended": True}])
def test_a_company_the_public_does_not_know_changes_in_silence(state):
    assert gathered(ProcessorFactory(places=["US"], **state)) == []


def test_each_column_that_differs_is_a_change_of_its_own():
    owl = ListedFactory(name="Owl", places=["US"])
    SubprocessorFactory(processor=owl, company__name="Fox")
    owl.places.all().delete()
    owl.places.create(country="ES")
    Processor.objects.filter(pk=owl.pk).update(name="Eagle Owl", description="Games", seat_country="ES")
    assert gathered(owl) == [
        ("helpers", "", "Fox"),
        ("name", "Owl", "Eagle Owl"),
        ("place", "United States", "Spain"),
        ("purpose", "Lesson videos", "Games"),
        ("seat", "United States", "Spain"),
    ]


def test_an_edit_in_the_inventory_is_found_by_the_sweep():
    activity = ProcessingActivityFactory()
    owl = ListedFactory(activities=[activity])
    activity.categories.set([DataCategoryFactory(name="Location")])
    assert changes.drifting(NOW.date()) == [owl]
    assert changes.gather_all(at=NOW) == 1
    assert [(row.kind, row.after) for row in owl.changes.gathered()] == [("data", "Location")]


def test_the_sweep_twice_gathers_once():
    ListedFactory(told=False)
    changes.gather_all(at=NOW)
    changes.gather_all(at=NOW)
    assert SubprocessorChange.objects.gathered().count() == 1


def test_what_is_undone_before_anybody_was_told_leaves_nothing_to_tell():
    owl = ListedFactory(places=["US"])
    place = owl.places.create(country="IE")
    assert gathered(owl) == [("place", "United States", "United States, Ireland")]
    place.delete()
    assert changes.gather_all(at=NOW) == 0
    assert not SubprocessorChange.objects.gathered().exists()


def test_the_same_places_in_another_order_are_no_change():
    owl = ListedFactory(places=["US", "IE"])
    owl.places.filter(country="US").delete()
    owl.places.create(country="US")
    assert gathered(owl) == []


def test_two_moves_before_anybody_was_told_are_one_that_keeps_its_first_word():
    owl = ListedFactory(places=["US"])
    for country in ("IE", "ES"):
        owl.places.update(country=country)
        changes.gather(owl, at=NOW)
    [change] = owl.changes.gathered()
    assert (change.before, change.after) == ("United States", "Spain")


def test_a_new_place_before_the_arrival_was_told_belongs_to_the_arrival():
    owl = ListedFactory(told=False, places=["US"])
    changes.gather(owl, at=NOW)
    owl.places.create(country="IE")
    assert gathered(owl) == [("added", "", "Lesson videos. Places: United States, Ireland.")]


def test_what_is_announced_counts_as_told_from_then_on(dov):
    owl = ListedFactory(places=["US"])
    owl.places.create(country="IE")
    changes.gather(owl, at=NOW)
    announce(owl, dov)
    assert gathered(owl) == []
    owl.places.create(country="ES")
    assert gathered(owl) == [("place", "United States, Ireland", "United States, Ireland, Spain")]


def test_a_company_nobody_was_told_of_does_not_begin(dov):
    owl = ProcessorFactory(approved=True, whole=True)
    with pytest.raises(guards.NotReady, match="Nobody was told that it comes"):
        actions.activate(owl, by=dov, at=NOW, reason="Hurry.")
    changes.gather(owl, at=NOW)
    announce(owl, dov)
    with pytest.raises(guards.NotReady, match="announced for 1 July 2026 and may not begin before"):
        actions.activate(owl, by=dov, at=NOW, reason="Hurry.")
    actions.activate(owl, by=dov, at=datetime(2026, 7, 1, 12, tzinfo=UTC), reason="It is July.")
    assert not SubprocessorChange.objects.gathered().exists()


def test_a_withdrawn_arrival_does_not_begin_either(dov):
    owl = ProcessorFactory(approved=True, whole=True)
    changes.gather(owl, at=NOW)
    announce(owl, dov)
    announcing.withdraw(owl.changes.get(), by=dov, at=NOW, reason="They withdrew.")
    with pytest.raises(guards.NotReady, match="Nobody was told"):
        actions.activate(owl, by=dov, at=datetime(2026, 7, 1, 12, tzinfo=UTC), reason="It is July.")


def test_the_day_begins_where_the_company_is(dov):
    owl = ProcessorFactory(approved=True, whole=True)
    changes.gather(owl, at=NOW)
    announce(owl, dov)
    late = datetime(2026, 7, 1, 3, tzinfo=UTC)  # still June in New York
    with pytest.raises(guards.NotReady, match="may not begin before"):
        actions.activate(owl, by=dov, at=late, reason="It is July in London.")


def test_leaving_gathers_the_departure_at_once_with_its_day(dov):
    owl = ListedFactory(places=["US"])
    actions.leave(owl, by=dov, at=NOW, reason="Too dear.", planned_on=date(2026, 8, 1))
    [change] = owl.changes.gathered()
    assert (change.kind, change.planned_on) == ("removed", date(2026, 8, 1))
    assert change.before == "Lesson videos. Places: United States."


def test_who_stays_after_all_leaves_no_departure_behind(dov):
    owl = ListedFactory(whole=True)
    actions.leave(owl, by=dov, at=NOW, reason="Too dear.")
    actions.activate(owl, by=dov, at=NOW, reason="Cheaper now.")
    assert not owl.changes.gathered().exists()


def test_an_announced_departure_has_to_be_taken_back_before_a_company_stays(dov):
    owl = ListedFactory(whole=True)
    actions.leave(owl, by=dov, at=NOW, reason="Too dear.")
    announce(owl, dov)
    with pytest.raises(guards.NotReady, match="departure is announced for 1 July 2026: withdraw that first"):
        actions.activate(owl, by=dov, at=NOW, reason="Cheaper now.")


def test_a_company_ends_when_people_were_told_and_the_day_has_come(dov):
    owl = ListedFactory()
    actions.leave(owl, by=dov, at=NOW, reason="Too dear.")
    with pytest.raises(guards.NotTold, match="announce its departure first"):
        actions.end(owl, by=dov, at=NOW, reason="Gone.")
    announce(owl, dov)
    with pytest.raises(guards.NotTold, match="end it on that day"):
        actions.end(owl, by=dov, at=NOW, reason="Gone.")
    actions.end(owl, by=dov, at=datetime(2026, 7, 1, 12, tzinfo=UTC), reason="Gone.")
    owl.refresh_from_db()
    assert (owl.status, owl.changes.gathered().exists()) == (Status.ENDED, False)


def test_an_arrival_that_comes_to_nothing_is_taken_back_first(dov):
    owl = ProcessorFactory(approved=True, whole=True)
    changes.gather(owl, at=NOW)
    announce(owl, dov)
    with pytest.raises(guards.NotTold, match="arrival is announced for 1 July 2026: withdraw that first"):
        actions.end(owl, by=dov, at=NOW, reason="Too dear.")


def test_the_list_is_the_fold_of_what_was_told(dov):
    owl = ListedFactory(name="Owl", places=["US"])
    owl.places.create(country="IE")
    changes.gather(owl, at=NOW)
    announce(owl, dov)
    told = SubprocessorChange.objects.all()
    assert entries.told(told.in_effect(NOW.date()))[owl.pk].places == (("US", ""),)
    assert entries.told(told.in_effect(JULY))[owl.pk].places == (("US", ""), ("IE", ""))


def test_a_whole_company_after_others_is_compared_with_as_many_queries(django_assert_num_queries):
    ListedFactory(places=["US"])
    with django_assert_num_queries(6) as first:
        changes.drifting(NOW.date())
    ListedFactory.create_batch(10, places=["US"])
    with django_assert_num_queries(len(first)):
        changes.drifting(NOW.date())

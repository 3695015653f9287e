"""Data usage purposes, and what is said of card numbers among the third parties."""

from io import StringIO

import pytest
from django.core.management import call_command

from audit import promises
from audit.promises import State
from inventory import actions, guards
from inventory.models import DataCategory, ProcessingActivity
from people.models import User
from tests.inventory.factories import DataCategoryFactory, ProcessingActivityFactory
from tests.people.factories import UserFactory

from .conftest import NOW

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


def standing(code: str) -> State:
    return next(promise for promise in promises.promises() if promise.code == code).check(TODAY).state


def test_every_piece_of_information_we_collect_serves_a_purpose() -> None:
    call_command("demo", stdout=StringIO(), stderr=StringIO())
    unused = DataCategory.objects.get(code="names-of-pets")
    assert standing("each-category-has-a-purpose") is State.BROKEN
    actions.remove(unused, by=User.objects.get(name="Dov"), at=NOW, reason="The old form is gone.")
    assert standing("each-category-has-a-purpose") is State.KEPT


def test_each_category_directly_supports_something_only_while_that_goes_on() -> None:
    lessons = ProcessingActivityFactory()
    assert standing("each-category-has-a-purpose") is State.KEPT
    actions.end_activity(lessons, on=TODAY, by=UserFactory(), at=NOW, reason="No more lessons.")
    assert standing("each-category-has-a-purpose") is State.BROKEN


def test_here_is_exactly_how_we_put_your_information_to_work() -> None:
    ProcessingActivityFactory()
    assert standing("what-we-collect-is-complete") is State.KEPT
    ProcessingActivity.objects.update(basis="")
    assert standing("what-we-collect-is-complete") is State.BROKEN


def test_we_dont_store_your_complete_credit_card_numbers_ourselves() -> None:
    cards, checkout = DataCategoryFactory(never_held=True), ProcessingActivityFactory()
    with pytest.raises(guards.NeverHeld, match="declared in public as never held"):
        actions.name_categories(checkout, [cards], by=UserFactory(), at=NOW)
    assert standing("card-numbers-are-never-held") is State.KEPT

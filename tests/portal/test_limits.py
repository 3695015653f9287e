"""How often somebody may try: counted right in a burst, under keys that name nobody."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import connection

from portal.limits import forget_tries, tries_left, within
from portal.models import Attempt

NOW = datetime(2026, 3, 2, 12, 10, tzinfo=UTC)


def burst(many: int, limit: int) -> int:
    """How many of so many visitors in the same instant get through."""
    barrier = Barrier(many)

    def visit(_number: int) -> bool:
        try:
            barrier.wait(10)
            return within(limit, "sign-in-form", "203.0.113.9")
        finally:
            connection.close()

    with ThreadPoolExecutor(many) as pool:
        return sum(pool.map(visit, range(many)))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round", range(3))
def test_a_burst_in_one_instant_counts_as_many(round: int) -> None:
    assert burst(12, limit=5) == 5


@pytest.mark.django_db(transaction=True)
def test_wrong_codes_typed_at_once_are_each_counted() -> None:
    barrier = Barrier(5)

    def guess(_number: int) -> int:
        try:
            barrier.wait(10)
            return tries_left("requests.confirm", "A-CASE")
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        assert sorted(pool.map(guess, range(5))) == [0, 1, 2, 3, 4]


@pytest.mark.django_db
def test_the_count_begins_anew_with_the_hour_and_for_another_visitor() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        assert [within(2, "form", "one") for _ in range(3)] == [True, True, False]
        assert within(2, "form", "another")
        assert within(2, "other-form", "one")
        clock.shift(timedelta(minutes=50))
        assert within(2, "form", "one")


@pytest.mark.django_db
def test_what_is_over_goes_with_the_next_new_count() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        within(2, "form", "one")
        tries_left("requests.confirm", "A-CASE")
        clock.shift(timedelta(hours=2))
        within(2, "form", "two")
        assert Attempt.objects.count() == 1


@pytest.mark.django_db
def test_a_new_code_brings_new_tries() -> None:
    assert [tries_left("requests.confirm", "A-CASE") for _ in range(6)] == [4, 3, 2, 1, 0, 0]
    forget_tries("requests.confirm", "A-CASE")
    assert tries_left("requests.confirm", "A-CASE") == 4


@pytest.mark.django_db
def test_the_table_names_nobody_and_another_site_s_key_finds_nobody(settings) -> None:
    within(2, "form", "203.0.113.9")
    kept = Attempt.objects.get().key
    assert "203.0.113.9" not in kept
    settings.SECRET_KEY = "another"
    within(2, "form", "203.0.113.9")
    assert Attempt.objects.exclude(key=kept).count() == 1


@pytest.mark.django_db
def test_counting_costs_one_write_and_one_look(django_assert_num_queries) -> None:
    within(9, "form", "one")
    with django_assert_num_queries(4):  # two of them open and close the transaction
        within(9, "form", "one")

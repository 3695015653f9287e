"""A31: how long an answer takes tells nobody who is on file."""

import logging
import math
from collections.abc import Callable, Iterator
from itertools import groupby
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from portal.models import Attempt
from requests.tasks import seek
from tests.people.factories import PersonFactory

from .asking import NEW, fill_in, references, submission

log = logging.getLogger(__name__)
pytestmark = [pytest.mark.django_db, pytest.mark.long]
EACH = 200
NOTICEABLE = 0.005  # seconds between the medians
CHANCE = 0.01
Times = dict[bool, list[float]]


def visitors() -> Iterator[tuple[bool, str]]:
    """Known and unknown by turns of chance, so that a busy moment of the machine meets both."""
    for number in range(EACH):
        PersonFactory.create(email=f"known-{number:03}@family.example")
    everybody = [(known, number) for known in (True, False) for number in range(EACH)]
    Random(31).shuffle(everybody)  # noqa: S311 (an order, no secret)
    for known, number in everybody:
        cache.clear()
        Attempt.objects.all().delete()
        yield known, f"{'known' if known else 'other'}-{number:03}@family.example"


def timed(times: list[float], deed: Callable[..., Any], *given: Any, **more: Any) -> Any:
    began = perf_counter()
    answer = deed(*given, **more)
    times.append(perf_counter() - began)
    return answer


def p_of(one: list[float], other: list[float]) -> float:
    """Mann-Whitney, two-sided, by the normal approximation: exact enough for two hundred each."""
    ranked = sorted([(value, True) for value in one] + [(value, False) for value in other])
    rank, sum_of_one = 1, 0.0
    for _value, tied in groupby(ranked, key=lambda pair: pair[0]):
        group = list(tied)
        sum_of_one += sum(is_one for _v, is_one in group) * (rank + (len(group) - 1) / 2)
        rank += len(group)
    n, m = len(one), len(other)
    u = sum_of_one - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


def tells_nothing(times: Times, what: str) -> bool:
    apart, p = abs(median(times[True]) - median(times[False])), p_of(times[True], times[False])
    figures = median(times[True]) * 1000, median(times[False]) * 1000, p
    log.info("%s: known %.2f ms, unknown %.2f ms, p = %.3f", what, *figures)
    return apart < NOTICEABLE or p > CHANCE


def test_the_measure_itself_tells_a_difference_from_none():
    draw = Random(7)  # noqa: S311 (samples, no secret)
    alike = [[draw.gauss(0.02, 0.004) for _ in range(EACH)] for _ in range(2)]
    slower = [draw.gauss(0.03, 0.004) for _ in range(EACH)]
    assert p_of(*alike) > CHANCE > p_of(alike[0], slower)
    assert not tells_nothing({True: slower, False: alike[0]}, "ten milliseconds apart")


def test_a31_signing_in_takes_as_long_for_known_and_unknown_addresses():
    times: Times = {True: [], False: []}
    for known, address in visitors():
        client = Client()
        timed(times[known], client.post, "/sign-in/", {"email": address}, follow=True)
    assert tells_nothing(times, "signing in")


def test_a31_the_form_and_another_link_take_as_long_for_known_and_unknown_addresses():
    form: Times = {True: [], False: []}
    link: Times = {True: [], False: []}
    for known, address in visitors():
        client = Client()
        fill_in(client, contact={"email": address})
        data = {"submission": submission(client)}
        sent = timed(form[known], client.post, f"{NEW}check/", data)
        [reference] = references(client.get(sent.headers["Location"]))
        seek()
        path = f"/requests/{reference}/confirm/"
        timed(link[known], client.post, path, {"again": "1"})
    assert tells_nothing(form, "the form")
    assert tells_nothing(link, "another link")

"""An erasure in three other systems and here, killed between any two of them: the next worker goes on where the
killed one was, each system erases once, and nothing says “erased” before everybody has."""

import os
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from unittest import mock

import pytest
from django.utils import timezone

from audit import outside_file
from notices.models import Mail
from people.models import Person
from requests.erasing import erasure
from requests.models import ErasureOrder, RightsRequest, Stage
from requests.others import work
from tests.faults import victims
from tests.faults.erasures import World, a_world, an_erasure, expire_leases
from tests.faults.oracle_of_erasures import of_erasures

from .test_kills import dies_doing, is_killed

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEMS = 3


@pytest.fixture
def world() -> Iterator[World]:
    with a_world(systems=SYSTEMS) as made:
        yield made


def erasing(world: World) -> Callable[[], None]:
    return lambda: victims.work(world.around, world.officers[0].pk)


def due(world: World) -> RightsRequest:
    return an_erasure(world, wait_ends=timezone.now() - timedelta(seconds=1))


def dies_at_system(number: int, *, is_noted: bool, world: World) -> bool:
    """The system has erased; dead before that is written down, or right after."""
    calls, answer = count(1), work.answer

    def answered(*task: object, **facts: object) -> object:
        is_the_one = next(calls) == number
        if is_the_one and not is_noted:
            os.kill(os.getpid(), signal.SIGKILL)
        done = answer(*task, **facts)  # type: ignore[arg-type]
        if is_the_one:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    with mock.patch.object(work, "answer", answered):
        return dies_doing(erasing(world))


def nothing_says_erased(case: RightsRequest) -> bool:
    case = RightsRequest.objects.get(pk=case.pk)
    is_whole = Person.objects.get(rights_requests=case).given_name == "Amina"
    is_open = case.stage == Stage.FULFILLING and ErasureOrder.objects.get(request=case).done_at is None
    told = Mail.objects.filter(event=erasure.LAST).exists() or list(outside_file.verified())
    return is_whole and is_open and not told


@pytest.mark.parametrize("is_noted", [False, True])
@pytest.mark.parametrize("number", range(1, SYSTEMS + 1))
def test_killed_between_two_systems_it_goes_on_at_that_one(world: World, number: int, is_noted: bool) -> None:
    case = due(world)
    assert dies_at_system(number, is_noted=is_noted, world=world)
    assert sum(len(end.erased) for end in world.ends) == number
    assert case.tasks.exclude(answer="").count() == number - (not is_noted)
    assert nothing_says_erased(case)

    expire_leases()
    assert not dies_doing(erasing(world))

    outcome = of_erasures(world.cases, world.ends, world.sink)
    assert (outcome.lost, outcome.doubled, outcome.wrong) == (0, 0, [])


@pytest.mark.long
def test_killed_at_every_single_write_from_the_end_of_the_wait_to_the_last_mail(world: World) -> None:
    kills = 0
    while True:
        due(world)
        if not is_killed(erasing(world), at_write=kills + 1):
            break
        kills += 1
        expire_leases()
        assert not dies_doing(erasing(world))
    outcome = of_erasures(world.cases, world.ends, world.sink)
    assert (outcome.lost, outcome.wrong) == (0, [])
    assert outcome.doubled <= kills
    assert kills > 60

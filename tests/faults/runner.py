"""Started by bin/faults, which brings up the servers and says so in the environment."""

import logging
from collections.abc import Iterator
from typing import Any

import django

django.setup()
# That a crashed server does not answer is no news here.
logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)

from django.core.management import call_command  # noqa: E402

from bench.figures import aligned, machine  # noqa: E402

from . import rounds  # noqa: E402
from .servers import Servers  # noqa: E402

HEADINGS = ("fault", "rounds", "lost", "doubled", "bound", "met")


def results(cluster: Any, broker: str, *, is_long: bool) -> Iterator[rounds.Result]:
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    yield from rounds.all_of(Servers(cluster, broker), rounds.LONG if is_long else rounds.SHORT)


def line(result: rounds.Result) -> str:
    return "  ".join((*_cells(result), *result.faults))


def report(results: list[rounds.Result]) -> str:
    faults = [f"{result.fault}: {fault}" for result in results for fault in result.faults]
    return "\n".join(["", aligned([HEADINGS, *map(_cells, results)]), "", *faults, machine()])


def _cells(result: rounds.Result) -> tuple[str, ...]:
    outcome = result.outcome
    numbers = (result.rounds, outcome.lost, outcome.doubled, result.bound)
    return (result.fault, *map(str, numbers), "yes" if result.is_met else "NO")

"""The pages that look at every register at once."""

import statistics
from collections.abc import Iterator
from functools import partial

from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from inventory.models import ProcessingActivity, RetentionRule

from . import filling, lists
from .figures import ROUNDS, Figure, seconds

BUDGET = 1.0  # seconds
PAGES = {
    "health of the registers": ("admin:inventory_processingactivity_health", ()),
    "staff morning page": ("admin:index", ()),
    "record of processing": ("admin:inventory_processingactivity_record", ("controller",)),
}


def jobs(rows: int) -> Iterator[Figure]:
    filling.lift_rules()
    filling.empty()
    client, _staff = lists.signed_in()
    small = _measure(client, rows // 10)
    large = _measure(client, rows)
    for name, taken in large.items():
        yield Figure(
            job=name,
            measured=f"{taken * 1000:.0f} ms at {rows:,} activities",
            baseline=f"{small[name] * 1000:.0f} ms at {rows // 10:,}",
            ratio=f"{taken / small[name]:.1f}×",
            budget=f"≤ {BUDGET:.0f} s",
            is_met=taken <= BUDGET,
        )


def _measure(client: Client, rows: int) -> dict[str, float]:
    filling.fill(ProcessingActivity, rows)
    filling.fill(RetentionRule, min(rows, filling.PARENTS**2))
    return {
        name: statistics.median(_fresh(client, reverse(view, args=args)) for _ in range(ROUNDS))
        for name, (view, args) in PAGES.items()
    }


def _fresh(client: Client, url: str) -> float:
    cache.clear()  # nothing is remembered
    return seconds(partial(_get, client, url))


def _get(client: Client, url: str) -> None:
    if client.get(url).status_code != 200:
        raise RuntimeError(f"{url} did not open")

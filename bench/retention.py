"""A sweep of accounts: it costs what has expired, whatever is kept."""

import statistics
from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from audit.personal import StartEvent, Then
from inventory.letting_go.expiry import Slice
from people.models import Person
from people.personal import PEOPLE

from . import filling
from .figures import ROUNDS, Figure, seconds

BUDGET = 1.5
SLACK = 0.050  # seconds
KEPT_DAYS = 1_000


def jobs(rows: int) -> Iterator[Figure]:
    filling.empty()
    filling.fill(Person, rows // 10)
    small = _median()
    filling.fill(Person, rows)
    large = _median()
    yield Figure(
        job=f"sweep of {filling.EXPIRED:,} expired accounts: count and empty them",
        measured=f"{large * 1000:.0f} ms of {rows:,}",
        baseline=f"{small * 1000:.0f} ms of {rows // 10:,}",
        ratio=f"{large / small:.2f}×",
        budget=f"≤ {BUDGET}×, or {SLACK * 1000:.0f} ms more",
        is_met=large <= max(small * BUDGET, small + SLACK),
    )


def _median() -> float:
    return statistics.median(_sweep() for _ in range(ROUNDS))


def _sweep() -> float:
    """Undone afterwards, so that each round finds the same rows."""
    now = timezone.now()
    cutoff = (now - timedelta(days=KEPT_DAYS)).date()
    part = Slice(PEOPLE, "", (), {StartEvent.LAST_ACTIVITY.value: cutoff})
    with transaction.atomic():
        taken = seconds(lambda: (part.counts(), PEOPLE.ways[Then.ANONYMIZE](part.free(), now)))
        transaction.set_rollback(True)
    return taken

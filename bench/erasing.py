"""This database's part of an erasure, and a copy of many rows: what a busy day of requests costs."""

import statistics
import tracemalloc
from collections.abc import Iterator
from datetime import datetime

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notices.models import Mail, MailStatus, Notice, Status
from people.models import Guardianship, Person
from requests.copies import cutting, gathering, reading
from requests.copies.zipping import Entry, zipped
from requests.erasing.forgetting import forget

from . import filling
from .figures import ROUNDS, Figure, seconds

ERASED, MOST_QUERIES, BUDGET = 2_000, 30, 1.0
COPIED = 100_000
GROWS_AT_MOST = 1.5


def jobs(rows: int) -> Iterator[Figure]:
    filling.empty()
    filling.fill(Person, rows)
    filling.fill(Guardianship, rows)
    filling.fill(Notice, rows)
    filling.fill(Mail, COPIED)
    with filling.without_triggers():
        Notice.objects.update(status=Status.SENT)
        Mail.objects.update(status=MailStatus.SENT, recipient_id=None)
    yield _erasing(rows)
    yield _copying()


def _erasing(rows: int) -> Figure:
    """Each round other people, among everybody else: set-based work does not care how many those are."""
    now = timezone.now()
    erased = min(ERASED, rows // (ROUNDS + 2))  # somebody is left for the copy
    numbers = list(Person.objects.order_by("pk").values_list("pk", flat=True)[: erased * (ROUNDS + 1)])
    _forget(numbers[-1:], now)  # what is loaded once is not measured
    taken, asked = [], 0
    for turn in range(ROUNDS):
        part = numbers[turn * erased : (turn + 1) * erased]
        with CaptureQueriesContext(connection) as queries:
            taken.append(seconds(lambda part=part: _forget(part, now)))  # type: ignore[misc]
        asked = max(asked, len(queries))
    middle = statistics.median(taken)
    return Figure(
        job=f"erase {erased:,} people here, of {rows:,}",
        measured=f"{middle:.2f} s, {asked} queries",
        baseline="–",
        ratio="–",
        budget=f"≤ {BUDGET:.0f} s, {MOST_QUERIES} queries",
        is_met=middle <= BUDGET and asked <= MOST_QUERIES,
    )


def _forget(numbers: list[int], at: datetime) -> None:
    with transaction.atomic():
        forget(numbers, at=at)
    if Person.objects.filter(pk__in=numbers, erased_at=None).exists():
        raise RuntimeError("Somebody is still there.")


def _copying() -> Figure:
    """Peak memory of a copy, a tenth of the rows against all of them."""
    subject = Person.objects.filter(erased_at=None).latest("pk")
    small, _rows = _peak(subject, COPIED // 10)
    large, pace = _peak(subject, COPIED)
    return Figure(
        job=f"copy of {COPIED:,} rows into a zip, as data and as pages",
        measured=f"{large / 2**20:.1f} MB at most, {pace:,.0f} rows/s",
        baseline=f"{small / 2**20:.1f} MB for {COPIED // 10:,}",
        ratio=f"{large / small:.2f}×",
        budget=f"≤ {GROWS_AT_MOST}×",
        is_met=large <= small * GROWS_AT_MOST,
    )


def _peak(subject: Person, rows: int) -> tuple[int, float]:
    """Bytes at the worst moment, and rows a second. Tracing memory slows the work several times."""
    first = Mail.objects.order_by("pk").values_list("pk", flat=True)[0]
    Mail.objects.filter(pk__lt=first + rows).update(recipient_id=subject.pk)
    parts = [part for part in gathering.parts(subject) if part.holding.model is Mail]
    tracemalloc.start()
    taken = seconds(lambda: _drained(parts))
    _now, peak = tracemalloc.get_traced_memory()
    if sum(part.count for part in parts) != rows:
        raise RuntimeError("Not every row is in the copy.")
    tracemalloc.stop()
    return peak, rows / taken


def _drained(parts: list[gathering.Part]) -> None:
    """For programs and to read, a column and a row kept out of both."""
    entries = (entry for part in parts for entry in _entries(part))
    for _piece in zipped(entries, at=timezone.now()):
        pass


def _entries(part: gathering.Part) -> Iterator[Entry]:
    cuts = cutting.Cuts(columns=frozenset({"address"}), rows=frozenset({7}))
    yield Entry(f"{part.key}.json", gathering.as_json(cuts.kept(part.rows())))
    names = [name for name in part.holding.columns if name not in cuts.columns]
    paper = reading.Paper(
        title=str(part.holding.title),
        about=str(part.holding.about),
        language="en",
        headings=reading.headings(part.key, names),
        rows=part.count - len(cuts.rows),
    )
    yield from reading.pages(paper, part.key, cuts.kept(part.rows()))

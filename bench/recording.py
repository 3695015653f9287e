"""One notice for each person, against COPY of the same rows into the same table."""

from collections.abc import Iterator
from typing import Any, cast

from django.db import connection
from django.db.models import F, QuerySet, Value
from django.utils import timezone

from notices.actions import RECIPIENT_COLUMNS, record
from notices.models import Letter, Notice, Status
from people.models import Person

from . import filling
from .figures import Figure, interleaved, seconds

BUDGET = 1.25
TABLE = Notice._meta.db_table
COLUMNS = ", ".join(str(field.column) for field in Notice._meta.concrete_fields if not field.primary_key)


def jobs(rows: int) -> Iterator[Figure]:
    filling.empty()
    filling.fill(Person, rows)
    filling.fill(Letter, 1)
    _record()
    finished = _copied_out()
    taken = interleaved(
        {"ours": lambda: _empty_then(_record), "copy": lambda: _empty_then(lambda: _copy(finished))}
    )
    ratio = taken["ours"] / taken["copy"]
    yield Figure(
        job="record a notice for each person",
        measured=f"{taken['ours']:.1f} s for {rows:,}",
        baseline=f"COPY {taken['copy']:.1f} s",
        ratio=f"{ratio:.2f}×",
        budget=f"≤ {BUDGET}×",
        is_met=ratio <= BUDGET,
    )


def _record() -> None:
    letter = Letter.objects.select_related("campaign").get(pk=1)
    record(letter.campaign, _everybody(letter), at=timezone.now())


def _everybody(letter: Letter) -> "QuerySet[Any, Any]":
    people = Person.objects.annotate(
        recipient_id=F("pk"),
        address=F("email"),
        greeting=F("given_name"),
        letter_id=Value(letter.pk),
        status=Value(Status.WAITING),
    )
    return people.values_list(*RECIPIENT_COLUMNS)


def _empty_then(write: Any) -> float:
    with filling.without_triggers(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLE}")
    taken = seconds(write)
    if Notice.objects.count() != Person.objects.count():
        raise RuntimeError("Not everybody has a notice.")
    return taken


def _copied_out() -> list[bytes]:
    with connection.cursor() as cursor, _raw(cursor).copy(f"COPY {TABLE} ({COLUMNS}) TO STDOUT") as rows:
        return [bytes(block) for block in rows]


def _copy(blocks: list[bytes]) -> None:
    with connection.cursor() as cursor, _raw(cursor).copy(f"COPY {TABLE} ({COLUMNS}) FROM STDIN") as rows:
        for start in range(0, len(blocks), 1000):
            rows.write(b"".join(blocks[start : start + 1000]))


def _raw(cursor: Any) -> Any:
    return cast(Any, cursor).cursor

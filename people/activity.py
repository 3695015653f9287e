"""Bringing last activity in from a CSV file of the learning platform (`manage.py import_activity`).

Retention of an account counts from this day, so a file may only ever move it forward: an old export,
or the same one twice, changes nothing. Ids we don't know are counted, not added."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import BinaryIO

from audit.actions import record
from audit.actors import Acts
from law.models import Company

from . import csv_files
from .actions import note_activity
from .models import Person

COLUMNS = ("external_id", "last_active_on")
WINDOW = 2_000
EARLIEST = date(1990, 1, 1)
# A platform may export the moment; the day is enough, and less to hold.
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ][\d:.+Z-]*)?")
Remark = Callable[[int, str], object]


@dataclass
class Counts:
    """Of rows, so somebody named twice counts twice."""

    later: int = 0
    not_later: int = 0
    unknown: int = 0
    rejected: int = 0


def preview(file: BinaryIO, *, remark: Remark = lambda line, text: None) -> Counts:
    """Compare the whole file with our records, writing nothing. Raises csv_files.FileRefused."""
    counts = Counts()
    for window in _windows(file, counts, remark):
        _compare(window, counts)
    return counts


def apply(file: BinaryIO, *, by: Acts, at: datetime) -> int:
    """Write what is later than our records, in short transactions; returns how many people moved on.

    The line in the audit log comes first: a run that is killed is on record, and safe to repeat."""
    counts = preview(file)
    if not counts.later:
        return 0
    details = {**vars(counts), "sha256": csv_files.sha256(file)}
    record("people.import_activity", by=by, at=at, details=details)
    return sum(note_activity(_latest(window)) for window in _windows(file, Counts(), lambda *_: None))


def _windows(file: BinaryIO, counts: Counts, remark: Remark) -> Iterator[list[tuple[str, date]]]:
    rows = _reports(file, Company.current().today(), counts, remark)
    while window := list(islice(rows, WINDOW)):
        yield window


def _reports(file: BinaryIO, today: date, counts: Counts, remark: Remark) -> Iterator[tuple[str, date]]:
    for row in csv_files.rows(file, COLUMNS):
        try:
            yield _report(row, today)
        except ValueError as problem:
            counts.rejected += 1
            remark(row.line, str(problem))


def _report(row: csv_files.Row, today: date) -> tuple[str, date]:
    """Raises ValueError with a sentence that repeats nothing of the row."""
    if row.problem:
        raise ValueError(row.problem)
    external_id = row.cells["external_id"].strip()
    if not external_id or len(external_id) > 64:
        raise ValueError("external_id: missing, or longer than 64 characters.")
    return external_id, _day(row.cells["last_active_on"].strip(), today)


def _day(text: str, today: date) -> date:
    found = _DAY.fullmatch(text)
    try:
        day = date.fromisoformat(found[1]) if found else None
    except ValueError:
        raise ValueError("last_active_on: there is no such day.") from None
    if day is None:
        raise ValueError("last_active_on: write it as 2026-03-02.")
    if not EARLIEST <= day <= today:
        raise ValueError("last_active_on: the day lies in the future, or before 1990.")
    return day


def _latest(window: list[tuple[str, date]]) -> dict[str, date]:
    days: dict[str, date] = {}
    for external_id, day in window:
        days[external_id] = max(day, days.get(external_id, day))
    return days


def _compare(window: list[tuple[str, date]], counts: Counts) -> None:
    rows = Person.objects.filter(external_id__in={external_id for external_id, _day in window})
    known = dict(rows.values_list("external_id", "last_active_on"))
    for external_id, day in window:
        if external_id not in known:
            counts.unknown += 1
        elif (before := known[external_id]) is None or before < day:
            counts.later += 1
        else:
            counts.not_later += 1

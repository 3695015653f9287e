"""The ledger outside the database: what a restored backup would undo, and must not (design, truth 7).

An erasure, a withdrawal, the end of a campaign: each is noted in the transaction that does it, then
appended to a file in LEDGER_DIR, which no backup of the database holds. A database that does not know
what the file says is an old one: the site refuses to serve it until `manage.py finish_restore` has
done it all again. The ledger names nobody: references are hashed with a key kept elsewhere."""

import enum
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from django.db import connection, transaction

from . import outside_file as file
from .actors import Acts
from .models import LedgerEntry
from .outside_file import Entry, LedgerBroken, marker

__all__ = [
    "AFTER_RESTORE", "Entry", "Glance", "LedgerBroken", "Replays", "Standing", "is_behind", "marker", "note",
    "note_all", "replayers", "standing", "write_out",
]  # fmt: skip

log = logging.getLogger(__name__)

BATCH = 500
GLANCE_SECONDS = 5.0
AFTER_RESTORE = "Done again after a backup was restored."


class Replays(Protocol):
    """Does again, set-based and as often as it is called, what the entries say was done; says how much
    there was to do."""

    def __call__(self, entries: Sequence[Entry], *, by: Acts, at: datetime) -> int: ...


# By kind; each app enters its own in `ready()`.
replayers: dict[str, Replays] = {}


class Standing(enum.Enum):
    """How the database and the file stand to each other."""

    CURRENT = "The database knows everything that the ledger says."
    BEHIND = "The ledger says things that this database does not know: it was restored from a backup."
    CUT = "The database knows entries that the ledger's file has lost."
    FOREIGN = "The ledger's file belongs to another database."


def note(kind: str, ref: str, *, at: datetime, details: Mapping[str, Any] | None = None) -> None:
    """Note one thing that must stay done, in the caller's transaction. `details` say how far it went,
    never whom it concerns."""
    note_all(kind, [ref], at=at, details=details)


def note_all(
    kind: str, refs: Iterable[str], *, at: datetime, details: Mapping[str, Any] | None = None
) -> int:
    """As `note`, for many at once; how many there were."""
    made = LedgerEntry.objects.bulk_create(
        (LedgerEntry(kind=kind, ref=marker(ref), at=at, details=dict(details or {})) for ref in refs),
        batch_size=BATCH,
    )
    if made and not _rings_already():
        transaction.on_commit(_write_out_soon, robust=True)
    return len(made)


def _rings_already() -> bool:
    return any(entry[1] is _write_out_soon for entry in connection.run_on_commit)


def _write_out_soon() -> None:
    """A full disk or a broken file must not undo what was done; the next minute tries again."""
    try:
        write_out()
    except (OSError, LedgerBroken) as trouble:
        log.error("the ledger could not be written (%s); the next minute tries again", trouble)


def write_out() -> int:
    """Append to the file what is not there yet, and say how many lines. One writer at a time.

    A writer killed between the line and its mark leaves a line that the next one finds and marks.
    Raises LedgerBroken, also for a database that is behind: its deeds come after the restore."""
    with file.one_at_a_time():
        found = standing()
        if found is not Standing.CURRENT:
            raise LedgerBroken(found.value)
        _mark(file.newer_than(_last_number()))
        written = 0
        while window := list(LedgerEntry.objects.filter(number=None).order_by("id")[:BATCH]):
            written += _write(window)
        return written


def _write(window: Sequence[LedgerEntry]) -> int:
    start = _last_number() + 1
    entries = [as_entry(row, number) for number, row in enumerate(window, start=start)]
    file.append(entries)
    _mark(entries)
    return len(entries)


def _mark(entries: Sequence[Entry]) -> None:
    """In one statement a row, sent together: `bulk_update` takes ten times as long to build."""
    if not entries:
        return
    numbers = {entry.uuid: entry.number for entry in entries}
    found = LedgerEntry.objects.filter(uuid__in=numbers, number=None).values_list("uuid", "pk")
    with transaction.atomic(), connection.cursor() as cursor:
        table = connection.ops.quote_name(LedgerEntry._meta.db_table)
        cursor.executemany(
            f"UPDATE {table} SET number = %s WHERE id = %s",  # noqa: S608 (the name is ours)
            [(numbers[uuid], pk) for uuid, pk in found],
        )


def as_entry(row: LedgerEntry, number: int) -> Entry:
    return Entry(number, row.uuid, row.kind, row.ref, row.at, row.details)


def _last_number() -> int:
    numbered = LedgerEntry.objects.exclude(number=None).order_by("-number")
    return numbered.values_list("number", flat=True).first() or 0


def has_file() -> bool:
    return file.path().exists()


def is_behind() -> bool:
    """Whether this database is older than the ledger, so that nothing may be served or sent from it.

    One look at the file's end and one query; none at all where there is no file. A file that
    cannot be read counts as being behind: nobody knows what it says."""
    if not has_file():
        return False
    try:
        return standing() in (Standing.BEHIND, Standing.FOREIGN)
    except LedgerBroken:
        log.exception("the ledger's file is damaged")
        return True


def standing() -> Standing:
    """Raises LedgerBroken when the file's end cannot be read."""
    head = file.head()
    last = LedgerEntry.objects.exclude(number=None).order_by("-number").first()
    known = (last.number or 0) if last else 0
    if head is None or known > head.number:
        return Standing.CUT if known else Standing.CURRENT
    if last and known == head.number:
        return Standing.CURRENT if last.uuid == head.uuid else Standing.FOREIGN
    newer = file.newer_than(known - 1)
    if last and newer.pop(0).uuid != last.uuid:
        return Standing.FOREIGN
    return Standing.BEHIND if unknown(newer) else Standing.CURRENT


def unknown(entries: Sequence[Entry]) -> list[Entry]:
    """Those that this database has never heard of."""
    strangers = []
    for start in range(0, len(entries), BATCH):
        window = entries[start : start + BATCH]
        known = set(
            LedgerEntry.objects.filter(uuid__in=[entry.uuid for entry in window]).values_list(
                "uuid", flat=True
            )
        )
        strangers += [entry for entry in window if entry.uuid not in known]
    return strangers


def set_aside(*, at: datetime) -> None:
    """For the demo, whose database is thrown away and made anew: its ledger is about people who never
    were. The file stays, under another name."""
    with file.one_at_a_time():
        file.path().rename(file.path().with_name(f"ledger-until-{at:%Y-%m-%dT%H%M%S}.jsonl"))


class Glance:
    """`is_behind` for every page: a good answer holds for some seconds, a bad one is asked for anew."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.good_until: dict[str, float] = {}

    def is_behind(self) -> bool:
        place = str(file.path())
        if self.clock() < self.good_until.get(place, 0.0):
            return False
        if is_behind():
            return True
        if has_file():
            self.good_until[place] = self.clock() + GLANCE_SECONDS
        return False

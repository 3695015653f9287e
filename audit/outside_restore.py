"""After a backup was restored: everything the ledger knows and the database does not is done again."""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from . import outside_file as file
from .actions import record
from .actors import Acts
from .models import LedgerEntry
from .outside import BATCH, Entry, LedgerBroken, Standing, as_entry, replayers, standing, unknown
from .refusals import Refused


class CannotReplay(Refused):
    def __init__(self, kinds: Sequence[str]) -> None:
        super().__init__(
            f"The ledger holds what no app of this installation can do again: {', '.join(kinds)}. "
            "Start the version of this program that wrote it."
        )


@dataclass(frozen=True)
class Finished:
    """How many lines the file has, how many were unknown, and how much of each kind was done again."""

    lines: int
    unknown: int
    done: Mapping[str, int] = field(default_factory=dict)


def finish_restore(*, by: Acts, at: datetime) -> Finished:
    """Bring a restored database up to the ledger; nothing happens to one that is current.

    May be killed anywhere and called again: entries are entered only when all of them are done, so
    until then the database stays behind. Raises LedgerBroken, CannotReplay; then nothing is changed."""
    with file.one_at_a_time("restore"):
        lines, strangers = _whole_file()
        by_kind = _by_kind(strangers)
        if missing := sorted(set(by_kind) - set(replayers)):
            raise CannotReplay(missing)
        done = {kind: replayers[kind](entries, by=by, at=at) for kind, entries in sorted(by_kind.items())}
        if strangers:
            _enter(strangers, done, by=by, at=at)
        return Finished(lines, len(strangers), done)


def _whole_file() -> tuple[int, list[Entry]]:
    """Proven from the first line to the last before anything is done; memory holds a window and
    what is unknown."""
    lines, strangers, window = 0, [], []
    for entry in file.verified():
        lines += 1
        window.append(entry)
        if len(window) == BATCH:
            strangers += unknown(window)
            window.clear()
    strangers += unknown(window)
    if (found := standing()) in (Standing.CUT, Standing.FOREIGN):
        raise LedgerBroken(f"{found.value} The file ends after line {lines}.")
    return lines, strangers


def _by_kind(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    kinds: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        kinds[entry.kind].append(entry)
    return dict(kinds)


def _enter(strangers: Sequence[Entry], done: Mapping[str, int], *, by: Acts, at: datetime) -> None:
    """By rising number: as long as the last is missing, the database is behind."""
    for start in range(0, len(strangers), BATCH):
        window = strangers[start : start + BATCH]
        with transaction.atomic():
            LedgerEntry.objects.bulk_create(
                LedgerEntry(
                    uuid=entry.uuid,
                    kind=entry.kind,
                    ref=entry.ref,
                    at=entry.at,
                    details=entry.details,
                    number=entry.number,
                )
                for entry in window
            )
            if start + BATCH >= len(strangers):
                details = {"first_line": strangers[0].number, "last_line": strangers[-1].number, **done}
                record("audit.finish_restore", by=by, at=at, details=details)


def complete_file(*, by: Acts, at: datetime) -> int:
    """Write back what the file has lost at its end and the database still knows; how many lines.

    Raises LedgerBroken when what is left of the file is not whole, or the database has lost lines, too."""
    with file.one_at_a_time():
        last = next(iter(deque(file.verified(), maxlen=1)), None)
        if last and not LedgerEntry.objects.filter(uuid=last.uuid).exists():
            raise LedgerBroken(Standing.BEHIND.value)
        end = last.number if last else 0
        rows = list(LedgerEntry.objects.filter(number__gt=end).order_by("number"))
        if [row.number for row in rows] != list(range(end + 1, end + 1 + len(rows))):
            raise LedgerBroken(f"The database does not know all that stood after line {end} either.")
        if rows:
            file.append(as_entry(row, number) for number, row in enumerate(rows, start=end + 1))
            record("audit.complete_ledger", by=by, at=at, details={"after_line": end, "lines": len(rows)})
        return len(rows)

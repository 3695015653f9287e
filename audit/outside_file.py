"""The ledger's file: one JSON object a line, appended and never rewritten, each line chained to the
one before by a keyed hash. Whoever has no LEDGER_KEY can neither read whom a line is about nor forge one."""

import errno
import fcntl
import hmac
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from . import merkle
from .files import secret, sync_folder

START = "0" * 64
BLOCK = 64 * 1024


class LedgerBroken(Exception):
    """The file is not what was written. Its message names the line, for the operator."""


@dataclass(frozen=True)
class Entry:
    """One line. `ref` is a keyed hash; `number` counts the lines from 1."""

    number: int
    uuid: UUID
    kind: str
    ref: str
    at: datetime
    details: dict[str, Any]
    chain: str = ""

    def content(self) -> dict[str, Any]:
        """What the chain binds."""
        return {
            "number": self.number,
            "id": str(self.uuid),
            "kind": self.kind,
            "ref": self.ref,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "details": self.details,
        }

    def chained(self, former: str) -> "Entry":
        return replace(self, chain=_keyed("chain", former.encode() + merkle.canonical(self.content())))

    def line(self) -> bytes:
        return merkle.canonical({**self.content(), "chain": self.chain}) + b"\n"


def marker(ref: str) -> str:
    """What the ledger writes in place of a reference: nobody can read it, we can find it again."""
    return _keyed("reference", ref.encode())


def _keyed(use: str, message: bytes) -> str:
    key = secret("LEDGER_KEY", "without it nobody can be found in the ledger after a restore.")
    return hmac.digest(key.encode(), use.encode() + b"|" + message, "sha256").hex()


def path() -> Path:
    return Path(settings.LEDGER_DIR) / "ledger.jsonl"


@contextmanager
def one_at_a_time(name: str = "writer") -> Iterator[None]:
    """One process at a time; the lock of a killed one falls by itself."""
    folder = Path(settings.LEDGER_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def head() -> Entry | None:
    """The last whole line; None when there is none. Raises LedgerBroken."""
    return next(_from_the_end(), None)


def newer_than(number: int) -> list[Entry]:
    """The lines after that number, oldest first. Reads only the end of the file. Raises LedgerBroken."""
    found = []
    for entry in _from_the_end():
        if entry.number <= number:
            break
        found.append(entry)
    return found[::-1]


def verified() -> Iterator[Entry]:
    """All lines from the first, each proven. Raises LedgerBroken, naming the first that is not."""
    former = START
    if not path().exists():
        return
    with path().open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return  # torn by a crash, so never acknowledged: the next writer drops it
            entry = _parsed(line, f"line {number}")
            if entry.number != number:
                raise LedgerBroken(
                    f"Line {number} of {path()} says it is line {entry.number}: a line is missing or moved."
                )
            if not hmac.compare_digest(entry.chained(former).chain, entry.chain):
                raise LedgerBroken(f"Line {number} of {path()} was changed, or the one before it was.")
            former = entry.chain
            yield entry


def append(entries: Iterable[Entry]) -> None:
    """Write lines at the end, to the disk itself, or none of them. For whoever holds the lock.

    Their numbers must follow the head's. Raises OSError, such as for a full disk."""
    last = head()
    chain, lines = (last.chain if last else START), []
    for entry in entries:
        chained = entry.chained(chain)
        chain = chained.chain
        lines.append(chained.line())
    handle = os.open(path(), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _append_whole(handle, b"".join(lines))
    finally:
        os.close(handle)
    sync_folder(path().parent)


def _append_whole(handle: int, data: bytes) -> None:
    end = _end_of_last_line(handle)
    os.ftruncate(handle, end)  # half a line that a crash left: its entry is still unwritten in the database
    os.lseek(handle, end, os.SEEK_SET)
    try:
        if os.write(handle, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, end)
        raise


def _end_of_last_line(handle: int) -> int:
    end = os.fstat(handle).st_size
    while end > 0:
        start = max(0, end - BLOCK)
        found = os.pread(handle, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _from_the_end() -> Iterator[Entry]:
    try:
        handle = os.open(path(), os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        for line in _lines_from_the_end(handle):
            yield _parsed(line, "the last lines")
    finally:
        os.close(handle)


def _lines_from_the_end(handle: int) -> Iterator[bytes]:
    end, rest = _end_of_last_line(handle), b""
    while end > 0:
        start = max(0, end - BLOCK)
        first, *lines = (os.pread(handle, end - start, start) + rest).split(b"\n")
        yield from (line for line in reversed(lines) if line)
        end, rest = start, first
    if rest:
        yield rest


def _parsed(line: bytes, where: str) -> Entry:
    try:
        said = json.loads(line)
        return Entry(
            number=int(said["number"]),
            uuid=UUID(said["id"]),
            kind=str(said["kind"]),
            ref=str(said["ref"]),
            at=datetime.fromisoformat(said["at"]),
            details=dict(said["details"]),
            chain=str(said["chain"]),
        )
    except (ValueError, KeyError, TypeError) as trouble:
        raise LedgerBroken(f"In {path()}, {where}: this is no entry ({type(trouble).__name__}).") from trouble

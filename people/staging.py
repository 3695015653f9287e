"""A file's rows while an import thinks about them: on disk, so that a million of them fit.

SQLite of the standard library in a private folder that is deleted at the end. It holds personal data
for as long as the command runs, and nothing longer."""

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The columns of Person an import writes, in the order they are staged and compared.
FIELDS = ("given_name", "family_name", "email", "birth_date", "country", "region", "language", "role")
WINDOW = 2_000  # rows at a time: enough for set-based work, short enough for one transaction

SCHEMA = f"""
PRAGMA synchronous = OFF;
PRAGMA cache_size = -32000;
CREATE TABLE person (
    line INTEGER PRIMARY KEY, external_id TEXT NOT NULL UNIQUE,
    {", ".join(f"{name} TEXT NOT NULL" for name in FIELDS)},
    guardians TEXT NOT NULL,
    verdict TEXT NOT NULL DEFAULT '', id INTEGER, revision INTEGER, is_written INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX one_adult_an_address ON person(email) WHERE email <> '' AND role <> 'learner';
CREATE TABLE link (
    child TEXT NOT NULL, guardian TEXT NOT NULL, line INTEGER NOT NULL, place INTEGER NOT NULL,
    is_verified INTEGER NOT NULL, verdict TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (child, guardian)
) WITHOUT ROWID;
CREATE TABLE known (external_id TEXT PRIMARY KEY, role TEXT NOT NULL, birth_date TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE holder (line INTEGER PRIMARY KEY, external_id TEXT NOT NULL);
CREATE INDEX heirs ON holder(external_id);
CREATE TABLE remark (line INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL);
"""

# Built from our own column names, never from a file's.
INSERT = f"INSERT INTO person VALUES ({', '.join('?' * (len(FIELDS) + 3))}, '', NULL, NULL, 0)"  # noqa: S608
FIRST = f"SELECT line, guardians, {', '.join(FIELDS)} FROM person WHERE external_id = ?"  # noqa: S608
LINKS = """
SELECT link.*, coalesce(file.external_id, known.external_id) AS guardian_known,
       coalesce(file.role, known.role) AS role, coalesce(file.birth_date, known.birth_date) AS birth_date
FROM link
LEFT JOIN person AS file ON file.external_id = link.guardian AND file.verdict <> 'rejected'
LEFT JOIN known ON known.external_id = link.guardian
WHERE (link.child, link.guardian) > (?, ?) AND link.verdict IN (?, ?)
ORDER BY link.child, link.guardian LIMIT ?
"""


@dataclass(frozen=True)
class Claim:
    """One entry of the guardians column: who, and whether the file says it was verified."""

    guardian: str
    is_verified: bool


@dataclass(frozen=True)
class Entry:
    """A clean row. `values` stand in the order of FIELDS; dates as ISO text, unknown as ''."""

    line: int
    external_id: str
    values: tuple[str, ...]
    claims: tuple[Claim, ...]

    @property
    def guardians(self) -> str:
        """One text per set of guardians, whatever their order in the file."""
        return ";".join(sorted(f"{claim.guardian}:{claim.is_verified:d}" for claim in self.claims))


class Staging:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.repeated = 0
        connection.executescript(SCHEMA)
        connection.execute("BEGIN")

    def run(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        return self.connection.execute(sql, parameters)

    def run_many(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        self.connection.executemany(sql, rows)

    def one(self, sql: str, *parameters: Any) -> int:
        return int(self.run(sql, *parameters).fetchone()[0])

    # --- Rows in ---------------------------------------------------------------------------

    def add(self, entry: Entry) -> None:
        """Stage a clean row, unless it contradicts one that stands above it."""
        row = (entry.line, entry.external_id, *entry.values, entry.guardians)
        try:
            self.run(INSERT, *row)
        except sqlite3.IntegrityError:
            self._refuse_second(entry)
            return
        for place, claim in enumerate(entry.claims, 1):
            self.run(
                "INSERT INTO link (child, guardian, line, place, is_verified) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET is_verified = max(is_verified, excluded.is_verified)",
                *(entry.external_id, claim.guardian, entry.line, place, claim.is_verified),
            )

    def _refuse_second(self, entry: Entry) -> None:
        first = self.run(FIRST, entry.external_id).fetchone()
        if first is None:
            self.reject(entry.line, f"email: {self._same_address(entry)}")
        elif first[1:] == (entry.guardians, *entry.values):
            self.repeated += 1
        elif first[1] != entry.guardians:
            # Which set of guardians is right is for a person to decide: neither comes in.
            self.reject(first[0], f"guardians: line {entry.line} names other guardians for this person.")
            self.reject(entry.line, f"guardians: line {first[0]} names other guardians for this person.")
        else:
            self.reject(
                entry.line, f"external_id: line {first[0]} has this person already, with other values."
            )

    def _same_address(self, entry: Entry) -> str:
        address = entry.values[FIELDS.index("email")]
        line = self.one("SELECT line FROM person WHERE email = ? AND role <> 'learner'", address)
        return f"line {line} has another person with this address."

    def reject(self, line: int, reason: str) -> None:
        self.run("UPDATE person SET verdict = 'rejected' WHERE line = ?", line)
        self.run("DELETE FROM link WHERE child = (SELECT external_id FROM person WHERE line = ?)", line)
        self.run("INSERT INTO remark VALUES (?, 'rejected', ?)", line, reason)

    def note(self, line: int, text: str) -> None:
        self.run("INSERT INTO remark VALUES (?, 'note', ?)", line, text)

    # --- Rows out --------------------------------------------------------------------------

    def windows(self, verdicts: tuple[str, str] = ("", "")) -> Iterator[list[sqlite3.Row]]:
        """Staged persons of these verdicts by line, a window at a time, without those already written."""
        last = 0
        while window := self.run(
            "SELECT * FROM person WHERE line > ? AND verdict IN (?, ?) AND is_written = 0 ORDER BY line LIMIT ?",
            *(last, *verdicts, WINDOW),
        ).fetchall():
            yield window
            last = window[-1]["line"]

    def link_windows(self, verdicts: tuple[str, str] = ("", "")) -> Iterator[list[sqlite3.Row]]:
        """Links by child, a window at a time, each with what is known of its guardian: the file's row
        where one came in, our record otherwise."""
        last = ("", "")
        while window := self.run(LINKS, *last, *verdicts, WINDOW).fetchall():
            yield window
            last = (window[-1]["child"], window[-1]["guardian"])

    def remarks(self) -> Iterator[tuple[int, str, str]]:
        """Line, kind (rejected or note) and sentence, in the order of the file."""
        yield from self.run("SELECT line, kind, text FROM remark ORDER BY line, kind DESC, rowid")

    def is_rejected(self, line: int) -> bool:
        return bool(self.one("SELECT count(*) FROM person WHERE line = ? AND verdict = 'rejected'", line))

    def count(self, verdict: str) -> int:
        return self.one("SELECT count(*) FROM person WHERE verdict = ?", verdict)

    def count_links(self, verdict: str) -> int:
        return self.one("SELECT count(*) FROM link WHERE verdict = ?", verdict)

    def count_remarks(self, kind: str) -> int:
        return self.one("SELECT count(DISTINCT line) FROM remark WHERE kind = ?", kind)


@contextmanager
def staged() -> Iterator[Staging]:
    """An empty staging area; gone, with its folder, when the block ends."""
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        connection = sqlite3.connect(Path(folder) / "rows.sqlite3", isolation_level=None)
        connection.row_factory = sqlite3.Row
        try:
            yield Staging(connection)
        finally:
            connection.close()

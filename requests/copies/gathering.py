"""What this database holds about somebody, row by row, as a copy of it leaves the house.

Rows are read in pieces, so a copy of a hundred thousand rows costs no more memory than one of ten."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F

from audit.personal import Holding, Rows, holdings
from people.models import Person
from requests.erasing.forgetting import about

PIECE = 2_000  # rows read at a time
THEMSELVES, ANOTHER = "you", "another person"
NOTHING: tuple[Any, ...] = (None, "", [], {})  # what says nothing in a cell

Row = dict[str, Any]


@dataclass
class Part:
    """The rows of one model about one person. `count` and `filled` (in how many rows each column says
    something) are right once they have been read."""

    holding: Holding
    subject: Person
    count: int = field(default=0, init=False)
    filled: Counter[str] = field(default_factory=Counter, init=False)

    @property
    def key(self) -> str:
        return key_of(self.holding)

    def found(self) -> Rows:
        copied = replace(self.holding, subjects=self.holding.copied_to or self.holding.subjects)
        return about(copied, [self.subject.pk])

    def rows(self) -> Iterator[Row]:
        """Column by column, as declared. Who else a row is about stays unnamed: their data is theirs
        (GDPR Art. 15(4))."""
        self.count, self.filled = 0, Counter(dict.fromkeys(self.holding.columns, 0))
        others, elsewhere = naming(self.holding), self._elsewhere()
        for row in self._found_values().iterator(chunk_size=PIECE):
            self.count += 1
            row |= {name: row.pop(f"at_the_end_{name}") for name in elsewhere}
            for name in others:
                row[name] = THEMSELVES if row[name] == self.subject.pk else ANOTHER
            self.filled.update(name for name, value in row.items() if value not in NOTHING)
            yield {name: row[name] for name in self.holding.columns}

    def _found_values(self) -> Rows:
        elsewhere = self._elsewhere()
        here = [name for name in self.holding.columns if name not in elsewhere]
        # Under a name that is no field of the row's: `request` may stand for the reference of the request.
        paths = {f"at_the_end_{name}": F(path) for name, path in elsewhere.items()}
        return self.found().order_by("pk").values(*here, **paths)

    def _elsewhere(self) -> dict[str, str]:
        return {name: column.path for name, column in self.holding.columns.items() if column.path}


def naming(holding: Holding) -> list[str]:
    """The columns in which a person stands."""
    numbers = {path.removesuffix("_id") for path in holding.subjects} | set(holding.subjects)
    return [name for name in holding.columns if name in numbers]


def parts(subject: Person) -> list[Part]:
    """Every model that has rows about them, in a stable order."""
    found = [Part(holding, subject) for holding in holdings() if holding.in_copies]
    return [part for part in found if part.found().exists()]


def key_of(holding: Holding) -> str:
    """A model may hold two categories: people.person.account-details."""
    return f"{holding.label}.{holding.category}"


def holding_of(key: str) -> Holding | None:
    """What a part was made of; nothing where a later version of this software holds it no more."""
    return next((holding for holding in holdings() if key_of(holding) == key), None)


# --- As data -----------------------------------------------------------------------------------


def as_json(rows: Iterable[Row]) -> Iterator[bytes]:
    """A JSON array, a row in each line."""
    lead = "[\n"
    for row in rows:
        yield (lead + json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False)).encode()
        lead = ",\n"
    yield b"[]\n" if lead == "[\n" else b"\n]\n"


def rows_in(pieces: Iterable[bytes], *, after: int = 0) -> Iterator[Row]:
    """The rows of what `as_json` wrote, however its bytes were cut; those before are passed over unread."""
    place = 0
    for line in _lines(pieces):
        if line.startswith(b"{"):
            place += 1
            if place > after:
                yield json.loads(line.rstrip(b","))


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for piece in pieces:
        *whole, held = (held + piece).split(b"\n")
        yield from whole
    yield held

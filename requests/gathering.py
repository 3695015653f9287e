"""What this database holds about somebody, row by row, as a copy of it leaves the house.

Rows are read in pieces, so a copy of a hundred thousand rows costs no more memory than one of ten."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.html import escape

from audit.personal import Holding, Rows, holdings
from people.models import Person

from .forgetting import about

PIECE = 2_000  # rows read at a time
ANOTHER = "another person"


@dataclass
class Part:
    """The rows of one model about one person. `count` is right once they have been read."""

    holding: Holding
    subject: Person
    count: int = field(default=0, init=False)

    @property
    def key(self) -> str:
        return key_of(self.holding)

    def found(self) -> Rows:
        copied = replace(self.holding, subjects=self.holding.copied_to or self.holding.subjects)
        return about(copied, [self.subject.pk])

    def rows(self) -> Iterator[dict[str, Any]]:
        """Field by field, as declared. Who else a row is about stays unnamed: their data is theirs
        (GDPR Art. 15(4))."""
        self.count = 0
        numbers = {path.removesuffix("_id") for path in self.holding.subjects} | set(self.holding.subjects)
        others = [name for name in self.holding.fields if name in numbers]
        found = self.found().order_by("pk").values(*self.holding.fields)
        for row in found.iterator(chunk_size=PIECE):
            self.count += 1
            for name in others:
                row[name] = "you" if row[name] == self.subject.pk else ANOTHER
            yield row


def parts(subject: Person) -> list[Part]:
    """Every model that has rows about them, in a stable order."""
    found = [Part(holding, subject) for holding in holdings() if holding.in_copies]
    return [part for part in found if part.found().exists()]


def key_of(holding: Holding) -> str:
    """A model may hold two categories: people.person.account-details."""
    return f"{holding.label}.{holding.category}"


def category_of(key: str) -> str:
    return key.rpartition(".")[2]


# --- As files ----------------------------------------------------------------------------------


def as_json(rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    """A JSON array, a row in each line."""
    lead = "[\n"
    for row in rows:
        yield (lead + json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False)).encode()
        lead = ",\n"
    yield b"[]\n" if lead == "[\n" else b"\n]\n"


def rows_in(pieces: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The rows of what `as_json` wrote, however its bytes were cut."""
    for line in _lines(pieces):
        if line.startswith(b"{"):
            yield json.loads(line.rstrip(b","))


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for piece in pieces:
        *whole, held = (held + piece).split(b"\n")
        yield from whole
    yield held


def as_page(rows: Iterable[dict[str, Any]], title: str, language: str) -> Iterator[bytes]:
    """A page anybody can open and read; everything in it is text, whatever it holds."""
    title = title[:1].upper() + title[1:]
    yield _page_head(title, language).encode()
    names: Sequence[str] = ()
    for row in rows:
        if not names:
            names = list(row)
            yield _table_head(names, title).encode()
        cells = "".join(f"<td>{escape(_shown(row[name]))}</td>" for name in names)
        yield f"<tr>{cells}</tr>\n".encode()
    yield f"{'</tbody></table></div>' if names else ''}</main></body></html>\n".encode()


def _page_head(title: str, language: str) -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        "<style>body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}"
        ".wide{overflow-x:auto}table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.3rem .6rem;text-align:start;"
        f"vertical-align:top}}</style></head><body><main><h1>{escape(title)}</h1>\n"
    )


def _table_head(names: Sequence[str], title: str) -> str:
    head = "".join(f'<th scope="col">{escape(_spoken(name))}</th>' for name in names)
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{escape(title)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>\n"
    )


def _spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _shown(value: Any) -> str:
    return "" if value is None else str(value)

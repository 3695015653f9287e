"""What this database holds about somebody, and what the law wants told with it (GDPR Art. 15, 20).

Rows are read in pieces, so a copy of a hundred thousand rows costs no more memory than one of ten."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.html import escape

from audit.personal import Holding, Rows, holdings
from inventory.models import ProcessingActivity
from inventory.schedule import schedule
from people.models import Person, Role
from processors.models import LIVE

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
    def slug(self) -> str:
        return self.holding.label.replace(".", "-")

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


def as_json(rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    """A JSON array, row by row."""
    lead = "[\n"
    for row in rows:
        yield (lead + json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False)).encode()
        lead = ",\n"
    yield b"[]\n" if lead == "[\n" else b"\n]\n"


def as_table(
    rows: Iterator[dict[str, Any]], names: Sequence[str], title: str, language: str
) -> Iterator[bytes]:
    """A page anybody can open and read; everything in it is text, whatever it holds."""
    title = title[:1].upper() + title[1:]
    yield _page_head(title, language).encode()
    head = "".join(f'<th scope="col">{escape(_spoken(name))}</th>' for name in names)
    yield f'<div class="wide" role="region" tabindex="0" aria-label="{escape(title)}">'.encode()
    yield f"<table><thead><tr>{head}</tr></thead><tbody>\n".encode()
    for row in rows:
        cells = "".join(f"<td>{escape(_shown(row[name]))}</td>" for name in names)
        yield f"<tr>{cells}</tr>\n".encode()
    yield b"</tbody></table></div></main></body></html>\n"


def _page_head(title: str, language: str) -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        "<style>body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}"
        ".wide{overflow-x:auto}table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.3rem .6rem;text-align:start;"
        f"vertical-align:top}}</style></head><body><main><h1>{escape(title)}</h1>\n"
    )


def _spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _shown(value: Any) -> str:
    return "" if value is None else str(value)


# --- What the law wants told with a copy (GDPR Art. 15(1)) -------------------------------------


@dataclass(frozen=True)
class Use:
    """One purpose, with all that is done for it, as the register has it today."""

    purpose: str
    text: str
    categories: tuple[str, ...]
    recipients: tuple[str, ...]


def uses(role: str, on: date) -> list[Use]:
    """Why data of this role is used, which, and who receives it (Art. 15(1)(a)–(c))."""
    rows = ProcessingActivity.objects.live(on).select_related("purpose").order_by("purpose__name", "name")
    rows = rows.prefetch_related("categories", "recipients__processor")
    by_purpose: dict[int, list[ProcessingActivity]] = {}
    for row in rows:
        if role in row.whose:
            by_purpose.setdefault(row.purpose.pk, []).append(row)
    return [_use(activities) for activities in by_purpose.values()]


def _use(activities: list[ProcessingActivity]) -> Use:
    purpose = activities[0].purpose
    categories = {category.name for row in activities for category in row.categories.all()}
    recipients = {
        link.processor.name
        for row in activities
        for link in row.recipients.all()
        if link.processor.status in LIVE
    }
    return Use(purpose.name, purpose.text, tuple(sorted(categories)), tuple(sorted(recipients)))


def periods(role: str, on: date) -> list[str]:
    """How long each category stays, in words (Art. 15(1)(d))."""
    return [line.words for line in schedule(on) if line.role in ("", role) and role not in line.apart]


def role_of(subject: Person) -> str:
    return Role(subject.role).label

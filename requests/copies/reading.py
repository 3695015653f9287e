"""A part of ours as people read it: words over the columns, words in the cells, a thousand rows to a page."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.translation import gettext as _

from audit.personal import Column, Holding
from law.models import Company

from .gathering import ANOTHER, NOTHING, THEMSELVES, Row, holding_of, naming
from .zipping import Entry

PER_PAGE = 1_000  # what a phone opens without a pause
NONE = "—"
HOLE = "<!-- rows -->"  # text is escaped, so only the template says this

Say = Callable[[Any], str]


@dataclass(frozen=True)
class Heading:
    """A column: its name in JSON, and how people call it and what stands in it."""

    name: str
    words: str
    say: Say

    def said(self, value: Any) -> str:
        return NONE if value in NOTHING else self.say(value)


def headings(key: str, names: Iterable[str]) -> list[Heading]:
    """For the columns of a part, in the language that is on. One that a later version of this software knows
    no more is called by its name."""
    holding, zone = holding_of(key), Company.current().zone
    return [_heading(holding, name, zone) for name in names]


def _heading(holding: Holding | None, name: str, zone: ZoneInfo) -> Heading:
    column = holding.columns.get(name) if holding else None
    if holding is None or column is None:
        return Heading(name, name.replace("_", " ").capitalize(), plain)
    return Heading(name, str(column.heading), _speaker(holding, name, column, zone))


def _speaker(holding: Holding, name: str, column: Column, zone: ZoneInfo) -> Say:
    if name in naming(holding):
        people = {THEMSELVES: _("the person this copy is about"), ANOTHER: _("another person")}
        return lambda value: people.get(value, str(value))
    if column.say:
        return column.say
    kind = _field(holding.model, column.path or name)
    if isinstance(kind, models.DateTimeField):
        return partial(moment, zone=zone)
    return day if isinstance(kind, models.DateField) else plain


def _field(model: type[models.Model], path: str) -> Any:
    """The field at the end of a path, as in `request__received_at`; nothing for what a query works out."""
    *way, last = path.split("__")
    for step in way:
        model = model._meta.get_field(step).related_model  # type: ignore[assignment]
    try:
        return model._meta.get_field(last)
    except FieldDoesNotExist:
        return None


# --- Values, as JSON holds them ----------------------------------------------------------------


def moment(value: str, zone: ZoneInfo) -> str:
    at = parse_datetime(value)
    return f"{_spoken(at.astimezone(zone))}, {date_format(at.astimezone(zone), 'H:i')}" if at else str(value)


def day(value: str) -> str:
    on = parse_date(value)
    return _spoken(on) if on else str(value)


def _spoken(on: date | datetime) -> str:
    return date_format(on, "j F Y" if translation.get_language() == "en" else "DATE_FORMAT")


def plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, dict):
        return "; ".join(f"{name}: {plain(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    return str(value)


# --- As pages ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Paper:
    """What stands around the rows of a part. `rows` is how many there are, `left` what stays out of them."""

    title: str
    about: str
    language: str
    headings: Sequence[Heading]
    rows: int
    whose: str = ""
    made: str = ""
    left: Sequence[str] = ()
    home: str = ""


def pages(paper: Paper, place: str, rows: Iterator[Row]) -> Iterator[Entry]:
    """Each page with a name of its own, to be read in this order: they share one stream of rows."""
    count = max(1, -(-paper.rows // PER_PAGE))
    stem = place.rpartition("/")[2]
    for number in range(1, count + 1):
        beside = {
            "number": number,
            "count": count,
            "before": _name(stem, number - 1) if number > 1 else "",
            "after": _name(stem, number + 1) if number < count else "",
        }
        yield Entry(_name(place, number), page(paper, islice(rows, PER_PAGE), **beside))


def _name(place: str, number: int) -> str:
    return f"{place}.html" if number == 1 else f"{place}-{number}.html"


def page(paper: Paper, rows: Iterable[Row], **beside: Any) -> Iterator[bytes]:
    """A page anybody can open and read; everything in it is text, whatever it holds."""
    with translation.override(paper.language):
        context = {"paper": paper, "zone": Company.current().time_zone.replace("_", " "), **beside}
        head, _hole, foot = render_to_string("requests/copy_part.html", context).partition(HOLE)
        lines = list(_lines(paper, rows)) if paper.rows == 1 else None
    yield head.encode()
    yield from lines if lines is not None else _in_language(paper, rows)
    yield foot.encode()


def _in_language(paper: Paper, rows: Iterable[Row]) -> Iterator[bytes]:
    """Between two pieces other code runs, in a language of its own."""
    for row in rows:
        with translation.override(paper.language):
            line = _table_row(paper, row)
        yield line


def _table_row(paper: Paper, row: Row) -> bytes:
    cells = (
        f'<td data-label="{escape(one.words)}"{_kind(one, row)}>{escape(_cell(one, row))}</td>'
        for one in paper.headings
    )
    return f"<tr>{''.join(cells)}</tr>\n".encode()


def _lines(paper: Paper, rows: Iterable[Row]) -> Iterator[bytes]:
    """One row alone is a list of what it says; what is empty is left out."""
    for row in rows:
        for one in paper.headings:
            if one.name not in row or row[one.name] not in NOTHING:
                yield f"<dt>{escape(one.words)}</dt><dd>{escape(_cell(one, row))}</dd>\n".encode()


def _cell(one: Heading, row: Row) -> str:
    return one.said(row[one.name]) if one.name in row else _("kept out")


def _kind(one: Heading, row: Row) -> str:
    if one.name not in row:
        return ' class="out"'
    return ' class="none"' if row[one.name] in NOTHING else ""

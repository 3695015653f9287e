"""Successive versions of a published list of companies → what changed, and when.

Pure: Markdown tables in, differences out. A company is followed under its own name, and under another
spelling where `same_company` is certain; what is merely alike counts as one gone and one come."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from processors.imports import ALIASES
from processors.merging import Likeness, Places, parse_places, same_company
from processors.models import ChangeKind

_RULE = re.compile(r"\|?\s*:?-{2,}")
_BREAK = re.compile(r"<\s*/?\s*br\s*/?\s*>", re.IGNORECASE)


@dataclass(frozen=True)
class Entry:
    """One company on one version of the list."""

    name: str
    purpose: str = ""
    places: Places = field(default_factory=Places)
    seat: str = ""


@dataclass(frozen=True)
class Difference:
    kind: ChangeKind
    before: Entry | None
    after: Entry | None


def read_tables(markdown: str) -> list[Entry]:
    """Every row of every table whose header names a column of companies."""
    entries: list[Entry] = []
    columns: list[str] = []
    lines = markdown.splitlines()
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if "|" not in line:
            columns = []
        elif _RULE.match(below):
            columns = [_column(cell) for cell in _cells(line)]
        elif "name" in columns and not _RULE.match(line):
            entries.append(_entry(dict(zip(columns, _cells(line), strict=False))))
    return [entry for entry in entries if entry.name]


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|").removesuffix("|")
    return [" ".join(_BREAK.sub(" ", cell).split()) for cell in re.split(r"(?<!\\)\|", inner)]


def _column(header: str) -> str:
    name = header.strip("*_ ").casefold()
    return ALIASES.get(name, name)


def _entry(cells: dict[str, str]) -> Entry:
    seat = parse_places(cells.get("seat", "")).codes
    return Entry(
        name=cells["name"],
        purpose=cells.get("purpose", ""),
        places=parse_places(cells.get("places", "")),
        seat=seat[0] if len(seat) == 1 else "",
    )


def compare(before: Sequence[Entry], after: Sequence[Entry]) -> list[Difference]:
    """What a reader of the first list has to be told to know the second."""
    pairs = list(_pairs(before, after))
    gone = _without(before, [old for old, _new in pairs])
    come = _without(after, [new for _old, new in pairs])
    return [
        *(Difference(ChangeKind.ADDED, None, entry) for entry in come),
        *(Difference(ChangeKind.REMOVED, entry, None) for entry in gone),
        *(Difference(kind, old, new) for old, new in pairs for kind in _kinds(old, new)),
    ]


def _pairs(before: Sequence[Entry], after: Sequence[Entry]) -> Iterator[tuple[Entry, Entry]]:
    """The same company on both: by name and work, then by name, then by a name spelled differently."""
    left, right = list(before), list(after)
    for is_same in (
        lambda old, new: (old.name, old.purpose) == (new.name, new.purpose),
        lambda old, new: old.name == new.name,
        lambda old, new: same_company(old.name, new.name) is Likeness.CERTAIN,
    ):
        for old in list(left):
            new = next((candidate for candidate in right if is_same(old, candidate)), None)
            if new is not None:
                left.remove(old)
                right.remove(new)
                yield old, new


def _without(entries: Sequence[Entry], taken: Iterable[Entry]) -> list[Entry]:
    left = list(entries)
    for entry in taken:
        left.remove(entry)
    return left


def _kinds(old: Entry, new: Entry) -> Iterator[ChangeKind]:
    if old.name != new.name:
        yield ChangeKind.NAME
    if old.purpose != new.purpose:
        yield ChangeKind.PURPOSE
    if (set(old.places.codes), old.places.unread) != (set(new.places.codes), new.places.unread):
        yield ChangeKind.PLACE
    if old.seat != new.seat:
        yield ChangeKind.SEAT


@dataclass
class Life:
    """One company through all versions: as it was last, and what was said of it."""

    entry: Entry
    began: date
    ended: date | None = None
    story: list[tuple[date, Difference]] = field(default_factory=list)


def lives(versions: Sequence[tuple[date, list[Entry]]]) -> list[Life]:
    """Follow every company. The first version is where the story begins: it tells no change."""
    if not versions:
        return []
    # Of several versions of one day the last given is what stood there in the evening.
    (first, entries), *later = sorted(dict(versions).items())
    found = [Life(entry, first) for entry in entries]
    current = entries
    for day, entries in later:
        for difference in compare(current, entries):
            _live_on(found, difference, day)
        current = entries
    return found


def _live_on(found: list[Life], difference: Difference, day: date) -> None:
    life = _life_of(found, difference)
    if difference.after is not None and life is None:
        life = Life(difference.after, day)
        found.append(life)
    if life is None:
        raise ValueError("a company left that never came")
    if difference.after is None:
        life.ended = day
    else:
        life.entry, life.ended = difference.after, None
    life.story.append((day, difference))


def _life_of(found: list[Life], difference: Difference) -> Life | None:
    """The company that is meant: one still there, or one that comes back under its name."""
    old, new = difference.before, difference.after
    if old is not None:
        return next(life for life in found if life.ended is None and life.entry in (old, new))
    return next((life for life in found if life.ended and new and life.entry.name == new.name), None)

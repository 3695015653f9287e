"""Bringing categories of data in from a CSV list (`manage.py import_data_categories`), such as the schedule
of data of a school agreement: one line for each element, under its category.

A list only ever *adds*. What staff have written stays: where the file says something else, that is pointed
out by line. What the file does not say (where data comes from, whose it is) is left open and flagged, never
guessed; of sensitivity the careful side is taken."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.text import slugify

from audit.actions import record
from audit.actors import Acts
from audit.revisions import bump
from audit.text import clean_line
from people import csv_files
from people.models import Role

from .models import DataCategory, DataElement, Origin, Sensitivity
from .models.registers import LONGEST_NAME

COLUMNS = ("category", "element", "origin", "sensitivity", "whose")
OPTIONAL = COLUMNS[2:]
ALIASES = {
    **dict.fromkeys(("category of data", "data category", "categories", "group"), "category"),
    **dict.fromkeys(("elements", "data element", "data elements", "field", "item"), "element"),
    **dict.fromkeys(("source", "collected from", "where from"), "origin"),
    **dict.fromkeys(("data subject", "data subjects", "about", "people", "role", "roles"), "whose"),
}
MOST_ROWS = 10_000
LONGEST_ELEMENT, LONGEST_CODE = 200, 50


class ChangedMeanwhile(Exception):
    """Somebody else wrote to the same categories. Nothing was written; the file may be imported again."""


@dataclass(frozen=True)
class Given:
    """What whoever brings the list in says of every line that does not say it itself."""

    origin: str = ""
    whose: tuple[str, ...] = ()


@dataclass
class Entry:
    """One category of the file, and what it means for the register."""

    line: int
    name: str
    code: str
    origin: str = ""
    sensitivity: str = ""
    whose: tuple[str, ...] = ()
    elements: list[str] = field(default_factory=list)
    category: DataCategory | None = None
    fresh: list[str] = field(default_factory=list)
    filled: dict[str, object] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        return self.category is None

    @property
    def is_touched(self) -> bool:
        return bool(self.fresh or self.filled)


@dataclass(frozen=True)
class Counts:
    categories_new: int
    categories_completed: int
    categories_known: int
    elements_new: int
    elements_known: int
    rejected: int
    flagged: int

    @property
    def writes(self) -> int:
        return self.categories_new + self.categories_completed + self.elements_new


def read(file: BinaryIO, given: Given = Given()) -> "Plan":
    """The whole file compared with the register, writing nothing. Raises csv_files.FileRefused."""
    plan = Plan(csv_files.sha256(file), given)
    for number, row in enumerate(csv_files.rows(file, COLUMNS, aliases=ALIASES, optional=OPTIONAL)):
        if number == MOST_ROWS:
            raise csv_files.FileRefused(f"The file has more than {MOST_ROWS:,} rows. Split it.")
        plan.take(row)
    plan.compare()
    return plan


@dataclass
class Plan:
    """What a file would do, before anything is written."""

    sha256: str
    given: Given = Given()
    entries: dict[str, Entry] = field(default_factory=dict)
    remarks: list[tuple[int, str, str]] = field(default_factory=list)
    lines: dict[tuple[str, str], int] = field(default_factory=dict)

    def counts(self) -> Counts:
        entries = self.entries.values()
        kinds = [kind for _line, kind, _text in self.remarks]
        new = sum(len(entry.fresh) for entry in entries)
        return Counts(
            categories_new=sum(entry.is_new for entry in entries),
            categories_completed=sum(bool(entry.filled) for entry in entries),
            categories_known=sum(not entry.is_new and not entry.filled for entry in entries),
            elements_new=new,
            elements_known=sum(len(entry.elements) for entry in entries) - new,
            rejected=kinds.count("rejected"),
            flagged=kinds.count("flagged"),
        )

    def take(self, row: csv_files.Row) -> None:
        try:
            found, element = _read(row)
            self._file(row.line, found, element)
        except ValidationError as error:
            self.remarks.append((row.line, "rejected", " ".join(error.messages)))

    def _file(self, line: int, found: Entry, element: str) -> None:
        entry = self.entries.get(found.code, found)
        if entry.name.casefold() != found.name.casefold():
            raise ValidationError(
                f"category: too like “{entry.name}” of line {entry.line}; tell the two apart in words."
            )
        first = self.lines.setdefault((found.code, element.casefold()), line)
        if first != line:
            raise ValidationError(f"stands in line {first} already.")
        if entry.name != found.name:
            self._flag(line, f"category: spelled “{entry.name}” in line {entry.line}, and that was taken.")
        self._agree(line, entry, found)
        entry.elements.append(element)
        self.entries[found.code] = entry

    def _agree(self, line: int, entry: Entry, found: Entry) -> None:
        """Later lines may say what the first did not; they may not say something else."""
        for name in OPTIONAL:
            said, before = getattr(found, name), getattr(entry, name)
            if said and before and said != before:
                self._flag(line, f"{name}: line {entry.line} says otherwise, and that was taken.")
            elif said:
                setattr(entry, name, said)

    def _flag(self, line: int, text: str) -> None:
        self.remarks.append((line, "flagged", text))

    def compare(self) -> None:
        known = _Known()
        for code, entry in list(self.entries.items()):
            entry.category = known.category(entry)
            if entry.category and entry.category.is_never_held:
                self._refuse(entry, entry.category)
                del self.entries[code]
                continue
            self._compare(entry, known.elements(entry))
        self.remarks.sort(key=lambda remark: remark[0])

    def _refuse(self, entry: Entry, category: DataCategory) -> None:
        why = f"“{category}” is declared in public as never held, so nothing stands under it."
        lines = [self.lines[entry.code, element.casefold()] for element in entry.elements]
        self.remarks += [(line, "rejected", why) for line in lines]

    def _compare(self, entry: Entry, elements: set[str]) -> None:
        entry.fresh = [element for element in entry.elements if element.casefold() not in elements]
        for element in entry.fresh:
            if "(specify)" in element.casefold():
                line = self.lines[entry.code, element.casefold()]
                self._flag(line, f"element: “{element}” asks for words of our own; it comes in as it stands.")
        if entry.category is None:
            self._say_what_is_open(entry)
            return
        if entry.category.name != entry.name:
            self._flag(entry.line, f"category: the register calls it “{entry.category}”, and that stays.")
        for name, said in self._sayings(entry):
            self._hold_against(entry, entry.category, name, said)

    def _sayings(self, entry: Entry) -> Iterator[tuple[str, object]]:
        yield "origin", entry.origin or self.given.origin
        yield "whose", list(entry.whose or self.given.whose)
        yield "sensitivity", entry.sensitivity

    def _hold_against(self, entry: Entry, category: DataCategory, name: str, said: object) -> None:
        stands = getattr(category, name)
        if said and not stands:
            entry.filled[name] = said
            self.remarks.append((entry.line, "completed", f"{name}: was open in the register."))
        elif said and _in_order(said) != _in_order(stands):
            self._flag(entry.line, f"{name}: the register says something else, and that stays.")

    def _say_what_is_open(self, entry: Entry) -> None:
        values = dict(self._sayings(entry))
        if missing := [name for name in ("origin", "whose") if not values[name]]:
            self._flag(entry.line, f"{' and '.join(missing)}: not said. Choose on the page of the category.")
        if not entry.sensitivity:
            self._flag(entry.line, "sensitivity: not said. “Confidential” was taken, to be careful.")

    @transaction.atomic
    def _write(self, *, by: Acts, at: datetime) -> None:
        record(
            "inventory.import_data_categories",
            by=by,
            at=at,
            details={**vars(self.counts()), "sha256": self.sha256},
        )
        for entry in self.entries.values():
            if entry.is_touched:
                self._write_entry(entry)

    def _write_entry(self, entry: Entry) -> None:
        if entry.category is None:
            values = dict(self._sayings(entry))
            values["sensitivity"] = values["sensitivity"] or Sensitivity.CONFIDENTIAL
            category = DataCategory.objects.create(code=entry.code, name=entry.name, **values)
        else:
            category = entry.category
            if not bump(category, category.revision):
                raise ChangedMeanwhile
            if entry.filled:
                DataCategory.objects.filter(pk=category.pk).update(**entry.filled)
        _add_elements(category, entry.fresh)

    def apply(self, *, by: Acts, at: datetime) -> None:
        """Write what is new, in one piece. A second run finds nothing to do. Raises ChangedMeanwhile."""
        if not self.counts().writes:
            return
        try:
            self._write(by=by, at=at)
        except IntegrityError:
            raise ChangedMeanwhile from None


def _in_order(value: object) -> object:
    return sorted(value) if isinstance(value, list) else value


def _add_elements(category: DataCategory, names: list[str]) -> None:
    last = category.elements.aggregate(last=models.Max("order"))["last"] or 0
    DataElement.objects.bulk_create(
        DataElement(category=category, name=name, as_listed=name, order=order)
        for order, name in enumerate(names, last + 1)
    )


class _Known:
    """The register as a file may name it: by code, which never changes, or by name."""

    def __init__(self) -> None:
        rows = list(DataCategory.objects.prefetch_related("elements"))
        self.by_name = {row.name.casefold(): row for row in rows}
        self.by_code = {row.code: row for row in rows}

    def category(self, entry: Entry) -> DataCategory | None:
        return self.by_code.get(entry.code) or self.by_name.get(entry.name.casefold())

    def elements(self, entry: Entry) -> set[str]:
        """Each under its own words and under those of the list it came from."""
        rows = entry.category.elements.all() if entry.category else ()
        return {word.casefold() for row in rows for word in (row.name, row.as_listed) if word}


# --- One row ------------------------------------------------------------------------------


def _read(row: csv_files.Row) -> tuple[Entry, str]:
    """The clean row. Raises ValidationError with every reason at once."""
    if row.problem:
        raise ValidationError(row.problem)
    problems: list[str] = []
    name = _words("category", row, LONGEST_NAME, problems)
    element = _words("element", row, LONGEST_ELEMENT, problems)
    entry = Entry(
        row.line,
        name,
        code_for(name),
        origin=_choice("origin", row, Origin, problems),
        sensitivity=_choice("sensitivity", row, Sensitivity, problems),
        whose=_whose(row, problems),
    )
    if problems:
        raise ValidationError(" ".join(problems))
    return entry, element


def code_for(name: str) -> str:
    """A name without a Latin letter has no slug; its fingerprint stands in."""
    slug = slugify(name)[:LONGEST_CODE].strip("-")
    return slug or f"category-{sha256(name.casefold().encode()).hexdigest()[:12]}"


def _words(column: str, row: csv_files.Row, limit: int, problems: list[str]) -> str:
    try:
        words = clean_line(row.cells.get(column, ""))
    except ValidationError as error:
        problems.append(f"{column}: {' '.join(error.messages)}")
        return ""
    if not words:
        problems.append(f"{column}: It is empty.")
    if len(words) > limit:
        problems.append(f"{column}: Use {limit} characters at most; this has {len(words):,}.")
    return words


def _choice(column: str, row: csv_files.Row, choices: type[models.TextChoices], problems: list[str]) -> str:
    said = " ".join(row.cells.get(column, "").casefold().split())
    known = {word.casefold(): value for value, label in choices.choices for word in (value, str(label))}
    if said and said not in known:
        problems.append(f"{column}: Write one of {', '.join(choices.values)}.")
    return str(known.get(said, ""))


def _whose(row: csv_files.Row, problems: list[str]) -> tuple[str, ...]:
    said = [word.strip().casefold() for word in row.cells.get("whose", "").replace(";", ",").split(",")]
    known = {word.casefold(): value for value, label in Role.choices for word in (value, str(label))}
    if any(word and word not in known for word in said):
        problems.append(f"whose: Write some of {', '.join(Role.values)}.")
    return tuple(dict.fromkeys(str(known[word]) for word in said if word in known))

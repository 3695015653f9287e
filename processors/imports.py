"""Bringing companies in from a CSV list (`manage.py import_processors`), the messy real ones too.

A list only ever *adds*. What stands in the register was reviewed here and is not overwritten: where the
file says something else, it is pointed out by line. New companies come in as proposed, so that review,
contract and transfers still have to be shown before they become active. `as_listed` is for history: a
list the company has published already, whose companies work for us since that day; the health page
then names everything they lack."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.actions import record
from audit.actors import Acts
from audit.text import clean_line
from people import csv_files

from . import actions
from .merging import Likeness, Places, parse_places, same_company
from .models import Announcement, ChangeKind, Kind, Processor, ProcessorPlace, Status
from .public_list import changes

COLUMNS = (
    "name",
    "purpose",
    "kind",
    "places",
    "seat",
    "mechanism",
    "data",
    "subprocessors",
    "website",
    "notes",
)
OPTIONAL = COLUMNS[1:]  # the last four are read past
ALIASES = {
    **dict.fromkeys((
        "processor", "subprocessor", "sub-processor", "company", "vendor", "entity", "entity name", "legal name",
        "name of subprocessor", "name of sub-processor", "third party", "supplier",
    ), "name"),
    **dict.fromkeys((
        "description", "description of processing", "what for", "service", "services", "activity", "function",
        "purpose of processing", "nature of processing",
    ), "purpose"),
    **dict.fromkeys(("type", "category"), "kind"),
    **dict.fromkeys((
        "place", "location", "locations", "processing_locations", "processing locations", "location of processing",
        "processing location", "country", "countries", "region", "hosting location", "where",
    ), "places"),
    **dict.fromkeys((
        "corporate_location", "corporate location", "headquarters", "hq", "seat country", "registered in",
        "country of incorporation",
    ), "seat"),
    **dict.fromkeys(("safeguard", "safeguards", "transfer mechanism", "transfer_mechanism"), "mechanism"),
}  # fmt: skip
MOST_ROWS = 1_000  # names are compared in pairs, a dozen seconds at most; nobody has more companies


@dataclass
class Row:
    """One line of a list, read; and what it means for the register."""

    line: int
    name: str
    purpose: str = ""
    kind: str = Kind.OTHER
    places: Places = field(default_factory=Places)
    seat: str = ""
    service: str = ""
    verdict: str = "new"
    flags: list[str] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str]:
        return self.name, self.service

    @property
    def all_places(self) -> list[tuple[str, str]]:
        """(country, their words), one of which is empty, as ProcessorPlace keeps them."""
        words = [("", clean_line(part.text)[:100]) for part in self.places.unread]
        return list(dict.fromkeys([*((code, "") for code in self.places.codes), *words]))

    def absorb(self, other: "Row") -> None:
        """Another line of the same company: its work and places are added."""
        if other.purpose and other.purpose not in self.purpose.split("; "):
            self.purpose = "; ".join(filter(None, [self.purpose, other.purpose]))[:1000]
        codes = dict.fromkeys((*self.places.codes, *other.places.codes))
        unread = dict.fromkeys((*self.places.unread, *other.places.unread))
        self.places = Places(tuple(codes), tuple(unread))
        self.seat = self.seat or other.seat
        other.verdict = "merged"


@dataclass(frozen=True)
class Counts:
    new: int
    known: int
    differing: int
    merged: int
    rejected: int
    flagged: int
    alike: int


class Plan:
    """What a file would do, before anything is written."""

    def __init__(self, sha256: str) -> None:
        self.sha256 = sha256
        self.rows: list[Row] = []
        self.rejected: list[tuple[int, str]] = []
        self.alike: list[tuple[int, str]] = []

    def counts(self) -> Counts:
        verdicts = [row.verdict for row in self.rows]
        return Counts(
            new=verdicts.count("new"),
            known=verdicts.count("known"),
            differing=verdicts.count("differing"),
            merged=verdicts.count("merged"),
            rejected=len(self.rejected),
            flagged=sum(bool(row.flags) for row in self.rows),
            alike=len(self.alike),
        )

    def remarks(self) -> list[tuple[int, str, str]]:
        """(line, kind, sentence) in the order of the file."""
        flags = [(row.line, "flagged", flag) for row in self.rows for flag in row.flags]
        refused = [(line, "rejected", reason) for line, reason in self.rejected]
        return sorted([*flags, *refused, *((line, "alike", text) for line, text in self.alike)])

    @transaction.atomic
    def apply(self, *, by: Acts, at: datetime, as_listed: date | None = None) -> None:
        """Write what is new, in one piece. A second run finds nothing to do."""
        fresh = [row for row in self.rows if row.verdict == "new"]
        if not fresh:
            return
        details = {**vars(self.counts()), "sha256": self.sha256}
        record("processors.import_processors", by=by, at=at, details=details)
        if as_listed:
            bring_in(fresh, on=as_listed, by=by, at=at)
            return
        for row in fresh:
            _with_places(actions.propose(_processor(row), by=by, at=at), row)


def planned(file: BinaryIO, *, merge: bool = False) -> Plan:
    """Read the whole file and compare it with the register. Raises csv_files.FileRefused."""
    plan = Plan(csv_files.sha256(file))
    for raw in csv_files.rows(file, COLUMNS, aliases=ALIASES, optional=OPTIONAL):
        if len(plan.rows) == MOST_ROWS:
            raise csv_files.FileRefused(f"The list has more than {MOST_ROWS:,} companies.")
        try:
            plan.rows.append(_read(raw))
        except ValidationError as error:
            plan.rejected.append((raw.line, " ".join(error.messages)))
    _find_alike(plan, merge)
    _tell_apart(plan)
    _compare(plan)
    return plan


def _read(raw: csv_files.Row) -> Row:
    if raw.problem:
        raise ValidationError(raw.problem)
    cells = {name: " ".join(cell.split()) for name, cell in raw.cells.items()}
    row = Row(raw.line, _limited(cells["name"], 150, "name"))
    if not row.name:
        raise ValidationError("name: is missing.")
    row.purpose = _limited(cells.get("purpose", ""), 1000, "purpose")
    row.kind = _kind(cells.get("kind", ""), row.flags)
    row.places = _places(raw.cells.get("places", ""), row.flags)
    row.seat = _seat(raw.cells.get("seat", ""), row.flags)
    if cells.get("mechanism"):
        row.flags.append("mechanism: a list proves none. Enter the transfer with its contract or its check.")
    return row


def _limited(text: str, limit: int, column: str) -> str:
    line = clean_line(text)
    if len(line) > limit:
        raise ValidationError(f"{column}: has more than {limit:,} characters.")
    return line


def _kind(text: str, flags: list[str]) -> str:
    known = {word.casefold(): value for value, label in Kind.choices for word in (value, str(label))}
    if text and text.casefold() not in known:
        flags.append(f"kind: “{text[:50]}” is none of ours ({', '.join(Kind.values)}); other was taken.")
    return known.get(text.casefold(), Kind.OTHER)


def _places(text: str, flags: list[str]) -> Places:
    places = parse_places(text)
    flags += [
        f"places: “{part.text[:100]}” {part.reason}. It stays in their words." for part in places.unread
    ]
    if not places.codes and not places.unread:
        flags.append("places: none is named.")
    return places


def _seat(text: str, flags: list[str]) -> str:
    seat = parse_places(text)
    if len(seat.codes) == 1 and not seat.unread:
        return seat.codes[0]
    if text.strip():
        flags.append(f"seat: “{text.strip()[:100]}” is not one country. It was left empty.")
    return ""


def _find_alike(plan: Plan, merge: bool) -> None:
    """Pairs that look like one company, in the file and with the register. Only `merge` joins any, and
    only where spelling alone differs."""
    for number, row in enumerate(plan.rows):
        for other in plan.rows[:number]:
            likeness = same_company(row.name, other.name)
            if likeness is Likeness.NO or "merged" in (row.verdict, other.verdict):
                continue
            if merge and likeness is Likeness.CERTAIN:
                other.absorb(row)
            plan.alike.append((row.line, _proposal(row, other.name, f"line {other.line}", likeness, merge)))
    names = set(Processor.objects.values_list("name", flat=True))
    unknown = [row for row in plan.rows if row.verdict != "merged" and row.name not in names]
    for name in sorted(names):
        for row in unknown:
            likeness = same_company(row.name, name)
            if likeness is Likeness.NO or row.verdict == "merged":
                continue
            if merge and likeness is Likeness.CERTAIN:
                row.verdict = "merged"
            plan.alike.append((row.line, _proposal(row, name, "the register", likeness, merge)))


def _proposal(row: Row, name: str, where: str, likeness: Likeness, merge: bool) -> str:
    degree = "certainly" if likeness is Likeness.CERTAIN else "perhaps"
    done = "merged" if row.verdict == "merged" else "both stay" if merge else "merge them?"
    return f"“{row.name}” is {degree} “{name}” of {where}: {done}"


def _tell_apart(plan: Plan) -> None:
    """A company that stands twice for different work is two rows, the second told apart by its work.
    The same line twice is one."""
    names: dict[str, int] = {}
    lines: dict[tuple[str, str], int] = {}
    for row in [row for row in plan.rows if row.verdict != "merged"]:
        if row.name in names:
            row.service = row.purpose[:150]
        first = lines.setdefault((row.name, row.purpose), row.line)
        if first != row.line:
            plan.rows.remove(row)
            plan.rejected.append((row.line, f"stands in line {first} already."))
        names.setdefault(row.name, row.line)


def _compare(plan: Plan) -> None:
    here = Processor.objects.filter(name__in={row.name for row in plan.rows})
    here = here.select_related("merged_into").prefetch_related("places", "merged_into__places")
    known = {(processor.name, processor.service): processor.merged_into or processor for processor in here}
    for row in plan.rows:
        if row.verdict == "new" and row.key in known:
            different = list(_differences(row, known[row.key]))
            row.verdict = "differing" if different else "known"
            row.flags += [f"{what}: the register says something else and stays." for what in different]


def _differences(row: Row, processor: Processor) -> Iterator[str]:
    if row.purpose and row.purpose != processor.description:
        yield "purpose"
    if row.all_places and set(row.all_places) != {(p.country, p.named_as) for p in processor.places.all()}:
        yield "places"
    if row.seat and row.seat != processor.seat_country:
        yield "seat"


def _processor(row: Row, **state: Any) -> Processor:
    return Processor(
        name=row.name,
        service=row.service,
        kind=row.kind,
        description=row.purpose,
        seat_country=row.seat,
        **state,
    )


def _with_places(processor: Processor, row: Row) -> Processor:
    ProcessorPlace.objects.bulk_create(
        ProcessorPlace(processor=processor, country=country, named_as=words)
        for country, words in row.all_places
    )
    return processor


def bring_in(rows: list[Row], *, on: date, by: Acts, at: datetime) -> None:
    """History: these companies stood on a list we published, so they work for us since that day.

    Nobody is told, and nothing is proved: review and contract are missing until staff enter them."""
    announcement = Announcement.objects.create(effective_on=on, announced_at=at, is_history=True)
    for row in rows:
        # Born in its state: nothing is moved past the guards of actions.
        processor = _processor(row, status=Status.ACTIVE, started_on=on)
        processor.save()
        _with_places(processor, row)
        changes.list_as_history([processor], announcement, kind=ChangeKind.ADDED, at=at)
        record("processors.bring_in", processor, by=by, at=at, details={"since": on.isoformat()})

"""What a law row says, fact by fact, beside the row it follows: for whoever reads before they approve."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.contrib.admin.utils import display_for_field
from django.db.models import UniqueConstraint
from django_countries import countries

from .models import LawRow, Regime
from .periods import Period

START = "in_force_from"
YES, NO = "yes", "no"
PLACES = ("place", "territory")
CHECKLISTS = {
    "ccpa_service_provider": "CCPA: contract with a service provider",
    "coppa_school": "COPPA: contract with a school",
    "ferpa_school_official": "FERPA: a company as school official",
    "gdpr28": "GDPR Art. 28(3): contract with a processor",
    "gdpr30_controller": "GDPR Art. 30(1): record as controller",
    "gdpr30_processor": "GDPR Art. 30(2): record as processor",
    "gdpr33": "GDPR Art. 33: notice of a breach",
    "ny2d_contract": "New York Education Law 2-d: contract",
    "ny2d_supplemental": "New York Education Law 2-d: supplemental information",
    "refusal_notice": "A refusal: what its letter says",
    "scc_subprocessor": "Standard clauses: sub-processors",
    "sopipa": "SOPIPA: what a company for schools may not do",
    "tia": "Transfer impact assessment",
}


@dataclass(frozen=True)
class Fact:
    """`before` is what the row it follows said, where that is something else."""

    label: str
    words: str
    before: str = ""
    is_changed: bool = False


@dataclass(frozen=True)
class Line:
    row: Any
    facts: list[Fact]
    since: str
    follows: LawRow | None
    is_chosen: bool = False

    @property
    def changes(self) -> int:
        return sum(fact.is_changed for fact in self.facts)


@dataclass(frozen=True)
class Group:
    key: str
    title: str
    lines: list[Line]


def lines(rows: Sequence[LawRow], names: Iterable[str], chosen: Iterable[str] = ()) -> list[Line]:
    """Two queries at most, however many rows there are."""
    follows, shown = _followed(rows), [name for name in names if not name.endswith("_unit")]
    return [
        Line(row, _facts(row, follows.get(row.pk), shown), since(row), follows.get(row.pk), str(row.pk) in chosen)
        for row in rows
    ]  # fmt: skip


def groups(told: Sequence[Line], name: str) -> list[Group]:
    """By one field of theirs, in the order of its title; all together where there is none to part them."""
    known = dict(Regime.objects.order_by(START).values_list("code", "name"))
    parted = sorted(told, key=lambda line: _title(line.row, name, known))
    return [
        Group(f"group-{number}", title, list(members))
        for number, (title, members) in enumerate(groupby(parted, lambda line: _title(line.row, name, known)))
    ]


def _title(row: LawRow, name: str, known: dict[str, str]) -> str:
    if not name:
        return ""
    if row._meta.get_field(name).choices:  # type: ignore[union-attr]
        return capitalized(str(getattr(row, f"get_{name}_display")()))
    codes = str(getattr(row, name)).split("|")
    return ", ".join(known.get(code) or CHECKLISTS.get(code) or code.replace("_", " ") for code in codes)


def capitalized(words: str) -> str:
    return words[:1].upper() + words[1:]


def since(row: LawRow) -> str:
    if row.in_force_from is None:
        return "applies already, first day not known"
    first = f"since {_day(row.in_force_from)}"
    return f"{first}, until {_day(row.in_force_until)}" if row.in_force_until else first


def _followed(rows: Sequence[LawRow]) -> dict[int, LawRow]:
    """Row → the one of the same thing that starts last before it."""
    if not rows:
        return {}
    same = _same(type(rows[0]))
    found: dict[tuple[Any, ...], list[LawRow]] = defaultdict(list)
    for other in type(rows[0])._default_manager.filter(
        **{f"{same[0]}__in": {getattr(row, same[0]) for row in rows}}
    ):
        found[_key(other, same)].append(other)
    before = {row.pk: [one for one in found[_key(row, same)] if _start(one) < _start(row)] for row in rows}
    return {pk: max(ones, key=_start) for pk, ones in before.items() if ones}


def _same(model: type[LawRow]) -> list[str]:
    """What names the thing: the fields that stand once a day."""
    once = (rule.fields for rule in model._meta.constraints if isinstance(rule, UniqueConstraint))
    return [name for name in next(fields for fields in once if START in fields) if name != START]


def _key(row: LawRow, same: Sequence[str]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in same)


def _start(row: LawRow) -> date:
    return row.in_force_from or date.min


def _facts(row: LawRow, follows: LawRow | None, names: Sequence[str]) -> list[Fact]:
    """What changed first; every plain no in one breath, at the end."""
    told = [_fact(row, follows, name) for name in names]
    changed = [fact for fact in told if fact.is_changed]
    plain = [fact for fact in told if not fact.is_changed and fact.words and not _is_in_name(fact, row)]
    noes = ", ".join(fact.label for fact in plain if fact.words == NO)
    return changed + [fact for fact in plain if fact.words != NO] + ([Fact("not so", noes)] if noes else [])


def _is_in_name(fact: Fact, row: LawRow) -> bool:
    """The name says it already; a yes or no in it is part of another word."""
    return fact.words not in (YES, NO) and fact.words in str(row)


def _fact(row: LawRow, follows: LawRow | None, name: str) -> Fact:
    words, label = in_words(row, name), _label(row, name)
    if follows is None or (before := in_words(follows, name)) == words:
        return Fact(label, words)
    return Fact(label, words or "nothing", before or "nothing", is_changed=True)


def _label(row: LawRow, name: str) -> str:
    label = str(_field(row, name).verbose_name)
    return label.removesuffix(" n").removeprefix("is ").removeprefix("has ")


def in_words(row: LawRow, name: str) -> str:
    """As somebody reads it aloud: yes or no, 15 days, names with commas between."""
    value = getattr(row, name)
    if value is None:
        return ""
    if isinstance(value, bool):
        return YES if value else NO
    if name.endswith("_n"):
        return str(Period(value, getattr(row, f"{name[:-2]}_unit")))
    if name in PLACES:
        return named(str(value))
    said = str(display_for_field(value, _field(row, name), ""))
    return ", ".join(piece.replace("_", " ") for piece in said.split("|")) if "|" in said else said


def named(place: str) -> str:
    name = countries.name(place.split("-")[0])
    return f"{name} ({place})" if name else place


def _field(row: LawRow, name: str) -> Any:
    return row._meta.get_field(name)


def _day(on: date) -> str:
    return f"{on:%-d %B %Y}"

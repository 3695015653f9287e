"""What each app holds about people. Apps say it in their own `personal.py`, found as Django's admin is.

Export, erasure, the retention sweep and the inventory's coverage check all read this one list, so that
nothing about a person lies where nobody looks (GDPR Art. 5(1)(e), 5(2), 15, 17)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.module_loading import autodiscover_modules

from .evidence import is_evidence

Rows = models.QuerySet[Any]


class StartEvent(models.TextChoices):
    """What starts a retention clock. The label reads on after “until 5 years after …”."""

    LAST_ACTIVITY = "last_activity", "the last activity"
    EVENT = "event", "the event"
    COLLECTION = "collection", "the day of collection"
    COURSE_END = "course_end", "the end of the course"
    ISSUE = "issue", "the day of issue"
    SENT = "sent", "the day of sending"
    ACCOUNT_CLOSED = "account_closed", "the closing of the account"
    CLOSED = "closed", "the day the case was closed"
    LINK_ENDED = "link_ended", "the end of the guardianship"
    WITHDRAWAL = "withdrawal", "the withdrawal"
    CONTRACT_END = "contract_end", "the end of the contract"
    TAX_YEAR_END = "tax_year_end", "the end of the tax year"
    PURPOSE_END = "purpose_end", "the end of its purpose"


class Then(models.TextChoices):
    """What happens when the clock has run out."""

    DELETE = "delete", "delete"
    ANONYMIZE = "anonymize", "anonymize: nothing personal is left in the row"
    ARCHIVE = "archive", "archive: only the proof is kept, apart from daily work"


# Takes rows away, set-based, and returns how many. It never sees the reason or the person.
Way = Callable[[Rows, datetime], int]


@dataclass(frozen=True, kw_only=True)
class Clock:
    """When the retention of a row began, in the database's terms.

    `until(day)` finds rows whose clock started on that day or before; `unknown` finds rows of which
    nobody knows when it started: they are counted and shown, never swept."""

    until: Callable[[date], Q]
    unknown: Q = field(default_factory=lambda: Q(pk__in=[]))


@dataclass(frozen=True, kw_only=True)
class Along:
    """Rows of another model that go with a row: (model, key to the row, whom else they are about)."""

    model: type[models.Model]
    to: str
    subject: str
    category: str


Words = str | Promise
Say = Callable[[Any], str]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a requester's copy. `heading` is what people read over it, `path` leads to it where it is no
    field of the row's own; `say` puts a stored value, as JSON holds it, into words of the language that is on.
    Days, moments and yes or no need none."""

    heading: Words
    path: str = ""
    say: Say | None = None


def one_of(**words: Words) -> Say:
    """Says a code in words; a code without words as it stands."""
    return lambda value: str(words.get(str(value), value))


@dataclass(frozen=True, kw_only=True)
class Holding:
    """What one model keeps about people. `category` is a code of the inventory; `fields` are names only.

    `title`, `about` and `columns` speak to the person in whose copy the rows are, in every language of the public
    pages: what these rows are, and each column by its name in the copy's JSON, which never changes. Columns hold
    all of `fields`, and what makes a row understood: when it was, and about what.

    `subjects` are the columns (or paths, as in `request__subject`) that lead to a person's number, or
    expressions named in `derived`; none where nothing leads to a person. `survives` says in a sentence why
    an erasure leaves it alone; empty for nearly everything. `in_copies`: a requester's copy holds it;
    `copied_to` names those of the subjects whose copy that is, where a row is one person's words about
    another. `all_rows` leaves out what is emptied already, so that a second sweep finds nothing to do. Evidence goes only by an approved disposal
    (`audit.disposing`)."""

    model: type[models.Model]
    category: str
    fields: tuple[str, ...]
    title: Words
    about: Words
    columns: Mapping[str, Column]
    subjects: tuple[str, ...]
    clocks: Mapping[StartEvent, Clock]
    ways: Mapping[Then, Way]
    all_rows: Q = field(default_factory=Q)
    derived: Mapping[str, Any] = field(default_factory=dict)
    along: tuple[Along, ...] = ()
    survives: str | Promise = ""
    in_copies: bool = True
    copied_to: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return self.model._meta.label_lower

    @property
    def name(self) -> str:
        return str(self.model._meta.verbose_name_plural)

    @property
    def is_evidence(self) -> bool:
        return is_evidence(self.label)

    def rows(self) -> Rows:
        rows: Rows = self.model._default_manager.annotate(**self.derived)
        return rows.filter(self.all_rows).order_by()


_holdings: dict[tuple[str, str], Holding] = {}
_exclusions: dict[type[models.Model], str] = {}


def register(holding: Holding) -> Holding:
    """Declare what an app holds; once for each model and category. Field names must exist, and a copy holds all."""
    paths = [column.path or name for name, column in holding.columns.items()]
    for name in (*holding.fields, *holding.subjects, *paths):
        if name != "pk" and name not in holding.derived:
            holding.model._meta.get_field(name.partition("__")[0])
    if unsaid := set(holding.fields) - set(paths):
        raise ValueError(f"{holding.label}: no words for {', '.join(sorted(unsaid))}")
    _holdings[holding.label, holding.category] = holding
    return holding


def exclude(model: type[models.Model], why: str) -> None:
    """Declare that a model with personal fields is no holding, and say why."""
    _exclusions[model] = why


def holdings() -> list[Holding]:
    """Everything held about people, in a stable order."""
    _discover()
    return [_holdings[key] for key in sorted(_holdings)]


def holdings_of(category: str) -> list[Holding]:
    return [holding for holding in holdings() if holding.category == category]


def excluded() -> Mapping[type[models.Model], str]:
    """Models with personal fields that are no holding, each with the reason."""
    _discover()
    return dict(_exclusions)


@cache
def _discover() -> None:
    autodiscover_modules("personal")

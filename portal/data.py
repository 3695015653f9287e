"""What we collect, as the public reads it: each category with its elements, why, and for how long."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from audit.paging import EXACT_UP_TO, estimated_rows
from inventory import automation, spoken
from inventory.models import DataCategory, Origin, ProcessingActivity, Purpose, RetentionRule
from law.models import Company

from .cookies import WORDS
from .views import public_page

REMEMBERED = 600  # seconds, and only where activities are so many that a look takes a while


@dataclass(frozen=True)
class Line:
    """One category as a section of the page."""

    category: DataCategory
    is_used: bool
    uses: list[tuple[spoken.Name, list[str]]]  # (purpose, how long it is kept for that)

    @property
    def name(self) -> spoken.Name:
        return spoken.name(self.category)

    @property
    def elements(self) -> list[str]:
        return [element.name for element in self.category.elements.all()]


@dataclass(frozen=True)
class Group:
    key: str
    title: str
    text: str
    lines: list[Line]


@public_page
def data(request: HttpRequest) -> HttpResponse:
    today = Company.current().today()
    machines = automation.public(today)
    context = {
        "groups": [group for group in _groups(listed(today)) if group.lines],
        "machines": machines,
        "automated_decisions": automation.on_the_whole(machines),
        "words": WORDS,
    }
    return render(request, "portal/data.html", context)


def listed(today: date) -> list[Line]:
    """Five queries, however many categories there are."""
    used, rules = _purposes(today), _rules()
    rows = DataCategory.objects.prefetch_related("elements").order_by("name", "pk")
    return [_line(category, used.get(category.pk, []), rules[category.pk]) for category in rows]


def _line(category: DataCategory, purposes: list[Purpose], rules: list[RetentionRule]) -> Line:
    """What was kept for a purpose that is over goes on by its rule, so that purpose is named too."""
    uses: dict[Purpose, list[str]] = {purpose: [] for purpose in purposes}
    for rule in rules:
        uses.setdefault(rule.purpose, []).append(spoken.kept(rule))
    return Line(category, bool(purposes), [(spoken.name(purpose), told) for purpose, told in uses.items()])


def _purposes(today: date) -> dict[int, list[Purpose]]:
    """Category → the purposes it is used for, by name."""
    purposes = Purpose.objects.in_bulk()
    return {
        category: [purposes[pk] for pk in pks if pk in purposes] for category, pks in _used(today).items()
    }


def _used(today: date) -> dict[int, list[int]]:
    if estimated_rows(ProcessingActivity, DEFAULT_DB_ALIAS) <= EXACT_UP_TO:
        return _used_now(today)
    found: dict[int, list[int]] = cache.get_or_set(  # type: ignore[assignment]
        f"portal.data.used.{today}", lambda: _used_now(today), REMEMBERED
    )
    return found


def _used_now(today: date) -> dict[int, list[int]]:
    live = ProcessingActivity.objects.live(today).order_by().filter(categories__isnull=False)
    found: dict[int, list[int]] = defaultdict(list)
    rows = live.values_list("categories", "purpose__name", "purpose").distinct()
    for category, _name, purpose in sorted(rows):
        found[category].append(purpose)
    return dict(found)


def _rules() -> dict[int, list[RetentionRule]]:
    found: dict[int, list[RetentionRule]] = defaultdict(list)
    for rule in RetentionRule.objects.select_related("purpose").order_by("purpose__name", "role"):
        found[rule.category_id].append(rule)
    return found


def _groups(lines: Iterable[Line]) -> list[Group]:
    """A category nothing is done with may still stand in an agreement: it is shown, apart."""
    parts: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        parts[_part(line)].append(line)
    said = {
        **{origin: (spoken.source(origin), "") for origin in Origin.values},
        Origin.RECEIVED.value: (spoken.source(Origin.RECEIVED), _("From a school or a guardian, for example.")),
        "open": (_("Other data"), ""),
        "unused": (
            _("Listed, but not used"),
            _("These stand on our list, for example because an agreement with a school names them. "
              "Nothing is done with them today."),
        ),
        "never": (_("What we never keep"), ""),
    }  # fmt: skip
    return [Group(key, title, text, parts[key]) for key, (title, text) in said.items()]


def _part(line: Line) -> str:
    if line.category.is_never_held:
        return "never"
    if not line.is_used:
        return "unused"
    return line.category.origin or "open"

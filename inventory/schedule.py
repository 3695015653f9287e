"""The retention schedule as it stands on a day: for each category and role, when it may go and why."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from people.models import Role

from .models import DataCategory, ProcessingActivity, RetentionRule
from .retention import Ending, Rule, Use, ending, explain, roles_apart


@dataclass(frozen=True)
class Scheduled:
    category: DataCategory
    role: str
    apart: tuple[str, ...]
    ending: Ending

    @property
    def whose(self) -> str:
        if self.role:
            return f"{Role(self.role).label}s"
        return "everybody else" if self.apart else "everybody"

    @property
    def words(self) -> str:
        whose = f" of {self.whose}" if self.role or self.apart else ""
        return explain(f"{self.category.name}{whose}", self.ending)

    @property
    def order(self) -> tuple[str, str]:
        return self.category.name, self.role or "~"


def schedule(on: date, *, category: DataCategory | None = None) -> list[Scheduled]:
    """Three queries, whatever the number of rules. Only categories with a rule or a live use."""
    rules, uses = _rules(), _uses(on)
    found = [category] if category else DataCategory.objects.filter(pk__in={*rules, *uses})
    lines = [line for one in found for line in _lines(one, rules[one.pk], uses[one.pk], on)]
    return sorted(lines, key=lambda line: line.order)


def _lines(category: DataCategory, rules: list[Rule], uses: list[Use], on: date) -> Iterator[Scheduled]:
    apart = tuple(roles_apart(rules))
    for role in (*apart, ""):
        line = Scheduled(
            category, role, apart if not role else (), ending(rules, uses, role=role, apart=apart, on=on)
        )
        if role or _concerns_others(rules, uses, set(apart)):
            yield line


def _concerns_others(rules: list[Rule], uses: list[Use], apart: set[str]) -> bool:
    return any(not rule.role for rule in rules) or any(use.roles - apart for use in uses)


def _rules() -> dict[int, list[Rule]]:
    found: dict[int, list[Rule]] = defaultdict(list)
    for rule in RetentionRule.objects.select_related("purpose").order_by("pk"):
        found[rule.category_id].append(as_rule(rule))
    return found


def as_rule(rule: RetentionRule) -> Rule:
    return Rule(
        pk=rule.pk,
        purpose=rule.purpose.name,
        role=rule.role,
        event=rule.start_event,
        number=rule.number,
        unit=rule.unit,
        then=rule.then,
        is_protected=rule.is_protected_by_law,
    )


def _uses(on: date) -> dict[int, list[Use]]:
    """Category → the live purposes that use it, each with the roles of all its activities."""
    roles: dict[tuple[int, str], set[str]] = defaultdict(set)
    live = ProcessingActivity.objects.live(on).order_by().filter(categories__isnull=False)
    # Distinct: a million activities come down to as many lines as there are kinds of use.
    for category, purpose, whose in live.values_list("categories", "purpose__name", "whose").distinct():
        roles[category, purpose].update(whose)
    found: dict[int, list[Use]] = defaultdict(list)
    for (category, purpose), names in sorted(roles.items()):
        found[category].append(Use(purpose, frozenset(names)))
    return found

"""The retention schedule as it stands on a day: for each category and role, when it may go and why."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from inventory.models import DataCategory, ProcessingActivity, Purpose, RetentionRule
from people.models import Role

from .retention import Ending, Rule, Use, ending, explain, roles_apart, starts


@dataclass(frozen=True)
class Scheduled:
    category: DataCategory
    role: str
    apart: tuple[str, ...]
    ending: Ending
    on: date

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
    def cutoffs(self) -> dict[str, str]:
        """Start event → the last day on which what goes now may have begun; none where nothing goes yet."""
        if not self.ending.is_settled:
            return {}
        return {event: day.isoformat() for event, day in self.ending.cutoffs(self.on).items()}

    @property
    def due(self) -> str:
        return starts(self.cutoffs)

    @property
    def order(self) -> tuple[str, str]:
        return self.category.name, self.role or "~"


def schedule(on: date, *, category: DataCategory | None = None) -> list[Scheduled]:
    """Four queries, whatever the number of rules. Only categories with a rule or a live use."""
    written, used = list(RetentionRule.objects.order_by("pk")), list(_used(on))
    names = names_of_purposes()  # asked last, so that it knows every purpose the others name
    rules, uses = _rules(written, names), _uses(used, names)
    found = [category] if category else DataCategory.objects.filter(pk__in={*rules, *uses})
    lines = [line for one in found for line in _lines(one, rules[one.pk], uses[one.pk], on)]
    return sorted(lines, key=lambda line: line.order)


def _lines(category: DataCategory, rules: list[Rule], uses: list[Use], on: date) -> Iterator[Scheduled]:
    apart = tuple(roles_apart(rules))
    for role in (*apart, ""):
        found = ending(rules, uses, role=role, apart=apart, on=on)
        line = Scheduled(category, role, apart if not role else (), found, on)
        if role or _concerns_others(rules, uses, set(apart)):
            yield line


def _concerns_others(rules: list[Rule], uses: list[Use], apart: set[str]) -> bool:
    return any(not rule.role for rule in rules) or any(use.roles - apart for use in uses)


def names_of_purposes() -> dict[int, str]:
    """A name for each purpose that no other has: by these the rules and the uses are matched."""
    purposes = list(Purpose.objects.order_by().values_list("pk", "name", "code"))
    counts = Counter(name for _pk, name, _code in purposes)
    return {pk: name if counts[name] == 1 else f"{name} ({code})" for pk, name, code in purposes}


def _rules(written: Iterable[RetentionRule], names: Mapping[int, str]) -> dict[int, list[Rule]]:
    found: dict[int, list[Rule]] = defaultdict(list)
    for rule in written:
        found[rule.category_id].append(as_rule(rule, names[rule.purpose_id]))
    return found


def as_rule(rule: RetentionRule, purpose: str) -> Rule:
    return Rule(
        pk=rule.pk,
        purpose=purpose,
        role=rule.role,
        event=rule.start_event,
        number=rule.number,
        unit=rule.unit,
        then=rule.then,
        is_protected=rule.is_protected_by_law,
    )


def _used(on: date) -> Iterable[tuple[int, int, list[str]]]:
    """(category, purpose, whose). Distinct: a million activities come down to as many lines as there are
    kinds of use."""
    live = ProcessingActivity.objects.live(on).order_by().filter(categories__isnull=False)
    return live.values_list("categories", "purpose", "whose").distinct()


def _uses(used: Iterable[tuple[int, int, list[str]]], names: Mapping[int, str]) -> dict[int, list[Use]]:
    """Category → the live purposes that use it, each with the roles of all its activities."""
    roles: dict[tuple[int, str], set[str]] = defaultdict(set)
    for category, purpose, whose in used:
        roles[category, names[purpose]].update(whose)
    found: dict[int, list[Use]] = defaultdict(list)
    for (category, name), everybody in sorted(roles.items()):
        found[category].append(Use(name, frozenset(everybody)))
    return found

"""When a category may go, with all its purposes looked at together. Pure: no database, no clock.

One row often serves several purposes. What goes on expiry is only what no other live purpose still
covers, so the latest end wins, for each start event by itself; a purpose without a rule holds
everything, for nobody has decided yet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from audit.personal import StartEvent, Then
from law.calendar import last_start

# Least first: whoever lets everything go stands back behind a purpose that still keeps something.
KEEPS = (Then.DELETE, Then.ANONYMIZE, Then.ARCHIVE)
VERBS = {Then.DELETE: "must go", Then.ANONYMIZE: "must be anonymized", Then.ARCHIVE: "must be archived"}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule of the schedule. `number` None: without an end. `role` empty: everybody else."""

    pk: int | None = None
    purpose: str
    role: str = ""
    event: str
    number: int | None
    unit: str
    then: str = Then.DELETE
    is_protected: bool = False

    def cutoff(self, on: date) -> date:
        """The last day on which the clock may have started, for the period to be over when `on` begins."""
        assert self.number is not None  # noqa: S101 (callers leave endless rules out)
        return last_start(on, self.number, self.unit)

    def weight(self, on: date) -> tuple[int, int, str]:
        """Orders rules by who decides, the one with most to say last; no matter which was written first."""
        return -self.cutoff(on).toordinal(), KEEPS.index(Then(self.then)), self.purpose

    @property
    def words(self) -> str:
        unit = self.unit[:-1] if self.number == 1 else self.unit
        return f"{self.number} {unit} after {StartEvent(self.event).label}"


@dataclass(frozen=True)
class Use:
    """A live purpose that uses the category, and whose data."""

    purpose: str
    roles: frozenset[str]


@dataclass(frozen=True)
class Ending:
    """What the purposes agree on. `governing` holds, for each start event, the rule that ends last; `tied`
    those that end with it, `others` those that end before."""

    governing: tuple[Rule, ...]
    tied: tuple[Rule, ...] = ()
    others: tuple[Rule, ...] = ()
    without_rule: tuple[str, ...] = ()
    endless: tuple[Rule, ...] = ()

    @property
    def is_settled(self) -> bool:
        """There is a day on which it goes."""
        return bool(self.governing) and not self.without_rule and not self.endless

    def cutoffs(self, on: date) -> dict[str, date]:
        return {rule.event: rule.cutoff(on) for rule in self.governing}

    @property
    def last(self) -> Rule:
        """The rule that says what then happens."""
        return self.governing[-1]


def roles_apart(rules: Iterable[Rule]) -> list[str]:
    """Roles with a rule of their own; everybody else goes together."""
    return sorted({rule.role for rule in rules} - {""})


def ending(
    rules: Iterable[Rule], uses: Iterable[Use], *, role: str, apart: Iterable[str], on: date
) -> Ending:
    """What all purposes together allow for one role. `role` empty: everybody who is not `apart`."""
    chosen = _for_role(rules, role)
    live = _live(uses, role, set(apart))
    binding = {purpose: rule for purpose, rule in chosen.items() if purpose in live or rule.is_protected}
    missing = tuple(sorted(live - chosen.keys()))
    # Nobody uses it any more: what is left runs out by the rules it was kept under.
    counting = list((binding or ({} if live else chosen)).values())
    endless = tuple(rule for rule in counting if rule.number is None)
    timed = [rule for rule in counting if rule.number is not None]
    latest = _latest(timed, on)
    lasts = {(rule.event, rule.cutoff(on)) for rule in latest}
    rest = [rule for rule in timed if rule not in latest]
    tied = tuple(rule for rule in rest if (rule.event, rule.cutoff(on)) in lasts)
    return Ending(latest, tied, tuple(rule for rule in rest if rule not in tied), missing, endless)


def _for_role(rules: Iterable[Rule], role: str) -> dict[str, Rule]:
    """Purpose → its rule: the role's own, else the one for everybody."""
    fitting = [rule for rule in rules if rule.role in ("", role)]
    return {rule.purpose: rule for rule in sorted(fitting, key=lambda rule: rule.role)}


def _live(uses: Iterable[Use], role: str, apart: set[str]) -> set[str]:
    return {use.purpose for use in uses if (role in use.roles if role else use.roles - apart)}


def _latest(rules: list[Rule], on: date) -> tuple[Rule, ...]:
    """For each start event the rule that ends last; the longest period comes last of all."""
    by_event: dict[str, Rule] = {}
    for rule in sorted(rules, key=lambda rule: rule.weight(on)):
        by_event[rule.event] = rule
    return tuple(sorted(by_event.values(), key=lambda rule: rule.weight(on)))


def explain(what: str, ending: Ending) -> str:
    """The answer to “how long do we keep this, and why?”, in one sentence."""
    if ending.without_rule:
        return f"{what} must stay for now: {_purposes(ending.without_rule)} no retention rule yet."
    if ending.endless:
        endless = _listed([f"“{rule.purpose}”" for rule in ending.endless])
        return f"{what} may stay without an end, because the rule for {endless} names none."
    if not ending.governing:
        return f"Nobody has decided how long {_lower(what)} may stay."
    periods = " and ".join(rule.words for rule in ending.governing)
    if not ending.others and len(ending.governing) == 1:
        return f"{what} {VERBS[Then(ending.last.then)]} {periods}."
    names = list(dict.fromkeys(f"“{rule.purpose}”" for rule in (*ending.governing, *ending.tied)))
    word, verb = ("purpose", "needs") if len(names) == 1 else ("purposes", "need")
    both = "both " if len(ending.governing) == 2 else "all of " if len(ending.governing) > 2 else ""
    return (
        f"{what} may stay until {both}{periods}, because the {word} {_listed(names)} still {verb} this data."
        f"{_who_decides(ending)}"
    )


def _who_decides(ending: Ending) -> str:
    """Where the purposes want different things to happen then."""
    if len({rule.then for rule in (*ending.governing, *ending.tied)}) == 1:
        return ""
    return f" What happens then is up to “{ending.last.purpose}”: {Then(ending.last.then).value}."


def starts(cutoffs: Mapping[str, str]) -> str:
    """What began long enough ago to go; where several clocks count, all of them."""
    return " and ".join(
        f"{StartEvent(event).label} on {date.fromisoformat(day):%-d %B %Y} or earlier"
        for event, day in sorted(cutoffs.items())
    )


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _purposes(names: tuple[str, ...]) -> str:
    listed = _listed([f"“{name}”" for name in names])
    return (
        f"the purpose {listed} uses this data and has"
        if len(names) == 1
        else (f"the purposes {listed} use this data and have")
    )


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]

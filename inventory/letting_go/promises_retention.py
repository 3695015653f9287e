"""What the policy says about how long data is kept, held against the rules and the sweeps."""

from collections.abc import Iterator
from datetime import date

from audit.promises import Finding, at_risk, broken, kept, promise
from inventory.health import Fault, faults_of, in_words, rows_of
from inventory.models import RetentionRule, Sweep, SweepStatus
from law.calendar import months_after

from .health_retention import CHECKS, ORDER_OVERDUE, WITHOUT_END, WITHOUT_RULE
from .schedule import as_rule

SWEEP_EVERY_MONTHS = 3  # a schedule carried out more seldom lets data outlive its period by a quarter


@promise("kept-only-as-long-as-necessary", "We keep your information only as long as necessary")
def kept_only_as_long_as_necessary(on: date) -> Finding:
    """Data without an end, or without a rule, is kept longer than anybody can justify (GDPR Art. 5(1)(e))."""
    if endless := _faults(on, WITHOUT_END):
        return broken(in_words(endless), rows_of(endless))
    if undecided := _faults(on, WITHOUT_RULE):
        return at_risk(in_words(undecided), rows_of(undecided))
    if not RetentionRule.objects.exists():
        return at_risk("There are no retention rules yet, so nothing shows that the sentence is true.")
    return kept("Every category has a rule with an end for every purpose that uses it.")


@promise(
    "inactive-data-goes",
    "After extended inactivity, we may archive or delete certain information according to our retention schedules.",
)
def inactive_data_goes(on: date) -> Finding:
    """A schedule nobody carries out is words."""
    if late := _faults(on, ORDER_OVERDUE):
        return at_risk(in_words(late), rows_of(late))
    last = Sweep.objects.filter(status=SweepStatus.DONE).order_by("-as_of").first()
    if last is None or last.as_of < months_after(on, -SWEEP_EVERY_MONTHS):
        return at_risk(f"No sweep has been carried out in the last {SWEEP_EVERY_MONTHS} months.")
    return kept(f"The last sweep was carried out as of {last.as_of:%-d %B %Y}.")


@promise(
    "records-persist-longer-than-logs",
    "Learning records and certificates persist longer to maintain educational documentation, while temporary "
    "data like session logs gets purged more frequently.",
)
def records_persist_longer_than_logs(on: date) -> Finding:
    logs = list(_periods(on, "session-logs"))
    records = list(_periods(on, "learning-records", "certificates"))
    if not logs or not records:
        return at_risk("Session logs, learning records and certificates do not all have a rule with an end.")
    if wrong := [rule for rule, cutoff in logs if any(cutoff <= kept_since for _rule, kept_since in records)]:
        return broken("Session logs are kept as long as learning records or certificates.", wrong)
    return kept("Every rule for session logs is shorter than those for learning records and certificates.")


def _periods(on: date, *categories: str) -> Iterator[tuple[RetentionRule, date]]:
    rules = RetentionRule.objects.filter(category__code__in=categories).exclude(unit="")
    for rule in rules.select_related("purpose").order_by("pk"):
        yield rule, as_rule(rule, rule.purpose.name).cutoff(on)


def _faults(on: date, code: str) -> list[Fault]:
    return faults_of(CHECKS, on, code)

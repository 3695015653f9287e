"""What the policy says about the data itself, held against the registers."""

from collections.abc import Iterable
from datetime import date
from itertools import islice

from django.db.models import Model

from audit.promises import Finding, at_risk, broken, kept, promise

from . import health
from .models import DataCategory

UNLAWFUL = ("activity-without-basis", "purpose-without-basis")
UNSAID = ("activity-without-categories", "activity-without-systems", "activity-without-whose")


@promise("each-category-has-a-purpose", "each category directly supports platform functionality")
def each_category_has_a_purpose(on: date) -> Finding:
    """Data for the sake of having it breaks the sentence (GDPR Art. 5(1)(b), (c))."""
    if faults := _faults(on, "category-without-purpose"):
        return broken(_sentences(faults), _rows(faults))
    if not DataCategory.objects.filter(is_never_held=False).exists():
        return at_risk("The register names no data yet, so nothing shows that the sentence is true.")
    return kept("Every category of data is used by an activity with a purpose.")


@promise("what-we-collect-is-complete", "complete visibility into our collection practices")
def what_we_collect_is_complete(on: date) -> Finding:
    """A record with holes shows nobody what is collected (GDPR Art. 13, 30)."""
    if faults := _faults(on, *UNLAWFUL):
        return broken(_sentences(faults), _rows(faults))
    if faults := _faults(on, *UNSAID):
        return at_risk(f"The record has holes: {_sentences(faults)}", _rows(faults))
    return kept("Every activity says which data, whose, where and on what basis.")


@promise("card-numbers-are-never-held", "don't store your complete credit card numbers ourselves")
def card_numbers_are_never_held(on: date) -> Finding:
    if faults := _faults(on, "activity-never-held"):
        return broken(_sentences(faults), _rows(faults))
    if not DataCategory.objects.filter(is_never_held=True).exists():
        return at_risk("No category is declared as never held, so nothing guards the sentence.")
    return kept("No activity uses what is declared as never held.")


def _faults(on: date, *codes: str) -> list[health.Fault]:
    wanted = [check for check in health.checks if check.code in codes]
    return [fault for check in wanted for fault in islice(check.faults(on), health.SHOWN)]


def _sentences(faults: list[health.Fault]) -> str:
    return " ".join(fault.sentence for fault in faults[:3]) + (" And more." if len(faults) > 3 else "")


def _rows(faults: Iterable[health.Fault]) -> list[Model]:
    return [fault.about for fault in faults]


# The sentences on retention, in a module of their own.
from . import promises_retention  # noqa: E402, F401

"""What the policy says about the data itself, held against the registers."""

from datetime import date

from audit.promises import Finding, at_risk, broken, kept, promise

from . import health
from .health import faults_of, in_words, rows_of
from .models import DataCategory

UNLAWFUL = ("activity-without-basis", "purpose-without-basis")
UNSAID = ("activity-without-categories", "activity-without-systems", "activity-without-whose")


@promise("each-category-has-a-purpose", "each category directly supports platform functionality")
def each_category_has_a_purpose(on: date) -> Finding:
    """Data for the sake of having it breaks the sentence (GDPR Art. 5(1)(b), (c))."""
    if faults := _faults(on, "category-without-purpose"):
        return broken(in_words(faults), rows_of(faults))
    if not DataCategory.objects.filter(is_never_held=False).exists():
        return at_risk("The register names no data yet, so nothing shows that the sentence is true.")
    return kept("Every category of data is used by an activity with a purpose.")


@promise("what-we-collect-is-complete", "complete visibility into our collection practices")
def what_we_collect_is_complete(on: date) -> Finding:
    """A record with holes shows nobody what is collected (GDPR Art. 13, 30)."""
    if faults := _faults(on, *UNLAWFUL):
        return broken(in_words(faults), rows_of(faults))
    if faults := _faults(on, *UNSAID):
        return at_risk(f"The record has holes: {in_words(faults)}", rows_of(faults))
    return kept("Every activity says which data, whose, where and on what basis.")


@promise("card-numbers-are-never-held", "don't store your complete credit card numbers ourselves")
def card_numbers_are_never_held(on: date) -> Finding:
    if faults := _faults(on, "activity-never-held"):
        return broken(in_words(faults), rows_of(faults))
    if not DataCategory.objects.filter(is_never_held=True).exists():
        return at_risk("No category is declared as never held, so nothing guards the sentence.")
    return kept("No activity uses what is declared as never held.")


def _faults(on: date, *codes: str) -> list[health.Fault]:
    return faults_of(health.checks, on, *codes)


# The sentences on retention, in a module of their own.
from .letting_go import promises_retention  # noqa: E402, F401

"""What the switched-on rows say on a day: from the tables to the pure calculation."""

from datetime import date

from .ages import Ages, strictest
from .models import AgeOfConsent, Company, Rule

# The rules under which a guardian stands in for a child. Rules on sale or advertising forbid
# uses; they do not say whom to tell.
GUARDIAN_RULES = (
    Rule.CONSENT_ONLINE_SERVICE,
    Rule.COPPA,
    Rule.LGPD_CHILD,
    Rule.LINKED_ACCOUNT,
    Rule.ALL_PROCESSING,
    Rule.CHILD_DATA_PROTECTION,
    Rule.SENSITIVE_DATA,
    Rule.GUIDANCE,
)


def ages(on: date, company: Company) -> Ages:
    rows = (
        AgeOfConsent.objects.in_force(on)
        .filter(rule__in=GUARDIAN_RULES, parent_needed_below__isnull=False)
        .values_list("place", "parent_needed_below", "pk")
    )
    return Ages(
        by_place=strictest((place, years or 0, row) for place, years, row in rows),
        unknown_europe=company.unknown_age_europe,
        unknown_elsewhere=company.unknown_age_elsewhere,
    )

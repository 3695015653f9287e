"""What the switched-on rows say on a day: from the tables to the pure calculation."""

from datetime import date

from . import transfers
from .ages import Ages, strictest
from .models import Adequacy, AgeOfConsent, Company, Rule, TransferMechanism

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


def transfer_rules() -> transfers.Rules:
    """The switched-on decisions and mechanisms of every day, for `transfers.covers`."""
    return transfers.Rules(
        decisions=[
            transfers.Decision(
                granted_by=row.granted_by,
                territory=row.territory,
                instrument=row.instrument,
                scope=row.scope_limits,
                needs_listing=row.needs_listing,
                begins=row.in_force_from,
                ends=row.in_force_until,
            )
            for row in Adequacy.objects.filter(is_on=True)
        ],
        tools=[
            transfers.Tool(
                code=row.code,
                regime=row.regime,
                name=row.mechanism,
                needs_assessment=row.needs_assessment,
                begins=row.in_force_from,
                ends=row.in_force_until,
            )
            for row in TransferMechanism.objects.filter(is_on=True)
        ],
    )

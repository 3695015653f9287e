"""What the switched-on rows say on a day: from the tables to the pure calculation."""

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from . import applying, deadlines, transfers
from .ages import Ages, strictest
from .applying import Applicable
from .calendars import closed_days
from .models import (
    Adequacy,
    AgeOfConsent,
    Company,
    RefusalGround,
    Regime,
    Rule,
    StateLaw,
    TransferMechanism,
)
from .models.regimes import pieces
from .places import zone

__all__ = [
    "Applicable",
    "ages",
    "closed_days",
    "deadline_rules",
    "grounds_for",
    "interpretation",
    "regimes_for",
    "rule_of",
    "transfer_rules",
]

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


# --- Requests ----------------------------------------------------------------------------------------


def regimes_for(place: str, on: date, *, is_child: bool = False) -> list[Applicable]:
    """The laws a person living there is under, with the company as controller; never empty while the
    company's fallback law is switched on. `is_child` adds the laws that answer parents."""
    return applying.regimes_for(place, on, Company.current(), is_child=is_child)


def deadline_rules(codes: Iterable[str], on: date) -> list[deadlines.Rule]:
    """One rule for each code, us_va among them, as it stands on that day. Raises applying.UnknownLaw.

    A row that is switched off or stands from memory is used all the same, and its rule says so."""
    return [applying.find(code, on).rule() for code in codes]


def rule_of(regime: Regime, state: StateLaw | None = None) -> deadlines.Rule:
    """The rule in the very rows a case was judged by, whatever has followed them since."""
    return applying.rule_of(regime, state)


def interpretation(company: Company, place: str = "") -> deadlines.Interpretation:
    """What the company decided where the law is open. A place's own clock, if one is asked for."""
    clock: ZoneInfo = (zone(place) if place else None) or company.zone
    switches = {name: getattr(company, name) for name in deadlines.COMPANY_FIELDS}
    return deadlines.Interpretation(zone=clock, **switches)


def grounds_for(codes: Iterable[str], right: str, on: date) -> list[RefusalGround]:
    """The switched-on grounds that these laws accept against this right. A state's law goes by the
    grounds of the pattern."""
    wanted = {applying.pattern(code) for code in codes}
    rows = RefusalGround.objects.in_force(on)
    return [row for row in rows if wanted & set(pieces(row.regimes)) and row.answers(right)]

"""Whether data may cross a border: one exporter law, one destination, one mechanism, one day.

Pure: no database, no clock. A mechanism is valid only for the law it belongs to, so one processor
may need the EU clauses, the UK addendum and the Swiss changes (GDPR Art. 44-49; DPA 2018 s.119A;
FADP Art. 16; LGPD Art. 33)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import TextChoices


class ExportLaw(TextChoices):
    """Bodies of law that restrict where data may go."""

    EU_GDPR = "eu_gdpr", "EU GDPR"
    UK_GDPR = "uk_gdpr", "UK GDPR"
    CH_FADP = "ch_fadp", "Swiss FADP"
    BR_LGPD = "br_lgpd", "Brazil LGPD"


class Mechanism(TextChoices):
    """Codes as in the law rows; a module of the clauses is a row of its own there (scc_m2)."""

    ADEQUACY = "adequacy", "adequacy decision"
    DPF = "dpf", "Data Privacy Framework (EU–US)"
    SCC = "scc", "standard contractual clauses (SCC 2021)"
    BCR = "bcr", "binding corporate rules"
    CODE = "code", "approved code of conduct or certification"
    UK_IDTA = "uk_idta", "International Data Transfer Agreement (UK)"
    UK_ADDENDUM = "uk_addendum", "UK Addendum to the EU clauses"
    UK_BRIDGE = "uk_bridge", "UK–US data bridge"
    CH_SCC = "ch_scc", "EU clauses with Swiss changes"
    CONSENT = "art49_consent", "explicit consent to the transfer (Art. 49)"
    CONTRACT = "art49_contract", "necessary for a contract (Art. 49)"
    OTHER = "art49_other", "public interest, claims, vital interests (Art. 49)"
    LEGITIMATE = "art49_legit", "compelling legitimate interest (Art. 49)"


# Which laws know which mechanism. Adequacy is every law's own; the rest belong to one.
LAWS: dict[str, tuple[str, ...]] = {
    Mechanism.ADEQUACY: (ExportLaw.EU_GDPR, ExportLaw.UK_GDPR, ExportLaw.CH_FADP, ExportLaw.BR_LGPD),
    Mechanism.UK_IDTA: (ExportLaw.UK_GDPR,),
    Mechanism.UK_ADDENDUM: (ExportLaw.UK_GDPR,),
    Mechanism.UK_BRIDGE: (ExportLaw.UK_GDPR,),
    Mechanism.CH_SCC: (ExportLaw.CH_FADP,),
}
GRANTED_BY = {
    ExportLaw.EU_GDPR: "EU",
    ExportLaw.UK_GDPR: "GB",
    ExportLaw.CH_FADP: "CH",
    ExportLaw.BR_LGPD: "BR",
}
# fmt: off
EU = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT",
    "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})
# fmt: on
EEA = EU | {"IS", "LI", "NO"}
HOME: dict[str, frozenset[str]] = {
    ExportLaw.EU_GDPR: EEA,
    ExportLaw.UK_GDPR: frozenset({"GB"}),
    ExportLaw.CH_FADP: frozenset({"CH"}),
    ExportLaw.BR_LGPD: frozenset({"BR"}),
}
# An organization is covered only while it stands on the list.
LISTED = frozenset({Mechanism.DPF, Mechanism.UK_BRIDGE})
# The words of the clauses have to stand in a contract with the recipient.
CLAUSES = frozenset({Mechanism.SCC, Mechanism.UK_IDTA, Mechanism.UK_ADDENDUM, Mechanism.CH_SCC})
# Safeguards between two parties do not bind the destination's authorities: somebody has to look whether
# they hold there (SCC 2021 clause 14; CJEU C-311/18). A law row may ask it of further mechanisms.
ASSESSED = CLAUSES | {Mechanism.BCR}


@dataclass(frozen=True)
class Decision:
    """An adequacy row. `scope` empty: everybody in the territory. `ends` is the first day without it."""

    granted_by: str
    territory: str
    instrument: str
    scope: str = ""
    needs_listing: bool = False
    begins: date | None = None
    ends: date | None = None


@dataclass(frozen=True)
class Tool:
    """A mechanism row of one law."""

    code: str
    regime: str
    name: str
    needs_assessment: bool = False
    begins: date | None = None
    ends: date | None = None


@dataclass(frozen=True)
class Rules:
    """The switched-on rows, past and future ones too: an explanation names the day one ended."""

    decisions: Sequence[Decision] = ()
    tools: Sequence[Tool] = ()


@dataclass(frozen=True)
class Facts:
    """What is on record about one transfer. `listing_until`: the day its listing must be looked at again."""

    scc_module: int | None = None
    scope_checked_on: date | None = None
    tia_on: date | None = None
    tia_review_on: date | None = None
    tia_reopened_on: date | None = None
    tia_open: tuple[str, ...] = ()  # items of the list nobody has answered
    tia_wanting: tuple[str, ...] = ()  # items answered with no
    listing_checked_on: date | None = None
    listing_until: date | None = None
    has_clauses: bool = False
    rules: Rules = field(default_factory=Rules)


@dataclass(frozen=True)
class Covered:
    why: str


@dataclass(frozen=True)
class Uncovered:
    """`is_stale`: nothing is wrong but a listing that somebody has to look at again."""

    why: str
    is_stale: bool = False


def covers(exporter: str, destination: str, mechanism: str, facts: Facts, on: date) -> Covered | Uncovered:
    """May data leave under this law for this place by this mechanism on that day, and why.

    `destination` is a country code; empty or anything else is a place nobody named."""
    law = ExportLaw(exporter)
    if not (len(destination) == 2 and destination.isascii() and destination.isupper()):
        return Uncovered("The place is not named, and no mechanism covers “anywhere”.")
    if destination in HOME[law]:
        return Covered(f"The {law.label} itself applies there: no mechanism is needed.")
    if not mechanism:
        return Uncovered(f"No mechanism is on record under the {law.label}.")
    if law not in LAWS.get(mechanism, (ExportLaw.EU_GDPR,)):
        return Uncovered(f"{_label(mechanism)} belongs to another law; the {law.label} does not know it.")
    faults = list(_faults(law, destination, Mechanism(mechanism), facts, on))
    if faults:
        return Uncovered(" ".join(faults))
    if mechanism in LISTED and not (facts.listing_until and on < facts.listing_until):
        return Uncovered(_stale(facts), is_stale=True)
    return Covered(_reason(law, destination, Mechanism(mechanism), facts, on))


def decision_for(law: ExportLaw, destination: str, rules: Rules, on: date) -> Decision | None:
    return next(
        (row for row in rules.decisions if _is_for(row, law, destination) and _is_live(row, on)), None
    )


def _faults(law: ExportLaw, destination: str, mechanism: Mechanism, facts: Facts, on: date) -> Iterator[str]:
    if mechanism == Mechanism.SCC and facts.scc_module not in (1, 2, 3, 4):
        yield "The clauses do not say their module."
        return
    tool = _tool(law, mechanism, facts)
    if tool is None:
        yield f"{_label(mechanism)} is not switched on in the law rows of the {law.label}."
    elif not _is_live(tool, on):
        yield f"{tool.name} does not apply on that day{_ended(tool, on)}."
    if mechanism == Mechanism.ADEQUACY or mechanism in LISTED:
        yield from _decision_faults(law, destination, mechanism, facts, on)
    if mechanism in CLAUSES and not facts.has_clauses:
        yield "No contract in force holds the clauses."
    if needs_assessment(law, mechanism, facts):
        yield from assessment_faults(facts, on)


def _decision_faults(
    law: ExportLaw, destination: str, mechanism: Mechanism, facts: Facts, on: date
) -> Iterator[str]:
    decision = decision_for(law, destination, facts.rules, on)
    if decision is None:
        past = [row for row in facts.rules.decisions if _is_for(row, law, destination)]
        yield f"The {law.label} has no adequacy decision for {destination} on that day" + (
            f"{_ended(past[-1], on)}." if past else "."
        )
    elif mechanism == Mechanism.ADEQUACY and decision.needs_listing:
        yield f"{decision.instrument} covers listed organizations only: choose the Framework or the bridge."
    elif mechanism in LISTED and not decision.needs_listing:
        yield f"{decision.instrument} has no list to stand on."
    elif mechanism == Mechanism.ADEQUACY and decision.scope and not _has_been(facts.scope_checked_on, on):
        yield f"{decision.instrument} covers {decision.scope}; nobody has checked that this recipient is inside."


def needs_assessment(exporter: str, mechanism: str, facts: Facts) -> bool:
    """By its nature, or because the law's row asks for one."""
    tool = _tool(ExportLaw(exporter), Mechanism(mechanism), facts)
    return mechanism in ASSESSED or bool(tool and tool.needs_assessment)


def assessment_faults(facts: Facts, on: date) -> Iterator[str]:
    """What keeps the impact assessment from holding on that day (SCC 2021 clause 14)."""
    if facts.tia_on is None or facts.tia_on > on:
        yield "There is no transfer impact assessment."
        return
    if facts.tia_open:
        yield f"The impact assessment leaves open: {'; '.join(facts.tia_open)}."
    if facts.tia_wanting:
        yield f"The impact assessment found wanting: {'; '.join(facts.tia_wanting)}."
    if facts.tia_reopened_on and facts.tia_on <= facts.tia_reopened_on <= on:
        yield f"The impact assessment was reopened on {_day(facts.tia_reopened_on)}."
    if facts.tia_review_on is None:
        yield "The impact assessment has no day on which it is looked at again."
    elif facts.tia_review_on <= on:
        yield f"The impact assessment was to be looked at again on {_day(facts.tia_review_on)}."


def _reason(law: ExportLaw, destination: str, mechanism: Mechanism, facts: Facts, on: date) -> str:
    decision = decision_for(law, destination, facts.rules, on)
    if mechanism in LISTED and decision and facts.listing_until:
        return f"{decision.instrument}; listing to be checked again by {_day(facts.listing_until)}."
    if mechanism == Mechanism.ADEQUACY and decision:
        until = f", until {_day(decision.ends)}" if decision.ends else ""
        return f"{decision.instrument}{until}."
    tool = _tool(law, mechanism, facts)
    review = (
        f"; assessment to be looked at again on {_day(facts.tia_review_on)}" if facts.tia_review_on else ""
    )
    return f"{tool.name if tool else _label(mechanism)}{review}."


def _stale(facts: Facts) -> str:
    if facts.listing_checked_on is None:
        return "Nobody has checked that it stands on the list."
    return f"Its listing was last checked on {_day(facts.listing_checked_on)}: check it again."


def _tool(law: ExportLaw, mechanism: Mechanism, facts: Facts) -> Tool | None:
    code = f"scc_m{facts.scc_module}" if mechanism == Mechanism.SCC else mechanism
    return next((row for row in facts.rules.tools if (row.code, row.regime) == (code, law)), None)


def _is_for(row: Decision, law: ExportLaw, destination: str) -> bool:
    return (row.granted_by, row.territory) == (GRANTED_BY[law], destination)


def _is_live(row: Decision | Tool, on: date) -> bool:
    return (row.begins is None or row.begins <= on) and (row.ends is None or on < row.ends)


def _ended(row: Decision | Tool, on: date) -> str:
    if row.ends and row.ends <= on:
        return f": it ended on {_day(row.ends)}"
    return f": it begins on {_day(row.begins)}" if row.begins and on < row.begins else ""


def _has_been(day: date | None, on: date) -> bool:
    return day is not None and day <= on


def _label(mechanism: str) -> str:
    label = Mechanism(mechanism).label
    return label[:1].upper() + label[1:]


def _day(day: date) -> str:
    return f"{day:%-d %B %Y}"

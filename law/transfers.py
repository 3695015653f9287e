"""Whether data may cross a border: one exporter law, one destination, one mechanism, one day.

Pure: no database, no clock. A mechanism is valid only for the law it belongs to, so one processor
may need the EU clauses, the UK addendum and the Swiss changes (GDPR Art. 44-49; DPA 2018 s.119A;
FADP Art. 16; LGPD Art. 33)."""

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

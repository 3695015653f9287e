from .closed_days import ClosedDay
from .company import Company, are_transfer_laws, company_read_once, gdpr_only, is_time_zone
from .facts import Adequacy, AgeOfConsent, ChecklistItem, RetentionSuggestion, Rule, TransferMechanism
from .regimes import Effect, LastDay, Protects, RefusalGround, Regime, StateLaw, Trust
from .rows import LawManager, LawQuerySet, LawRow

__all__ = [
    "Adequacy",
    "AgeOfConsent",
    "ChecklistItem",
    "ClosedDay",
    "Company",
    "Effect",
    "LastDay",
    "LawManager",
    "LawQuerySet",
    "LawRow",
    "Protects",
    "RefusalGround",
    "Regime",
    "RetentionSuggestion",
    "Rule",
    "StateLaw",
    "TransferMechanism",
    "Trust",
    "are_transfer_laws",
    "company_read_once",
    "gdpr_only",
    "is_time_zone",
]

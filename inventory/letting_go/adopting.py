"""Taking a suggestion of the law files over as a rule of the company."""

from datetime import datetime

from django.db import transaction

from audit.actions import record
from audit.actors import Acts
from audit.refusals import Refused
from inventory.models import DataCategory, Purpose, RetentionRule
from law.models import RetentionSuggestion


class RuleThereAlready(Refused):
    def __init__(self) -> None:
        super().__init__("There is a rule for this category, purpose and role already. Change that one.")


@transaction.atomic
def adopt(
    suggestion: RetentionSuggestion,
    *,
    by: Acts,
    at: datetime,
    reason: str,
    category: DataCategory,
    purpose: Purpose,
    role: str,
    number: int,
    unit: str,
) -> RetentionRule:
    """A named person answers for the number: only now does it bind us."""
    rule, is_new = RetentionRule.objects.get_or_create(
        category=category,
        purpose=purpose,
        role=role,
        defaults={
            "start_event": suggestion.start_event,
            "number": number,
            "unit": unit,
            "then": suggestion.then,
            "legal_anchor": suggestion.legal_anchor,
            "suggestion": suggestion,
            "note": suggestion.note,
        },
    )
    if not is_new:
        raise RuleThereAlready
    details = {"suggestion": suggestion.data_class, "number": number, "unit": unit}
    record("inventory.adopt_rule", rule, by=by, at=at, reason=reason, details=details)
    return rule

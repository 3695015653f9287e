"""What is wrong with retention, for the health page; joined in `apps.ready`."""

from collections.abc import Iterator
from datetime import date

from .health import SHOWN, Check, checks
from .models import CutoffOrder, DataCategory, LegalHold, RetentionRule
from .schedule import schedule


def _without_end(on: date) -> Iterator[tuple[RetentionRule, str]]:
    for rule in RetentionRule.objects.endless().select_related("category", "purpose")[: SHOWN + 1]:
        whose = f" of {rule.get_role_display()}s" if rule.role else ""
        yield rule, f"“{rule.category}”{whose} are kept for “{rule.purpose}” without an end."


def _without_rule(on: date) -> Iterator[tuple[DataCategory, str]]:
    told = set()
    for line in schedule(on):
        for purpose in line.ending.without_rule:
            if (line.category.pk, purpose) not in told:
                told.add((line.category.pk, purpose))
                yield line.category, f"“{purpose}” uses “{line.category}”, and no rule says for how long."


def _overdue_holds(on: date) -> Iterator[tuple[LegalHold, str]]:
    for hold in LegalHold.objects.overdue(on).select_related("owner")[: SHOWN + 1]:
        yield (
            hold,
            f"Hold {hold.pk} “{hold.title}” was to be looked at by {hold.review_on:%-d %B %Y}; "
            f"{hold.owner.get_short_name()} answers for it.",
        )


def _overdue_orders(on: date) -> Iterator[tuple[CutoffOrder, str]]:
    for order in CutoffOrder.objects.overdue(on).select_related("system", "category")[: SHOWN + 1]:
        yield (
            order,
            f"“{order.system}” has not answered by {order.due_on:%-d %B %Y} that “{order.category}” is gone.",
        )


WITHOUT_END, WITHOUT_RULE = "retention-without-end", "category-without-rule"
HOLD_OVERDUE, ORDER_OVERDUE = "hold-review-overdue", "order-overdue"


def join() -> None:
    """Once, at the end of the list."""
    known = {check.code for check in checks}
    checks.extend(check for check in CHECKS if check.code not in known)


CHECKS = [
    Check(
        code=WITHOUT_END,
        title="Kept without an end",
        cure="Give the rule a period, or end the purpose.",
        find=_without_end,
    ),
    Check(
        code=WITHOUT_RULE,
        title="Used without a retention rule",
        cure="Add a rule for the category and the purpose. Until then nothing of it goes.",
        find=_without_rule,
    ),
    Check(
        code=HOLD_OVERDUE,
        title="Legal holds nobody has looked at again",
        cure="Record a review, or release the hold.",
        find=_overdue_holds,
    ),
    Check(
        code=ORDER_OVERDUE,
        title="Cut-off orders without an answer",
        cure="Ask the owner of the system, and record the answer with its evidence.",
        find=_overdue_orders,
    ),
]

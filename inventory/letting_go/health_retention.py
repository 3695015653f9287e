"""What is wrong with retention, for the health page; joined in `apps.ready`."""

import json
from collections.abc import Iterator
from datetime import date
from itertools import islice

from django.db.models import Exists, OuterRef, Subquery

from inventory.health import SHOWN, Check, checks
from inventory.models import (
    CutoffOrder,
    DataCategory,
    LegalHold,
    ProcessingActivity,
    PurposeUse,
    RetentionRule,
)

from .schedule import names_of_purposes


def _without_end(on: date) -> Iterator[tuple[RetentionRule, str]]:
    for rule in RetentionRule.objects.endless().select_related("category", "purpose")[: SHOWN + 1]:
        whose = f" of {rule.get_role_display()}s" if rule.role else ""
        yield rule, f"“{rule.category}”{whose} are kept for “{rule.purpose}” without an end."


def _without_rule(on: date) -> Iterator[tuple[DataCategory, str]]:
    """As `retention.ending` finds it: neither everybody nor some role concerned has a rule. Found from
    the leads, so that of a million activities only those are read that bear it out."""
    names, told = names_of_purposes(), set()
    for use in _borne_out(_uncovered(), on):
        pair = use.category_id, use.purpose_id
        if pair not in told:
            told.add(pair)
            purpose = names.get(use.purpose_id) or str(use.purpose)  # it may be of this very moment
            yield use.category, f"“{purpose}” uses “{use.category}”, and no rule says for how long."


def _uncovered() -> Iterator[PurposeUse]:
    own_rules = RetentionRule.objects.exclude(role="").order_by()
    own = set(own_rules.values_list("category_id", "purpose_id", "role"))
    for_everybody = RetentionRule.objects.filter(
        category=OuterRef("category"), purpose=OuterRef("purpose"), role=""
    )
    uses = PurposeUse.objects.filter(~Exists(for_everybody)).select_related("category")
    for use in uses.order_by("category__name", "category", "purpose", "pk").iterator():
        if any((use.category_id, use.purpose_id, role) not in own for role in json.loads(use.whose)):
            yield use


def _borne_out(uses: Iterator[PurposeUse], on: date) -> Iterator[PurposeUse]:
    """Those that a live activity still makes."""
    live = ProcessingActivity.objects.live(on).with_whose_text().order_by()
    makers = live.filter(
        purpose=OuterRef("purpose"), categories=OuterRef("category"), whose_text=OuterRef("whose")
    )
    while few := list(islice(uses, SHOWN)):
        asked = PurposeUse.objects.filter(pk__in=[use.pk for use in few])
        # Not Exists(): one probe a use, where a join would read every link.
        made = set(
            asked.annotate(maker=Subquery(makers.values("pk")[:1]))
            .exclude(maker=None)
            .values_list("pk", flat=True)
        )
        yield from (use for use in few if use.pk in made)


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

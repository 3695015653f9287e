"""What a sweep leaves behind: a receipt whose fingerprint stands in the sealed record."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from django.db.models import Sum

from inventory.models import Sweep, SweepStatus


def of(sweep: Sweep, status: SweepStatus) -> dict[str, Any]:
    return {
        "sweep": sweep.pk,
        "status": status.value,
        "as_of": sweep.as_of.isoformat(),
        "plan_sha256": sweep.plan_sha256,
        "proposed_by": sweep.proposed_by_id,
        "confirmed_by": sweep.confirmed_by_id,
        "confirmed_at": sweep.confirmed_at.isoformat() if sweep.confirmed_at else None,
        "ended_at": sweep.ended_at.isoformat() if sweep.ended_at else None,
        "items": list(_lines(sweep)),
        "orders": list(sweep.orders.order_by("pk").values_list("pk", flat=True)),
    }


def _lines(sweep: Sweep) -> Iterator[dict[str, Any]]:
    for item in sweep.items.all():
        yield {
            "holding": item.holding, "category": item.category, "role": item.role, "rule": item.rule_id,
            "then": item.then, "cutoffs": item.cutoffs, "expired": item.proposed_count,
            "held": item.held_count, "done": item.done_count, "disposal": item.disposal_id,
        }  # fmt: skip


def is_genuine(sweep: Sweep) -> bool:
    """The receipt still is what its fingerprint, in the sealed record too, says."""
    return sweep.receipt_sha256 == fingerprint(sweep.receipt)


def totals(sweep: Sweep) -> dict[str, int]:
    sums = sweep.items.order_by().aggregate(
        expired=Sum("proposed_count"), held=Sum("held_count"), done=Sum("done_count")
    )
    return {name: value or 0 for name, value in sums.items()}


def fingerprint(facts: Any) -> str:
    return hashlib.sha256(canonical(facts).encode()).hexdigest()


def canonical(facts: Any) -> str:
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), default=str)

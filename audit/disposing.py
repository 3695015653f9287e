"""The one way out for evidence: a batch that one person proposed and a second approved (design, truth 2).

The triggers let a row go only when it stands on the list of an approved disposal. The list, the approval
and the seals are never deleted, and every window of a list is on record with its Merkle root, so that
`verify_audit` still proves: what is gone was removed by an approved batch, and nothing else."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import models

from . import merkle
from .actions import record
from .actors import SYSTEM, Acts
from .models import Disposal, DisposedRow
from .refusals import Refused

APPROVE, DISPOSE = "audit.approve_disposal", "audit.dispose"
PROOFS = (APPROVE, DISPOSE)  # events that say what went: they stay


class SecondPersonNeeded(Refused):
    status_code = 403

    def __init__(self) -> None:
        super().__init__("You proposed this yourself. Evidence goes only when a second person says so too.")


def approve(
    model: type[models.Model],
    *,
    batch: models.Model,
    terms: Mapping[str, Any],
    proposed_by: Acts,
    by: Acts,
    at: datetime,
    reason: str,
) -> Disposal:
    """A second person lets rows of one table go, on these terms. Nothing is deleted by this."""
    proposer, approver = proposed_by.as_actor(), by.as_actor()
    if proposer == approver:
        raise SecondPersonNeeded
    disposal = Disposal.objects.create(
        batch=f"{batch._meta.label_lower} {batch.pk}",
        table=model._meta.db_table,
        terms=dict(terms),
        proposed_by=proposer.ref,
        approved_by=approver.ref,
        approved_at=at,
    )
    record(APPROVE, disposal, by=by, at=at, reason=reason, details=disposal.canonical())
    return disposal


def enlist(disposal: Disposal, rows: "models.QuerySet[Any]", *, at: datetime) -> "models.QuerySet[Any]":
    """Put these rows on the list, and give them back as the database will let them go.

    For the transaction that also deletes them: a listed row that stays could be deleted by anybody."""
    numbers = list(rows.order_by("pk").values_list("pk", flat=True))
    if not numbers:
        return rows.none()
    DisposedRow.objects.bulk_create(
        [DisposedRow(disposal=disposal, row=number) for number in numbers], batch_size=1000
    )
    details = {"rows": len(numbers), "first": numbers[0], "last": numbers[-1], "root": root(numbers)}
    record(DISPOSE, disposal, by=SYSTEM, at=at, details=details)
    listed = disposal.rows.filter(row__gte=numbers[0], row__lte=numbers[-1])
    going: models.QuerySet[Any] = rows.model._base_manager.filter(pk__in=listed.values("row"))
    return going.order_by()


def root(numbers: Iterable[int]) -> str:
    """One fingerprint of a window's list; what `verify_audit` computes anew."""
    return merkle.root([merkle.leaf(number) for number in numbers])

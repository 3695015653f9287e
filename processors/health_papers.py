"""What is wrong with the papers: clauses left out of contracts, impact assessments that do not hold."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Prefetch

from inventory.health import Check

from .basis import Judge, with_routes
from .clauses import Lists, lacking
from .models import Contract, Processor

Found = Iterator[tuple[Any, str]]


def _lacking_clauses(on: date) -> Found:
    lists = Lists.of(on)
    in_force = Contract.objects.in_force(on).order_by("pk").select_related("processor")
    live = Processor.objects.live().prefetch_related(
        Prefetch("contracts", in_force.prefetch_related("clauses"))
    )
    for processor in live:
        if found := lacking(processor, processor.contracts.all(), lists):
            yield found.contract, f"The contract of “{processor}”. {found}"


def _unassessed(on: date) -> Found:
    """Also where another basis covers the place: the clauses do not hold by themselves."""
    judge = Judge.of(on)
    for processor in with_routes(Processor.objects.live()):
        for route in judge.routes(processor):
            for transfer in route.transfers if route.is_covered else ():
                if faults := judge.assessment_faults(transfer):
                    yield transfer, f"“{processor}”, {route.words}: {' '.join(faults)}"


CHECKS = [
    Check(
        code="clause-unmet",
        title="Contracts that leave a clause out",
        cure="Go through the clauses on the contract’s page; have what is missing added by an addendum.",
        find=_lacking_clauses,
    ),
    Check(
        code="assessment-due",
        title="Impact assessments that do not hold",
        cure="Go through the assessment on the transfer’s page, or end the transfer.",
        find=_unassessed,
    ),
]

"""What is wrong with the processors; the register's health page shows it beside its own faults."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Prefetch

from inventory.health import Check

from .basis import Judge, with_routes
from .guards import contract_fault, fits, place_faults, review_faults
from .models import ChangeKind, Contract, Processor, Status, SubprocessorChange, Transfer
from .public_list import changes, entries, words
from .received import beyond_contract

Found = Iterator[tuple[Any, str]]


def _without_contract(on: date) -> Found:
    for processor in Processor.objects.live().prefetch_related("contracts"):
        if not fits(processor, processor.contracts.all(), on):
            yield processor, f"“{processor}” receives data. {contract_fault(processor)}"


def _uncovered(on: date) -> Found:
    judge = Judge.of(on)
    for processor in with_routes(Processor.objects.live()):
        for route in judge.routes(processor):
            if not route.is_covered and not route.is_stale:
                yield (
                    route.transfers[0] if route.transfers else processor,
                    f"“{processor}”, {route.words}: {route.outcome.why}",
                )


def _stale_listings(on: date) -> Found:
    judge = Judge.of(on)
    for processor in with_routes(Processor.objects.live()):
        for route in judge.routes(processor):
            if route.is_stale:
                yield _listed(route.transfers), f"“{processor}”: {route.outcome.why}"


def _listed(transfers: tuple[Transfer, ...]) -> Transfer:
    return next(transfer for transfer in transfers if transfer.dpf_checked_on)


def _ending_contracts(on: date) -> Found:
    """Within its notice, and nothing of the same kind that goes on after it."""
    live = Processor.objects.live().prefetch_related(
        Prefetch("contracts", Contract.objects.order_by("ends_on"))
    )
    for processor in live:
        contracts = list(processor.contracts.all())
        for contract in contracts:
            if _is_ending(contract, on) and not _has_successor(contract, contracts):
                yield contract, f"A contract of “{processor}” ends on {contract.ends_on:%-d %B %Y}."


def _is_ending(contract: Contract, on: date) -> bool:
    warn = contract.warn_on()
    return warn is not None and warn <= on and contract.is_in_force(on)


def _has_successor(contract: Contract, others: list[Contract]) -> bool:
    """Another of its kind is in force on the last day and outlives it."""
    end = contract.ends_on
    return end is not None and any(
        other.pk != contract.pk
        and other.kind == contract.kind
        and other.is_in_force(end)
        and (other.ends_on is None or other.ends_on > end)
        for other in others
    )


def _not_vetted(on: date) -> Found:
    for processor in Processor.objects.live():
        for fault in review_faults(processor, on):
            yield processor, f"“{processor}”: {fault}"


def _places(on: date) -> Found:
    for processor in Processor.objects.live().prefetch_related("places"):
        for fault in place_faults(processor):
            yield processor, f"“{processor}”: {fault}"


def _beyond_contract(on: date) -> Found:
    for processor in Processor.objects.live():
        if Contract.objects.in_force(on).filter(processor=processor).exists():
            beyond = beyond_contract(processor, on)
            names = sorted(str(row) for row in beyond.categories | beyond.purposes)
            if names:
                yield (
                    processor,
                    f"“{processor}” receives what its contract does not name: {', '.join(names)}.",
                )


def _never_announced(on: date) -> Found:
    ever = SubprocessorChange.objects.in_effect(on).values("processor")
    for processor in Processor.objects.live().exclude(pk__in=ever):
        yield processor, f"“{processor}” holds data of ours, and people were never told that it comes."


def _list_differs(on: date) -> Found:
    """What the register says and nobody was told; and what was told and has not happened on its day."""
    final = entries.told(SubprocessorChange.objects.standing())
    for processor in changes.drifting(on):
        if processor.pk in final:
            yield processor, _difference(processor, final[processor.pk], changes.expected(processor, on))
    changed = Processor.objects.filter(changes__in=SubprocessorChange.objects.in_effect(on)).distinct()
    listed = entries.told(SubprocessorChange.objects.in_effect(on))
    for processor in changed.filter(status__in=(Status.APPROVED, Status.LEAVING)):
        if processor.status == Status.LEAVING and processor.pk not in listed:
            yield processor, f"“{processor}” was announced to be gone, and the register says that it is not."
        if processor.status == Status.APPROVED and processor.pk in listed:
            yield processor, f"“{processor}” was announced to work for us by now, and is not active."


def _difference(processor: Processor, told: entries.Entry, now: entries.Entry | None) -> str:
    if now is None:
        return f"“{processor}” is {processor.get_status_display()}, and people were not told that it goes."
    parts = [
        f"{ChangeKind(kind).label}: people know “{words.said(kind, was) or 'nothing'}”, "
        f"the register says “{words.said(kind, becomes) or 'nothing'}”"
        for kind, (was, becomes) in entries.differences(told, now).items()
    ]
    return f"“{processor}”, {'; '.join(parts)}."


CHECKS = [
    Check(
        code="processor-without-contract",
        title="Processors without a contract in force",
        cure="Record the contract on the processor’s page, or stop sending data there.",
        find=_without_contract,
    ),
    Check(
        code="transfer-uncovered",
        title="Transfers without a basis",
        cure="Record the transfer with its mechanism, renew its assessment, or move the data.",
        find=_uncovered,
    ),
    Check(
        code="listing-stale",
        title="Listings nobody has looked at lately",
        cure="Look it up on the list of the Framework, then press “Listing checked today”.",
        find=_stale_listings,
    ),
    Check(
        code="contract-ending",
        title="Contracts that end soon",
        cure="Renew it and record the new contract, or leave the processor.",
        find=_ending_contracts,
    ),
    Check(
        code="processor-not-vetted",
        title="Processors whose review is due",
        cure="Start a review on the processor’s page and have a second person decide it.",
        find=_not_vetted,
    ),
    Check(
        code="place-unnamed",
        title="Places that are no country",
        cure="Ask where the data lies and write the countries.",
        find=_places,
    ),
    Check(
        code="beyond-contract",
        title="More than the contract allows",
        cure="Stop sending it, or change the contract.",
        find=_beyond_contract,
    ),
    Check(
        code="processor-never-announced",
        title="In use and never announced",
        cure="Press “Gather what differs” on the processor’s page and announce it, at short notice.",
        find=_never_announced,
    ),
    Check(
        code="list-differs",
        title="The public list of companies and the register differ",
        cure="Announce what has gathered under Sub-processor changes, record a correction, or put the register "
        "back.",
        find=_list_differs,
    ),
]

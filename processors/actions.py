"""What can happen to a processor, from the first mail to its end.

The promise: «We carefully vet these partners, and they're contractually bound to use it only for the
specific purposes we've authorized» (GDPR Art. 28(1), 28(3), 44)."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from audit.actions import record
from audit.actors import Acts
from inventory.models import DataCategory, Purpose
from law.calendar import months_after
from law.models import ChecklistItem, Company
from law.transfers import LISTED
from people.models import User

from . import guards
from .models import Contract, ContractClause, Processor, Review, Status, Transfer, Verdict
from .public_list import changes


@transaction.atomic
def propose(processor: Processor, *, by: Acts, at: datetime, reason: str = "") -> Processor:
    """Somebody wants to use this company. It receives nothing yet."""
    processor.proposed_by = by if isinstance(by, User) else None
    processor.save()
    record("processors.propose", processor, by=by, at=at, reason=reason)
    return processor


@transaction.atomic
def start_review(processor: Processor, *, by: User, at: datetime, reason: str) -> Review:
    """Opens a questionnaire. One already in use goes on being used while it is reviewed again."""
    processor = _locked(processor)
    guards.has_no_open_review(processor)
    if processor.status == Status.PROPOSED:
        guards.may_become(processor, Status.REVIEW)
        _move(processor, Status.REVIEW)
    elif processor.status == Status.ENDED:
        guards.may_become(processor, Status.REVIEW)
    review = Review.objects.create(processor=processor, opened_at=at, proposed_by=by)
    record("processors.start_review", processor, by=by, at=at, reason=reason)
    return review


@transaction.atomic
def answer(
    review: Review, *, by: User, at: datetime, reason: str = "", answers: Mapping[str, Any],
    evidence: str = "", evidence_on: date | None = None,
) -> None:  # fmt: skip
    """Whoever answers last has prepared the review, so somebody else decides it."""
    review = Review.objects.select_for_update().get(pk=review.pk)
    if review.decided_at:
        raise guards.ReviewDecided("This review has been decided. Start a new one.")
    review.answers, review.evidence, review.evidence_on = dict(answers), evidence, evidence_on
    review.proposed_by = by
    review.save(update_fields=["answers", "evidence", "evidence_on", "proposed_by"])
    record("processors.answer", review, by=by, at=at, reason=reason, fields=["answers", "evidence"])


@transaction.atomic
def decide_review(
    review: Review, *, by: User, at: datetime, reason: str, verdict: str, conditions: str = ""
) -> None:
    """A second person judges the evidence; the next review follows from the risk tier."""
    review = Review.objects.select_for_update().select_related("processor", "proposed_by").get(pk=review.pk)
    processor = _locked(review.processor)
    guards.is_second_person(review.proposed_by, by, "decide")
    today = Company.current().day_of(at)
    guards.can_be_decided(review, verdict, conditions, today)
    review.verdict, review.conditions, review.decided_by, review.decided_at = verdict, conditions, by, at
    review.next_on = months_after(today, _months(processor))
    review.save()
    if verdict == Verdict.UNFIT and processor.status == Status.REVIEW:
        _move(processor, Status.PROPOSED)
    record("processors.decide_review", review, by=by, at=at, reason=reason, details={"verdict": verdict})


@transaction.atomic
def approve(processor: Processor, *, by: User, at: datetime, reason: str) -> None:
    """A second person says that we may use it. Nothing is sent yet."""
    processor = _locked(processor)
    guards.may_become(processor, Status.APPROVED)
    guards.is_second_person(processor.proposed_by, by, "approve")
    guards.is_vetted(processor, Company.current().day_of(at))
    processor.approved_by = by
    _move(processor, Status.APPROVED, "approved_by")
    changes.gather(processor, at=at)  # so that people can be told before it begins
    record("processors.approve", processor, by=by, at=at, reason=reason)


@transaction.atomic
def activate(processor: Processor, *, by: User, at: datetime, reason: str) -> None:
    """From now on it may receive data; the refusal lists everything that is missing.

    Not before people were told and the day has come (GDPR Art. 28(2), and our own page of companies)."""
    processor = _locked(processor)
    changes.hold(processor)
    guards.may_become(processor, Status.ACTIVE)
    guards.is_ready(processor, Company.current().day_of(at))
    processor.started_on = processor.started_on or Company.current().day_of(at)
    _move(processor, Status.ACTIVE, "started_on")
    changes.gather(processor, at=at)
    record("processors.activate", processor, by=by, at=at, reason=reason)


@transaction.atomic
def leave(
    processor: Processor, *, by: User, at: datetime, reason: str, planned_on: date | None = None
) -> None:
    """We stop using it: people are told, its activities moved away, its copies deleted, then it ends."""
    processor = _locked(processor)
    guards.may_become(processor, Status.LEAVING)
    _move(processor, Status.LEAVING)
    changes.gather(processor, at=at, planned_on=planned_on)
    details = {"planned_on": planned_on.isoformat()} if planned_on else {}
    record("processors.leave", processor, by=by, at=at, reason=reason, details=details)


@transaction.atomic
def end(processor: Processor, *, by: User, at: datetime, reason: str) -> None:
    """Nothing of ours is there any more. Refused while the register still says otherwise."""
    processor = _locked(processor)
    guards.may_become(processor, Status.ENDED)
    today = Company.current().day_of(at)
    guards.is_unused(processor, today)
    changes.hold(processor)
    guards.departure_is_told(processor, today)
    processor.ended_on = today
    processor.transfers.live(today).update(ended_on=today)
    _move(processor, Status.ENDED, "ended_on")
    changes.gather(processor, at=at)
    record("processors.end", processor, by=by, at=at, reason=reason)


@transaction.atomic
def record_contract(
    processor: Processor, *, by: Acts, at: datetime, reason: str,
    purposes: Iterable[Purpose] = (), categories: Iterable[DataCategory] = (), **facts: Any,
) -> Contract:  # fmt: skip
    """What it has signed."""
    guards.is_not_ended(_locked(processor))
    contract = Contract(processor=processor, **facts)
    guards.is_consistent(contract)
    contract.save()
    contract.purposes.set(purposes)
    contract.categories.set(categories)
    record("processors.record_contract", contract, by=by, at=at, reason=reason, fields=facts)
    return contract


@transaction.atomic
def check_clauses(
    contract: Contract, *, by: Acts, at: datetime, reason: str, found: Mapping[ChecklistItem, tuple[str, str]]
) -> None:
    """For each item of the law's lists: its standing in this contract, and where it stands."""
    for item, (standing, where) in found.items():
        ContractClause.objects.update_or_create(
            contract=contract, item=item, defaults={"standing": standing, "where": where}
        )
    record("processors.check_clauses", contract, by=by, at=at, reason=reason, details={"clauses": len(found)})


@transaction.atomic
def record_transfer(processor: Processor, *, by: Acts, at: datetime, reason: str, **facts: Any) -> Transfer:
    """Why data may go there."""
    guards.is_not_ended(_locked(processor))
    transfer = Transfer(processor=processor, **facts)
    guards.is_consistent(transfer)
    transfer.save()
    record("processors.record_transfer", transfer, by=by, at=at, reason=reason, fields=facts)
    return transfer


@transaction.atomic
def recheck_dpf(transfer: Transfer, *, by: Acts, at: datetime, reason: str) -> None:
    """Somebody has seen it on the list today."""
    transfer = Transfer.objects.select_for_update().get(pk=transfer.pk)
    if transfer.mechanism not in LISTED:
        raise guards.NoListing("This transfer does not rely on a list.")
    transfer.dpf_checked_on = Company.current().day_of(at)
    transfer.save(update_fields=["dpf_checked_on"])
    record("processors.recheck_dpf", transfer, by=by, at=at, reason=reason, fields=["dpf_checked_on"])


@transaction.atomic
def remove(processor: Processor, *, by: Acts, at: datetime, reason: str) -> None:
    """Takes back what was entered by mistake. Refused, with the list, where anything hangs on it."""
    processor = _locked(processor)
    guards.is_without_history(processor)
    record("processors.remove", processor, by=by, at=at, reason=reason)
    processor.delete()


def _move(processor: Processor, status: Status, *also: str) -> None:
    processor.status = status
    processor.save(update_fields=["status", *also])


def _locked(processor: Processor) -> Processor:
    return Processor.objects.select_for_update().get(pk=processor.pk)


def _months(processor: Processor) -> int:
    months: int = getattr(Company.current(), f"review_months_{processor.risk_tier}")
    return months

"""Contradictions the database itself refuses, on SQLite and PostgreSQL alike."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from processors.models import Contract, Processor, ProcessorActivity, Review
from tests.people.factories import UserFactory

from .factories import (
    ContractFactory,
    ProcessorActivityFactory,
    ProcessorFactory,
    ProcessorPlaceFactory,
    ReviewFactory,
    SubprocessorFactory,
    TransferFactory,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("make", "facts"),
    [
        (ProcessorFactory, {"started_on": date(2026, 3, 2), "ended_on": date(2026, 3, 1)}),
        (ProcessorFactory, {"website": "http://owl.example/"}),
        (ProcessorFactory, {"active": True, "started_on": None}),
        (ProcessorFactory, {"ended": True, "ended_on": None}),
        (ProcessorPlaceFactory, {"country": "DE", "named_as": "global"}),
        (ProcessorPlaceFactory, {"country": "", "named_as": ""}),
        (ContractFactory, {"ends_on": date(2025, 1, 14)}),
        (ContractFactory, {"in_force_on": None, "ends_on": date(2025, 1, 9)}),
        (ContractFactory, {"signed_on": None}),
        (ContractFactory, {"renewal_notice_days": 30}),
        (ContractFactory, {"subprocessor_rule": "none"}),
        (ContractFactory, {"subprocessor_rule": ""}),
        (ContractFactory, {"subprocessor_days": None}),
        (TransferFactory, {"scc_module": None}),
        (TransferFactory, {"scc_module": 5}),
        (TransferFactory, {"contract": None}),
        (TransferFactory, {"dpf": True, "scc_module": 2}),
        (TransferFactory, {"dpf": True, "dpf_checked_on": None}),
        (TransferFactory, {"dpf": True, "exporter_regime": "uk_gdpr"}),
        (TransferFactory, {"adequacy": True, "dpf_checked_on": date(2026, 1, 5)}),
        (TransferFactory, {"mechanism": "uk_idta", "scc_module": None}),
        (TransferFactory, {"mechanism": "uk_bridge", "dpf_checked_on": date(2026, 1, 5)}),
        (TransferFactory, {"mechanism": "carrier_pigeon", "scc_module": None}),
        (TransferFactory, {"tia_on": None}),
        (TransferFactory, {"tia_review_on": date(2026, 1, 5)}),
        (ReviewFactory, {"verdict": "fit"}),
        (ReviewFactory, {"fit": True, "next_on": None}),
        (ReviewFactory, {"fit": True, "conditions": "Soon."}),
        (ReviewFactory, {"decided": True, "verdict": "conditions"}),
    ],
)
def test_a_contradiction_is_not_stored(make: Any, facts: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make(**facts)


def test_one_person_is_not_two() -> None:
    dov = UserFactory()
    for make, facts in (
        (ReviewFactory, {"fit": True, "proposed_by": dov, "decided_by": dov}),
        (ProcessorFactory, {"approved": True, "proposed_by": dov, "approved_by": dov}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            make(**facts)


def test_what_stands_there_already_is_not_stored_twice() -> None:
    transfer, place, review = TransferFactory(), ProcessorPlaceFactory(), ReviewFactory()
    link, under = ProcessorActivityFactory(), SubprocessorFactory()
    twins: list[tuple[Any, dict[str, Any]]] = [
        (TransferFactory, {"processor": transfer.processor, "contract": transfer.contract}),
        (ProcessorPlaceFactory, {"processor": place.processor}),
        (ReviewFactory, {"processor": review.processor}),
        (ProcessorActivityFactory, {"processor": link.processor, "activity": link.activity}),
        (SubprocessorFactory, {"processor": under.processor, "company": under.company}),
        (SubprocessorFactory, {"processor": under.processor, "company": under.processor}),
        (ProcessorFactory, {"name": place.processor.name}),
    ]
    for make, facts in twins:
        with pytest.raises(IntegrityError), transaction.atomic():
            make(**facts)


def test_a_transfer_that_ended_leaves_room_for_the_next() -> None:
    old = TransferFactory(ended_on=date(2026, 1, 1))
    TransferFactory(processor=old.processor, contract=old.contract)


def test_what_is_in_use_is_not_deleted() -> None:
    contract, link = ContractFactory(), ProcessorActivityFactory()
    with pytest.raises(ProtectedError):
        Processor.objects.filter(pk=contract.processor_id).delete()
    with pytest.raises(ProtectedError):
        link.activity.delete()
    transfer = TransferFactory()
    with pytest.raises(ProtectedError):
        Contract.objects.filter(pk=transfer.contract_id).delete()
    assert ProcessorActivity.objects.filter(pk=link.pk).exists()


def test_a_decided_review_is_evidence() -> None:
    review = ReviewFactory(fit=True)
    for change in ({"verdict": "unfit"}, {"answers": {"no_ads": "yes"}}, {"next_on": date(2199, 1, 1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Review.objects.filter(pk=review.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        review.delete()
    opened = ReviewFactory()
    Review.objects.filter(pk=opened.pk).update(opened_at=datetime(2026, 1, 6, tzinfo=UTC))

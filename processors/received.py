"""What a processor receives. Derived from the activities it is linked to, typed nowhere."""

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from inventory.models import DataCategory, ProcessingActivity, Purpose

from .models import Contract, Processor


@dataclass(frozen=True)
class Received:
    categories: frozenset[DataCategory]
    purposes: frozenset[Purpose]


def activities(processor: Processor, on: date) -> QuerySet[ProcessingActivity]:
    """Live ones it is linked to, each with its purpose and categories."""
    rows = ProcessingActivity.objects.live(on).filter(recipients__processor=processor)
    return rows.select_related("purpose").prefetch_related("categories").order_by("name")


def received(processor: Processor, on: date) -> Received:
    rows = list(activities(processor, on))
    return Received(
        frozenset(category for row in rows for category in row.categories.all()),
        frozenset(row.purpose for row in rows),
    )


def beyond_contract(processor: Processor, on: date) -> Received:
    """What it receives and no contract in force names. Everything, while none is in force."""
    contracts = Contract.objects.in_force(on).filter(processor=processor)
    got = received(processor, on)
    return Received(
        got.categories - set(DataCategory.objects.filter(contracts__in=contracts)),
        got.purposes - set(Purpose.objects.filter(contracts__in=contracts)),
    )

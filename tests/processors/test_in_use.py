"""What is in use is not deleted: whatever names it, in any register, is named in the refusal."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.db import models
from django.test import Client

from inventory.guards import in_use
from inventory.models import (
    CutoffOrder,
    DataCategory,
    Measure,
    Objection,
    ProcessingActivity,
    Purpose,
    Sweep,
    System,
)
from processors.models import Processor, SubprocessorChange
from requests.models import Connection
from tests.inventory.cookie_factories import CookieGroupFactory
from tests.inventory.factories import (
    DataCategoryFactory,
    MeasureFactory,
    ProcessingActivityFactory,
    PurposeFactory,
    SystemFactory,
)
from tests.inventory.retention_factories import LegalHoldFactory, RetentionRuleFactory
from tests.people.factories import NOW, PersonFactory, UserFactory
from tests.requests.work_factories import TaskFactory

from .factories import (
    ContractFactory,
    ProcessorActivityFactory,
    ProcessorFactory,
    ProcessorSystemFactory,
    ReviewFactory,
    SubprocessorFactory,
    TransferFactory,
)

pytestmark = pytest.mark.django_db
REMOVABLE: dict[type[models.Model], Any] = {
    DataCategory: DataCategoryFactory,
    Purpose: PurposeFactory,
    System: SystemFactory,
    ProcessingActivity: ProcessingActivityFactory,
    Measure: MeasureFactory,
    Processor: ProcessorFactory,
}


def order(**facts: Any) -> CutoffOrder:
    sweep = Sweep.objects.create(as_of=date(2026, 3, 2), proposed_at=NOW, proposed_by=UserFactory())
    links = {"system": SystemFactory(), "category": DataCategoryFactory(), **facts}
    day = date(2026, 3, 2)
    return CutoffOrder.objects.create(sweep=sweep, then="delete", cutoffs={}, before=day, due_on=day, **links)


def linked(row: Any, name: str, thing: Any) -> Any:
    getattr(row, name).add(thing)
    return row


def merged(into: Processor) -> Processor:
    return ProcessorFactory.create(ended=True, merged_into=into)


# Each way in which one row names another, and how to make one. A new way without a line here fails below.
USERS: dict[str, Callable[[Any], Any]] = {
    "DataCategory < inventory.ProcessingActivity.categories": lambda thing: ProcessingActivityFactory(
        categories=[thing]
    ),
    "DataCategory < inventory.RetentionRule.category": lambda thing: RetentionRuleFactory(category=thing),
    "DataCategory < inventory.LegalHold.categories": lambda thing: linked(
        LegalHoldFactory(), "categories", thing
    ),
    "DataCategory < inventory.CutoffOrder.category": lambda thing: order(category=thing),
    "DataCategory < processors.Contract.categories": lambda thing: linked(
        ContractFactory(), "categories", thing
    ),
    "Purpose < inventory.ProcessingActivity.purpose": lambda thing: ProcessingActivityFactory(purpose=thing),
    "Purpose < inventory.RetentionRule.purpose": lambda thing: RetentionRuleFactory(purpose=thing),
    "Purpose < inventory.Objection.purpose": lambda thing: Objection.objects.create(
        person=PersonFactory(), purpose=thing, case="ABCDE-FGHJK-MNPQR", since=NOW
    ),
    "Purpose < inventory.CookieGroup.purpose": lambda thing: CookieGroupFactory(purpose=thing),
    "Purpose < processors.Contract.purposes": lambda thing: linked(ContractFactory(), "purposes", thing),
    "System < inventory.ProcessingActivity.systems": lambda thing: ProcessingActivityFactory(systems=[thing]),
    "System < inventory.Measure.systems": lambda thing: MeasureFactory(systems=[thing]),
    "System < inventory.CutoffOrder.system": lambda thing: order(system=thing),
    "System < processors.ProcessorSystem.system": lambda thing: ProcessorSystemFactory(system=thing),
    "System < requests.Task.system": lambda thing: TaskFactory(system=thing),
    "System < requests.Connection.system": lambda thing: Connection.objects.create(
        system=thing, url="https://owl.example/", secret=b"x"
    ),
    "ProcessingActivity < inventory.Measure.activities": lambda thing: MeasureFactory(activities=[thing]),
    "ProcessingActivity < processors.ProcessorActivity.activity": lambda thing: ProcessorActivityFactory(
        activity=thing
    ),
    "Processor < requests.Task.processor": lambda thing: TaskFactory(system=None, processor=thing),
    "Processor < processors.Review.processor": lambda thing: ReviewFactory(processor=thing),
    "Processor < processors.Contract.processor": lambda thing: ContractFactory(processor=thing),
    "Processor < processors.Transfer.processor": lambda thing: TransferFactory(
        processor=thing, contract=ContractFactory()
    ),
    "Processor < processors.Subprocessor.company": lambda thing: SubprocessorFactory(company=thing),
    "Processor < processors.Processor.merged_into": merged,
    "Processor < processors.SubprocessorChange.processor": lambda thing: SubprocessorChange.objects.create(
        processor=thing, kind="added", name=thing.name, gathered_at=NOW
    ),
}


def ways() -> Iterator[str]:
    for model in REMOVABLE:
        for relation in model._meta.get_fields(include_hidden=True):
            is_part = isinstance(relation, models.ManyToOneRel) and relation.on_delete in (
                models.CASCADE,
                models.DO_NOTHING,
            )
            if isinstance(relation, models.ManyToOneRel | models.ManyToManyRel) and not is_part:
                user: Any = relation.related_model
                yield f"{model.__name__} < {user._meta.label}.{relation.field.name}"


def test_every_way_of_naming_what_can_be_deleted_is_tried_here() -> None:
    assert sorted(ways()) == sorted(USERS)


@pytest.mark.parametrize("way", USERS)
def test_whoever_names_it_is_named_in_the_refusal(way: str) -> None:
    model = next(model for model in REMOVABLE if model.__name__ == way.partition(" ")[0])
    thing = REMOVABLE[model]()
    assert in_use(thing) == ""
    user = USERS[way](thing)
    assert in_use(thing) == f"In use, so it stays: {user._meta.verbose_name} “{user}”."


def test_the_page_of_the_button_says_so_before_anybody_presses(client: Client) -> None:
    client.force_login(UserFactory(group="privacy lead"))
    owl = ProcessorFactory()
    contract = ContractFactory(processor=owl)
    html = client.get(f"/admin/processors/processor/{owl.pk}/do/remove/").content.decode()
    assert f"It is not deleted. In use, so it stays: contract “{contract}”." in html


@pytest.mark.parametrize("way", USERS)
def test_what_is_named_is_really_kept_by_the_database_or_the_refusal(way: str) -> None:
    """What the database itself would let go, links of many to many, only the refusal protects."""
    model = next(model for model in REMOVABLE if model.__name__ == way.partition(" ")[0])
    thing = REMOVABLE[model]()
    user = USERS[way](thing)
    field = user._meta.get_field(way.rpartition(".")[2])
    if field.many_to_many:
        assert in_use(thing)
    else:
        with pytest.raises(models.ProtectedError):
            thing.delete()


def test_an_activity_without_categories_is_no_use_of_itself() -> None:
    activity = ProcessingActivityFactory(categories=[], systems=[])
    assert in_use(activity) == ""

"""The leads the database notes by itself: the health page finds by them what the plain question finds."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction

from inventory import leads
from inventory.letting_go import health_retention, schedule
from inventory.models import (
    DataCategory,
    LooseEnd,
    ProcessingActivity,
    Purpose,
    PurposeUse,
    RetentionRule,
    System,
)
from people.models import Role

from .factories import DataCategoryFactory, ProcessingActivityFactory, PurposeFactory, SystemFactory
from .retention_factories import RetentionRuleFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)
CHANGES = 120


def plainly_without_rule() -> set[tuple[DataCategory, str]]:
    return {
        (line.category, purpose) for line in schedule.schedule(TODAY) for purpose in line.ending.without_rule
    }


def found_without_rule() -> set[tuple[DataCategory, str]]:
    found = list(health_retention._without_rule(TODAY))
    assert len(found) == len(set(found))
    return {(category, sentence.split("”")[0].strip("“")) for category, sentence in found}


def misses() -> list[str]:
    """What the register says and no lead does."""
    uses = set(PurposeUse.objects.values_list("purpose", "category"))
    named = ProcessingActivity.objects.exclude(categories=None).values_list("purpose", "categories")
    loose = set(LooseEnd.objects.values_list("activity", "lacks"))
    lacking = {
        (pk, lacks)
        for lacks in ("categories", "systems")
        for pk in ProcessingActivity.objects.filter(**{lacks: None}).values_list("pk", flat=True)
    }
    return [*(f"use {use}" for use in set(named) - uses), *(f"loose end {end}" for end in lacking - loose)]


def some(chance: random.Random, rows: list[Any]) -> list[Any]:
    return chance.sample(rows, chance.randint(0, len(rows)))


def change(chance: random.Random, activity: ProcessingActivity) -> None:
    roles = some(chance, [role.value for role in Role])
    match chance.randint(0, 6):
        case 0:
            ProcessingActivity.objects.filter(pk=activity.pk).update(
                purpose=chance.choice(list(Purpose.objects.all()))
            )
        case 1:
            ProcessingActivity.objects.filter(pk=activity.pk).update(whose=roles)
        case 2:
            activity.categories.set(some(chance, list(DataCategory.objects.all())))
        case 3:
            activity.systems.set(some(chance, list(System.objects.all())))
        case 4:
            ProcessingActivity.objects.filter(pk=activity.pk).update(
                ended_on=chance.choice([None, TODAY, date(2027, 1, 1)])
            )
        case 5:
            ProcessingActivityFactory(categories=[], systems=[], whose=roles)
        case 6:
            activity.delete()


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_to_the_register_the_leads_find_what_the_plain_question_finds(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    purposes = PurposeFactory.create_batch(4)
    categories = DataCategoryFactory.create_batch(4)
    SystemFactory.create_batch(2)
    for purpose, category in chance.sample([(p, c) for p in purposes for c in categories], 8):
        RetentionRuleFactory(purpose=purpose, category=category, role=chance.choice(["", "", *Role.values]))
    ProcessingActivityFactory.create_batch(4, systems=[], categories=categories[:2])
    ever = found_without_rule()
    for number in range(CHANGES):
        change(
            chance, chance.choice(ProcessingActivity.objects.all() or [ProcessingActivityFactory.create()])
        )
        if number % 10 == 0:
            assert (misses(), found_without_rule()) == ([], plainly_without_rule())
            ever |= found_without_rule()
    assert ever


def test_a_use_that_is_over_is_no_fault_though_its_lead_stays() -> None:
    activity = ProcessingActivityFactory()
    assert found_without_rule() == plainly_without_rule() != set()
    activity.categories.clear()
    assert PurposeUse.objects.exists()
    assert found_without_rule() == set()


def test_a_rule_for_one_role_leaves_the_others_without() -> None:
    activity = ProcessingActivityFactory(whose=[Role.LEARNER, Role.GUARDIAN])
    rule: dict[str, Any] = {"category": activity.categories.get(), "purpose": activity.purpose}
    RetentionRuleFactory(**rule, role=Role.LEARNER)
    assert len(found_without_rule()) == 1
    RetentionRule.objects.filter(**rule).update(role="")
    assert found_without_rule() == set()


def test_what_came_in_past_the_triggers_is_noted_by_renewing() -> None:
    activity = ProcessingActivityFactory(systems=[])
    PurposeUse.objects.all().delete()
    LooseEnd.objects.all().delete()
    assert len(misses()) == 2
    leads.renew()
    leads.renew()
    assert misses() == []
    assert LooseEnd.objects.get().activity_id == activity.pk


def test_the_triggers_stand_after_every_migrate() -> None:
    names = {leads._name(table, event) for table, events in leads.TRIGGERS.items() for event in events}
    leads.lift()
    assert names & standing() == set()
    leads.lay()
    assert names <= standing()


def standing() -> set[str]:
    on_sqlite = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    on_postgresql = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    with connection.cursor() as cursor:
        cursor.execute(on_sqlite if connection.vendor == "sqlite" else on_postgresql)
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_link_and_a_change_of_purpose_side_by_side_leave_their_use_noted() -> None:
    activity, category, other = (
        ProcessingActivityFactory(categories=[]),
        DataCategoryFactory(),
        PurposeFactory(),
    )
    linked, never = Event(), Event()

    def link_and_linger() -> None:
        try:
            with transaction.atomic():
                activity.categories.add(category)
                linked.set()
                never.wait(1)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as hand:
        done = hand.submit(link_and_linger)
        assert linked.wait(10)
        ProcessingActivity.objects.filter(pk=activity.pk).update(purpose=other)
        done.result()
    assert misses() == []
    assert PurposeUse.objects.filter(purpose=other, category=category).exists()

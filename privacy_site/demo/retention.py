"""The demo company's retention: rules from retention.toml beside this file, last activity, one hold."""

import tomllib
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

from django.db import transaction

from inventory.letting_go import holds
from inventory.models import DataCategory, HoldPerson, LegalHold, Purpose, RetentionRule
from law.calendar import months_after
from law.models import Company
from people.actions import note_activity
from people.models import Person, User

FILE = Path(__file__).with_suffix(".toml")
ONE_IN = 12  # that many people have not been seen for years


@transaction.atomic
def load(company: Company, staff: Sequence[User], at: datetime) -> None:
    """Fills an empty schedule; what staff have entered or changed is left alone."""
    if RetentionRule.objects.exists():
        return
    for row in tomllib.loads(FILE.read_text(encoding="utf-8"))["rule"]:
        _rules(row)
    _last_activity(company, at)
    _hold(company, staff[1], at)


def _rules(row: dict[str, Any]) -> None:
    categories = DataCategory.objects.filter(code__in=row.pop("categories"))
    purposes = Purpose.objects.filter(code__in=row.pop("purposes"))
    used = {(category.pk, purpose.pk) for purpose in purposes for category in _used(purpose)}
    for category, purpose in product(categories, purposes):
        if (category.pk, purpose.pk) in used:
            RetentionRule.objects.create(category=category, purpose=purpose, **row)


def _used(purpose: Purpose) -> list[DataCategory]:
    return list(DataCategory.objects.filter(activities__purpose=purpose).distinct())


def _last_activity(company: Company, at: datetime) -> None:
    today = company.day_of(at)
    ids = Person.objects.order_by("pk").values_list("external_id", flat=True)
    days = {
        external_id: today - timedelta(days=1_000 + n if n % ONE_IN == 0 else n % 300)
        for n, external_id in enumerate(ids, 1)
    }
    note_activity(days)


def _hold(company: Company, owner: User, at: datetime) -> None:
    """On somebody who would otherwise go with the first sweep."""
    today = company.day_of(at)
    idle = Person.objects.filter(last_active_on__lt=months_after(today, -24)).order_by("pk").first()
    if idle is None:
        return
    hold = LegalHold.objects.create(
        title="Claim about a refused certificate",
        reason="A claim was announced; the account shows which course was finished.",
        owner=owner,
        review_on=months_after(today, 6),
    )
    HoldPerson.objects.create(hold=hold, person_id=idle.pk)
    holds.place(hold, by=owner, at=at, reason="The claim came in writing.")

"""The demo company's registers, from registers.toml beside this file."""

import tomllib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from audit.actors import SYSTEM
from inventory import actions
from inventory.models import DataCategory, Measure, ProcessingActivity, Purpose, System
from law.models import Company
from people.models import User

FILE = Path(__file__).with_suffix(".toml")
REVIEW_EVERY = timedelta(days=365)


@transaction.atomic
def load(company: Company, staff: Sequence[User], at: datetime) -> None:
    """Fills empty registers; what staff have entered or changed is left alone."""
    if DataCategory.objects.exists() or Purpose.objects.exists():
        return
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))
    for row in rows["category"]:
        _category(row, at)
    for row in rows["purpose"]:
        _purpose(row)
    for row in rows["system"]:
        _system(row, staff)
    for row in rows["activity"]:
        _activity(row, at)
    for row in rows["measure"]:
        _measure(row, staff[0], company, at)


def _category(row: dict[str, Any], at: datetime) -> None:
    never_held = row.pop("is_never_held", False)
    category = DataCategory.objects.create(**row)
    if never_held:
        actions.declare_never_held(category, by=SYSTEM, at=at)


def _purpose(row: dict[str, Any]) -> None:
    bases = row.pop("bases")
    purpose = Purpose.objects.create(**row)
    for regime, basis in bases.items():
        purpose.bases.create(regime=regime, basis=basis)


def _system(row: dict[str, Any], staff: Sequence[User]) -> None:
    owner = row.pop("owner", None)
    System.objects.create(**row, owner=next((user for user in staff if user.email == owner), None))


def _activity(row: dict[str, Any], at: datetime) -> None:
    categories, systems = row.pop("categories"), row.pop("systems")
    purpose = Purpose.objects.get(code=row.pop("purpose"))
    activity = ProcessingActivity.objects.create(**row, purpose=purpose)
    activity.systems.set(System.objects.filter(code__in=systems))
    actions.name_categories(activity, DataCategory.objects.filter(code__in=categories), by=SYSTEM, at=at)


def _measure(row: dict[str, Any], owner: User, company: Company, at: datetime) -> None:
    systems, activities = row.pop("systems", []), row.pop("activities", [])
    seen = company.day_of(at) - timedelta(days=row.pop("reviewed_days_ago"))
    measure = Measure.objects.create(**row, owner=owner, evidence_on=seen, next_review_on=seen + REVIEW_EVERY)
    measure.systems.set(System.objects.filter(code__in=systems))
    measure.activities.set(ProcessingActivity.objects.filter(code__in=activities))

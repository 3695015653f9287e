"""Rules, holds and things to let go of."""

from datetime import date
from typing import Any

import factory
from factory.django import DjangoModelFactory

from audit.personal import StartEvent, Then
from inventory.models import HoldPerson, HoldScope, LegalHold, ProcessingActivity, RetentionRule
from people.models import Person
from people.personal import ACCOUNT
from tests.people.factories import UserFactory

from .factories import DataCategoryFactory, ProcessingActivityFactory, PurposeFactory


class RetentionRuleFactory(DjangoModelFactory[RetentionRule]):
    """Two years after the last activity, then deleted. Traits: `endless` (for guardians)."""

    class Meta:
        model = RetentionRule

    class Params:
        endless = factory.Trait(number=None, unit="", role="guardian")

    category = factory.SubFactory(DataCategoryFactory)
    purpose = factory.SubFactory(PurposeFactory)
    start_event = StartEvent.LAST_ACTIVITY
    number = 2
    unit = "years"
    then = Then.DELETE


class LegalHoldFactory(DjangoModelFactory[LegalHold]):
    """A draft over the people given: `people=[amina]`. Place it with `holds.place`."""

    class Meta:
        model = LegalHold
        skip_postgeneration_save = True

    title = "A claim about a certificate"
    reason = "Until the claim is settled."
    owner = factory.SubFactory(UserFactory)
    scope = HoldScope.PEOPLE
    review_on = date(2027, 3, 2)

    @factory.post_generation
    def people(self: LegalHold, create: bool, extracted: list[Person] | None, **_fields: Any) -> None:
        if create:
            HoldPerson.objects.bulk_create(HoldPerson(hold=self, person_id=one.pk) for one in extracted or [])


def account_schedule(**rule: Any) -> RetentionRule:
    """Accounts, used by one live purpose with one rule: what most sweeps here are about."""
    category = DataCategoryFactory.create(
        code=ACCOUNT, name="Account details", whose=["subject", "learner", "guardian", "school_contact"]
    )
    activity: ProcessingActivity = ProcessingActivityFactory.create(
        categories=[category], systems=[], whose=category.whose
    )
    return RetentionRuleFactory.create(category=category, purpose=activity.purpose, **rule)

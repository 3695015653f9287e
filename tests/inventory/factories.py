"""The registers for tests: whole and without a fault, unless a trait or an argument says otherwise."""

from datetime import date
from typing import Any

import factory
from factory.django import DjangoModelFactory

from inventory.models import (
    Automation,
    Basis,
    DataCategory,
    Kind,
    Measure,
    Origin,
    ProcessingActivity,
    Purpose,
    PurposeBasis,
    Regime,
    System,
)
from people.models import Role


class DataCategoryFactory(DjangoModelFactory[DataCategory]):
    """Used by no purpose until an activity names it."""

    class Meta:
        model = DataCategory

    class Params:
        never_held = factory.Trait(code="card-numbers", name="Full card numbers", is_never_held=True)

    code = factory.Sequence(lambda n: f"category-{n}")
    name = factory.Sequence(lambda n: f"Lesson answers {n}")
    origin = Origin.PROVIDED
    examples = "answers to exercises, essays"
    whose = factory.LazyFunction(lambda: [Role.LEARNER.value])


class PurposeFactory(DjangoModelFactory[Purpose]):
    """With a basis under the EU GDPR. `bases={}` leaves it without; `bases={Regime.US_COPPA: Basis.CONSENT}`
    sets others. Traits: `optional` (asks consent), `ended`."""

    class Meta:
        model = Purpose
        skip_postgeneration_save = True

    class Params:
        optional = factory.Trait(is_optional=True, needs_consent=True, kind=Kind.IMPROVEMENT)
        ended = factory.Trait(ended_on=date(2025, 1, 1))

    code = factory.Sequence(lambda n: f"purpose-{n}")
    name = factory.Sequence(lambda n: f"Give lessons {n}")
    kind = Kind.CORE
    text = "We show you the lessons you have chosen and keep your place in them."
    child_text = "Show me my lessons and remember where I stopped."

    @factory.post_generation
    def bases(self: Purpose, create: bool, extracted: dict[str, str] | None, **_fields: Any) -> None:
        if not create:
            return
        basis = Basis.CONSENT if self.needs_consent else Basis.CONTRACT
        for regime, chosen in ({Regime.EU_GDPR: basis} if extracted is None else extracted).items():
            PurposeBasisFactory.create(purpose=self, regime=regime, basis=chosen)


class PurposeBasisFactory(DjangoModelFactory[PurposeBasis]):
    class Meta:
        model = PurposeBasis

    purpose = factory.SubFactory(PurposeFactory, bases={})
    regime = Regime.EU_GDPR
    basis = Basis.CONTRACT


class SystemFactory(DjangoModelFactory[System]):
    class Meta:
        model = System

    class Params:
        ended = factory.Trait(ended_on=date(2025, 1, 1))

    code = factory.Sequence(lambda n: f"system-{n}")
    name = factory.Sequence(lambda n: f"Platform database {n}")
    country = "US"
    owner_email = "platform@example.org"


class ProcessingActivityFactory(DjangoModelFactory[ProcessingActivity]):
    """With one category and one system of its own. `categories=[a, b]` and `systems=[c]` set others,
    `[]` leaves it without. Traits: `for_schools` (as processor), `ended`."""

    class Meta:
        model = ProcessingActivity
        skip_postgeneration_save = True

    class Params:
        for_schools = factory.Trait(capacity="processor", basis=Basis.SCHOOL_INSTRUCTION)
        ended = factory.Trait(ended_on=date(2025, 1, 1))

    code = factory.Sequence(lambda n: f"activity-{n}")
    name = factory.Sequence(lambda n: f"Deliver courses {n}")
    purpose = factory.SubFactory(PurposeFactory)
    basis = Basis.CONTRACT
    automation = Automation.NONE
    whose = factory.LazyFunction(lambda: [Role.LEARNER.value])

    @factory.post_generation
    def categories(
        self: ProcessingActivity, create: bool, extracted: list[DataCategory] | None, **fields: Any
    ) -> None:
        if create:
            self.categories.set([DataCategoryFactory.create(**fields)] if extracted is None else extracted)

    @factory.post_generation
    def systems(
        self: ProcessingActivity, create: bool, extracted: list[System] | None, **fields: Any
    ) -> None:
        if create:
            self.systems.set([SystemFactory.create(**fields)] if extracted is None else extracted)


class MeasureFactory(DjangoModelFactory[Measure]):
    """Tied to nothing. `systems=[…]` and `activities=[…]` tie it; `overdue` has a review in the past."""

    class Meta:
        model = Measure
        skip_postgeneration_save = True

    class Params:
        overdue = factory.Trait(next_review_on=date(2025, 1, 1))

    name = factory.Sequence(lambda n: f"Encryption at rest {n}")
    kind = Measure.Kind.TECHNICAL
    evidence = "Disk settings, reviewed with the host."
    evidence_on = date(2026, 1, 5)
    next_review_on = date(2099, 1, 5)

    @factory.post_generation
    def systems(self: Measure, create: bool, extracted: list[System] | None, **_fields: Any) -> None:
        if create and extracted:
            self.systems.set(extracted)

    @factory.post_generation
    def activities(
        self: Measure, create: bool, extracted: list[ProcessingActivity] | None, **_fields: Any
    ) -> None:
        if create and extracted:
            self.activities.set(extracted)

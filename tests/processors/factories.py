"""Processors for tests: proposed and bare, or, with a trait, as far as the name says."""

from datetime import UTC, date, datetime
from typing import Any

import factory
from factory.django import DjangoModelFactory

from law import actions
from law.models import Company, TransferMechanism
from law.transfers import ExportLaw, Mechanism
from processors.clauses import Lists
from processors.models import (
    Announcement,
    Contract,
    ContractClause,
    ContractKind,
    Kind,
    Processor,
    ProcessorActivity,
    ProcessorPlace,
    ProcessorSystem,
    Review,
    Risk,
    Standing,
    Status,
    Subprocessor,
    SubprocessorRule,
    Transfer,
    Verdict,
)
from processors.public_list import changes
from tests.inventory.factories import ProcessingActivityFactory, SystemFactory
from tests.people.factories import UserFactory

STARTED = date(2025, 1, 15)


class ProcessorFactory(DjangoModelFactory[Processor]):
    """Proposed and bare. `review`, `approved`, `active`, `leaving`, `ended` set the state alone;
    `whole=True` adds what an active one needs: a place in Germany, a passed review and a contract.
    `places=["US", "global"]` sets its places: two letters are a country, else it is unnamed.
    `activities=[a]` links what it receives; a whole contract covers all of that.
    Whoever is in use stands on the list as it is then; `told=False` forgets to tell of it."""

    class Meta:
        model = Processor
        skip_postgeneration_save = True

    class Params:
        review = factory.Trait(status=Status.REVIEW)
        approved = factory.Trait(status=Status.APPROVED, approved_by=factory.SubFactory(UserFactory))
        active = factory.Trait(
            status=Status.ACTIVE, started_on=STARTED, approved_by=factory.SubFactory(UserFactory)
        )
        leaving = factory.Trait(status=Status.LEAVING, started_on=STARTED)
        ended = factory.Trait(status=Status.ENDED, started_on=STARTED, ended_on=date(2025, 6, 30))

    name = factory.Sequence(lambda n: f"Owl Cloud {n}")
    kind = Kind.HOSTING
    description = "Keeps our servers running."
    website = "https://owl.example/"
    contact_email = "privacy@owl.example"
    security_email = "security@owl.example"
    seat_country = "DE"
    risk_tier = Risk.MEDIUM
    proposed_by = factory.SubFactory(UserFactory)

    @factory.post_generation
    def places(self: Processor, create: bool, extracted: list[str] | None, **_fields: Any) -> None:
        if create:
            for place in extracted or ():
                words = {"country": place} if len(place) == 2 else {"named_as": place}
                ProcessorPlaceFactory.create(processor=self, **words)

    @factory.post_generation
    def activities(self: Processor, create: bool, extracted: list[Any] | None, **_fields: Any) -> None:
        if create:
            for activity in extracted or ():
                ProcessorActivityFactory.create(processor=self, activity=activity)

    @factory.post_generation
    def whole(self: Processor, create: bool, extracted: bool | None, **_fields: Any) -> None:
        if create and extracted:
            if not self.places.exists():
                ProcessorPlaceFactory.create(processor=self)
            ReviewFactory.create(processor=self, fit=True)
            contract = ContractFactory.create(processor=self)
            for link in self.receives.all():
                contract.purposes.add(link.activity.purpose)
                contract.categories.add(*link.activity.categories.all())
            answer_clauses(contract)

    @factory.post_generation
    def told(self: Processor, create: bool, extracted: bool | None, **_fields: Any) -> None:
        if create and extracted is not False and self.is_live:
            on_the_list(self)


def on_the_list(processor: Processor, since: date = STARTED) -> None:
    """As if it had stood on the list, as it is now, since that day."""
    at = datetime(2025, 1, 1, 9, tzinfo=UTC)
    announcement = Announcement.objects.create(effective_on=since, announced_at=at, is_history=True)
    changes.list_as_history([processor], announcement, at=at)


class ProcessorPlaceFactory(DjangoModelFactory[ProcessorPlace]):
    class Meta:
        model = ProcessorPlace

    class Params:
        unnamed = factory.Trait(country="", named_as="global")

    processor = factory.SubFactory(ProcessorFactory)
    country = factory.Maybe("named_as", "", "DE")
    named_as = ""
    what = "storage"


class SubprocessorFactory(DjangoModelFactory[Subprocessor]):
    class Meta:
        model = Subprocessor

    processor = factory.SubFactory(ProcessorFactory)
    company = factory.SubFactory(ProcessorFactory)
    purpose = "sends its mails"


class ProcessorActivityFactory(DjangoModelFactory[ProcessorActivity]):
    class Meta:
        model = ProcessorActivity

    processor = factory.SubFactory(ProcessorFactory)
    activity = factory.SubFactory(ProcessingActivityFactory)


class ProcessorSystemFactory(DjangoModelFactory[ProcessorSystem]):
    class Meta:
        model = ProcessorSystem

    processor = factory.SubFactory(ProcessorFactory)
    system = factory.SubFactory(SystemFactory)


class ReviewFactory(DjangoModelFactory[Review]):
    """Open, answered by nobody. Traits: `fit`, `unfit`; with `next_on` a past day it is overdue."""

    class Meta:
        model = Review

    class Params:
        decided = factory.Trait(
            decided_by=factory.SubFactory(UserFactory),
            decided_at=datetime(2026, 1, 12, 9, tzinfo=UTC),
            next_on=date(2099, 1, 12),
        )
        fit = factory.Trait(decided=True, verdict=Verdict.FIT)
        unfit = factory.Trait(decided=True, verdict=Verdict.UNFIT)

    processor = factory.SubFactory(ProcessorFactory)
    opened_at = datetime(2026, 1, 5, 9, tzinfo=UTC)
    proposed_by = factory.SubFactory(UserFactory)


class ContractFactory(DjangoModelFactory[Contract]):
    """A data processing agreement in force without an end. `expiring=True` ends on 31 March 2026."""

    class Meta:
        model = Contract

    class Params:
        expiring = factory.Trait(ends_on=date(2026, 3, 31), renewal_notice_days=60)
        expired = factory.Trait(ends_on=date(2025, 12, 31))

    processor = factory.SubFactory(ProcessorFactory)
    kind = ContractKind.DPA
    signed_on = date(2025, 1, 10)
    in_force_on = date(2025, 1, 15)
    subprocessor_rule = SubprocessorRule.GENERAL
    subprocessor_days = 30
    breach_hours = 48
    deletion_at_end = True


def answer_clauses(contract: Contract, standing: str = Standing.MET) -> None:
    """Somebody has gone through every clause the law's lists ask for."""
    items = Lists.of(Company.current().today()).contract(contract)
    ContractClause.objects.bulk_create(
        ContractClause(contract=contract, item=item, standing=standing) for item in items
    )


class TransferFactory(DjangoModelFactory[Transfer]):
    """EU law to the United States under module 2, assessed. `dpf=True` relies on the listing instead."""

    class Meta:
        model = Transfer

    class Params:
        dpf = factory.Trait(
            mechanism=Mechanism.DPF,
            scc_module=None,
            dpf_checked_on=date(2026, 1, 5),
            tia_on=None,
            tia_review_on=None,
            contract=None,
        )
        adequacy = factory.Trait(
            mechanism=Mechanism.ADEQUACY, scc_module=None, tia_on=None, tia_review_on=None, contract=None
        )

    processor = factory.SubFactory(ProcessorFactory)
    exporter_regime = ExportLaw.EU_GDPR
    destination = "US"
    mechanism = Mechanism.SCC
    scc_module = 2
    tia_on = date(2026, 1, 5)
    tia_review_on = date(2099, 1, 5)
    contract = factory.SubFactory(ContractFactory, processor=factory.SelfAttribute("..processor"))


def approve_clauses() -> None:
    """The clauses ship switched off, for they stand from memory: somebody has approved module 2."""
    row, dov, at = (
        TransferMechanism.objects.get(code="scc_m2"),
        UserFactory(),
        datetime(2026, 1, 5, tzinfo=UTC),
    )
    actions.approve(row, by=dov, at=at, reason="Read Decision (EU) 2021/914.")
    actions.switch_on(row, by=dov, at=at, reason="Read it.")

"""Cases at any point of their road. `RequestFactory()` is Amina's request for a copy, not confirmed yet."""

from datetime import timedelta
from typing import Any

import factory
from factory.django import DjangoModelFactory

from audit.actors import SYSTEM
from requests import clocks, events
from requests.models import (
    COPIES,
    Channel,
    DenialReason,
    Happened,
    IdentityCheck,
    Method,
    Outcome,
    Package,
    Particulars,
    RequesterKind,
    Right,
    RightsRequest,
    Stage,
    Verdict,
)
from tests.people.factories import NOW, GuardianshipFactory, PersonFactory


class RequestFactory(DjangoModelFactory[RightsRequest]):
    """Received on 2 March 2026 from France, so that GDPR applies and the answer is due on 2 April."""

    class Meta:
        model = RightsRequest
        skip_postgeneration_save = True

    class Params:
        access = factory.Trait(right=Right.ACCESS)
        portability = factory.Trait(right=Right.PORTABILITY)
        rectification = factory.Trait(right=Right.RECTIFICATION)
        erasure = factory.Trait(right=Right.ERASURE)
        objection = factory.Trait(right=Right.OBJECTION)
        opt_out = factory.Trait(right=Right.OPT_OUT, stage=Stage.REVIEW)
        complaint = factory.Trait(right=Right.COMPLAINT, stage=Stage.REVIEW)
        inquiry = factory.Trait(right=Right.INQUIRY, stage=Stage.REVIEW)
        unmatched = factory.Trait(subject=None, requester=None)
        overdue = factory.Trait(received_at=NOW - timedelta(days=90))
        in_review = factory.Trait(stage=Stage.REVIEW, verified_at=NOW)
        verified = factory.Trait(stage=Stage.REVIEW, verified_at=NOW)
        fulfilling = factory.Trait(stage=Stage.FULFILLING, verified_at=NOW)
        in_release = factory.Trait(stage=Stage.RELEASE, verified_at=NOW)
        closed = factory.Trait(stage=Stage.CLOSED, verified_at=NOW, closed_at=NOW, outcome=Outcome.DONE)
        denied = factory.Trait(
            stage=Stage.CLOSED,
            verified_at=NOW,
            closed_at=NOW,
            outcome=Outcome.DENIED,
            denial=DenialReason.TOO_MANY_REQUESTS,
        )
        of_guardian = factory.Trait(
            requester_kind=RequesterKind.GUARDIAN, requester=factory.SubFactory(PersonFactory, carla=True)
        )
        of_agent = factory.Trait(requester_kind=RequesterKind.AGENT, requester=None)

    right = Right.ACCESS
    channel = Channel.PORTAL
    subject = factory.SubFactory(PersonFactory, amina=True)
    requester = factory.SelfAttribute("subject")
    place = "FR"
    language = "en"
    received_at = NOW

    @factory.post_generation
    def copy(self: RightsRequest, create: bool, extracted: Any, **_fields: Any) -> None:
        """What lies ready in a case about to be released."""
        if create and self.stage == Stage.RELEASE and self.right in COPIES:
            Package.objects.create(request=self, started_at=NOW, built_at=NOW)

    @factory.post_generation
    def particulars(self: RightsRequest, create: bool, extracted: Any, **typed: Any) -> None:
        """`particulars__email="…"` and so on; `particulars=False` for a case whose particulars are gone."""
        if not create:
            return
        if extracted is not False:
            Particulars.objects.create(request=self, **typed)
        clocks.propose_regimes(self)
        events.note(self, Happened.RECEIVED, by=SYSTEM, at=self.received_at)
        events.note(self, Happened.ACKNOWLEDGED, by=SYSTEM, at=self.received_at)

    @factory.post_generation
    def guardianship(self: RightsRequest, create: bool, extracted: Any, **kwargs: Any) -> None:
        asks_for_another = self.requester_kind == RequesterKind.GUARDIAN and self.subject and self.requester
        if create and extracted is not False and asks_for_another:
            GuardianshipFactory(child=self.subject, guardian=self.requester)


class IdentityCheckFactory(DjangoModelFactory[IdentityCheck]):
    class Meta:
        model = IdentityCheck

    class Params:
        failed = factory.Trait(verdict=Verdict.FAILED, decided_at=NOW)

    request = factory.SubFactory(RequestFactory)
    method = Method.ADDRESS_ON_FILE
    asked_at = NOW

"""Policies, versions and texts for tests. Publication is set in the INSERT: the database lets a row
be born frozen, it only refuses a later change."""

import hashlib
from datetime import UTC, date, datetime, time
from typing import Any

import factory
from factory.django import DjangoModelFactory

from people.models import User
from policies.models import Policy, PolicyText, PolicyVersion, Significance, Status

BODY = "# Privacy policy\n\nWe keep your name.\n\n## Your choices\n\nYou may ask for a copy.\n"


class StaffFactory(DjangoModelFactory[User]):
    """Dov and his colleagues of the privacy team."""

    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"dov{n}@example.org")
    name = "Dov"
    password = "!"


class PolicyFactory(DjangoModelFactory[Policy]):
    class Meta:
        model = Policy

    slug = factory.Sequence(lambda n: f"policy-{n}")
    title = "Privacy policy"

    class Params:
        main = factory.Trait(slug="privacy", is_main=True)
        cookies = factory.Trait(slug="cookies", title="Cookie policy")


class PolicyVersionFactory(DjangoModelFactory[PolicyVersion]):
    """A draft. Traits: `review`, `approved`, `published` (by two people, significant), `history`
    (brought in, nobody told), `withdrawn`. `text="…"` sets its words, `text__summary="…"` what changes,
    `text=False` leaves it without words; a published version's text is frozen."""

    class Meta:
        model = PolicyVersion
        skip_postgeneration_save = True

    policy = factory.SubFactory(PolicyFactory)
    note = "What is new"
    effective_on = date(2026, 3, 2)

    class Params:
        review = factory.Trait(
            status=Status.REVIEW,
            submitted_by=factory.SubFactory(StaffFactory),
            submitted_at=datetime(2026, 1, 5, 9, tzinfo=UTC),
            significance=Significance.SIGNIFICANT,
            rationale="A new recipient.",
            significance_by=factory.SelfAttribute("submitted_by"),
        )
        approved = factory.Trait(
            review=True,
            status=Status.APPROVED,
            approved_by=factory.SubFactory(StaffFactory),
            approved_at=datetime(2026, 1, 6, 9, tzinfo=UTC),
        )
        published = factory.Trait(
            approved=True,
            status=Status.PUBLISHED,
            published_at=datetime(2026, 1, 7, 9, tzinfo=UTC),
            published_by=factory.SelfAttribute("approved_by"),
        )
        editorial = factory.Trait(significance=Significance.EDITORIAL)
        history = factory.Trait(
            status=Status.PUBLISHED,
            is_history=True,
            published_at=factory.LazyAttribute(
                lambda version: datetime.combine(version.effective_on, time(9), tzinfo=UTC)
            ),
        )
        withdrawn = factory.Trait(
            published=True,
            status=Status.WITHDRAWN,
            withdrawn_at=datetime(2026, 1, 8, 9, tzinfo=UTC),
            withdrawn_by=factory.SelfAttribute("approved_by"),
            withdrawal_reason="A mistake in the dates.",
        )

    @factory.post_generation
    def text(self: PolicyVersion, create: bool, extracted: Any, **fields: Any) -> None:
        if not create or extracted is False:
            return
        if isinstance(extracted, str):
            fields.setdefault("body", extracted)
        fields.setdefault("language", self.policy.language)
        PolicyTextFactory.create(version=self, **fields)


class PolicyTextFactory(DjangoModelFactory[PolicyText]):
    """Frozen with its fingerprint when its version is published."""

    class Meta:
        model = PolicyText

    version = factory.SubFactory(PolicyVersionFactory, text=False)
    language = "en"
    body = BODY
    summary = "We share your name with one more company.\nWe keep it for one year, not two."
    frozen_at = factory.SelfAttribute("version.published_at")
    sha256 = factory.LazyAttribute(
        lambda text: hashlib.sha256(text.body.encode()).hexdigest() if text.frozen_at else ""
    )

"""The cast: Amina (13, France), Ben (9, Ohio), Carla (guardian of both), Dov (privacy team)."""

from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import factory
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from factory.django import DjangoModelFactory

from people.models import Authority, Guardianship, Person, Relationship, Role, User

PASSWORD = "walk the dog at nine"
TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@cache
def hashed_password() -> str:
    """Hashed once a test run: Argon2 is slow on purpose."""
    return make_password(PASSWORD)


class PersonFactory(DjangoModelFactory[Person]):
    """An adult in France with an address of their own, unless a trait says otherwise."""

    class Meta:
        model = Person

    class Params:
        learner = factory.Trait(role=Role.LEARNER, birth_date=date(2013, 1, 15))
        guardian = factory.Trait(role=Role.GUARDIAN)
        school_contact = factory.Trait(role=Role.SCHOOL_CONTACT)
        no_address = factory.Trait(email="")
        undeliverable = factory.Trait(undeliverable_at=NOW)
        left = factory.Trait(left_at=NOW)
        amina = factory.Trait(
            role=Role.LEARNER, given_name="Amina", birth_date=date(2012, 9, 1), country="FR", language="fr"
        )
        ben = factory.Trait(
            role=Role.LEARNER, given_name="Ben", birth_date=date(2016, 5, 4), country="US", region="OH"
        )
        carla = factory.Trait(role=Role.GUARDIAN, given_name="Carla", country="FR", language="fr")

    external_id = factory.Sequence(lambda n: f"platform-{n:06d}")
    given_name = "Robin"
    family_name = "Example"
    email = factory.LazyAttribute(lambda person: f"{person.external_id}@family.example")
    birth_date = date(1985, 6, 20)
    country = "FR"
    language = "en"
    role = Role.SUBJECT


class GuardianshipFactory(DjangoModelFactory[Guardianship]):
    """A verified guardian of a learner, unless a trait says otherwise."""

    class Meta:
        model = Guardianship

    class Params:
        claimed = factory.Trait(authority=Authority.CLAIMED, decided_at=None)
        disputed = factory.Trait(authority=Authority.DISPUTED)
        ended = factory.Trait(authority=Authority.ENDED)

    child = factory.SubFactory(PersonFactory, learner=True)
    guardian = factory.SubFactory(PersonFactory, guardian=True)
    relationship = Relationship.GUARDIAN
    authority = Authority.VERIFIED
    source = "staff"
    decided_at = NOW


class UserFactory(DjangoModelFactory[User]):
    """A member of staff without any power. `group="privacy lead"` or `superuser=True` gives some."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        superuser = factory.Trait(is_superuser=True)
        inactive = factory.Trait(is_active=False)
        dov = factory.Trait(name="Dov")

    email = factory.Sequence(lambda n: f"staff{n}@company.example")
    name = "Staff member"
    password = factory.LazyFunction(hashed_password)
    is_staff = True

    @factory.post_generation
    def group(self: User, create: bool, extracted: str | None, **kwargs: Any) -> None:
        if create and extracted:
            self.groups.add(Group.objects.get(name=extracted))

"""Cookies of a learning platform: essential ones, and analytics that people may refuse."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import factory
from factory.django import DjangoModelFactory

from audit.actors import SYSTEM
from inventory import cookies
from inventory.models import CatalogueVersion, Cookie, CookieGroup, CookieReceipt, Purpose
from inventory.models.registers import Kind

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class PurposeFactory(DjangoModelFactory[Purpose]):
    class Meta:
        model = Purpose
        django_get_or_create = ("code",)

    code = "usage-figures"
    name = factory.LazyAttribute(lambda purpose: purpose.code.replace("-", " ").capitalize())
    kind = Kind.IMPROVEMENT
    text = "We count which lessons are opened."
    is_optional = True
    needs_consent = True


class CookieGroupFactory(DjangoModelFactory[CookieGroup]):
    """Optional analytics, unless the trait says essential."""

    class Meta:
        model = CookieGroup
        django_get_or_create = ("code",)

    class Params:
        essential = factory.Trait(
            code="essential",
            name="Essential",
            text="The pages need them.",
            is_essential=True,
            purpose=None,
            order=1,
        )

    code = "analytics"
    name = factory.LazyAttribute(lambda group: group.code.capitalize())
    text = "Count visits."
    purpose = factory.SubFactory(PurposeFactory)


class CookieFactory(DjangoModelFactory[Cookie]):
    class Meta:
        model = Cookie

    class Params:
        essential = factory.Trait(group=factory.SubFactory(CookieGroupFactory, essential=True))

    group = factory.SubFactory(CookieGroupFactory)
    name = factory.Sequence(lambda n: f"_pk_id.{n}")
    provider = "Matomo"
    description = "Tells visits apart."
    lifetime = "13 months"

    @classmethod
    def _create(cls, model_class: type[Cookie], *args: Any, **kwargs: Any) -> Cookie:
        cookie = model_class(*args, **kwargs)
        cookie.read_lifetime()
        cookie.save()
        return cookie


class CookieReceiptFactory(DjangoModelFactory[CookieReceipt]):
    """A No to everything, on the list in force."""

    class Meta:
        model = CookieReceipt

    reference = factory.LazyFunction(cookies.new_reference)
    catalogue = factory.LazyFunction(lambda: cookies.current_catalogue() or simple_list())
    choices = factory.LazyFunction(lambda: {"analytics": False})
    gpc = False
    at = NOW


def published(at: datetime = NOW) -> CatalogueVersion:
    return cookies.publish_catalogue(
        CatalogueVersion.objects.create(), by=SYSTEM, at=at, reason="For a test."
    )


def simple_list() -> CatalogueVersion:
    """One essential cookie and one of analytics, published."""
    CookieFactory(essential=True, name="session", provider="Ourselves", lifetime="session")
    CookieFactory(name="_pk_id")
    return published()


def chosen(catalogue: CatalogueVersion, choices: Mapping[str, bool], at: datetime = NOW) -> CookieReceipt:
    return cookies.choose(catalogue, choices, gpc=False, at=at)

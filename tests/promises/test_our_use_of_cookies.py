"""Our Use of Cookies: the promises, in the policy's own words and order."""

import pytest
from django.conf import settings
from django.test import Client

from inventory import lifetimes
from privacy_site.demo.cookies import ESSENTIAL
from tests.inventory.cookie_factories import simple_list
from tests.people.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


def test_essential_cookies_will_still_be_used_even_if_you_disable_optional_ones(client: Client) -> None:
    simple_list()
    form = client.get("/cookies/choices/").context["form"]["form"].value()
    client.post("/cookies/choices/", {"form": form, "all": "no"})
    groups = client.get("/cookies/choices.json").json()["groups"]
    assert groups["essential"]["allowed"] is True
    assert groups["analytics"]["allowed"] is False


def test_essential_cookies_are_those_that_this_software_really_sets(client: Client) -> None:
    simple_list()
    form = client.get("/cookies/choices/").context["form"]["form"].value()
    client.post("/cookies/choices/", {"form": form, "all": "no"})
    user = UserFactory(dov=True, group="privacy lead")
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    # Last: a request in Spanish would leave the tests that follow speaking it.
    client.post("/language/", {"language": "es"})
    listed = {name: lifetimes.read(lifetime).seconds for name, _what_for, lifetime in ESSENTIAL}
    set_by_us = {name: morsel["max-age"] or None for name, morsel in client.cookies.items()}
    assert set(set_by_us) <= set(listed)
    assert {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME} <= set(set_by_us)
    assert set_by_us[settings.CHOICE_COOKIE_NAME] == listed[settings.CHOICE_COOKIE_NAME]
    assert set_by_us[settings.LANGUAGE_COOKIE_NAME] is None

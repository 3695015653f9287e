"""No model keeps personal data that nobody has declared."""

from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models
from django.test.utils import isolate_apps

from audit import personal
from inventory import coverage
from inventory.models import DataCategory
from notices.models import Notice
from people.models import Person, User


def test_everything_personal_in_this_house_is_declared() -> None:
    call_command("check", fail_level="ERROR")
    assert list(coverage.undeclared(coverage.our_models())) == []


def test_it_looks_at_our_rooms_and_not_at_libraries() -> None:
    labels = {model._meta.label for model in coverage.our_models()}
    assert {"people.Person", "notices.Notice", "inventory.System"} <= labels
    assert not {label for label in labels if label.startswith(("auth.", "account.", "mfa."))}


@pytest.fixture
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if nobody had declared people."""
    personal.holdings()
    undeclared = {key: held for key, held in personal._holdings.items() if held.model is not Person}
    monkeypatch.setattr(personal, "_holdings", undeclared)


def test_a_forgotten_model_stops_the_check_and_says_what_to_do(forgotten: None) -> None:
    with pytest.raises(CommandError, match=r"inventory\.E001.*people\.Person keeps personal data") as error:
        call_command("check")
    assert "birth_date" in str(error.value)
    assert "people/personal.py" in str(error.value)


def test_a_check_of_one_app_looks_at_that_app_only(forgotten: None) -> None:
    law, people = apps.get_app_config("law"), apps.get_app_config("people")
    assert coverage.check_personal_data_is_declared([law]) == []
    assert [error.id for error in coverage.check_personal_data_is_declared([people])] == ["inventory.E001"]


@pytest.mark.parametrize(
    "column",
    [
        "email", "contact_email", "birth_date", "given_name", "child_family_name", "address", "greeting",
        "ip", "client_ip", "user_agent",
    ],
)  # fmt: skip
def test_a_column_with_a_personal_name_is_seen(column: str) -> None:
    assert coverage.is_personal(models.CharField(name=column))


@pytest.mark.parametrize("kind", [models.EmailField, models.GenericIPAddressField])
def test_a_column_of_a_personal_kind_is_seen_under_any_name(kind: type[models.Field]) -> None:
    assert coverage.is_personal(kind(name="x"))


@pytest.mark.parametrize("column", ["name", "code", "description", "zip", "recipe", "addressee_count"])
def test_an_ordinary_column_is_left_alone(column: str) -> None:
    assert not coverage.is_personal(models.CharField(name=column))


@isolate_apps("inventory")
def test_a_new_model_with_an_address_is_found_until_it_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    class Visitor(models.Model):
        address = models.EmailField()
        seen_at = models.DateTimeField()

        class Meta:
            app_label = "inventory"

    assert list(coverage.undeclared([Visitor, DataCategory])) == [(Visitor, ["address"])]
    known: dict[Any, str] = {**personal.excluded(), Visitor: "Made up."}
    monkeypatch.setattr(personal, "_exclusions", known)
    assert list(coverage.undeclared([Visitor])) == []


def test_people_and_notices_are_held_and_staff_are_excluded_with_a_reason() -> None:
    held = {holding.model for holding in personal.holdings()}
    assert {Person, Notice} <= held
    assert "employer" in personal.excluded()[User]

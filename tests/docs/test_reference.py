"""The reference says what the code says."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db.models import Model

from audit.personal import holdings
from inventory.models import CutoffOrder, LegalHold, Sweep
from notices.models import Notice
from people.models import AccessGrant, Guardianship
from policies.models import PolicyVersion
from requests import placeholders
from requests.models import LetterKind, RightsRequest

from .pages import ROOT, rows

TESTS = re.compile(r"`(test_\w+)`")
STANDINGS = {"kept", "partly", "not yet", "not acted on"}


@pytest.mark.parametrize(
    "model",
    [PolicyVersion, Notice, Guardianship, AccessGrant, LegalHold, Sweep, CutoffOrder, RightsRequest],
)
def test_the_transitions_page_shows_the_models_own_tables(model: Any) -> None:
    page = (ROOT / "docs/reference/transitions.md").read_text(encoding="utf-8")
    section = page.partition(f"## {model.__name__}\n")[2].partition("\n## ")[0]
    shown = dict(re.findall(r"^\| `(\w+)` \|([^|]*)\|", section, re.MULTILINE))
    assert {start: re.findall(r"`(\w+)`", ends) for start, ends in shown.items()} == in_words(model)


def in_words(model: type[Model]) -> dict[str, list[str]]:
    table: dict[str, tuple[str, ...]] = model.transitions  # type: ignore[attr-defined]
    return {str(start): [str(end) for end in ends] for start, ends in table.items()}


def test_the_letters_page_knows_every_kind_and_every_name() -> None:
    shown = [cells[0].strip("`{}") for cells in rows("reference/letters.md")]
    assert shown == [*LetterKind.values, *placeholders.NAMES]


def test_the_format_page_shows_every_part_and_column_of_a_copy() -> None:
    page = (ROOT / "docs/reference/format-of-a-copy.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| `([a-z]+-[a-z]+-)\S+` \| (`.+`) \|$", page, re.MULTILINE)
    held = {
        f"{holding.label.replace('.', '-')}-": " ".join(f"`{name}`" for name in holding.columns)
        for holding in holdings()
        if holding.in_copies and holding.subjects
    }
    assert dict(shown) == held


def test_every_variable_of_the_environment_stands_on_the_settings_page() -> None:
    example = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert sorted(cells[0].strip("`") for cells in rows("reference/settings.md")) == sorted(example)


def test_the_promises_stand_in_the_policys_own_words_and_order() -> None:
    policy = (ROOT / "privacy_site/demo/privacy-policy.md").read_text(encoding="utf-8")
    places = [policy.find(sentence) for sentence, _standing, _where in rows("reference/promises.md")]
    assert -1 not in places
    assert places == sorted(places)


def test_every_promise_said_to_be_kept_names_tests_that_exist() -> None:
    there = "\n".join(file.read_text() for file in (ROOT / "tests/promises").glob("test_*.py"))
    for sentence, standing, where in rows("reference/promises.md"):
        named = TESTS.findall(where)
        assert standing in STANDINGS
        assert named or standing in ("not yet", "not acted on"), sentence
        assert [test for test in named if f"def {test}(" not in there] == []


def test_every_test_that_the_page_of_dangers_names_is_there() -> None:
    page = (ROOT / "docs/reference/dangers.md").read_text(encoding="utf-8")
    there = {
        test
        for file in (ROOT / "tests").rglob("test_*.py")
        for test in re.findall(r"^def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    named = TESTS.findall(page)
    assert len(named) > 80
    assert sorted(set(named) - there) == []


def test_every_test_of_a_promise_stands_on_the_page() -> None:
    page = (ROOT / "docs/reference/promises.md").read_text(encoding="utf-8")
    files = (ROOT / "tests/promises").glob("test_*.py")
    tests = [
        test for file in files for test in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)
    ]
    assert [test for test in tests if test not in TESTS.findall(page)] == []


def test_rooms_that_will_keep_a_promise_are_not_there_yet() -> None:
    for sentence, standing, where in rows("reference/promises.md"):
        if standing == "not yet":
            built = [room for room in re.findall(r"`([a-z]+)`", where) if (ROOT / room / "apps.py").exists()]
            assert built == [], sentence


@pytest.mark.django_db
def test_the_roles_page_says_what_each_group_may_do() -> None:
    groups = [
        Group.objects.get(name=name) for name in ("privacy lead", "privacy officer", "support", "auditor")
    ]
    for _may, permission, *marks in rows("reference/roles-and-permissions.md"):
        app, codename = permission.strip("`").split(".")
        assert Permission.objects.filter(content_type__app_label=app, codename=codename).exists(), permission
        has = [
            group.permissions.filter(content_type__app_label=app, codename=codename).exists()
            for group in groups
        ]
        assert [mark == "yes" for mark in marks] == has, permission


@pytest.mark.django_db
def test_the_roles_page_knows_every_permission_that_our_buttons_ask_for() -> None:
    page = (ROOT / "docs/reference/roles-and-permissions.md").read_text(encoding="utf-8")
    asked = {
        button.permission for desk in admin.site._registry.values() for button in getattr(desk, "buttons", ())
    }
    assert [permission for permission in sorted(asked) if f"`{permission}`" not in page] == []

"""Names that would mislead a reader, or an import."""

import ast
import sys
from importlib import metadata, util

import pytest
from django.apps import apps

from .places import ROOT, modules, rooms

SAY_NOTHING = {
    "core",
    "common",
    "utils",
    "util",
    "helpers",
    "helper",
    "misc",
    "shared",
    "services",
    "signals",
}


def test_no_room_or_module_has_a_name_that_says_nothing():
    vague = [str(path) for path, _ in modules() if SAY_NOTHING & {*path.parts[:-1], path.stem}]

    assert vague == []


def test_the_http_library_that_our_rights_app_shadows_is_not_installed():
    with pytest.raises(metadata.PackageNotFoundError):
        metadata.version("requests")


@pytest.mark.parametrize("name", [*rooms(), "tests"])
def test_our_name_leads_to_our_folder(name):
    """A distribution that ships a folder of this name would be imported in our place, or we in its."""
    spec = util.find_spec(name)

    assert spec is not None
    assert [ROOT / name] == [*map(type(ROOT), spec.submodule_search_locations or [])]
    assert not [path for path in sys.path if "site-packages" in path and (type(ROOT)(path) / name).exists()]


@pytest.mark.parametrize("room", rooms())
def test_each_room_opens_with_the_promise_it_keeps(room):
    opening = ast.get_docstring(ast.parse((ROOT / room / "apps.py").read_text())) or ""

    assert opening.startswith("The promise: «" if room != "privacy_site" else "The site: ")
    assert apps.is_installed(room)


def test_our_apps_do_not_call_each_other_by_signal():
    """A consequence is spelled out in the action that has it. Django's own signals may be heard."""
    made = [
        f"{path}:{node.lineno}"
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Signal"
    ]

    assert made == []

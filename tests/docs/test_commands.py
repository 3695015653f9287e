"""Every command a page tells people to type exists."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from .pages import ROOT, name, pages

MANAGE = re.compile(r"manage\.py ([a-z_]+)((?: +(?!&&|\|)[^\s`|]+)*)")
MAKE = re.compile(r"\bmake ([a-z][a-z0-9-]*)\b(?=`|\s*$|\s+[A-Z]+=|\s{2,})", re.MULTILINE)
TARGET = re.compile(r"^([a-z0-9-]+):", re.MULTILINE)
SCRIPT = re.compile(r"`(bin/[a-z_]+)")


@pytest.mark.parametrize("file", pages(), ids=name)
def test_every_management_command_and_its_options_exist(file: Path) -> None:
    for command, rest in MANAGE.findall(file.read_text(encoding="utf-8")):
        assert command in get_commands(), f"manage.py {command}"
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in options(command), f"manage.py {command} {option}"


@pytest.mark.parametrize("file", pages(), ids=name)
def test_every_make_target_and_script_exists(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    assert set(MAKE.findall(text)) <= targets
    assert [script for script in SCRIPT.findall(text) if not (ROOT / script).exists()] == []


def test_the_commands_page_lists_every_command_and_target_of_ours() -> None:
    text = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    ours = {command for command, app in get_commands().items() if (ROOT / str(app)).is_dir()}
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    assert [command for command in sorted(ours) if f"`manage.py {command}" not in text] == []
    assert [target for target in sorted(targets) if f"`make {target}`" not in text] == []


def options(command: str) -> set[str]:
    parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
    return {option for action in parser._actions for option in action.option_strings}

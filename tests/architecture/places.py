"""Where our own code lies, read from the one list that import-linter also reads."""

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

ROOT = Path(settings.BASE_DIR)


@cache
def layers() -> list[frozenset[str]]:
    """From the site at the top to audit at the bottom; siblings share a layer."""
    pyproject: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    [contract] = pyproject["tool"]["importlinter"]["contracts"]
    return [frozenset(name.strip() for name in layer.split("|")) for layer in contract["layers"]]


def rooms() -> list[str]:
    return sorted(name for layer in layers() for name in layer)


def height(room: str) -> int:
    """Greater is higher up; what is higher may rely on what is lower."""
    return next(-index for index, layer in enumerate(layers()) if room in layer)


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for room in rooms():
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT), ast.parse(path.read_text())


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]

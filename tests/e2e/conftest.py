"""A real browser, `make e2e`. In a process of its own: Playwright's event loop stays open, and
Django would refuse the database in every test that follows (hence DJANGO_ALLOW_ASYNC_UNSAFE)."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page

HERE = Path(__file__).parent
# Debian's browser looks for its maker's servers at every start; nothing here needs them.
QUIET = ["--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("e2e")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(chromium).exists():
        pytest.exit("Chromium is missing: apt-get install chromium, or set CHROMIUM to its path.", 1)
    # Chromium's own sandbox refuses to run as root.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": chromium, "args": [*QUIET, *sandbox]}


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser complained about: script errors, and anything our security policy blocked."""
    heard: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            heard.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard

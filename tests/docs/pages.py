"""The documentation as tests see it."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """Without blocks of code, in which brackets are no links."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def rows(page: str) -> list[list[str]]:
    """The cells of every table row on a page, headings left out."""
    lines = (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines()
    tables = [line for line, after in zip(lines, [*lines[1:], ""], strict=True) if is_body(line, after)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in tables]


def is_body(line: str, after: str) -> bool:
    return line.startswith("|") and not line.startswith("|-") and not after.startswith("|-")


def anchors(page: Path) -> set[str]:
    """As code hosts make them from headings: lower case, spaces to hyphens, other marks dropped."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}

"""Every link on every page leads somewhere."""

from pathlib import Path

import pytest

from .pages import LINK, ROOT, anchors, name, pages, prose


@pytest.mark.parametrize("file", pages(), ids=name)
def test_every_link_leads_to_a_file_and_a_heading(file: Path) -> None:
    assert [link for link in LINK.findall(prose(file)) if is_broken(file, link)] == []


def is_broken(page: Path, link: str) -> bool:
    if "://" in link or link.startswith("mailto:"):
        return False
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return not target.exists() or (bool(anchor) and anchor not in anchors(target))


def test_every_page_can_be_reached_from_the_front_page() -> None:
    reached: set[Path] = set()
    to_read = [ROOT / "README.md"]
    while to_read:
        page = to_read.pop()
        reached.add(page)
        links = [
            (page.parent / link.partition("#")[0]).resolve()
            for link in LINK.findall(prose(page))
            if link[0] != "#"
        ]
        to_read += [link for link in links if link.suffix == ".md" and link.is_file() and link not in reached]
    assert [name(page) for page in pages() if page not in reached] == []


def test_the_front_page_shows_the_desk_the_changes_and_a_request() -> None:
    pictures = [link for link in LINK.findall(prose(ROOT / "README.md")) if link.endswith(".png")]
    assert pictures == ["docs/images/publish.png", "docs/images/changes.png", "docs/images/case.png"]


def test_every_picture_is_shown_somewhere_and_light() -> None:
    shown = {(page.parent / link).resolve() for page in pages() for link in LINK.findall(prose(page))}
    for picture in (ROOT / "docs/images").iterdir():
        assert picture in shown, name(picture)
        assert picture.stat().st_size < 300_000, name(picture)

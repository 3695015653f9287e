"""What a public repository must not hold: keys, somebody's home folder, the address of a package index."""

import re

import pytest

from .places import ROOT, tracked_files

# Put together here, so that this file does not hold what it looks for.
FORBIDDEN = {
    "a home folder": re.compile("/" + r"(?:home|Users)/[a-z]|/" + r"root/|[A-Z]:\\Users"),
    "a package index": re.compile(
        r"pypi\." + r"org|files\.python" + r"hosted|registry\.npm" + r"js|deb\.debian\." + "org"
    ),
    "a private key": re.compile("-----BEGIN [A-Z ]*PRIVATE" + " KEY-----"),
    "a password in an address": re.compile(r"://[^\s:/@\"'{]+:(?!password@|@)[^\s@/\"'{]{3,}@"),
}
NOT_TEXT = {".png", ".jpg", ".ico", ".mo", ".woff2", ".zip", ".gz"}


def texts() -> list[tuple[str, str]]:
    return [
        (str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
        for path in tracked_files()
        if path.suffix not in NOT_TEXT
    ]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what):
    pattern = FORBIDDEN[what]

    assert [f"{name}: {found.group()}" for name, text in texts() if (found := pattern.search(text))] == []


def test_no_file_that_belongs_to_one_machine_is_kept():
    names = {str(path.relative_to(ROOT)) for path in tracked_files()}

    assert ".env" not in names
    assert not [name for name in names if name.startswith(("var/", ".venv/"))]


def test_the_search_finds_what_it_looks_for():
    samples = {
        "a home folder": "/" + "home/carla/site",
        "a package index": "pypi." + "org/simple",
        "a private key": "-----BEGIN RSA PRIVATE" + " KEY-----",
        "a password in an address": "postgres://privacy:s3cret" + "@db/privacy",
    }

    assert [what for what, pattern in FORBIDDEN.items() if not pattern.search(samples[what])] == []

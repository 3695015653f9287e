"""A template that names another which is gone breaks only when somebody opens its page."""

import re

import pytest
from django.template.loader import get_template

from .places import ROOT

NAMED = re.compile(r"""{%-?\s*(?:include|extends)\s+(["'])(?P<name>[^"']+)\1""")


def test_every_template_that_another_one_names_is_there():
    named = {
        found["name"]
        for path in (ROOT / "templates").rglob("*.*")
        for found in NAMED.finditer(path.read_text())
    }

    assert named
    for name in sorted(named):
        get_template(name)


@pytest.mark.parametrize(
    "path",
    sorted(str(path.relative_to(ROOT / "templates")) for path in (ROOT / "templates").rglob("*.html")),
)
def test_every_template_can_be_read(path: str):
    get_template(path)

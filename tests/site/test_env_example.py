"""`.env.example` and the settings name the same variables, and an empty value is a default."""

import re
from pathlib import Path

import pytest
from django.conf import settings

READ = re.compile(r'\benv\.\w+\(\s*"([A-Z_]+)"')
EXPLAINED = re.compile(r"^#?([A-Z_]+)=", re.MULTILINE)


def text(name: str) -> str:
    return (Path(settings.BASE_DIR) / name).read_text()


def test_every_variable_the_settings_read_is_explained_and_no_other():
    explained = EXPLAINED.findall(text(".env.example"))

    assert sorted(explained) == sorted(set(READ.findall(text("privacy_site/settings.py"))))


def test_every_variable_has_a_sentence_above_it():
    above = ""
    for line in text(".env.example").splitlines():
        if EXPLAINED.match(line):
            assert above.startswith("#"), f"{line} is explained nowhere"
        above = line if line != "" else ""


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "AUDIT_SIGNING_KEY", "LEDGER_KEY", "VAULT_KEYS", "EMAIL_HOST"]
)
def test_the_example_holds_no_secret(name):
    assert f"\n{name}=\n" in text(".env.example")

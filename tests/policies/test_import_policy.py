"""`manage.py import_policy`: history comes in as it stood, or a sentence says why not."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from policies.models import Policy, PolicyVersion

from .factories import PolicyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy() -> Policy:
    return PolicyFactory(main=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "privacy.md"
    path.write_text("# Privacy\n\nWe keep your name.\n")
    return path


def bring_in(policy: Policy, file: Path, day: str = "2025-01-01", **options: str) -> None:
    call_command("import_policy", policy.slug, str(file), effective_on=day, **options)


def test_a_text_seen_before_is_recognized(policy: Policy, file: Path) -> None:
    bring_in(policy, file)
    bring_in(policy, file, day="2025-02-01")
    assert PolicyVersion.objects.get().is_history


def test_a_note_that_no_feed_could_carry_is_refused(policy: Policy, file: Path, client: Client) -> None:
    with pytest.raises(CommandError, match="control character"):
        bring_in(policy, file, note="new\x01words")
    bring_in(policy, file, note="  new   words ")
    assert client.get("/versions/feed/").status_code == 200
    assert PolicyVersion.objects.get().note == "new words"


@pytest.mark.parametrize("body", ["# h\n" * 10_001, "> " * 30 + "deep\n", "words\n" * 20_001])
def test_a_text_too_large_or_tangled_to_show_is_refused(policy: Policy, file: Path, body: str) -> None:
    file.write_text(body)
    with pytest.raises(CommandError, match="Nothing was saved"):
        bring_in(policy, file)


@pytest.mark.parametrize("day", ["2999-01-01", "31.12.2024"])
def test_a_day_that_is_to_come_or_none_at_all_is_refused(policy: Policy, file: Path, day: str) -> None:
    with pytest.raises(CommandError):
        bring_in(policy, file, day=day)
    assert not PolicyVersion.objects.exists()

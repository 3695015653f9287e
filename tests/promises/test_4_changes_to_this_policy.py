"""Changes to This Policy."""

import re
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import IntegrityError, transaction
from django.test import Client

from audit.models import Event
from notices.models import Notice
from notices.sender import deliver_due
from people.models import Person
from policies.models import Policy, PolicyText
from tests.people.factories import PersonFactory

from .conftest import IN_TIME, Announce

AFTER = datetime(2026, 5, 1, 12, tzinfo=UTC)
# How long we have to confirm that a request arrived: our duty, nobody's yes.
RECEIPTS = re.compile(r"^(Regime|Company)\.(\w+_)?acknowledge_(n|unit|days)$")
ACCEPTANCE = re.compile(r"accept(?!.*encoding)|agreed|acknowledg|opted_in", re.IGNORECASE)


def test_we_may_update_this_policy_periodically(announce: Announce, client: Client) -> None:
    announce()
    assert "As it was." in client.get("/versions/2025-09-01/").content.decode()
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyText.objects.filter(frozen_at__isnull=False).update(body="As we now wish it had been.")


@pytest.mark.django_db(transaction=True)
def test_when_we_make_significant_modifications_well_notify_you_through_email(
    announce: Announce, carla: Person, settings: Any, tmp_path: Path
) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "notices.backends.MailFolder", str(tmp_path)
    robin = PersonFactory()
    announce()
    deliver_due()
    mails = [message_from_bytes(file.read_bytes()) for file in tmp_path.iterdir()]
    assert sorted(mail["To"] for mail in mails) == sorted([robin.email, carla.email])
    assert all("/versions/2026-04-10/changes/" in plain(mail) for mail in mails)


def test_or_prominent_notices_on_the_platform(announce: Announce, db: None) -> None:
    unreachable = PersonFactory(no_address=True)
    announce()
    assert Notice.objects.get(recipient_id=unreachable.pk).status == "posted"


def test_the_notice_comes_before_the_change_takes_effect(announce: Announce, policy: Policy) -> None:
    version = announce()
    assert version.published_at is not None
    assert (IN_TIME - version.published_at.date()).days >= 30


def test_continued_use_after_such_changes_is_never_recorded_as_acceptance(
    announce: Announce, client: Client, carla: Person
) -> None:
    announce()
    before = rows_in_every_table()
    with time_machine.travel(AFTER, tick=False):
        for page in ("/", "/versions/", "/versions/2026-04-10/changes/"):
            assert client.get(page).status_code == 200
    assert rows_in_every_table() == before


def test_nothing_in_the_house_could_hold_an_acceptance_by_use(announce: Announce) -> None:
    announce()
    ours = [model for model in apps.get_models() if not model.__module__.startswith(("django", "allauth"))]
    names = [f"{model.__name__}.{field.name}" for model in ours for field in model._meta.get_fields()]
    names += Event.objects.values_list("verb", flat=True)
    assert [name for name in names if ACCEPTANCE.search(name) and not RECEIPTS.match(name)] == []


def test_we_encourage_you_to_review_this_policy_occasionally_to_stay_informed(
    announce: Announce, client: Client
) -> None:
    announce()
    feed = client.get("/versions/feed/").content.decode()
    assert feed.count("<entry") == 2
    assert "2026-04-10" in feed


def test_this_policy_will_be_updated_as_needed_to_remain_accurate_and_compliant(policy: Policy) -> None:
    policy.refresh_from_db()
    assert policy.review_due_on(12) == date(2026, 9, 1)


def plain(mail: Message) -> str:
    [part] = [part for part in mail.walk() if part.get_content_type() == "text/plain"]
    return bytes(part.get_payload(decode=True)).decode()


def rows_in_every_table() -> dict[str, int]:
    return {
        model._meta.label: model._base_manager.count() for model in apps.get_models() if model._meta.managed
    }

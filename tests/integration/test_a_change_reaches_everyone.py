"""The main job end to end: PostgreSQL, Redis, a real Celery worker, a real SMTP conversation."""

import subprocess
import time
from collections import Counter
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from audit.refusals import Refused
from law.models import Company
from notices.actions import ring_now
from notices.models import Campaign, Notice, Status
from notices.sender import deliver_due
from people.models import Person
from policies import actions, announcing
from policies.models import Policy, PolicyText, PolicyVersion, Significance
from tests.notices.sink import Sink
from tests.people.factories import UserFactory

from . import crowd

TEXTS = Path(__file__).resolve().parents[2] / "privacy_site" / "demo"
DEADLINE = 300  # seconds; a bound for a broken run, not a measurement


def bring_in_the_crowd(tmp_path: Path) -> crowd.Expected:
    expected = crowd.write(tmp_path / "people.csv", Company.current().today())
    call_command("import_people", str(tmp_path / "people.csv"), apply=True, stdout=StringIO())
    return expected


def policy_with_a_waiting_version() -> PolicyVersion:
    noor, dov = UserFactory(), UserFactory(dov=True)
    policy = Policy.objects.create(slug="privacy", title="Privacy policy", is_main=True)
    for day, file in [("2024-09-02", "privacy-2024.md"), ("2025-09-01", "privacy-policy.md")]:
        call_command("import_policy", "privacy", str(TEXTS / file), effective_on=day, stdout=StringIO())
    company = Company.current()
    version = PolicyVersion.objects.create(
        policy=policy, effective_on=company.today() + timedelta(days=company.notice_days)
    )
    for language in ("en", "es"):
        body, points = (TEXTS / f"privacy-next.{language}.{kind}" for kind in ("md", "points.txt"))
        PolicyText.objects.create(
            version=version,
            language=language,
            body=body.read_text("utf-8"),
            summary=points.read_text("utf-8"),
        )
    at = timezone.now()
    actions.decide_significance(version, by=noor, at=at, reason="New.", significance=Significance.SIGNIFICANT)
    actions.submit(version, by=noor, at=at)
    return actions.approve(version, by=dov, at=at)


def wait_until_all_left() -> None:
    give_up = time.monotonic() + DEADLINE
    while Notice.objects.filter(status=Status.WAITING).exists():
        assert time.monotonic() < give_up, Campaign.objects.get().counts()
        ring_now()  # as beat does each minute; a bell too many does no harm
        time.sleep(2)


@pytest.mark.redis
@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_significant_change_reaches_each_of_ten_thousand_people_once(
    worker: subprocess.Popen[bytes], sink: Sink, tmp_path: Path
) -> None:
    expected = bring_in_the_crowd(tmp_path)
    assert Person.objects.count() == 5 * crowd.FAMILIES == 10_000
    version, dov = policy_with_a_waiting_version(), UserFactory(dov=True)

    actions.publish(version, by=dov, at=timezone.now())
    wait_until_all_left()

    assert Counter(sink.recipients) == Counter(expected.mailed)
    assert max(Counter(sink.recipients).values()) == 1
    counts = Campaign.objects.get().counts()
    assert (counts["sent"], counts["posted"]) == (len(expected.mailed), expected.posted)
    assert counts["waiting"] == counts["parked"] == counts["bounced"] == 0
    assert mails_in("es") == mailed_people(language="es")
    assert mails_in("en") == mailed_people(language__in=["en", "fr", "de"])  # no text in those: the original

    with pytest.raises(Refused):  # a second press of the button
        actions.publish(version, by=dov, at=timezone.now())
    assert sum(announcing.announce_change(version, at=timezone.now()).values()) == 0
    deliver_due()
    assert len(sink.recipients) == len(expected.mailed)


def mails_in(language: str) -> int:
    return Notice.objects.filter(letter__language=language, status=Status.SENT).count()


def mailed_people(**filters: object) -> int:
    mailed = Notice.objects.filter(status=Status.SENT).values("recipient_id")
    return Person.objects.filter(pk__in=mailed, **filters).count()

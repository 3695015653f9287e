"""The demo company: everything a newcomer needs, and never in the way of what they did."""

from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from audit import outside, outside_file
from audit.outside import Entry, marker
from law.models import Company
from notices.models import Notice
from people.models import Person, User
from policies import actions
from policies.models import PolicyVersion, Status
from policies.refusals import PromiseBroken

pytestmark = pytest.mark.django_db


def demo() -> str:
    out = StringIO()
    call_command("demo", stdout=out, stderr=StringIO())
    return out.getvalue()


def test_a_newcomer_can_publish_the_waiting_version() -> None:
    assert "dov@aloraoraex.example" in demo()
    version, dov = PolicyVersion.objects.get(status=Status.APPROVED), User.objects.get(name="Dov")
    with pytest.raises(PromiseBroken, match="Thistle Translations"), transaction.atomic():
        actions.publish(version, by=dov, at=timezone.now())
    rosa = User.objects.get(name="Rosa")
    actions.answer_for_promises(version, by=rosa, at=timezone.now(), reason="It is a demo.")
    actions.publish(version, by=dov, at=timezone.now())
    carla = Person.objects.get(external_id="u-carla")
    assert Notice.objects.get(recipient_id=carla.pk).letter.variant == "guardian"


def test_a_second_start_changes_nothing() -> None:
    demo()
    Company.objects.update(name="Ours now")
    Person.objects.filter(external_id="u-rosa").delete()
    versions = PolicyVersion.objects.count()
    demo()
    assert (Company.current().name, PolicyVersion.objects.count()) == ("Ours now", versions)
    assert not Person.objects.filter(external_id="u-rosa").exists()


def test_a_demo_opened_weeks_later_still_has_a_date_to_publish() -> None:
    demo()
    waiting = PolicyVersion.objects.filter(status=Status.APPROVED)
    waiting.update(effective_on=Company.current().today())
    demo()
    company = Company.current()
    assert str(waiting.get().effective_on) >= str(company.today() + timedelta(days=company.notice_days))


def test_it_is_refused_where_real_people_are(settings) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="not a demo"):
        demo()


def test_a_demo_made_anew_puts_the_former_ones_ledger_aside() -> None:
    of_the_former = Entry(1, uuid4(), "erasure", marker("1"), timezone.now(), {})
    with outside_file.one_at_a_time():
        outside_file.append([of_the_former])
    demo()
    assert not outside.is_behind()
    assert len(list(outside_file.path().parent.glob("ledger-until-*.jsonl"))) == 1

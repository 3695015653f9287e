"""The daily mail to staff: counts and one link, once, and only when something waits."""

from datetime import UTC, datetime, timedelta

import pytest

from notices import mail_sender
from notices.models import Mail
from requests.desk import summary
from requests.models import TaskStage
from tests.people.factories import NOW, UserFactory

from .factories import RequestFactory
from .work_factories import TaskFactory

pytestmark = pytest.mark.django_db
NIGHT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # three in the morning in Ohio


def test_whoever_works_on_requests_hears_once_a_day_what_waits() -> None:
    officer = UserFactory(group="privacy officer")
    UserFactory(group="support")
    RequestFactory(overdue=True, in_review=True)
    assert (summary.send_due(at=NOW), summary.send_due(at=NOW + timedelta(hours=1))) == (1, 0)
    mail = Mail.objects.get(event=summary.SUMMARY)
    assert (mail.address, mail.context["late"], mail.context["nobodys"]) == (officer.email, 1, 1)
    assert summary.send_due(at=NOW + timedelta(days=1)) == 1


def test_nobody_is_woken_and_a_quiet_day_brings_no_mail() -> None:
    UserFactory(group="privacy officer")
    assert summary.send_due(at=NOW) == 0
    RequestFactory(overdue=True, in_review=True)
    assert summary.send_due(at=NIGHT) == 0


def test_whoever_lost_the_power_but_kept_a_case_is_told() -> None:
    owner = UserFactory()
    RequestFactory(in_review=True, owner=owner)
    summary.send_due(at=NOW)
    assert Mail.objects.get().context["mine"] == 1


def test_a_system_that_does_not_answer_is_an_alarm() -> None:
    TaskFactory(due_at=NOW - timedelta(days=1))
    TaskFactory(stage=TaskStage.PARKED)
    assert summary.count(at=NOW).stuck == 2


def test_the_mail_holds_no_personal_data(mailoutbox) -> None:
    UserFactory(group="privacy officer")
    case = RequestFactory(
        in_review=True, particulars__name="Amina Moreau", particulars__details="Secret words"
    )
    summary.send_due(at=NOW)
    mail_sender.send_due()
    (sent,) = mailoutbox
    assert "Taken by nobody: 1" in sent.body
    for hidden in (case.reference, "Amina", "Secret", case.subject.email):
        assert hidden not in str(sent.message())

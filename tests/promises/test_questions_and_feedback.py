"""Questions and Feedback."""

from datetime import timedelta

from audit.promises import State
from requests import actions, promises
from requests.models import Outcome, Right
from tests.people.factories import UserFactory
from tests.requests.factories import RequestFactory
from tests.requests.road import ask

from .conftest import NOW


def test_privacy_concerns_deserve_thoughtful_responses(db: None) -> None:
    (complaint,) = ask(Right.COMPLAINT, email="robin@family.example", details="You mailed me twice.")
    assert promises.concerns_answered(NOW.date() + timedelta(days=10)).state == State.KEPT
    assert promises.concerns_answered(NOW.date() + timedelta(days=20)).state == State.BROKEN
    actions.answer(complaint, by=UserFactory(), at=NOW, letter="We are sorry. This is what went wrong.")
    assert complaint.outcome == Outcome.DONE
    assert promises.concerns_answered(NOW.date() + timedelta(days=20)).state == State.KEPT


def test_a_message_nobody_reads_puts_the_promise_at_risk(db: None) -> None:
    case = RequestFactory(in_review=True)
    actions.hear(case, "Is anybody there?", by=case.requester, at=NOW)
    assert promises.concerns_answered(NOW.date() + timedelta(days=2)).state == State.KEPT
    assert promises.concerns_answered(NOW.date() + timedelta(days=5)).state == State.AT_RISK

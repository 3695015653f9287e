"""Your Rights and Choices."""

from datetime import timedelta

from django.test import Client

from audit.promises import State
from requests import actions, promises
from requests.models import Happened, Right, RightsRequest, Stage
from tests.people.factories import UserFactory
from tests.portal.asking import send
from tests.requests.factories import RequestFactory
from tests.requests.road import LETTER

from .conftest import NOW


def test_you_can_submit_these_requests_through_our_support_system(client: Client, db: None) -> None:
    send(client, need={"need": ["copy", "erasure"]})
    assert set(RightsRequest.objects.values_list("right", flat=True)) == {Right.ACCESS, Right.ERASURE}


def test_well_process_your_request_within_a_reasonable_timeframe(db: None) -> None:
    assert promises.requests_in_time(NOW.date()).state == State.KEPT
    case = RequestFactory(in_review=True)
    days = [timedelta(days=n) for n in (20, 30, 32)]
    states = [promises.requests_in_time(NOW.date() + day).state for day in days]
    assert states == [State.KEPT, State.AT_RISK, State.BROKEN]
    assert promises.requests_in_time(NOW.date() + days[2]).rows == [case]


def test_and_confirm_completion(db: None) -> None:
    case, dov = RequestFactory(rectification=True, in_release=True), UserFactory()
    actions.release(case, by=dov, at=NOW, letter=LETTER)
    assert (case.stage, case.messages.get().body) == (Stage.CLOSED, LETTER)
    assert case.events.get(kind=Happened.CLOSED).facts["letter"] is True

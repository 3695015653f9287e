"""What nobody confirms, or somebody denies: nobody is overlooked, and no link dies with half its work done."""

from datetime import timedelta

import pytest

from notices.models import Mail
from people.models import Person
from requests import actions
from requests.arriving import seeking, unverified
from requests.desk.shown import can_be_judged
from requests.models import Channel, Method, Outcome, Right, RightsRequest, Stage
from requests.refusals import LinkSpent, NotEnough
from tests.people.factories import NOW, PersonFactory, UserFactory

from .factories import RequestFactory
from .road import ask, link_in
from .test_kills import survives_every_kill

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
EMAIL = "amina@family.example"


@pytest.fixture
def amina() -> Person:
    person: Person = PersonFactory(amina=True, email=EMAIL)
    return person


def confirmations() -> int:
    return Mail.objects.filter(event="requests.confirm").count()


# --- Nobody is overlooked ----------------------------------------------------------------------------


def test_cases_that_wait_for_us_do_not_keep_the_rest_from_being_closed(monkeypatch) -> None:
    monkeypatch.setattr(unverified, "AT_ONCE", 2)
    dov = UserFactory()
    for _number in range(3):
        kept = RequestFactory()
        actions.begin_recovery(kept, method=Method.DOCUMENT, by=dov, at=NOW, reason="Lost.")
    forgotten = [RequestFactory(unmatched=True) for _number in range(3)]
    assert unverified.close_due(at=NOW + 60 * DAY) == 3
    assert {RightsRequest.objects.get(pk=case.pk).stage for case in forgotten} == {Stage.CLOSED}


def test_people_who_cannot_be_written_to_do_not_keep_the_rest_from_their_reminder(monkeypatch, amina) -> None:
    monkeypatch.setattr(unverified, "AT_ONCE", 1)
    ask(email=EMAIL)
    PersonFactory(email="robin@family.example")
    ask(email="robin@family.example")
    Person.objects.filter(pk=amina.pk).update(undeliverable_at=NOW)
    assert unverified.remind_due(at=NOW + 15 * DAY) == 1


def test_a_case_confirmed_since_it_was_found_is_not_closed(monkeypatch, amina) -> None:
    (case,) = ask(email=EMAIL)
    due = list(unverified._waiting_since(NOW + 30 * DAY))
    actions.confirm_link(link_in(case), at=NOW)
    monkeypatch.setattr(unverified, "_each", lambda _waiting: due)
    assert unverified.close_due(at=NOW + 30 * DAY) == 0
    case.refresh_from_db()
    assert case.stage == Stage.REVIEW


def test_a_link_sent_again_promises_no_more_time_than_there_is(amina) -> None:
    (case,) = ask(email=EMAIL)
    actions.send_link(case, at=NOW + 18 * DAY)
    assert Mail.objects.filter(event="requests.confirm").latest("pk").lasts == 3 * DAY


# --- One mail, not two --------------------------------------------------------------------------------


def test_a_second_look_at_an_unverified_case_asks_for_confirmation_once(amina) -> None:
    (case,) = ask(email=EMAIL)
    unverified.close_due(at=NOW + 22 * DAY)
    before = confirmations()
    actions.appeal(case, "It is me.", by=UserFactory(), at=NOW + 23 * DAY)
    seeking.seek_due(at=NOW + 23 * DAY)
    assert confirmations() == before + 1


def test_a_question_that_becomes_a_request_asks_for_confirmation_once(amina) -> None:
    (question,) = ask(Right.INQUIRY, email=EMAIL)
    actions.convert_inquiry(question, rights=[Right.ACCESS], by=UserFactory(), at=NOW)
    seeking.seek_due(at=NOW)
    assert confirmations() == 1


def test_whoever_asks_for_another_link_still_gets_it(amina) -> None:
    (case,) = ask(email=EMAIL)
    actions.ask_again(case, at=NOW)
    seeking.seek_due(at=NOW)
    assert confirmations() == 2


# --- “This was not me” --------------------------------------------------------------------------------


def test_whoever_denies_ends_all_of_that_go_and_nothing_else(amina) -> None:
    copy, erasure = ask(Right.ACCESS, Right.ERASURE, email=EMAIL)
    (another,) = ask(Right.ACCESS, email=EMAIL)
    actions.deny_link(link_in(copy), at=NOW)
    ended = RightsRequest.objects.filter(outcome=Outcome.UNVERIFIED, denial="suspected_fraud")
    assert set(ended) == {copy, erasure}
    assert RightsRequest.objects.get(pk=another.pk).is_open


def test_a_link_denied_is_spent_and_one_confirmed_cannot_be_denied(amina) -> None:
    (case,) = ask(email=EMAIL)
    mail = link_in(case)
    actions.confirm_link(mail, at=NOW)
    with pytest.raises(LinkSpent):
        actions.deny_link(mail, at=NOW)
    assert RightsRequest.objects.get(pk=case.pk).stage == Stage.REVIEW


@pytest.mark.django_db(transaction=True)
def test_killed_while_denying_the_link_is_there_to_be_pressed_again() -> None:
    PersonFactory(amina=True, email=EMAIL)
    ask(Right.ACCESS, Right.ERASURE, email=EMAIL)
    mail = link_in(RightsRequest.objects.order_by("pk")[0])
    assert survives_every_kill(lambda: actions.deny_link(Mail.objects.get(pk=mail.pk), at=NOW)) > 4
    assert set(RightsRequest.objects.values_list("stage", flat=True)) == {Stage.CLOSED}


# --- After “I lost that address” ------------------------------------------------------------------------


@pytest.mark.parametrize("method", [Method.ADDRESS_ON_FILE, Method.DOCUMENT])
def test_after_a_recovery_that_failed_no_colleague_alone_judges(method: Method) -> None:
    case, dov = RequestFactory(channel=Channel.PHONE), UserFactory()
    assert can_be_judged(case)
    actions.begin_recovery(case, method=Method.DOCUMENT, by=dov, at=NOW, reason="Lost.")
    actions.fail_identity(case, by=dov, at=NOW, reason="Another name on the card.")
    assert not can_be_judged(case)
    with pytest.raises(NotEnough):
        actions.confirm_identity(case, method=method, by=dov, at=NOW, note="A card.")

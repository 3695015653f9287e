"""What the status page says at each point of the road, and the public figures."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache

from people.models import Person
from requests import figures
from requests.models import (
    DenialReason,
    ErasureOrder,
    Happened,
    Outcome,
    PauseReason,
    RequestEvent,
    RightsRequest,
    Stage,
)
from tests.people.factories import PersonFactory, UserFactory
from tests.requests.factories import RequestFactory
from tests.requests.test_packages import released

from .asking import last_mail, words

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _march():
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


def status(client, case: RightsRequest) -> str:
    return words(client.get(f"/requests/{case.reference}/"))


def test_one_press_on_the_status_page_sends_the_numbers(client):
    case = RequestFactory(in_review=True, subject=PersonFactory())
    page = client.get(f"/requests/{case.reference}/").content.decode()
    assert f'<form method="post" action="/requests/{case.reference}/open/">' in page
    assert '<button name="send" value="1">Open your messages</button>' in page


def due(case: RightsRequest, day: date = date(2026, 4, 2)) -> RightsRequest:
    RightsRequest.objects.filter(pk=case.pk).update(legal_due_on=day, strict_due_on=day)
    return case


# --- How it stands ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("traits", "tag", "sentence"),
    [
        ({}, "Confirm your address", "Without that we close the request on 23 March 2026."),
        ({"in_review": True}, "We are checking it", "You hear from us by 2 April 2026."),
        ({"fulfilling": True}, "We are working on it", "You hear from us by 2 April 2026."),
        ({"in_release": True}, "We are working on it", "You hear from us by 2 April 2026."),
        (
            {"in_review": True, "pause_reason": PauseReason.CLARIFICATION},
            "Waiting for you",
            "We asked you something.",
        ),
        ({"closed": True}, "Done", "Your messages say what we did."),
        ({"denied": True}, "We said no", "how to ask for a second look"),
        ({"closed": True, "outcome": Outcome.PARTLY}, "Partly done", "what we did not do, and why"),
        ({"closed": True, "outcome": Outcome.WITHDRAWN}, "Withdrawn", "This request was taken back."),
        (
            {"closed": True, "outcome": Outcome.UNVERIFIED, "denial": DenialReason.NO_MATCH},
            "Closed: not confirmed",
            "Nobody confirmed this request",
        ),
        ({"closed": True, "outcome": Outcome.DUPLICATE}, "Answered together", "The answer is there."),
        ({"closed": True, "outcome": Outcome.REROUTED}, "Passed on", "Somebody else decides this."),
        ({"closed": True, "outcome": Outcome.SPAM}, "Closed", "We closed this request."),
    ],
)
def test_each_stage_has_a_tag_and_one_sentence(client, traits, tag, sentence):
    said = status(client, due(RequestFactory.create(**traits)))
    assert tag in said
    assert sentence in said


def test_every_outcome_has_words():
    from portal.rights.words import ENDS, LETTERS, RIGHTS
    from requests.models import LetterKind, Right

    assert set(ENDS) == set(Outcome.values)
    assert set(RIGHTS) == set(Right.values)
    assert set(LETTERS) == set(LetterKind.values)


def test_late_says_so_and_names_the_way_to_complain(client):
    said = status(client, due(RequestFactory.create(fulfilling=True), date(2026, 2, 27)))
    assert "We are late. This was due 27 February 2026. You can complain" in said


def test_an_extension_told_in_time_is_not_late(client):
    case = due(RequestFactory.create(fulfilling=True), date(2026, 6, 2))
    RequestEvent.objects.create(
        request=case, kind=Happened.EXTENSION_NOTIFIED, at=NOW, written_at=NOW, actor_kind="staff"
    )
    assert "We need more time You hear from us by 2 June 2026." in status(client, case)


def test_a_copy_ready_names_its_day(client):
    case = RequestFactory.create(fulfilling=True)
    released(case)
    RightsRequest.objects.filter(pk=case.pk).update(stage=Stage.CLOSED, outcome=Outcome.DONE, closed_at=NOW)
    assert "Ready for you Your copy is here until 9 March 2026." in status(client, case)


# --- Stopping a deletion --------------------------------------------------------------------------


@pytest.fixture
def about_to_be_erased() -> RightsRequest:
    person: Person = PersonFactory.create(email="robin@family.example")
    case = due(RequestFactory.create(erasure=True, fulfilling=True, subject=person))
    ErasureOrder.objects.create(
        request=case,
        proposed_by=UserFactory(),
        proposed_at=NOW,
        approved_by=UserFactory(),
        approved_at=NOW,
        not_before=NOW + timedelta(hours=72),
    )
    return case


def test_the_page_says_when_it_is_deleted_and_the_requester_stops_it(client, about_to_be_erased):
    case = about_to_be_erased
    home = f"/requests/{case.reference}/"
    assert "We delete it on 5 March 2026. Until then you can stop it." in status(client, case)
    client.post(f"{home}open/", {"send": "1"})
    _to, path, _code = last_mail()
    client.post(path)
    assert "Stop the deletion" in words(client.get(f"{home}messages/"))
    client.get(f"{home}stop/")
    assert ErasureOrder.objects.get().stopped_at is None
    assert "Nothing was deleted." in words(client.post(f"{home}stop/", follow=True))
    assert ErasureOrder.objects.get().stopped_at == NOW


def test_after_the_wait_there_is_nothing_left_to_stop(client, about_to_be_erased):
    home = f"/requests/{about_to_be_erased.reference}/"
    with time_machine.travel(NOW + timedelta(hours=73), tick=False):
        client.post(f"{home}open/", {"send": "1"})
        _to, path, _code = last_mail()
        client.post(path)
        assert client.post(f"{home}stop/").status_code == 409
    assert ErasureOrder.objects.get().stopped_at is None


# --- Finding a request ------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["{}", " {} ", "{}".lower(), "{}-"])
def test_a_reference_is_found_however_it_is_typed(client, shape):
    case = RequestFactory.create()
    for typed in (case.reference, case.reference.replace("-", ""), case.reference.lower()):
        response = client.get("/requests/find/", {"reference": shape.format(typed)})
        assert response.headers["Location"] == f"/requests/{case.reference}/"


@pytest.mark.parametrize("typed", ["", "REQ-1", "x" * 200, "../admin", "ä" * 15])
def test_what_is_no_reference_gets_a_page_that_helps(client, typed):
    response = client.get("/requests/find/", {"reference": typed})
    assert response.status_code == 404
    assert "We find no such request" in words(response)


# --- Figures ----------------------------------------------------------------------------------------


def closed(days: int, outcome: Outcome = Outcome.DONE, received: datetime = NOW, **traits) -> None:
    denial = DenialReason.OTHER if outcome == Outcome.DENIED else ""
    RequestFactory.create(
        closed=True,
        received_at=received,
        closed_at=received + timedelta(days=days),
        outcome=outcome,
        denial=denial,
        **traits,
    )


def test_the_figures_count_by_right_and_year_with_the_median_of_days():
    for days, outcome in ((4, Outcome.DONE), (10, Outcome.PARTLY), (40, Outcome.DENIED)):
        closed(days, outcome)
    closed(1, Outcome.WITHDRAWN)
    closed(1, Outcome.SPAM)
    closed(3, received=NOW.replace(year=2025))
    RequestFactory.create(access=True)
    [line] = figures.of_year(2026)
    assert (line.right, line.received, line.done, line.partly, line.denied, line.other) == (
        "access",
        5,
        1,
        1,
        1,
        2,
    )
    assert line.median_days == 10
    assert figures.years(at=NOW) == [2026, 2025]


def test_the_middle_of_two_is_the_lower_one_and_of_none_is_nothing():
    closed(4)
    closed(9)
    RequestFactory.create(inquiry=True)
    access, inquiry = figures.of_year(2026)
    assert (access.median_days, inquiry.median_days) == (4, None)


def test_a_year_begins_where_the_company_is():
    closed(1, received=datetime(2026, 1, 1, 4, 30, tzinfo=UTC))  # still 2025 in New York
    assert [line.received for line in figures.of_year(2025)] == [1]
    assert figures.of_year(2026) == []


def test_the_public_page_shows_them_with_caption_and_scope(client):
    closed(4)
    page = client.get("/requests/figures/").content.decode()
    assert "<caption" in page
    assert '<th scope="row">Get a copy</th>' in page
    assert "Requests of 2026" in page


def test_before_anybody_asked_the_page_says_what_will_stand_there(client):
    assert "Nobody has asked yet." in words(client.get("/requests/figures/"))


def test_the_figures_cost_the_same_for_one_and_for_twenty_requests(django_assert_num_queries):
    closed(4)
    with django_assert_num_queries(4):
        figures.of_year(2026)
    for _ in range(19):
        closed(4)
    with django_assert_num_queries(4):
        figures.of_year(2026)

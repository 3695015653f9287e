"""What people type into the public form, by the numbers of our table of bad inputs (1–30), and what they read."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.test import Client

from people.tasks import forget_sessions
from requests.models import Particulars, RightsRequest
from tests.people.factories import PersonFactory

from .asking import NEW, answer, fill_in, last_mail, references, send, submission, words

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _june():
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


def stored() -> Particulars:
    return Particulars.objects.get()


# --- What is refused, with the words beside the field ---------------------------------------


@pytest.mark.parametrize(
    ("number", "step", "data", "sentence"),
    [
        (1, "need", {}, "Choose at least one."),
        (1, "who", {}, "Choose one of these."),
        (1, "contact", {}, "Write your email address."),
        (1, "born", {}, "Write day, month and year in numbers, such as 3 4 1987."),
        (4, "contact", {"email": "ä@x.org"}, "We can't send to this address"),
        (5, "contact", {"email": "a@x.org,b@x.org"}, "Write one address only."),
        (5, "contact", {"email": "a@x.org; b@x.org"}, "Write one address only."),
        (6, "contact", {"email": '"x" <a@x.org>'}, "Write the address alone"),
        (7, "contact", {"email": "a@localhost"}, "mail does not travel to the part after the @"),
        (7, "contact", {"email": "a@[127.0.0.1]"}, "mail does not travel to the part after the @"),
        (7, "contact", {"email": "a@b.invalid"}, "mail does not travel to the part after the @"),
        (8, "contact", {"email": f"{'a' * 65}@x.org"}, "The part before the @ may have at most 64 characters."),
        (8, "contact", {"email": f"a@{'b' * 300}.org"}, "The part after the @ is not a mail domain"),
        (12, "contact", {"name": "Ro\u202ebin", "email": "a@x.org"}, "hidden or control character"),
        (13, "contact", {"name": "Ro\0bin", "email": "a@x.org"}, "hidden or control character"),
        (13, "contact", {"name": "Robin", "email": "a\0@x.org"}, "not a complete e-mail address"),
        (13, "details", {"details": "Hello\0there"}, "hidden or control character"),
        (16, "details", {"details": "x" * 10_001}, "Use 10,000 characters at most. This has 10,001."),
        (16, "details", {"details": "x" * 1_000_000}, "Use 10,000 characters at most. This has 1,000,000."),
        (17, "contact", {"name": "Robin\r\nBcc: x@y.org", "email": "a@x.org"}, "Write this on one line."),
        (17, "contact", {"email": "a@x.org\r\nBcc: b@y.org"}, "Write one address only."),
        (18, "need", {"need": ["everything"]}, "Choose one of these."),
        (18, "who", {"who": "school"}, "Choose one of these."),
        (19, "where", {"country": "ZZ"}, "Choose a country from the list."),
        (19, "where", {"country": "fr"}, "Choose a country from the list."),
        (20, "born", {"day": "2", "month": "6", "year": "2026"}, "This day has not come yet."),
        (20, "born", {"day": "1", "month": "1", "year": "0001"}, "This day lies before 1900."),
        (20, "born", {"day": "31", "month": "2", "year": "2001"}, "There is no such day."),
        (20, "born", {"day": "31", "month": "12", "year": "1899"}, "This day lies before 1900."),
        (20, "born", {"day": "3", "month": "4", "year": "87"}, "Write the year with four digits, such as 1987."),
        (20, "born", {"day": "3", "month": "April", "year": "1987"}, "Write day, month and year in numbers"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_beside_its_field(client: Client, number, step, data, sentence):
    response = answer(client, step, **data)
    said = words(response)
    assert response.status_code == 422
    assert said.count(sentence) == 2, f"{number}: in the summary and at the field"
    assert "There is a problem" in said
    assert "<title>Error:" in response.content.decode()
    assert not RightsRequest.objects.exists()


def test_what_was_typed_stays_in_the_field(client: Client):
    page = answer(client, "contact", name="Robin", email="a@localhost").content.decode()
    assert 'value="Robin"' in page
    assert 'value="a@localhost"' in page
    assert 'aria-invalid="true"' in page
    long = "It began in March. " * 600
    assert "It began in March." in answer(client, "details", details=long).content.decode()


# --- What is taken ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "email", ["robin@family.example\n", "\trobin@family.example ", " ROBIN@Family.Example"]
)
def test_2_and_3_an_address_is_trimmed_and_in_small_letters(client: Client, email):
    PersonFactory.create(email="robin@family.example")
    send(client, contact={"email": email})
    assert stored().email == "robin@family.example"
    assert last_mail()[0] == "robin@family.example"


def test_4_a_domain_in_other_letters_is_sent_to_in_ascii(client: Client):
    send(client, contact={"email": "robin@münchen.example"})
    assert stored().email == "robin@xn--mnchen-3ya.example"


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (9, "=cmd|' /C calc'!A0"),
        (11, "<script>alert(1)</script>"),
        (11, "{{7*7}}"),
        (11, "{% debug %}"),
        (11, "${7*7}"),
        (11, "__CONFIG__"),
        (15, "Ω"),
        (15, "👩‍👧 O'Hara-Ñúñez"),
        (15, "Null"),
        (15, "أمينة"),
        (15, "e\u0301mile"),
    ],
)
def test_a_name_is_a_name_and_shown_as_it_is(client: Client, number, name):
    fill_in(client, contact={"name": name, "email": "a@x.org"})
    page = client.get(f"{NEW}check/")
    assert "<script>alert" not in page.content.decode()
    client.post(f"{NEW}check/", {"submission": submission(client)})
    assert stored().name in (name, "émile")


def test_10_an_address_like_a_formula_is_an_address(client: Client):
    send(client, contact={"email": "=cmd|x@x.org"})
    assert stored().email == "=cmd|x@x.org"


def test_14_half_a_character_is_no_error_of_ours(client: Client):
    form = "application/x-www-form-urlencoded"
    assert client.post(f"{NEW}details/", "details=%ED%A0%80", content_type=form).status_code == 302


def test_16_ten_thousand_characters_are_taken_whole(client: Client):
    send(client, details={"details": "x" * 10_000})
    assert len(stored().details) == 10_000


def test_19_who_does_not_say_where_gets_the_strictest_rules_and_is_told(client: Client):
    fill_in(client, where={"country": ""})
    assert "We use the strictest rules we know." in words(client.get(f"{NEW}check/"))


def test_19_in_some_countries_the_state_matters(client: Client):
    send(client, where={"country": "US"}, region={"region": "VA"})
    assert RightsRequest.objects.get().place == "US-VA"


# --- Young people ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born", "place", "is_young"),
    [
        (date(2026, 6, 1), "FR", True),  # 21: born today
        (date(2011, 6, 2), "FR", True),  # fifteen tomorrow
        (date(2011, 6, 1), "FR", False),  # fifteen today
        (date(2008, 6, 2), "ZA", True),  # 17 years and 364 days, where 18 counts
        (date(2008, 6, 1), "ZA", False),
        (date(2008, 6, 2), "", True),
    ],
)
def test_21_the_birth_date_opens_the_right_way(client: Client, born, place, is_young):
    for step, data in (("need", {"need": ["erasure"]}), ("who", {"who": "self"})):
        answer(client, step, **data)
    answer(client, "where", country=place)
    response = answer(client, "born", day=born.day, month=born.month, year=born.year)
    assert response.headers["Location"] == (f"{NEW}together/" if is_young else f"{NEW}contact/")


def test_22_a_child_is_led_to_a_guardian_with_every_answer_kept(client: Client):
    answer(client, "need", need=["erasure"])
    answer(client, "who", who="self")
    answer(client, "where", country="FR")
    answer(client, "born", day="1", month="9", year="2012")
    together = client.get(f"{NEW}together/")
    assert "Let a grown-up help you." in words(together)
    assert client.get(f"{NEW}check/").headers["Location"] == f"{NEW}together/"
    assert client.post(f"{NEW}together/").headers["Location"] == f"{NEW}about/"
    answer(client, "about", about="Amina, Hillside School")
    answer(client, "contact", email="carla@family.example")
    answer(client, "details", details="")
    client.post(f"{NEW}check/", {"submission": submission(client)})
    case = RightsRequest.objects.get()
    assert (case.requester_kind, case.right, case.place) == ("guardian", "erasure", "FR")


def test_22_the_birth_date_itself_is_kept_nowhere(client: Client):
    fill_in(client)
    assert "1987" not in str(dict(client.session))
    assert client.session["intake"]["answers"]["born"] == {"is_young": False}


# --- Sending twice, late, without cookies, by machines ------------------------------------------


def test_23_pressing_twice_gives_one_request_and_the_same_reference(client: Client):
    fill_in(client)
    form = {"submission": submission(client)}
    first, second = (client.post(f"{NEW}check/", form) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert RightsRequest.objects.count() == 1


def test_23_a_second_form_is_a_second_request(client: Client):
    send(client)
    send(client, need={"need": ["erasure"]}, copy=None)
    assert RightsRequest.objects.count() == 2


def test_24_a_form_open_for_three_days_comes_back_with_its_text():
    client = Client(enforce_csrf_checks=True)
    client.get(f"{NEW}details/")
    client.cookies["csrf"] = "x" * 32
    response = answer(client, "details", details="It began in March.", csrfmiddlewaretoken="y" * 64)
    page = response.content.decode()
    assert response.status_code == 403
    assert "What you wrote is still here. Press Continue again." in words(response)
    assert "It began in March." in page
    assert 'name="csrfmiddlewaretoken"' in page


def test_24_the_last_page_asks_to_press_again_and_sends_nothing(client: Client):
    fill_in(client)
    form = {"submission": submission(client)}
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    response = strict.post(f"{NEW}check/", form)
    assert response.status_code == 403
    assert "nothing was sent. Press Send request again." in words(response)
    assert not RightsRequest.objects.exists()


def test_25_without_cookies_the_page_explains():
    client = Client(enforce_csrf_checks=True)
    response = answer(client, "details", details="It began in March.")
    assert response.status_code == 403
    assert "This form needs one cookie" in words(response)
    assert "It began in March." in response.content.decode()


def test_26_a_filled_honeypot_is_asked_to_wait(client: Client):
    fill_in(client)
    response = client.post(
        f"{NEW}check/", {"submission": submission(client), "website": "http://buy.example"}
    )
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) == 3600
    assert "Try again in 60 minutes." in words(response)
    assert not RightsRequest.objects.exists()


def test_26_two_hundred_posts_a_minute_end_in_a_pause():
    answers = [_whole_form(f"person{number}@family.example") for number in range(65)]
    assert answers[:60] == [302] * 60
    assert answers[60:] == [429] * 5


def test_26_a_class_behind_one_address_is_let_through():
    assert {_whole_form(f"pupil{number}@school.example") for number in range(30)} == {302}


def test_26_one_address_from_one_network_five_times_an_hour():
    assert [_whole_form("robin@family.example") for _ in range(6)] == [302] * 5 + [429]


def _whole_form(email: str) -> int:
    """A new browser with everything answered presses **Send request**."""
    client = Client()
    session = client.session
    answers = {
        "need": {"need": ["erasure"]},
        "who": {"who": "self"},
        "where": {"country": "FR"},
        "born": {"is_young": False},
        "contact": {"name": "", "email": email},
        "details": {"details": ""},
    }
    key = str(uuid4())
    session["intake"] = {"submission": key, "answers": answers}
    session.save()
    return client.post(f"{NEW}check/", {"submission": key}).status_code


def test_27_five_equal_requests_are_linked_and_each_must_be_confirmed(client: Client):
    PersonFactory.create(email="robin@family.example")
    for _ in range(5):
        send(client)
    cases = RightsRequest.objects.order_by("pk")
    assert [case.duplicate_of_id for case in cases] == [None, *[cases[0].pk] * 4]
    assert {(case.stage, case.verified_at) for case in cases} == {("unverified", None)}


def test_28_a_wish_to_delete_inside_a_text_deletes_nothing(client: Client):
    send(client, details={"details": "And please delete my account."})
    assert RightsRequest.objects.get().right == "access"


@pytest.mark.parametrize(
    "text",
    [
        "data:image/png;base64,iVBORw0KGgo",
        "P<FRAEXAMPLE<<ROBIN<<<<<<<<<<<<<<<<<<<<<<<<<<",
        "A" * 200,
    ],
)
def test_29_a_pasted_document_is_warned_of_before_sending(client: Client, text):
    fill_in(client, details={"details": text})
    said = words(client.get(f"{NEW}check/"))
    assert "It looks as if you pasted a document or its number." in said
    assert "Take it out" in said


def test_29_ordinary_words_are_no_document(client: Client):
    fill_in(client, details={"details": "My passport was renewed in 2024, order 12345."})
    assert "pasted a document" not in words(client.get(f"{NEW}check/"))


def test_30_another_script_runs_its_own_way_on_the_page(client: Client):
    fill_in(client, details={"details": "أريد نسخة من بياناتي"})
    page = client.get(f"{NEW}check/").content.decode()
    assert '<dd dir="auto">أريد نسخة من بياناتي</dd>' in page
    assert 'dir="auto"' in client.get(f"{NEW}details/").content.decode()


def test_30_the_mail_is_written_in_the_language_of_the_page(client: Client):
    PersonFactory.create(email="robin@family.example", language="fr")
    client.get("/requests/", headers={"Accept-Language": "es"})
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "es"
    send(client)
    assert RightsRequest.objects.get().language == "es"


def test_30_the_mail_says_that_it_is_utf_8_and_arrives_whole(client: Client):
    PersonFactory.create(email="robin@family.example", given_name="أمينة")
    send(client)
    last_mail()
    text, page = cast(Any, mail.outbox[-1].message()).get_payload()
    assert text["Content-Type"] == 'text/plain; charset="utf-8"'
    assert "أمينة" in text.get_payload(decode=True).decode()
    assert 'charset="utf-8"' in page["Content-Type"]


# --- The form itself -----------------------------------------------------------------------------


def test_nothing_is_stored_before_the_last_button(client: Client):
    fill_in(client)
    client.get(f"{NEW}check/")
    assert not RightsRequest.objects.exists()
    assert not Particulars.objects.exists()


def test_an_answer_is_changed_from_the_last_page_and_nothing_is_asked_twice(client: Client):
    fill_in(client)
    response = client.post(f"{NEW}contact/?change", {"name": "Robin", "email": "new@family.example"})
    assert response.headers["Location"] == f"{NEW}check/"
    assert "new@family.example" in words(client.get(f"{NEW}check/"))


def test_a_changed_answer_that_needs_another_question_asks_it(client: Client):
    fill_in(client)
    response = client.post(f"{NEW}who/?change", {"who": "agent"})
    assert response.headers["Location"] == f"{NEW}about/"


def test_going_on_too_far_leads_back_to_the_open_question(client: Client):
    answer(client, "need", need=["copy"])
    assert client.get(f"{NEW}check/").headers["Location"] == f"{NEW}copy/"
    assert client.get(NEW).headers["Location"] == f"{NEW}copy/"


def test_several_wishes_become_requests_in_order(client: Client):
    page = send(client, need={"need": ["erasure", "copy", "rectification"]})
    cases = RightsRequest.objects.order_by("pk")
    assert [case.right for case in cases] == ["access", "rectification", "erasure"]
    assert cases[2].comes_after == cases[0]
    assert references(page) == [case.reference for case in cases]
    assert "Your references" in words(page)


@pytest.mark.parametrize(
    ("need", "extra", "right"),
    [
        ("copy", {"copy": {"copy": "access"}}, "access"),
        ("copy", {"copy": {"copy": "portability"}}, "portability"),
        ("rectification", {}, "rectification"),
        ("erasure", {}, "erasure"),
        ("limit", {"limit": {"limit": "objection"}}, "objection"),
        ("limit", {"limit": {"limit": "restriction"}}, "restriction"),
        ("limit", {"limit": {"limit": "opt_out"}}, "opt_out"),
        ("talk", {"talk": {"talk": "inquiry"}}, "inquiry"),
        ("talk", {"talk": {"talk": "complaint"}}, "complaint"),
    ],
)
def test_every_right_has_its_way_through_the_form(client: Client, need, extra, right):
    send(client, need={"need": [need]}, **{"copy": None, **extra})
    assert RightsRequest.objects.get().right == right


def test_the_references_of_another_browser_are_not_shown(client: Client):
    [mine] = references(send(client))
    assert references(Client().get(f"{NEW}sent/?request={mine}")) == []


def test_answers_leave_the_session_when_the_form_is_sent(client: Client):
    send(client)
    assert "intake" not in client.session
    assert "robin@family.example" not in str(dict(client.session))


def test_answers_nobody_sent_are_gone_within_hours(client: Client):
    fill_in(client)
    forget_sessions()
    assert Session.objects.count() == 1
    with time_machine.travel(NOW + timedelta(hours=9), tick=False):
        forget_sessions()
    assert not Session.objects.exists()


def test_a_form_from_yesterday_begins_anew(client: Client):
    fill_in(client)
    with time_machine.travel(NOW + timedelta(hours=9), tick=False):
        assert client.get(f"{NEW}check/").headers["Location"] == f"{NEW}need/"

"""Impostors, scanners, guessers and the curious at the public pages, by the numbers of our abuse table."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from notices import tasks
from notices.models import Mail
from people.models import Authority, Guardianship
from portal.models import Attempt
from requests import actions
from requests.models import Package, RightsRequest, Stage
from requests.tasks import seek
from tests.people.factories import GuardianshipFactory, PersonFactory, UserFactory
from tests.requests.factories import RequestFactory
from tests.requests.test_packages import released
from tests.requests.work_factories import TaskFactory

from .asking import NEW, last_mail, opened, references, send, words

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROBIN = "robin@family.example"


@pytest.fixture(autouse=True)
def _march():
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def robin():
    return PersonFactory.create(email=ROBIN)


def case() -> RightsRequest:
    return RightsRequest.objects.get()


def neutral(response) -> str:
    """What a page says, without the reference, which is new each time."""
    return re.sub(r"\w{5}-\w{5}-\w{5}", "REFERENCE", words(response))


# --- A1, A4, A31: who is on file stays our secret ------------------------------------------------


def test_a1_the_link_goes_to_the_address_on_file_and_the_impostor_gets_nothing(client, robin):
    send(client, contact={"name": "Robin Example", "email": "robin.example@look-alike.example"})
    seek()
    tasks.send_mail()
    assert mail.outbox == []
    assert case().stage == Stage.UNVERIFIED
    assert case().subject is None


def test_a3_nothing_is_deleted_before_the_owner_of_the_address_confirms(client, robin):
    send(client, contact={"email": ROBIN}, need={"need": ["erasure"]}, copy=None)
    to, path, _code = last_mail()
    assert to == ROBIN
    assert case().verified_at is None
    client.post(path, {"not_me": "1"})
    assert (case().stage, case().denial) == (Stage.CLOSED, "suspected_fraud")
    robin.refresh_from_db()
    assert robin.erased_at is None


def test_a4_known_and_unknown_addresses_read_the_same_words_everywhere(robin):
    pages = []
    for address in (ROBIN, "stranger@nowhere.example"):
        client = Client()
        sent = send(client, contact={"email": address})
        [reference] = references(sent)
        seek()
        home = f"/requests/{reference}/"
        wrong = [client.post(f"{home}confirm/", {"code": "000000"}) for _ in range(6)]
        again = client.post(f"{home}confirm/", {"again": "1"}, follow=True)
        asked = client.post(f"{home}open/", {"send": "1"}, follow=True)
        opening = client.post(f"{home}open/", {"code": "000000"})
        seen = [sent, client.get(home), *wrong, again, asked, opening]
        pages.append([(page.status_code, neutral(page)) for page in seen])
    assert pages[0] == pages[1]


def test_a31_the_form_does_the_same_work_for_known_and_unknown_addresses(robin):
    work = []
    for address in (ROBIN, "stranger@nowhere.example"):
        client = Client()
        Attempt.objects.all().delete()  # the first of an hour writes the row that later ones count in
        with CaptureQueriesContext(connection) as queries:
            send(client, contact={"email": address})
        work.append([re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in queries])
    assert work[0] == work[1]


def test_a31_asking_for_another_link_does_the_same_work(robin):
    work = []
    for address in (ROBIN, "stranger@nowhere.example"):
        client = Client()
        [reference] = references(send(client, contact={"email": address}))
        seek()
        Attempt.objects.all().delete()
        with CaptureQueriesContext(connection) as queries:
            client.post(f"/requests/{reference}/confirm/", {"again": "1"})
        work.append(len(queries))
    assert work[0] == work[1]


def test_a31_signing_in_does_the_same_work(robin):
    work = []
    for address in (ROBIN, "stranger@nowhere.example"):
        Attempt.objects.all().delete()
        with CaptureQueriesContext(connection) as queries:
            response = Client().post("/sign-in/", {"email": address}, follow=True)
        work.append((len(queries), response.status_code, words(response)))
    assert work[0] == work[1]


# --- A5 to A8: references, codes, changed details ---------------------------------------------------


@pytest.mark.parametrize("reference", ["REQ-000124", "AAAAA-AAAAA-AAAAA", "1"])
def test_a5_a_guessed_reference_is_nobodys(client, reference):
    assert client.get(f"/requests/{reference}/").status_code == 404


def test_a5_a_reference_that_nobody_has_gets_a_page_that_helps_and_is_not_kept(client):
    for door in ("", "messages/", "open/", "copy/", "confirm/", "confirm/token/"):
        page = client.get(f"/requests/AAAAA-AAAAA-AAAAA/{door}")
        assert (page.status_code, page.headers["Cache-Control"]) == (404, "no-store, private")
        assert "We find no such request" in words(page)


def test_a5_the_status_page_names_neither_the_person_nor_the_wish(client):
    request = RequestFactory.create(in_review=True, erasure=True, particulars__name="Robin Example")
    said = words(client.get(f"/requests/{request.reference.lower()}/"))
    assert "We are checking it" in said
    for secret in ("Amina", "Robin", "Delete", "erasure"):
        assert secret not in said


def test_a6_the_code_of_one_request_confirms_no_other(client, robin):
    [first] = references(send(client, contact={"email": ROBIN}))
    _to, path, code = last_mail()
    [second] = references(send(client, contact={"email": ROBIN}, need={"need": ["erasure"]}, copy=None))
    seek()
    assert client.post(f"/requests/{second}/confirm/", {"code": code}).status_code == 422
    assert client.post(path.replace(first, second)).status_code == 404
    assert {request.verified_at for request in RightsRequest.objects.all()} == {None}


def test_a7_five_wrong_codes_void_it_and_the_link_still_works(client, robin):
    [reference] = references(send(client, contact={"email": ROBIN}))
    _to, path, code = last_mail()
    wrong = "000000" if code != "000000" else "111111"
    said = [words(client.post(f"/requests/{reference}/confirm/", {"code": wrong})) for _ in range(10)]
    assert "That code is not right. 4 tries left." in said[0]
    assert "That code is not right. 1 try left." in said[3]
    assert all("This code no longer works. We can send a new one." in page for page in said[4:])
    assert client.post(f"/requests/{reference}/confirm/", {"code": code}).status_code == 422
    assert "Confirmed. We begin." in words(client.post(path))


def test_a7_a_new_code_three_times_an_hour(client, robin):
    [reference] = references(send(client, contact={"email": ROBIN}))
    answers = [client.post(f"/requests/{reference}/confirm/", {"again": "1"}).status_code for _ in range(4)]
    seek()
    assert answers == [302, 302, 302, 429]
    assert Mail.objects.filter(event="requests.confirm").count() <= 3


def test_a8_changed_details_must_be_confirmed_again(client, robin):
    send(client, contact={"email": ROBIN})
    _to, path, _code = last_mail()
    client.post(path)
    request = case()
    assert request.verified_at
    opened(client, request)
    home = f"/requests/{request.reference}/"
    client.post(
        f"{home}details/", {"name": "Robin", "email": "new@family.example", "details": "Also my child"}
    )
    request.refresh_from_db()
    assert request.stage == Stage.UNVERIFIED
    assert not RightsRequest.objects.exclude(verified_at=None).exists()
    assert client.get(f"{home}messages/").headers["Location"] == f"{home}open/"


def test_a9_what_an_agent_asks_for_is_not_opened_to_the_agent(client, robin):
    send(
        client,
        who={"who": "agent"},
        about={"about": "Robin"},
        born=None,
        contact={"email": "law@firm.example"},
    )
    assert case().requester_kind == "agent"
    client.post(f"/requests/{case().reference}/open/", {"send": "1"})
    seek()
    tasks.send_mail()
    assert mail.outbox == []


# --- P13, 31 to 34: links in mails ---------------------------------------------------------------


def test_31_a_scanner_opens_the_link_five_times_and_the_person_still_confirms(client, robin):
    send(client, contact={"email": ROBIN})
    _to, path, _code = last_mail()
    scanner = Client(headers={"User-Agent": "Mozilla/5.0 Chrome/156.0"})
    for _ in range(5):
        assert scanner.get(path).status_code == scanner.head(path).status_code == 200
    assert case().verified_at is None
    assert "Confirmed. We begin." in words(client.post(path))
    assert case().verified_at


def test_32_a_second_click_says_that_it_is_done(client, robin):
    send(client, contact={"email": ROBIN})
    _to, path, _code = last_mail()
    client.post(path)
    assert "You have confirmed already" in words(client.get(path))
    assert "You have confirmed already" in words(client.post(path))


@pytest.mark.parametrize("shape", ["{}.", "{}>", "{}),", "=3D{}"])
def test_33_what_mail_programs_add_is_forgiven(client, robin, shape):
    send(client, contact={"email": ROBIN})
    _to, path, _code = last_mail()
    start, token = path.rstrip("/").rsplit("/", 1)
    assert client.get(f"{start}/{shape.format(token)}/").status_code == 200
    assert client.get(f"{start}/{token.upper()}/").status_code == 200


def test_33_a_link_cut_off_offers_a_new_one(client, robin):
    [reference] = references(send(client, contact={"email": ROBIN}))
    _to, path, _code = last_mail()
    response = client.get(path[:-8] + "/")
    assert response.status_code == 404
    assert "This link does not work" in words(response)
    assert "Send me a new one" in words(response)
    assert f'action="/requests/{reference}/confirm/"' in response.content.decode()


def test_33_a_link_too_old_offers_a_new_one(client, robin):
    send(client, contact={"email": ROBIN})
    _to, path, _code = last_mail()
    with time_machine.travel(NOW + timedelta(days=30), tick=False):
        response = client.post(path)
    assert response.status_code == 410
    assert "Send me a new one" in words(response)
    assert case().verified_at is None


def test_34_a_link_for_something_else_does_not_exist_here(client, robin):
    client.post("/sign-in/", {"email": ROBIN})
    _to, path, _code = last_mail()
    token = path.rstrip("/").rsplit("/", 1)[1]
    [reference] = references(send(client, contact={"email": ROBIN}))
    assert client.post(f"/requests/{reference}/confirm/{token}/").status_code == 404
    assert client.post(f"/requests/{reference}/open/{token}/").status_code == 404


# --- A32: the copy -------------------------------------------------------------------------------


@pytest.fixture
def copy(client):
    request = RequestFactory.create(access=True, fulfilling=True)
    request.subject.email = ROBIN
    request.subject.save()
    released(request)
    return request


def downloads() -> int:
    return Package.objects.filter(removed_at=None).latest("pk").downloads


def test_a32_a_shared_link_leads_a_stranger_to_the_code(copy):
    for method in ("get", "head", "post"):
        response = getattr(Client(), method)(f"/requests/{copy.reference}/copy/")
        assert response.headers["Location"] == f"/requests/{copy.reference}/open/"
    assert downloads() == 0


def test_a32_looking_at_the_page_counts_nothing_and_range_gets_nothing(client, copy):
    opened(client, copy)
    path = f"/requests/{copy.reference}/copy/"
    for _ in range(10):
        assert client.head(path).content == b""
        page = client.get(path, headers={"Range": "bytes=0-10"})
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert downloads() == 0


def test_a32_the_button_fetches_the_copy_five_times_and_nothing_keeps_it(client, copy):
    opened(client, copy)
    path = f"/requests/{copy.reference}/copy/"
    for _ in range(5):
        response = client.post(path, headers={"Range": "bytes=0-10"})
        body = b"".join(response.streaming_content)
        assert (response.status_code, body[:2]) == (200, b"PK")
        assert response.headers["Cache-Control"] == "no-store, private"
        assert response.headers["Content-Disposition"].startswith("attachment")
    over = client.post(path)
    assert over.status_code == 404
    assert "There is no copy here" in words(over)
    assert downloads() == 5


def test_a32_after_its_days_the_copy_is_not_given(client, copy):
    with time_machine.travel(NOW + timedelta(days=15), tick=False):
        opened(client, copy)
        assert client.post(f"/requests/{copy.reference}/copy/").status_code == 404


def test_a32_the_code_of_another_case_opens_nothing_here(client, copy):
    other = RequestFactory.create(access=True, in_review=True)
    opened(client, other)
    response = client.post(f"/requests/{copy.reference}/copy/")
    assert response.headers["Location"] == f"/requests/{copy.reference}/open/"


def test_opened_messages_close_after_an_hour(client, copy):
    opened(client, copy)
    path = f"/requests/{copy.reference}/messages/"
    assert client.get(path).status_code == 200
    with time_machine.travel(NOW + timedelta(minutes=61), tick=False):
        assert client.get(path).status_code == 302


# --- A33 to A36 ----------------------------------------------------------------------------------


def test_a33_a_forged_host_is_refused_and_reaches_no_mail(client, robin, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.SITE_URL = "https://privacy.example"
    assert client.post("/sign-in/", {"email": ROBIN}, headers={"Host": "evil.example"}).status_code == 400
    client.post("/sign-in/", {"email": ROBIN})
    tasks.send_mail()
    assert "https://privacy.example/sign-in/" in str(mail.outbox[-1].body)


@pytest.mark.parametrize("elsewhere", ["//evil.example", "/\\evil.example", "https://evil.example"])
def test_a34_nobody_is_led_elsewhere(client, robin, elsewhere):
    client.post(f"/sign-in/?next={elsewhere}", {"email": ROBIN, "next": elsewhere})
    _to, path, _code = last_mail()
    assert (
        client.post(f"{path}?next={elsewhere}", {"next": elsewhere}).headers["Location"] == "/requests/yours/"
    )
    response = client.post("/language/", {"language": "es", "next": elsewhere})
    assert response.headers["Location"] == "/"


def test_a35_a_forged_address_of_the_network_dodges_no_limit():
    answers = [
        Client()
        .post(
            "/sign-in/",
            {"email": f"person{number}@x.example"},
            headers={"X-Forwarded-For": f"10.0.0.{number}"},
        )
        .status_code
        for number in range(61)
    ]
    assert answers[-1] == 429


def test_a35_behind_one_proxy_only_what_that_proxy_wrote_counts(settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    answers = [
        Client()
        .post(
            "/sign-in/",
            {"email": f"person{number}@x.example"},
            headers={"X-Forwarded-For": f"10.0.0.{number}, 203.0.113.7"},
        )
        .status_code
        for number in range(61)
    ]
    assert answers[-1] == 429
    elsewhere = {"X-Forwarded-For": "203.0.113.8"}
    assert Client().post("/sign-in/", {"email": "person@x.example"}, headers=elsewhere).status_code == 302


def test_a36_capitals_tags_and_dots_dodge_no_limit(client, robin):
    for address in (ROBIN, "ROBIN@family.example", "robin+a@family.example", "r.o.bin@family.example"):
        client.post("/sign-in/", {"email": address})
    assert Mail.objects.filter(event__startswith="portal.sign_in").count() == 3


# --- Signing in -------------------------------------------------------------------------------------


def signed_in(client: Client, address: str) -> Client:
    client.post("/sign-in/", {"email": address})
    _to, path, _code = last_mail()
    assert client.get(path).status_code == 200
    assert client.post(path).headers["Location"] == "/requests/yours/"
    return client


def test_whoever_is_signed_in_is_asked_less_and_need_not_confirm(client, robin):
    signed_in(client, ROBIN)
    page = send(client, who=None, where=None, born=None, contact=None)
    assert "We have your request" in words(page)
    assert (case().stage, case().subject, case().requester) == (Stage.REVIEW, robin, robin)


def test_a_guardian_chooses_among_verified_children_only(client):
    carla = PersonFactory.create(carla=True, email=ROBIN)
    amina = GuardianshipFactory.create(guardian=carla, child=PersonFactory.create(amina=True, email="")).child
    stranger = GuardianshipFactory.create(
        guardian=carla, child=PersonFactory.create(ben=True, email=""), authority=Authority.CLAIMED
    ).child
    signed_in(client, ROBIN)
    page = words(client.get(f"{NEW}who/"))
    assert "Amina" in page
    assert "Ben" not in page
    assert client.post(f"{NEW}who/", {"who": f"child-{stranger.pk}"}).status_code == 422
    send(client, who={"who": f"child-{amina.pk}"}, where=None, born=None, contact=None)
    assert (case().subject, case().requester, case().requester_kind) == (amina, carla, "guardian")


def test_a_guardian_whose_link_ended_meanwhile_asks_for_nobody(client):
    carla = PersonFactory.create(carla=True, email=ROBIN)
    link = GuardianshipFactory.create(guardian=carla, child=PersonFactory.create(amina=True, email=""))
    signed_in(client, ROBIN)
    client.post(f"{NEW}need/", {"need": ["erasure"]})
    client.post(f"{NEW}who/", {"who": f"child-{link.child.pk}"})
    link.authority = Authority.ENDED
    link.save()
    client.post(f"{NEW}details/", {"details": ""})
    response = client.post(f"{NEW}check/", {"submission": client.session["intake"]["submission"]})
    assert response.status_code == 302
    assert not RightsRequest.objects.exclude(subject=carla).exists()


def test_a13_a_guardian_whose_link_ended_is_out_at_the_next_request(client):
    case = RequestFactory.create(of_guardian=True, in_review=True)
    case.requester.email = ROBIN
    case.requester.save()
    path = f"/requests/{case.reference}/messages/"
    opened(client, case)
    assert client.get(path).status_code == 200
    Guardianship.objects.update(authority=Authority.ENDED)
    assert client.get(path).headers["Location"] == f"/requests/{case.reference}/open/"
    mails = Mail.objects.count()
    client.post(f"/requests/{case.reference}/open/", {"send": "1"})
    assert Mail.objects.count() == mails


def test_the_code_signs_in_too_and_a_session_key_planted_before_is_worthless(client, robin):
    client.post("/sign-in/", {"email": ROBIN})
    before = client.session.session_key
    _to, _path, code = last_mail()
    assert client.post("/sign-in/code/", {"code": code}).headers["Location"] == "/requests/yours/"
    assert client.session.session_key != before
    assert "You are signed in" in words(client.get("/requests/"))


def test_a_stranger_gets_a_mail_that_says_so_and_no_way_in(client):
    client.post("/sign-in/", {"email": "stranger@nowhere.example"})
    to, path, _code = last_mail()
    assert (to, path) == ("stranger@nowhere.example", "/requests/")
    assert "We keep nothing under it" in str(mail.outbox[-1].body)
    assert client.post("/sign-in/code/", {"code": "000000"}).status_code == 422


def test_signing_in_lasts_an_hour_and_ends_with_the_account(client, robin):
    signed_in(client, ROBIN)
    with time_machine.travel(NOW + timedelta(minutes=61), tick=False):
        assert "Sign in first" in words(client.get("/requests/"))
    robin.left_at = NOW
    robin.save()
    assert "Sign in first" in words(client.get("/requests/"))


def test_a_link_to_sign_in_works_once_and_no_longer_when_the_address_moved_on(client, robin):
    client.post("/sign-in/", {"email": ROBIN})
    _to, path, _code = last_mail()
    robin.email = "elsewhere@family.example"
    robin.save()
    assert client.post(path).status_code == 404
    robin.email = ROBIN
    robin.save()
    client.post(path)
    assert "This link was used already" in words(Client().get(path))


# --- The messages -----------------------------------------------------------------------------------


def test_the_requester_writes_and_reads(client):
    request = RequestFactory.create(in_review=True)
    request.subject.email = ROBIN
    request.subject.save()
    actions.say(request, "We look into it.", by=UserFactory(), at=NOW)
    opened(client, request)
    path = f"/requests/{request.reference}/messages/"
    assert "We look into it." in words(client.get(path))
    assert request.messages.get().read_at == NOW
    response = client.post(path, {"body": "<b>Thank you</b>"}, follow=True)
    assert "Your message is with us." in words(response)
    assert "&lt;b&gt;Thank you&lt;/b&gt;" in response.content.decode()
    empty = client.post(path, {"body": " "})
    assert (empty.status_code, "Write your message first." in words(empty)) == (422, True)


def test_the_requester_withdraws_after_a_page_that_says_what_it_means(client):
    request = RequestFactory.create(in_review=True)
    request.subject.email = ROBIN
    request.subject.save()
    opened(client, request)
    path = f"/requests/{request.reference}/withdraw/"
    client.get(path)
    request.refresh_from_db()
    assert request.is_open
    assert "The request is taken back." in words(client.post(path, follow=True))
    request.refresh_from_db()
    assert request.outcome == "withdrawn"
    assert client.post(path).status_code == 409


def test_once_others_erase_nobody_is_offered_to_take_the_request_back(client):
    request = RequestFactory.create(erasure=True, fulfilling=True)
    request.subject.email = ROBIN
    request.subject.save()
    opened(client, request)
    page = f"/requests/{request.reference}/messages/"
    assert "Withdraw this request" in words(client.get(page))
    TaskFactory.create(request=request, duty="erase")
    assert "Withdraw this request" not in words(client.get(page))
    assert client.post(f"/requests/{request.reference}/withdraw/").status_code == 409


def test_after_a_no_the_requester_asks_for_a_second_look_once(client):
    request = RequestFactory.create(denied=True)
    request.subject.email = ROBIN
    request.subject.save()
    opened(client, request)
    path = f"/requests/{request.reference}/second-look/"
    assert client.post(path, {"body": ""}).status_code == 422
    page = client.post(path, {"body": "You missed my second account."}, follow=True)
    appeal = request.appeals.get()
    assert "We take a second look." in words(page)
    assert appeal.reference in words(page)
    assert client.post(path, {"body": "Again."}).status_code == 409


# --- Every door asks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("door", ["messages", "withdraw", "stop", "second-look", "details", "copy"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_who_has_not_opened_the_case_is_led_to_the_code(door, method):
    request = RequestFactory.create(in_review=True)
    response = getattr(Client(), method)(f"/requests/{request.reference}/{door}/")
    assert response.headers["Location"] == f"/requests/{request.reference}/open/"


@pytest.mark.parametrize("door", ["", "messages/", "open/", "confirm/", "copy/"])
def test_no_page_of_a_case_is_kept_or_indexed(client, door):
    request = RequestFactory.create(in_review=True)
    response = client.get(f"/requests/{request.reference}/{door}")
    assert response.headers["Cache-Control"] == "no-store, private"
    assert response.headers["X-Robots-Tag"] == "noindex"

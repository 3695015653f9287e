"""Real sign-in through the pages, for `force_login` walks past the second factor."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from people.actions import deactivate
from people.models import User

from .factories import NOW, PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def fresh_rate_limits() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def mfa_required(settings: Any) -> None:
    settings.MFA_REQUIRED = True


def sign_in(client: Client, user: User, *, next: str = "", password: str = PASSWORD) -> Any:
    return client.post(LOGIN, {"login": user.email, "password": password, "next": next})


def code_for(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(secret, counter)))


def activate_totp(client: Client) -> str:
    """Walk through activation as a browser would; hands back the secret."""
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    with time_machine.travel(timezone.now(), tick=False):  # a code is good for half a minute
        done = client.post(reverse("mfa_activate_totp"), {"code": code_for(secret)})
    assert done.status_code == 302, done.content
    return str(secret)


def test_an_anonymous_visitor_of_the_desk_is_led_to_sign_in_and_back(client: Client) -> None:
    wanted = reverse("admin:people_person_changelist")
    led = client.get(wanted, follow=True)
    assert led.redirect_chain[-1][0].startswith(LOGIN)
    dov = UserFactory(group="privacy lead")
    assert sign_in(client, dov, next=wanted)["Location"] == wanted
    assert client.get(wanted).status_code == 200


def test_capitals_in_the_address_do_not_lock_anybody_out(client: Client) -> None:
    dov = UserFactory(email="dov@company.example")
    answer = client.post(LOGIN, {"login": "Dov@Company.example", "password": PASSWORD})
    assert answer["Location"] == reverse("admin:index")
    assert dov.is_active


@pytest.mark.parametrize(
    "next_page",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "\\\\evil"],
)
def test_sign_in_never_leads_outside(client: Client, next_page: str) -> None:
    answer = sign_in(client, UserFactory(), next=next_page)
    assert answer["Location"] == reverse("admin:index")


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/signup/",
        "/accounts/email/",
        "/accounts/confirm-email/",
        "/accounts/confirm-email/abc/",
        "/accounts/login/code/confirm/",
        "/accounts/3rdparty/",
        "/accounts/",
    ],
)
@pytest.mark.parametrize("signed_in", [True, False])
def test_nobody_signs_up_or_moves_an_account(client: Client, path: str, signed_in: bool) -> None:
    if signed_in:
        client.force_login(UserFactory())
    assert client.get(path).status_code == 404
    assert client.post(path, {"email": "new@x.org", "password1": PASSWORD}).status_code == 404
    assert User.objects.count() == int(signed_in)


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client: Client) -> None:
    known = sign_in(client, UserFactory(), password="wrong password here")
    unknown = client.post(LOGIN, {"login": "nobody@company.example", "password": "wrong password here"})
    assert known.context["form"].errors == unknown.context["form"].errors
    assert (known.status_code, unknown.status_code) == (200, 200)


def test_a_forgotten_password_is_answered_alike_whether_we_know_the_address_or_not(client: Client) -> None:
    dov = UserFactory()
    answers = [
        client.post(reverse("account_reset_password"), {"email": email}, HTTP_HOST="127.0.0.1")
        for email in (dov.email, "nobody@company.example")
    ]
    assert len({(answer.status_code, answer["Location"]) for answer in answers}) == 1
    assert [message.to for message in mail.outbox] == [[dov.email]]


def test_a_password_link_is_built_from_the_setting_not_from_the_request(
    client: Client, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    dov = UserFactory()
    client.post(reverse("account_reset_password"), {"email": dov.email}, HTTP_HOST="evil.example")
    assert settings.SITE_URL + "/accounts/password/reset/key/" in mail.outbox[0].body
    assert "evil.example" not in mail.outbox[0].body
    assert dov.email not in mail.outbox[0].body


def test_a_forged_host_is_refused(client: Client) -> None:
    assert client.get(LOGIN, HTTP_HOST="evil.example").status_code == 400


def test_a_password_link_works_once(client: Client) -> None:
    dov = UserFactory()
    client.post(reverse("account_reset_password"), {"email": dov.email})
    [link] = re.findall(r"https?://[^/]+(/\S+)", str(mail.outbox[0].body))
    page = client.get(link, follow=True)
    new = {"password1": "the heron stands still", "password2": "the heron stands still"}
    assert client.post(page.redirect_chain[-1][0], new).status_code == 302
    assert sign_in(client, dov, password="the heron stands still").status_code == 302
    assert Client().get(link, follow=True).context["token_fail"]


def test_without_a_second_factor_the_desk_asks_for_one_where_it_is_required(
    client: Client, mfa_required: None
) -> None:
    sign_in(client, UserFactory(superuser=True))
    for path in ("/admin/", reverse("admin:people_person_changelist"), reverse("admin:people_person_add")):
        assert client.get(path)["Location"] == reverse("mfa_activate_totp")
    assert client.post(reverse("admin:people_person_add"), {})["Location"] == reverse("mfa_activate_totp")


def test_with_a_second_factor_the_desk_opens(client: Client, mfa_required: None) -> None:
    dov = UserFactory(superuser=True)
    sign_in(client, dov)
    secret = activate_totp(client)
    client.post(reverse("account_logout"))
    with time_machine.travel(NOW + timedelta(days=400), tick=False):
        asked = sign_in(client, dov)
        assert asked["Location"] == reverse("mfa_authenticate")
        assert client.get("/admin/").status_code == 302
        client.post(reverse("mfa_authenticate"), {"code": code_for(secret)})
        assert client.get("/admin/").status_code == 200


def test_a_session_that_proved_only_a_password_is_asked_for_the_second_factor(
    client: Client, mfa_required: None
) -> None:
    dov = UserFactory(superuser=True)
    sign_in(client, dov)
    Authenticator.objects.create(user=dov, type=Authenticator.Type.TOTP, data={"secret": "x"})
    answer = client.get("/admin/people/person/?role=learner")
    assert answer["Location"].startswith(reverse("mfa_reauthenticate"))
    assert "next=%2Fadmin%2Fpeople%2Fperson%2F%3Frole%3Dlearner" in answer["Location"]


def test_in_the_demo_no_second_factor_is_asked_for(client: Client, settings: Any) -> None:
    settings.MFA_REQUIRED = False
    sign_in(client, UserFactory(superuser=True))
    assert client.get("/admin/").status_code == 200


@pytest.mark.django_db(transaction=True)  # allauth tells of the change once it is committed
def test_a_new_second_factor_ends_other_sessions_and_keeps_this_one(client: Client) -> None:
    dov, other = UserFactory(superuser=True), Client()
    sign_in(client, dov)
    sign_in(other, dov)
    assert other.get("/admin/").status_code == 200
    activate_totp(client)
    assert client.get("/admin/").status_code == 200
    assert other.get("/admin/")["Location"].startswith("/admin/login/")
    assert Event.objects.filter(verb="people.second_factor_added", object_ref=str(dov.pk)).exists()


def test_a_changed_password_ends_other_sessions(client: Client) -> None:
    dov, other = UserFactory(superuser=True), Client()
    sign_in(client, dov)
    sign_in(other, dov)
    new = "the heron stands still"
    client.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert client.get("/admin/").status_code == 200
    assert other.get("/admin/").status_code == 302


def test_signing_in_changes_the_session_key(client: Client) -> None:
    client.get(LOGIN)
    session = client.session
    session["planted"] = "by an attacker"
    session.save()
    before = session.session_key
    sign_in(client, UserFactory())
    assert client.session.session_key != before


def test_a_deactivated_colleague_is_out_at_the_next_request(client: Client) -> None:
    dov = UserFactory(superuser=True)
    sign_in(client, dov)
    assert client.get("/admin/").status_code == 200
    deactivate(dov, by=UserFactory(superuser=True), at=NOW, reason="left the company")
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    assert sign_in(Client(), dov)["Location"] == reverse("account_inactive")


def test_a_session_ends_after_half_an_hour_of_silence(client: Client) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        sign_in(client, UserFactory(superuser=True))
        assert client.get("/admin/").status_code == 200
        clock.shift(timedelta(minutes=29))
        assert client.get("/admin/").status_code == 200
        clock.shift(timedelta(minutes=31))
        answer = client.get("/admin/", follow=True)
        assert "You were signed out" in answer.content.decode()


def test_a_busy_session_ends_after_eight_hours(client: Client) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        sign_in(client, UserFactory(superuser=True))
        for _quarter in range(32):
            assert client.get("/admin/").status_code == 200
            clock.shift(timedelta(minutes=15))
        clock.shift(timedelta(minutes=1))
        assert client.get("/admin/").status_code == 302


def test_who_is_not_staff_gets_no_desk(client: Client) -> None:
    sign_in(client, UserFactory(is_staff=False))
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 403


def test_second_factor_secrets_are_encrypted_at_rest(client: Client) -> None:
    sign_in(client, UserFactory())
    secret = activate_totp(client)
    stored = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    assert secret not in str(stored.data)


def test_ten_wrong_passwords_slow_the_guesser_down(client: Client) -> None:
    dov = UserFactory()
    answers = [sign_in(client, dov, password=f"guess number {n}") for n in range(12)]
    assert any("Too many" in answer.content.decode() for answer in answers)


def test_the_qr_code_needs_no_hole_in_the_page_policy(client: Client) -> None:
    sign_in(client, UserFactory())
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    html = page.content.decode()
    assert "<svg" in html
    assert "data:" not in html
    assert " style=" not in html
    assert "data:" not in page["Content-Security-Policy"]


def test_wrong_passwords_are_counted_for_all_processes_together():
    """Each with a count of its own would allow as many guesses again."""
    cache.set("guesses", 3)
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM people_attempts WHERE cache_key LIKE %s", ["%guesses"])
        assert cursor.fetchone()[0] == 1

"""Asking, confirming, stopping: what strangers, scanners and thieves of a database can do."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.test import Client
from kombu.exceptions import OperationalError

from notices.delivery import Answer, Mailer, Outcome, ServerUnavailable
from processors import tasks
from processors.models import Subscription
from processors.public_list import subscribing

from .change_factories import SubscriptionFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PAGE = "/processors/mail/"
CARLA = "carla@family.example"


@pytest.fixture(autouse=True)
def _june():
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


def ask(client: Client, address: str = CARLA, **data: str):
    return client.post(PAGE, {"address": address, **data})


def link() -> str:
    """The path in the last mail, after whatever waits has been sent."""
    tasks.send_links()
    [path] = re.findall(r"https?://[^/]+(/processors/mail/\S+)", str(mail.outbox[-1].body))
    return path


def subscription() -> Subscription:
    return Subscription.objects.get()


def test_nobody_is_subscribed_before_the_button_in_the_mail(client: Client):
    assert ask(client, " Carla@Family.example ").headers["Location"] == "/processors/mail/sent/"
    path = link()
    assert mail.outbox[-1].to == [CARLA]
    assert not Subscription.objects.confirmed().exists()
    assert "You will hear from us" in client.post(path).content.decode()
    assert Subscription.objects.confirmed().get().confirmed_at == NOW


def test_a_scanner_that_opens_the_link_five_times_confirms_nothing_and_spoils_nothing(client: Client):
    ask(client)
    path = link()
    for _ in range(5):
        assert client.get(path).status_code == client.head(path).status_code == 200
    assert subscription().confirmed_at is None
    assert "You will hear from us" in client.post(path).content.decode()
    assert "You have confirmed already" in client.post(path).content.decode()
    assert "You have confirmed already" in client.get(path).content.decode()


def test_the_database_does_not_hold_what_the_mail_holds(client: Client):
    ask(client)
    token = link().rstrip("/").rpartition("/")[2]
    assert token not in str(Subscription.objects.values().get())
    assert subscription().link_hash == subscribing.hashed(token)


def test_a_link_to_confirm_does_not_stop_and_the_other_way_round(client: Client):
    ask(client)
    path = link()
    assert client.post(path.replace("confirm", "stop")).status_code == 404
    client.post(path)
    ask(client, stop="1")
    assert client.post(link().replace("stop", "confirm")).status_code == 404
    assert subscription().ended_at is None


@pytest.mark.parametrize("token", ["x", "x" * 500, "%00", "..%2f"])
def test_a_made_up_link_leads_nowhere(client: Client, token: str):
    response = client.post(f"{PAGE}confirm/{token}/")
    assert response.status_code == 404


def test_a_link_lasts_seven_days(client: Client):
    ask(client)
    path = link()
    with time_machine.travel(NOW + timedelta(days=7), tick=False):
        response = client.post(path)
    assert response.status_code == 404
    assert "This link no longer works" in response.content.decode()
    assert subscription().confirmed_at is None


def test_a_newer_link_replaces_the_older(client: Client):
    ask(client)
    old = link()
    ask(client)
    new = link()
    assert client.post(old).status_code == 404
    assert client.post(new).status_code == 200


def test_stopping_needs_the_button_too_and_forgets_the_address(client: Client):
    SubscriptionFactory(address=CARLA)
    ask(client, stop="1")
    path = link()
    client.get(path)
    assert subscription().ended_at is None
    assert "The mails have stopped" in client.post(path).content.decode()
    assert "The mails have stopped already" in client.post(path).content.decode()
    assert (subscription().address, subscription().ended_at) == ("", NOW)


def test_whoever_stopped_may_come_back(client: Client):
    SubscriptionFactory(ended=True)
    ask(client)
    client.post(link())
    assert Subscription.objects.confirmed().get().address == CARLA


def test_every_address_gets_the_same_answer(client: Client):
    SubscriptionFactory(address=CARLA)
    for address in (CARLA, "stranger@nowhere.example"):
        for extra in ({}, {"stop": "1"}):
            response = ask(client, address, **extra)
            assert (response.status_code, response.headers["Location"]) == (302, "/processors/mail/sent/")
            assert response.content == b""


def test_a_stranger_is_not_mailed_about_stopping(client: Client):
    ask(client, stop="1")
    tasks.send_links()
    assert mail.outbox == []
    assert not Subscription.objects.exists()


def test_who_is_subscribed_already_is_offered_to_stop(client: Client):
    SubscriptionFactory(address=CARLA)
    ask(client)
    assert "/mail/stop/" in link()
    assert subscription().confirmed_at


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "required"),
        ("carla", "not a complete e-mail address"),
        ("a@b.example, c@d.example", "one address"),
    ],
)
def test_a_bad_address_says_so_beside_the_field(client: Client, typed: str, sentence: str):
    response = ask(client, typed)
    assert response.status_code == 422
    assert sentence in response.content.decode()


def test_one_mailbox_gets_three_links_an_hour_and_the_answer_stays_the_same(client: Client):
    for _ in range(5):
        assert ask(client).status_code == 302
        tasks.send_links()
    assert len(mail.outbox) == 3


def test_one_network_is_stopped_after_twenty_forms(client: Client):
    codes = [ask(client, f"carla{n}@family.example").status_code for n in range(21)]
    assert codes == [302] * 20 + [429]


def test_a_mail_server_that_is_away_gets_the_mail_five_minutes_later(client: Client, monkeypatch):
    ask(client)
    with monkeypatch.context() as away:
        away.setattr(Mailer, "send", _raise)
        assert tasks.send_links() == 0
    assert tasks.send_links() == 0
    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        assert tasks.send_links() == 1


def _raise(*_arguments: object) -> None:
    raise ServerUnavailable("ConnectionRefusedError")


@pytest.mark.parametrize(
    ("answer", "waits", "lives"),
    [(Answer.LATER, True, True), (Answer.UNWANTED, False, True), (Answer.NO_SUCH_ADDRESS, False, False)],
)
def test_what_the_mail_server_says_decides_what_becomes_of_the_link(
    client: Client, monkeypatch, answer: Answer, waits: bool, lives: bool
):
    ask(client)
    monkeypatch.setattr(Mailer, "send", lambda *_arguments: Outcome(answer, "550"))
    assert tasks.send_links() == 0
    assert (subscription().link_due_at is not None, subscription().ended_at is None) == (waits, lives)


def test_a_link_is_sent_by_one_worker_only():
    SubscriptionFactory(unconfirmed=True, link_purpose="confirm", link_due_at=NOW)
    seen = Subscription.objects.get()
    assert subscribing._claim(seen, NOW)
    assert subscribing._claim(seen, NOW) == ""


def test_who_never_confirms_is_forgotten(client: Client):
    ask(client)
    link()
    with time_machine.travel(NOW + timedelta(days=7), tick=False):
        tasks.send_links()
    assert not Subscription.objects.exists()


def test_an_address_that_does_not_exist_ends_its_subscription():
    from notices.announcements import on_bounce

    SubscriptionFactory(address=CARLA)
    for hear in on_bounce:
        hear(CARLA, NOW)
    assert subscription().ended_at == NOW


def test_the_mails_speak_the_visitors_language(client: Client):
    client.post(PAGE, {"address": CARLA}, headers={"accept-language": "fr"})
    tasks.send_links()
    assert mail.outbox[0].extra_headers["Content-Language"] == "fr"


def test_pages_behind_a_link_are_not_kept(client: Client):
    ask(client)
    response = client.get(link())
    assert "no-store" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex"


def test_a_forged_post_to_a_link_is_refused():
    strict = Client(enforce_csrf_checks=True)
    ask(strict)
    assert strict.post(link()).status_code == 403


def test_a_dead_broker_is_asked_once_and_nobody_waits_for_it(
    client, monkeypatch, caplog, django_capture_on_commit_callbacks
):
    asked = []

    def dead(*_args: object, **how: object) -> None:
        asked.append(how.get("retry", "as long as Celery likes"))
        raise OperationalError("connection refused")

    monkeypatch.setattr(tasks.send_links, "apply_async", dead)
    with django_capture_on_commit_callbacks(execute=True):
        ask(client)
    assert asked == [False]
    assert "the doorbell did not ring (OperationalError)" in caplog.text


def test_who_does_not_confirm_is_forgotten_when_the_link_is_dead_counted_from_its_mail(client: Client):
    ask(client)
    with time_machine.travel(NOW + timedelta(days=8), tick=False):  # the mail server was down for a week
        tasks.send_links()
        assert subscription().link_expires_at == NOW + timedelta(days=15)
    assert subscribing.forget_unconfirmed(at=NOW + timedelta(days=14)) == 0
    assert subscribing.forget_unconfirmed(at=NOW + timedelta(days=15)) == 1


def test_an_address_no_mail_reaches_is_not_kept_for_longer_than_a_month(client: Client):
    ask(client)
    assert subscribing.forget_unconfirmed(at=NOW + timedelta(days=29)) == 0
    assert subscribing.forget_unconfirmed(at=NOW + timedelta(days=30)) == 1

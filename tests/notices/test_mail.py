"""One letter to one person: posted with the deed, sent off the request, once."""

import copy
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.core import mail as outgoing
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.actors import SYSTEM
from audit.models import Event
from notices import links, mail, mail_sender, tasks
from notices.delivery import Answer, Mailer, Outcome, ServerUnavailable
from notices.mail import LinkSpec, Reader, post, to_page
from notices.models import Mail, MailStatus
from notices.personal import empty_mails
from notices.queue import POISON_TRIES
from tests.people.factories import UserFactory

from .factories import LONG_AGO, CampaignFactory
from .test_admin import permitted

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CONFIRM = LinkSpec("confirm", "portal:processor_mail_confirm", timedelta(days=7), with_code=True)
CARLA = Reader("carla@family.example", "en", recipient_id=7, greeting="Carla")


@pytest.fixture(autouse=True)
def _templates_and_june(settings):
    templates = copy.deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"].append(Path(__file__).parent / "templates")
    settings.TEMPLATES = templates
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def case():
    """Anything a mail may be about."""
    return CampaignFactory()


def posted(case, *, to=CARLA, link=CONFIRM, event="tests.prove", at=NOW, **context):
    return post(event, case, to=to, context={"what": "Confirm", **context}, link=link, at=at)


def sent(number=-1):
    """What the last mail holds, after everything due has left."""
    tasks.send_mail()
    body = str(outgoing.outbox[number].body)
    [token] = re.findall(r"/confirm/([a-z0-9]+)/", body)
    [code] = re.findall(r"code (\d{6})", body) or [""]
    return token, code


def taken():
    mine = mail.claim()
    assert mine is not None, "nothing was due"
    return mine


def looked_up(token):
    mine = links.find(token, "confirm", at=NOW)
    assert mine is not None, "the link does not work"
    return mine


def state(of):
    of.refresh_from_db()
    return of.status, of.failure, of.is_possible_duplicate


def outcome(monkeypatch, answer, code="", in_doubt=False):
    monkeypatch.setattr(Mailer, "send", lambda self, message: Outcome(answer, code, in_doubt))


# --- Posting and sending ----------------------------------------------------------------


def test_a_mail_leaves_after_its_deed_and_says_hello(case):
    mine = posted(case, until_on="2026-06-08")
    assert outgoing.outbox == []
    tasks.send_mail()
    [message] = outgoing.outbox
    assert (message.to, message.subject) == (["carla@family.example"], "Confirm it")
    assert message.extra_headers["Message-ID"] == mine.message_id
    assert "Hello Carla," in message.body
    assert "Confirm by 8 June 2026" in message.body
    assert state(mine) == (MailStatus.SENT, "", False)


def test_a_deed_that_is_rolled_back_leaves_no_mail(case):
    with transaction.atomic():
        posted(case)
        transaction.set_rollback(True)
    tasks.send_mail()
    assert outgoing.outbox == []


@pytest.mark.django_db(transaction=True)
def test_a_mail_rings_after_commit_and_not_before(case, monkeypatch):
    rung = []
    monkeypatch.setattr(mail, "ring_now", lambda: rung.append(True))
    with transaction.atomic():
        posted(case)
        assert not rung
    assert rung == [True]


def test_a_mail_is_sent_once_however_often_the_bell_rings(case):
    posted(case)
    for _ in range(5):
        tasks.send_mail()
    assert len(outgoing.outbox) == 1


def test_a_button_may_lead_to_a_page_anybody_may_open(case):
    posted(case, link=to_page("portal:versions"))
    tasks.send_mail()
    assert "/versions/\n" in str(outgoing.outbox[0].body)
    assert Mail.objects.get().token_hash is None


def test_links_are_built_from_our_own_address_alone(case, settings):
    settings.SITE_URL = "https://privacy.example"
    posted(case)
    tasks.send_mail()
    assert "https://privacy.example/processors/mail/confirm/" in str(outgoing.outbox[0].body)


# --- When it does not go well -------------------------------------------------------------


def test_not_now_is_tried_again_later(case, monkeypatch):
    outcome(monkeypatch, Answer.LATER, "451")
    mine = posted(case)
    tasks.send_mail()
    assert state(mine) == (MailStatus.WAITING, "451", False)
    assert not Mail.objects.due().exists()


def test_a_line_that_broke_after_the_message_flags_the_mail(case, monkeypatch):
    outcome(monkeypatch, Answer.LATER, "disconnected", in_doubt=True)
    mine = posted(case)
    tasks.send_mail()
    assert state(mine) == (MailStatus.WAITING, "disconnected", True)


def test_an_address_that_does_not_exist_is_told_to_those_who_keep_it(case, monkeypatch):
    told = []
    monkeypatch.setattr("notices.announcements.on_bounce", [lambda address, at: told.append(address)])
    outcome(monkeypatch, Answer.NO_SUCH_ADDRESS, "550")
    mine = posted(case)
    tasks.send_mail()
    assert state(mine) == (MailStatus.BOUNCED, "550", False)
    assert told == ["carla@family.example"]


def test_a_mail_that_cannot_be_built_is_parked_and_stops_nobody(case):
    broken = posted(case, event="tests.no_such_template")
    fine = posted(case)
    for _ in range(POISON_TRIES):
        Mail.objects.update(due_at=LONG_AGO)
        tasks.send_mail()
    assert state(broken) == (MailStatus.PARKED, "TemplateDoesNotExist", False)
    assert state(fine)[0] == MailStatus.SENT


def test_a_server_that_is_away_costs_no_try(case, monkeypatch):
    def away(self, message):
        raise ServerUnavailable("OSError")

    monkeypatch.setattr(Mailer, "send", away)
    mine = posted(case)
    tasks.send_mail()
    mine.refresh_from_db()
    assert (mine.status, mine.attempts, mine.lease_token) == (MailStatus.WAITING, 0, None)


@pytest.mark.parametrize("address", ["a@x.example\r\nBcc: b@x.example", "a@x.example,b@x.example", "nobody"])
def test_an_address_that_would_be_two_is_never_handed_over(case, address):
    posted(case, to=Reader(address, "en"))
    tasks.send_mail()
    assert outgoing.outbox == []


def test_a_mail_left_by_a_dead_sender_is_flagged_and_sent_with_the_same_link(case):
    mine = posted(case)
    first = mail_sender.build(taken(), at=NOW)
    Mail.objects.update(lease_until=LONG_AGO)
    sent()
    assert str(outgoing.outbox[0].body) == str(first.body)
    assert state(mine) == (MailStatus.SENT, "", True)


def test_a_sender_that_slept_through_its_lease_may_not_mark(case):
    mine = posted(case)
    asleep = taken()
    Mail.objects.update(lease_until=LONG_AGO)
    awake = taken()
    assert not mail.mark_sent(asleep)
    assert mail.mark_sent(awake)
    assert state(mine)[0] == MailStatus.SENT


def test_a_mail_that_kills_its_senders_is_parked(case):
    mine = posted(case)
    for _ in range(POISON_TRIES):
        assert mail.claim()
        Mail.objects.update(lease_until=LONG_AGO)
    assert mail.claim() is None
    assert state(mine) == (MailStatus.PARKED, "its sender died", True)


def test_what_is_cancelled_does_not_leave(case):
    mine = posted(case)
    assert mail.cancel(Mail.objects.about(case)) == 1
    tasks.send_mail()
    assert outgoing.outbox == []
    assert state(mine)[0] == MailStatus.CANCELLED


# --- Links ----------------------------------------------------------------------------------


def test_the_database_holds_neither_token_nor_code(case):
    posted(case)
    token, code = sent()
    row = str(Mail.objects.values().get())
    assert token not in row
    assert code not in row
    assert Mail.objects.get().seed == ""


def test_a_link_is_found_as_often_as_one_looks_and_used_once(case):
    posted(case)
    token, _code = sent()
    for _ in range(5):
        assert links.find(token, "confirm", at=NOW)
    mine = looked_up(token)
    assert links.consume(mine, at=NOW)
    assert not links.consume(mine, at=NOW)
    assert looked_up(token).used_at == NOW


def test_a_link_opens_nothing_but_what_it_was_made_for(case):
    posted(case)
    token, _code = sent()
    assert links.find(token, "download", at=NOW) is None


@pytest.mark.parametrize("shape", ["{}.", "{}>", "{}),", "3D{}", "=3D{}", "{}=", "{}’"])
def test_what_mail_programs_add_to_a_link_does_no_harm(case, shape):
    posted(case)
    token, _code = sent()
    assert links.find(shape.format(token), "confirm", at=NOW)
    assert links.find(token.upper(), "confirm", at=NOW)


@pytest.mark.parametrize("token", ["", "x", "x" * 500, "\0", "a" * 32])
def test_a_made_up_link_leads_nowhere(case, token):
    posted(case, link=to_page("portal:versions"))
    tasks.send_mail()
    assert links.find(token, "confirm", at=NOW) is None
    assert links.find(token, "", at=NOW) is None


def test_a_link_ends_counted_from_sending(case):
    mine = posted(case, at=NOW - timedelta(days=3))
    token, _code = sent()
    mine.refresh_from_db()
    assert mine.expires_at == NOW + timedelta(days=7)
    late = NOW + timedelta(days=7)
    assert links.find(token, "confirm", at=late) is None
    assert links.trace(token, "confirm") == mine
    assert not links.consume(mine, at=late)


def test_a_newer_link_replaces_the_older_once_it_has_left(case):
    posted(case)
    old, _code = sent()
    posted(case)
    assert links.find(old, "confirm", at=NOW)
    new, _code = sent()
    assert links.find(old, "confirm", at=NOW) is None
    assert links.find(new, "confirm", at=NOW)


def test_somebody_elses_link_for_the_same_thing_lives_on(case):
    posted(case)
    hers, _code = sent()
    posted(case, to=Reader("old-address@family.example", "en"))
    sent()
    assert links.find(hers, "confirm", at=NOW)


def test_erasure_kills_open_links_and_stops_what_waits(case):
    posted(case)
    token, code = sent()
    waiting = posted(case)
    assert mail.kill_links(case, at=NOW) == 2
    assert links.find(token, "confirm", at=NOW) is None
    with pytest.raises(links.CodeRefused):
        links.find_by_code(case, "confirm", code, at=NOW)
    assert state(waiting)[0] == MailStatus.CANCELLED


def test_retention_forgets_address_and_words_and_ends_the_link(case):
    mine = posted(case)
    token, _code = sent()
    assert empty_mails(Mail.objects.all(), NOW) == 1
    mine.refresh_from_db()
    assert (mine.address, mine.greeting, mine.context, mine.recipient_id) == ("", "", {}, None)
    assert links.trace(token, "confirm") is None
    assert mine.sent_at


# --- Codes -----------------------------------------------------------------------------------


def test_six_numbers_open_the_same_as_the_link(case):
    mine = posted(case)
    _token, code = sent()
    assert links.find_by_code(case, "confirm", f" {code[:3]} {code[3:]} ", at=NOW) == mine


def test_five_wrong_codes_void_it(case):
    posted(case)
    token, code = sent()
    left = []
    for _ in range(6):
        with pytest.raises(links.CodeRefused) as refused:
            links.find_by_code(case, "confirm", "000000" if code != "000000" else "111111", at=NOW)
        left.append(refused.value.left)
    assert left == [4, 3, 2, 1, 0, 0]
    with pytest.raises(links.CodeRefused):
        links.find_by_code(case, "confirm", code, at=NOW)
    assert links.find(token, "confirm", at=NOW), "guessing locks nobody out of the link"


def test_a_right_code_is_no_wrong_one(case):
    posted(case)
    _token, code = sent()
    for _ in range(8):
        assert links.find_by_code(case, "confirm", code, at=NOW).pk


def test_a_code_belongs_to_one_case_and_one_purpose(case):
    posted(case)
    _token, code = sent()
    posted(CampaignFactory())
    for about, purpose in ((CampaignFactory(), "confirm"), (case, "download")):
        with pytest.raises(links.CodeRefused):
            links.find_by_code(about, purpose, code, at=NOW)


def test_no_more_than_three_codes_an_hour(case):
    for _ in range(3):
        posted(case)
    with pytest.raises(links.TooManyCodes):
        posted(case)
    assert posted(case, at=NOW + timedelta(hours=1, seconds=1))
    assert posted(CampaignFactory())


# --- The desk --------------------------------------------------------------------------------


@pytest.fixture
def dov(client, settings):
    settings.MFA_REQUIRED = False
    return permitted(client, "view_mail", "retry_mail")


def test_staff_see_what_went_to_whom_without_its_secret(case, dov):
    mine = posted(case)
    token, code = sent()
    listed = dov.get("/admin/notices/mail/", {"q": "Carla@family.example"}).content.decode()
    assert f"Mail {mine.pk}" in listed
    assert "carla@family.example" not in listed.replace('value="Carla@family.example"', "")
    shown = dov.get(f"/admin/notices/mail/{mine.pk}/change/").content.decode()
    assert "Hello Carla," in shown
    assert "/confirm/secret/" in shown
    assert token not in shown
    assert code not in shown


def test_staff_try_a_parked_mail_again(case, dov):
    mine = posted(case)
    mail.park(taken(), "554")
    page = f"/admin/notices/mail/{mine.pk}/do/retry/"
    assert "Its link is made anew" in dov.get(page).content.decode()
    dov.post(page, {"reason": "Their mail server is mended."})
    assert state(mine)[0] == MailStatus.WAITING
    assert Event.objects.get(verb="notices.retry_mail").reason == "Their mail server is mended."
    with pytest.raises(mail.MailNotParked):
        mail.retry(mine, by=SYSTEM, at=NOW, reason="Again.")


def test_a_mail_whose_template_is_gone_is_still_shown(case, dov):
    mine = posted(case, event="tests.no_such_template")
    assert "There is no template" in dov.get(f"/admin/notices/mail/{mine.pk}/change/").content.decode()


def test_the_list_costs_the_same_for_two_mails_and_for_thirty(dov, django_assert_num_queries):
    for _ in range(2):
        posted(CampaignFactory(), link=None)
    dov.get("/admin/notices/mail/")
    with CaptureQueriesContext(connection) as two:
        dov.get("/admin/notices/mail/")
    for _ in range(28):
        posted(CampaignFactory(), link=None)
    with django_assert_num_queries(len(two)):
        dov.get("/admin/notices/mail/")


def test_a_parked_mail_stands_on_the_morning_page(case, client, settings):
    settings.MFA_REQUIRED = False
    client.force_login(UserFactory(superuser=True))
    posted(case)
    mail.park(taken(), "554")
    page = client.get("/admin/").content.decode()
    assert "<strong>1</strong> single mail parked after every try" in page
    assert "/admin/notices/mail/?status__exact=parked" in page

"""The whole way of a mail, against a real server that misbehaves."""

import smtplib

import pytest
from aiosmtpd.smtp import SMTP
from django.db.models.functions import Now

from notices import announcements, backends, queue, sender
from notices.delivery import MAILS_A_CONNECTION, Answer, Mailer, Outcome, judge
from notices.models import Notice, Status

from .factories import LONG_AGO, LetterFactory, NoticeFactory

pytestmark = pytest.mark.django_db


def to(trick, **options):
    return NoticeFactory(address=f"amina+{trick}@family.example", **options)


def deliver_again():
    """The next visit, once the waiting time is over."""
    Notice.objects.update(due_at=LONG_AGO)
    return sender.deliver_due()


def state(notice):
    notice.refresh_from_db()
    return notice.status, notice.failure, notice.is_possible_duplicate


@pytest.fixture
def hasty(monkeypatch, settings):
    """Deadlines of a second, so that a stuck server costs the test no minute."""
    monkeypatch.setattr(backends, "DEADLINE", 1.0)
    monkeypatch.setattr(backends, "GOODBYE", 0.2)


def test_every_due_mail_arrives_once_over_one_connection(sink):
    NoticeFactory.create_batch(60, letter=LetterFactory())
    assert sender.deliver_due() == 60
    assert sender.deliver_due() == 0
    assert (len(set(sink.recipients)), len(sink.recipients), sink.connections) == (60, 60, 1)
    assert set(Notice.objects.values_list("status", "attempts", "failure")) == {(Status.SENT, 1, "")}


@pytest.mark.parametrize("sink", [["PIPELINING"]], indirect=True)
def test_a_server_that_offers_it_gets_three_commands_in_one_parcel(sink, monkeypatch):
    parcels = []
    send = smtplib.SMTP.send

    def watched(client, parcel):
        parcels.append(parcel)
        send(client, parcel)

    monkeypatch.setattr(smtplib.SMTP, "send", watched)
    to("451"), NoticeFactory()
    assert sender.deliver_due() == 1
    origins = [parcel for parcel in parcels if parcel[:4] == b"MAIL"]
    assert [parcel.count(b"\r\n") for parcel in origins] == [3, 3]


@pytest.mark.parametrize("sink", [[], ["PIPELINING"]], indirect=True)
def test_a_server_that_wants_no_mail_now_takes_the_next_one_without_fuss(sink, monkeypatch):
    """Refused at the command itself, before a byte of the mail."""
    answer = SMTP.smtp_DATA
    refusals = iter(["451 4.3.0 scripted"])

    async def refusing(server, arg):
        refusal = next(refusals, None)
        await (server.push(refusal) if refusal else answer(server, arg))

    monkeypatch.setattr(SMTP, "smtp_DATA", refusing)
    first, second = NoticeFactory(), NoticeFactory()
    assert sender.deliver_due() == 1
    assert [state(first), state(second)] == [(Status.WAITING, "451", False), (Status.SENT, "", False)]


def test_sent_at_is_the_databases_time(sink):
    NoticeFactory()
    sender.deliver_due()
    assert Notice.objects.filter(sent_at__lte=Now(), sent_at__gt=LONG_AGO, lease_token=None).count() == 1


def test_the_connection_is_renewed_after_some_hundred_mails(sink):
    NoticeFactory.create_batch(MAILS_A_CONNECTION + 1, letter=LetterFactory())
    sender.deliver_due()
    assert sink.connections == 2


@pytest.mark.parametrize("sink", [[], ["PIPELINING"]], indirect=True, ids=["in turn", "at once"])
@pytest.mark.parametrize(
    ("trick", "status", "failure", "in_doubt", "arrived"),
    [
        ("451", Status.WAITING, "451", False, 0),
        ("421", Status.WAITING, "421", False, 0),
        ("550", Status.BOUNCED, "550", False, 0),
        ("data451", Status.WAITING, "451", False, 0),
        ("data554", Status.PARKED, "554", False, 0),
        ("before", Status.WAITING, "disconnected", True, 0),
        ("after", Status.WAITING, "disconnected", True, 1),
        ("silent", Status.WAITING, "disconnected", True, 1),
        ("drip", Status.WAITING, "disconnected", True, 1),
    ],
)
def test_what_a_bad_answer_means(sink, hasty, trick, status, failure, in_doubt, arrived):
    notice = to(trick)
    neighbor = NoticeFactory()
    sender.deliver_due()
    assert state(notice) == (status, failure, in_doubt)
    assert sink.recipients.count(notice.address) == arrived
    assert state(neighbor) == (Status.SENT, "", False)


def test_an_address_refused_for_good_is_announced_once_and_never_tried_again(sink, monkeypatch):
    heard = []
    monkeypatch.setattr(announcements, "on_bounce", [lambda address, at: heard.append(address)])
    notice = to("550")
    sender.deliver_due()
    deliver_again()
    assert heard == [notice.address]
    assert sink.attempts[notice.address] == 1


def test_a_listener_that_fails_does_not_stop_the_mail(sink, monkeypatch):
    monkeypatch.setattr(announcements, "on_bounce", [lambda address, at: 1 / 0])
    bounced, after = to("550"), NoticeFactory()
    sender.deliver_due()
    assert [state(bounced)[0], state(after)[0]] == [Status.BOUNCED, Status.SENT]


def test_a_mail_put_off_twice_arrives_the_third_time(sink):
    notice = to("451x2")
    sender.deliver_due(), deliver_again(), deliver_again()
    assert state(notice) == (Status.SENT, "", False)
    assert sink.recipients == [notice.address]


def test_a_mail_taken_without_a_yes_comes_twice_with_one_message_id_and_a_flag(sink):
    notice = to("afterx1")
    sender.deliver_due(), deliver_again()
    assert state(notice) == (Status.SENT, "", True)
    assert sink.message_ids == [notice.message_id] * 2


def test_a_dripping_server_is_left_after_the_deadline(sink, hasty):
    """Each byte comes in time for a single read; only the whole takes for ever."""
    to("drip"), NoticeFactory()
    assert sender.deliver_due() == 1


def test_a_server_that_hung_up_between_two_mails_is_called_again_without_fuss(sink):
    with Mailer() as mailer:
        work = sender.Sender(mailer, until=float("inf"))
        first, second = NoticeFactory(), NoticeFactory()
        work.handle(queue.claim(1)[0])
        mailer.backend.connection.sock.shutdown(2)  # type: ignore[attr-defined]
        work.handle(queue.claim(1)[0])
    assert [state(first), state(second)] == [(Status.SENT, "", False)] * 2
    assert (len(sink.recipients), sink.connections) == (2, 2)


def test_no_mail_server_costs_no_notice_an_attempt(sink, settings):
    settings.EMAIL_PORT = 1
    NoticeFactory.create_batch(3, letter=LetterFactory())
    assert sender.deliver_due() == 0
    assert set(Notice.objects.values_list("status", "attempts", "lease_token")) == {(Status.WAITING, 0, None)}


def test_one_poisoned_notice_among_many_is_parked_and_the_rest_arrive(sink):
    poison = NoticeFactory(greeting="Amina\r\nBcc: all@school.example")
    NoticeFactory.create_batch(20, letter=LetterFactory())
    assert sender.deliver_due() == 20
    for _visit in range(5):
        deliver_again()
    assert state(poison) == (Status.PARKED, "UnsafeValue", False)
    assert poison.attempts == 5


def test_a_sender_told_to_stop_gives_back_what_it_has_not_begun(sink, monkeypatch):
    NoticeFactory.create_batch(5, letter=LetterFactory())
    mark_sent = queue.mark_sent

    def stop(notice):
        mark_sent(notice)
        raise SystemExit

    monkeypatch.setattr(queue, "mark_sent", stop)
    with pytest.raises(SystemExit):
        sender.deliver_due()
    assert Notice.objects.filter(status=Status.WAITING, attempts=0, lease_token=None).count() == 4
    monkeypatch.undo()


def test_a_mail_broken_off_in_mid_send_keeps_its_lease_and_is_flagged_later(sink, monkeypatch):
    notice = NoticeFactory()

    def die(notice):
        raise SystemExit

    monkeypatch.setattr(queue, "mark_sent", die)
    with pytest.raises(SystemExit):
        sender.deliver_due()
    monkeypatch.undo()
    assert sender.deliver_due() == 0
    Notice.objects.update(lease_until=LONG_AGO)
    assert sender.deliver_due() == 1
    assert state(notice) == (Status.SENT, "", True)
    assert sink.message_ids == [notice.message_id] * 2


def test_two_campaigns_reach_each_person_in_order(sink):
    older, newer = LetterFactory(subject="Version five"), LetterFactory(subject="Version six")
    for person in range(30):
        NoticeFactory(letter=older, recipient_id=person, address=f"p{person}@family.example")
    for person in range(30):
        NoticeFactory(letter=newer, recipient_id=person, address=f"p{person}@family.example")
    sender.deliver_due()
    subjects: dict[str, list[str]] = {}
    for mail in sink.mails:
        subjects.setdefault(mail["To"], []).append(mail["Subject"])
    assert set(map(tuple, subjects.values())) == {("Version five", "Version six")}


def test_helpers_are_called_once_and_only_when_there_is_work_for_them(sink):
    calls = []
    NoticeFactory.create_batch(queue.BATCH - 1, letter=LetterFactory())
    sender.deliver_due(when_busy=lambda: calls.append("few"))
    NoticeFactory.create_batch(3 * queue.BATCH, letter=LetterFactory())
    sender.deliver_due(when_busy=lambda: calls.append("many"))
    assert calls == ["many"]


def test_an_unknown_client_leaves_a_broken_off_mail_in_doubt():
    assert judge(TimeoutError(), in_doubt=True) == Outcome(Answer.LATER, "disconnected", in_doubt=True)
    assert judge(smtplib.SMTPSenderRefused(550, b"", "us"), in_doubt=False).answer is Answer.LATER
    assert judge(UnicodeError(), in_doubt=False) == Outcome(Answer.UNSENDABLE, "UnicodeError")


def test_a_folder_as_mail_server_gets_one_file_for_each_notice(settings, tmp_path):
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "notices.backends.MailFolder", str(tmp_path / "mail")
    notices = NoticeFactory.create_batch(3, letter=LetterFactory())
    assert sender.deliver_due() == 3
    names = {path.name for path in (tmp_path / "mail").iterdir()}
    assert names == {f"notice-{notice.pk}@notices.localhost.eml" for notice in notices}

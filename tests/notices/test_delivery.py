from email import message_from_bytes, policy
from email.message import EmailMessage as Parsed

import pytest
from django.core.mail import EmailMessage

from notices.backends import MailFolder
from notices.delivery import UnsafeValue, build
from notices.sender import deliver_due

from .factories import LetterFactory, NoticeFactory

pytestmark = pytest.mark.django_db


def parsed(**options) -> Parsed:
    notice = NoticeFactory(**options)
    return message_from_bytes(build(notice, notice.letter).message().as_bytes(), policy=policy.default)


def part(mail, kind):
    return mail.get_body((kind,)).get_content()


@pytest.mark.parametrize(
    "name", ["Amina", "Ñúñez & <Söhne>", "李雷", "=?utf-8?q?Amina?=", "{greeting}", "100%"]
)
def test_a_name_arrives_as_it_is_in_both_parts(name):
    mail = parsed(greeting=name)
    escaped = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert f"Hello {name}," in part(mail, "plain")
    assert f"<p>Hello {escaped},</p>" in part(mail, "html")


def test_a_person_without_a_name_is_greeted_in_a_whole_sentence():
    mail = parsed(greeting="")
    assert part(mail, "plain").startswith("Hello,\n")
    assert "<p>Hello,</p>" in part(mail, "html")


def test_spanish_sets_the_name_off_by_a_comma():
    spanish = {"language": "es", "body_text": "Hola{greeting}:\n", "body_html": "<p>Hola{greeting}:</p>"}
    assert part(parsed(letter=LetterFactory(**spanish)), "plain") == "Hola, Amina:\n"
    assert part(parsed(letter=LetterFactory(**spanish), greeting=""), "plain") == "Hola:\n"


def test_the_headers_say_who_what_and_that_no_one_need_answer(settings):
    notice = NoticeFactory(letter=LetterFactory(language="fr"))
    mail = message_from_bytes(build(notice, notice.letter).message().as_bytes())
    assert mail["Message-ID"] == f"<notice-{notice.pk}@{settings.MESSAGE_ID_DOMAIN}>"
    assert (mail["Auto-Submitted"], mail["Content-Language"]) == ("auto-generated", "fr")
    assert mail["To"] == notice.address
    assert mail["List-Unsubscribe"] is None


def test_every_try_carries_the_same_message_id():
    notice = NoticeFactory()
    first, second = (build(notice, notice.letter).message()["Message-ID"] for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    "unsafe",
    [
        {"address": "a@x.example\r\nBcc: b@x.example"},
        {"address": "a@x.example,b@x.example"},
        {"address": "Amina <a@x.example>"},
        {"address": "nobody"},
        {"address": ""},
        {"greeting": "Amina\nBen"},
        {"greeting": "Amina\0"},
    ],
)
def test_values_that_would_change_the_mail_are_refused(unsafe):
    # Not saved: PostgreSQL refuses NUL by itself.
    notice = NoticeFactory()
    for name, value in unsafe.items():
        setattr(notice, name, value)
    with pytest.raises(UnsafeValue):
        build(notice, notice.letter)


def test_an_international_domain_travels_in_its_ascii_form(sink):
    NoticeFactory(address="amina@schüle.example")
    deliver_due()
    assert sink.recipients == ["amina@xn--schle-mva.example"]


@pytest.mark.parametrize(
    ("message_id", "name"),
    [
        ("<notice-7@notices.localhost>", "notice-7@notices.localhost.eml"),
        ("<../../etc/passwd>", "etc.passwd.eml"),
        ("<.hidden>", "hidden.eml"),
        ("</>", "message.eml"),
    ],
)
def test_a_file_is_named_by_its_message_id_and_stays_in_its_folder(settings, tmp_path, message_id, name):
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    mail = EmailMessage("Hello", "Words", to=["amina@family.example"], headers={"Message-ID": message_id})
    assert MailFolder().send_messages([mail]) == 1
    assert [path.name for path in (tmp_path / "mail").iterdir()] == [name]

"""Each step of a case is a mail of its own, and a real mail server takes it."""

from email.message import Message
from typing import Any

import pytest
import time_machine

from notices import mail_sender
from notices.models import Mail
from requests import actions, deciding
from requests.models import Channel, DenialReason, LetterKind, Outcome, Right, Stage
from requests.saying import mails
from tests.notices.conftest import sink as sink
from tests.notices.sink import Sink
from tests.people.factories import NOW, PersonFactory, UserFactory

from .factories import RequestFactory
from .road import LETTER, ask, bring_to

pytestmark = pytest.mark.django_db


@pytest.fixture
def dov():
    return UserFactory()


def posted(case) -> list[str]:
    return list(Mail.objects.about(case).order_by("pk").values_list("event", flat=True))


def test_a_request_of_somebody_signed_in_is_received_begun_and_ready(dov):
    amina = PersonFactory(amina=True, email="amina@family.example")
    (case,) = ask(by=amina, requester=amina, subject=amina)
    bring_to(case, Stage.RELEASE, by=dov)
    actions.release(case, by=dov, at=NOW, letter=LETTER, kind=LetterKind.COPY)
    assert posted(case) == [mails.RECEIVED, mails.BEGUN, mails.COPY_READY]
    received, begun, ready = Mail.objects.about(case).order_by("pk")
    assert received.context == {
        "reference": case.reference, "received_on": "2026-03-02", "due_on": "2026-04-02",
    }  # fmt: skip
    assert begun.context == {"reference": case.reference, "due_on": "2026-04-02"}
    assert ready.context == {"reference": case.reference, "copy_until_on": "2026-03-09"}


def test_a_mail_that_says_we_need_longer_names_the_new_day(dov):
    case = RequestFactory(in_review=True)
    actions.extend(case, by=dov, at=NOW, letter="It is a lot.", because="complex")
    assert posted(case) == [mails.LONGER]
    assert Mail.objects.get().context == {"reference": case.reference, "due_on": "2026-06-02"}


def test_a_question_asks_for_an_answer(dov):
    case = RequestFactory(in_review=True)
    actions.ask_clarification(case, by=dov, at=NOW, letter="Which year?")
    assert posted(case) == [mails.QUESTION]


def test_a_no_and_an_answer_look_the_same(dov):
    refused, answered = RequestFactory(in_review=True), RequestFactory(inquiry=True)
    ground = deciding.grounds(refused, at=NOW)[0]
    actions.refuse(
        refused, by=dov, at=NOW, letter="No.", ground=ground, denial=DenialReason.OTHER, reason="Unfounded."
    )
    actions.answer(answered, by=dov, at=NOW, letter="Here it is.")
    assert posted(refused) == posted(answered) == [mails.ANSWERED]


@pytest.mark.parametrize("kind", [LetterKind.CORRECTED, LetterKind.RESTRICTED, LetterKind.STOPPED])
def test_what_was_done_is_said_to_be_finished(kind, dov):
    case = RequestFactory(in_release=True, right=Right.RECTIFICATION)
    actions.release(case, by=dov, at=NOW, letter=LETTER, kind=kind, outcome=Outcome.PARTLY)
    assert posted(case) == [mails.DONE]


def test_a_day_that_is_over_is_promised_to_nobody(dov):
    late = RequestFactory(overdue=True, in_review=True)
    actions.accept(late, by=dov, at=NOW)
    assert Mail.objects.get(event=mails.BEGUN).context == {"reference": late.reference}


def test_an_address_that_was_only_typed_into_the_form_gets_no_receipt():
    """Or anybody could fill anybody's mailbox."""
    (case,) = ask(Right.INQUIRY, email="victim@family.example")
    assert posted(case) == []


def test_a_question_by_phone_is_confirmed_by_mail_and_the_ledger_says_so(dov):
    """11 CCR 7021(a)."""
    (case,) = ask(Right.COMPLAINT, by=dov, email="carla@family.example", channel=Channel.PHONE)
    assert posted(case) == [mails.RECEIVED]
    assert case.events.filter(kind="acknowledged").count() == 1


def test_every_letter_has_its_mail():
    assert set(mails.OF_LETTER) == {"", *LetterKind.values} - {LetterKind.ERASED}


KINDS = sorted({*mails.OF_LETTER.values(), mails.RECEIVED})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", ["en", "es", "fr", "de"])
def test_a_real_server_takes_each_of_them_in_each_language(language: str, sink: Sink):
    person = PersonFactory(amina=True, email="amina@family.example")
    case = RequestFactory(in_review=True, subject=person, language=language)
    with time_machine.travel(NOW, tick=False):
        for event in KINDS:
            mails.post_news(case, event, at=NOW)
    mail_sender.send_due()
    assert len(sink.mails) == len(KINDS)
    for mail in sink.mails:
        text, html = _parts(mail)
        assert case.reference in text
        assert case.reference in html
        assert f'lang="{language}"' in html
        assert "&#x27;" not in text
        assert "Amina" in text.splitlines()[2], "the greeting is the only personal word"


def _parts(mail: Message) -> tuple[str, str]:
    found: dict[str, Any] = {part.get_content_type(): part.get_payload(decode=True) for part in mail.walk()}
    return found["text/plain"].decode(), found["text/html"].decode()

"""A passport typed into a free text: marked at the desk, and out of the words after a week or at once."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from audit.actors import SYSTEM, Actor, ActorKind
from audit.models import Event
from requests import actions, events, guards
from requests.arriving import pasted
from requests.models import Happened, Message, Particulars, Right, RightsRequest, Stage
from requests.refusals import NothingPasted
from tests.people.factories import NOW, UserFactory

from .factories import RequestFactory

pytestmark = pytest.mark.django_db
LINES = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
TEXT = f"Please send my copy.\n{LINES}\nThank you."
NOTE = "[A document stood here. We destroyed it.]"
AFTERWARDS = f"Please send my copy.\n{NOTE}\n{NOTE}\nThank you."
WEEK = timedelta(days=7)
REQUESTER = Actor(ActorKind.PERSON)


def receive(text: str) -> RightsRequest:
    asked = actions.Asked(rights=(Right.ACCESS,), email="amina@family.example", details=text)
    return actions.receive(asked, by=events.SOMEBODY, at=NOW)[0]


@pytest.mark.parametrize(
    "text",
    [
        LINES,
        "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<",
        "Mein Reisepass: C01X00T47? Nein, Reisepass Nr. C0123456",
        "data:image/png;base64,iVBORw0KGgo=",
        "\n".join(["A" * 76] * 4),
    ],
)
def test_what_looks_like_a_document_is_found_and_leaves_nothing_of_itself(text):
    assert pasted.looks_like_a_document(text)
    assert not pasted.looks_like_a_document(pasted.without(text, "en"))


@pytest.mark.parametrize(
    "text", ["My passport was renewed in 2024, order 12345.", "cat <<EOF", "REQ-123456", ""]
)
def test_ordinary_words_are_no_document(text):
    assert not pasted.looks_like_a_document(text)
    assert pasted.without(text, "en") == text


def test_a_text_with_a_document_is_marked_when_it_comes_and_others_are_not():
    assert Particulars.objects.get(request=receive(TEXT)).document_until == NOW + WEEK
    assert Particulars.objects.get(request=receive("A copy, please.")).document_until is None


def test_after_a_week_the_passage_goes_and_the_other_words_stay():
    case = receive(TEXT)
    assert pasted.destroy_due(at=NOW + WEEK - timedelta(seconds=1)) == 0
    assert pasted.destroy_due(at=NOW + WEEK) == 1
    typed = Particulars.objects.get(request=case)
    assert (typed.details, typed.document_until) == (AFTERWARDS, None)
    assert pasted.destroy_due(at=NOW + WEEK) == 0


def test_its_end_is_on_record_without_a_word_of_it():
    case = receive(TEXT)
    pasted.destroy_due(at=NOW + WEEK)
    line = case.events.get(kind=Happened.PASTED_DESTROYED)
    event = Event.objects.get(verb="requests.destroy_pasted")
    assert (event.actor, event.details, line.facts) == (SYSTEM, {"passages": 1}, {"passages": 1})


def test_a_message_of_the_requester_is_marked_and_cut_too_and_ours_is_not():
    case = RequestFactory.create(in_review=True)
    actions.hear(case, TEXT, by=REQUESTER, at=NOW)
    ours = actions.say(case, TEXT, by=UserFactory(dov=True), at=NOW)
    assert pasted.until(case) == NOW + WEEK
    pasted.destroy_due(at=NOW + WEEK)
    assert Message.objects.exclude(pk=ours.pk).get(sender_kind=ActorKind.PERSON).body == AFTERWARDS
    ours.refresh_from_db()
    assert ours.body == TEXT


def test_changed_particulars_and_a_second_look_are_marked():
    case = RequestFactory.create(in_review=True, particulars__details="A copy.")
    actions.amend(case, details=TEXT, by=REQUESTER, at=NOW)
    assert pasted.until(case) == NOW + WEEK
    actions.amend(case, details="A copy.", by=REQUESTER, at=NOW)
    assert pasted.until(case) is None
    denied = RequestFactory.create(denied=True)
    assert pasted.until(actions.appeal(denied, TEXT, by=REQUESTER, at=NOW)) == NOW + WEEK


def test_the_note_is_in_the_language_of_the_case():
    assert pasted.without(LINES, "de").startswith("[Hier stand ein Dokument.")


def test_the_desk_says_it_and_a_button_destroys_it_at_once(client: Client):
    case = receive(TEXT)
    client.force_login(UserFactory.create(group="privacy officer"))
    page = reverse("admin:requests_rightsrequest_change", args=[case.pk])
    said = client.get(page).content.decode()
    assert "hold a document pasted in; it is destroyed on 9 March 2026" in said
    url = reverse("admin:requests_rightsrequest_do", args=[case.pk, "destroy-pasted"])
    assert url in said
    client.post(url, {"reason": "", "opened_revision": RightsRequest.objects.get().revision})
    assert Particulars.objects.get().details == AFTERWARDS
    assert "document pasted in" not in client.get(page).content.decode()


def test_nothing_is_destroyed_twice():
    case = receive(TEXT)
    pasted.destroy(case, by=SYSTEM, at=NOW)
    with pytest.raises(NothingPasted):
        pasted.destroy(case, by=SYSTEM, at=NOW)


def test_a_closed_case_is_no_exception():
    case = RequestFactory.create(closed=True)
    actions.hear(case, TEXT, by=REQUESTER, at=NOW)
    pasted.destroy_due(at=NOW + WEEK)
    assert (case.stage, pasted.until(case)) == (Stage.CLOSED, None)


def test_a_long_line_of_one_sign_costs_no_more_than_its_length():
    """Anybody may send it: looked through anew from each of its places it would take hours."""
    assert not pasted.looks_like_a_document("=" * 500_000)


def test_a_case_that_a_colleague_cleared_meanwhile_stops_no_other(monkeypatch):
    first, second = receive(TEXT), receive(TEXT)
    locked = guards.locked

    def a_colleague_was_quicker(case: RightsRequest) -> RightsRequest:
        Particulars.objects.filter(request=first).update(details="", document_until=None)
        return locked(case)

    monkeypatch.setattr(guards, "locked", a_colleague_was_quicker)
    assert pasted.destroy_due(at=NOW + WEEK) == 1
    assert Particulars.objects.get(request=second).details == AFTERWARDS

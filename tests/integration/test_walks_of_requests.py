"""Requests walked from the door they came in by to the closed case, over the pages alone: the public form, the
desk for what came by mail, phone or post, the owners' links, and the requester's own pages."""

from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from audit.models import Event
from people.models import Person
from requests import deciding
from requests.models import RightsRequest
from tests.inventory.factories import ProcessingActivityFactory, SystemFactory
from tests.people.factories import NOW, PersonFactory, UserFactory
from tests.portal.asking import send, words

from .walking import LETTER, Colleague, Requester, link_to, mails_to, minute, owners_answer

pytestmark = pytest.mark.django_db
ROBIN, OWNER = "robin@family.example", "platform@example.org"
FORM: dict[str, dict[str, Any]] = {
    "access": {"need": {"need": ["copy"]}, "copy": {"copy": "access"}},
    "portability": {"need": {"need": ["copy"]}, "copy": {"copy": "portability"}},
    "erasure": {"need": {"need": ["erasure"]}},
    "inquiry": {"need": {"need": ["talk"]}, "talk": {"talk": "inquiry"}},
    "complaint": {"need": {"need": ["talk"]}, "talk": {"talk": "complaint"}},
}


@pytest.fixture(autouse=True)
def clock():
    cache.clear()
    with time_machine.travel(NOW, tick=False) as day_it_came:
        yield day_it_came


@pytest.fixture
def robin() -> Requester:
    """On file, and known to a system whose owner answers by hand."""
    person = PersonFactory.create(email=ROBIN, role="learner", given_name="Robin")
    ProcessingActivityFactory.create(systems=[SystemFactory.create(owner_email=OWNER)], whose=[person.role])
    return Requester(ROBIN)


@pytest.fixture
def dov() -> Colleague:
    return Colleague(UserFactory.create(dov=True, group="privacy lead"))


@pytest.fixture
def noor() -> Colleague:
    return Colleague(UserFactory.create(name="Noor", group="privacy lead"))


def asked(robin: Requester, right: str, **changed: Any) -> RightsRequest:
    """Through the public form, and confirmed by the link in the mail where the right needs it."""
    send(robin.browser, **{"copy": None, **FORM[right], "contact": {"email": ROBIN}, **changed})
    case = RightsRequest.objects.latest("pk")
    if case.needs_identity:
        robin.confirms()
    return anew(case)


def entered(robin: Requester, dov: Colleague, right: str, channel: str) -> RightsRequest:
    """Written down by a colleague; whoever asked confirms by the link that goes to the address on file."""
    case = dov.enters(
        rights=[right], channel=channel, received_on="2026-02-27", requester_kind="self", place="FR",
        language="en", details="Asked us outside the form.", submission="6f1f2a9e-7f0f-4c36-9f1c-0d4b5e6f7a8b",
        subject=Person.objects.get(email=ROBIN).external_id,
    )  # fmt: skip
    if case.needs_identity:
        robin.confirms()
    return anew(case)


def anew(case: RightsRequest) -> RightsRequest:
    return RightsRequest.objects.get(pk=case.pk)


def copied(robin: Requester, dov: Colleague, case: RightsRequest) -> None:
    dov.press(case, "accept")
    owners_answer([OWNER])
    minute()
    dov.press(case, "look-through", which="all")
    dov.press(case, "release", letter=LETTER, outcome="done")
    assert LETTER in robin.opens(case)
    copy = b"".join(robin.posts(case, "copy").streaming_content)
    with ZipFile(BytesIO(copy)) as inside:
        ours = [inside.read(name).decode() for name in inside.namelist() if name.endswith(".json")]
    assert any(ROBIN in part for part in ours)


def answered(robin: Requester, dov: Colleague, case: RightsRequest) -> None:
    dov.press(case, "answer", letter=LETTER)
    if case.needs_identity:
        assert LETTER in robin.opens(case)


def erased(robin: Requester, dov: Colleague, case: RightsRequest, clock: Any) -> None:
    dov.press(case, "propose")
    Colleague(UserFactory.create(group="privacy lead")).press(case, "approve")
    assert "Until then you can stop it." in robin.status(case)
    clock.move_to(NOW + timedelta(days=4))
    owners_answer([OWNER])
    Colleague(dov.user).press(case, "erase", letter=LETTER)  # a session of days ago has ended
    letter = link_to(ROBIN)
    assert LETTER not in words(Client().get(letter))
    assert LETTER in words(Client().post(letter))
    assert not Person.objects.filter(email=ROBIN).exists()


def driven_to_its_end(robin: Requester, dov: Colleague, case: RightsRequest, clock: Any) -> None:
    if case.right == "erasure":
        erased(robin, dov, case, clock)
    elif case.right in ("inquiry", "complaint"):
        answered(robin, dov, case)
    else:
        copied(robin, dov, case)
    assert (anew(case).stage, anew(case).outcome) == ("closed", "done")
    assert Event.objects.about(case).filter(verb="requests.close").count() == 1


@pytest.mark.parametrize("right", FORM)
def test_from_the_public_form_to_the_end(robin, dov, right, clock) -> None:
    case = asked(robin, right)
    assert (case.right, case.channel, case.stage) == (right, "portal", "review")
    driven_to_its_end(robin, dov, case, clock)


@pytest.mark.parametrize("channel", ["email", "phone", "post"])
@pytest.mark.parametrize("right", FORM)
def test_from_a_mail_a_call_or_a_letter_to_the_end(robin, dov, right, channel, clock) -> None:
    case = entered(robin, dov, right, channel)
    assert (case.right, case.channel, case.stage) == (right, channel, "review")
    driven_to_its_end(robin, dov, case, clock)


# --- Turns on the way ----------------------------------------------------------------------------


def refused(robin: Requester, dov: Colleague) -> RightsRequest:
    case = asked(robin, "access")
    ground = deciding.grounds(case, at=NOW)[0].pk
    dov.press(case, "refuse", letter="No, because.", ground=ground, denial="other")
    return anew(case)


def test_a_refusal_is_read_and_appealed_and_another_colleague_decides_the_second_look(
    robin, dov, noor
) -> None:
    case = refused(robin, dov)
    assert "No, because." in robin.opens(case)
    page = robin.posts(case, "second-look", body="You missed my second account.")
    assert "We take a second look." in words(page)
    [appeal] = case.appeals.all()
    assert dov.tries(appeal, "accept").status_code == 403
    noor.press(appeal, "accept")
    owners_answer([OWNER])
    minute()
    noor.press(anew(appeal), "release", letter=LETTER, outcome="done")
    assert (anew(appeal).outcome, anew(case).outcome) == ("done", "denied")
    assert LETTER in robin.opens(appeal)


def test_an_extension_is_told_and_the_case_still_goes_to_its_end(robin, dov, clock) -> None:
    case = asked(robin, "access")
    before = case.legal_due_on
    assert before is not None
    dov.press(case, "extend", letter="We need two months more.", because="complex")
    assert (anew(case).legal_due_on or before) > before
    assert "We need more time" in robin.status(case)
    driven_to_its_end(robin, dov, case, clock)


def test_whoever_withdraws_while_work_is_under_way_is_asked_of_no_more(robin, dov) -> None:
    case = asked(robin, "access")
    dov.press(case, "accept")
    owners_page = link_to(OWNER)
    robin.opens(case)
    assert "The request is taken back." in words(robin.posts(case, "withdraw"))
    assert (anew(case).outcome, case.tasks.get().stage) == ("withdrawn", "cancelled")
    assert "platform-" not in words(Client().post(owners_page))
    assert dov.tries(case, "release", letter=LETTER, outcome="done").status_code == 409


def test_a_duplicate_opens_no_short_way_round_the_proof(robin, dov) -> None:
    first = asked(robin, "access")
    send(Client(), **FORM["access"], contact={"email": ROBIN})
    twin = RightsRequest.objects.latest("pk")
    assert (twin.duplicate_of, twin.stage) == (first, "unverified")
    for verb in ("accept", "put-forward", "release"):
        assert dov.tries(twin, verb, letter=LETTER, outcome="done").status_code == 409
    assert anew(twin).stage == "unverified"
    robin.confirms()
    dov.press(twin, "accept")
    assert anew(twin).stage == "fulfilling"


def test_an_agent_is_held_until_a_mandate_was_seen_and_the_person_confirms(robin, dov) -> None:
    send(
        Client(), **FORM["access"], who={"who": "agent"}, about={"about": "Robin Example"}, born=None,
        contact={"name": "Law firm", "email": "law@firm.example"},
    )  # fmt: skip
    case = RightsRequest.objects.get()
    assert mails_to("law@firm.example") == []
    dov.press(case, "match", subject=Person.objects.get(email=ROBIN).external_id)
    dov.press(case, "ask-identity", method="address_on_file")
    robin.confirms()
    held = dov.tries(case, "accept")
    assert (held.status_code, "this agent may act" in words(held)) == (409, True)
    dov.press(case, "authority", text="A mandate of 1 March, called back.")
    dov.press(case, "accept")
    owners_answer([OWNER])
    minute()
    dov.press(case, "look-through", which="all")
    dov.press(case, "release", letter=LETTER, outcome="done")
    assert anew(case).outcome == "done"
    assert mails_to("law@firm.example") == []
    assert LETTER in robin.opens(case)


def test_a_lost_address_takes_three_days_two_colleagues_and_no_answer_to_that_address(
    robin, dov, noor, clock
) -> None:
    send(Client(), **FORM["access"], contact={"email": "robin@new.example"})
    case = RightsRequest.objects.get()
    dov.press(case, "match", subject=Person.objects.get(email=ROBIN).external_id)
    dov.press(case, "address-lost", method="document")
    assert "request" in mails_to(ROBIN)[-1]
    assert dov.tries(case, "vouch", note="A card.").status_code == 409
    clock.move_to(NOW + timedelta(days=3))
    dov, noor = Colleague(dov.user), Colleague(noor.user)
    dov.press(case, "vouch", note="A card.")
    assert dov.tries(case, "second").status_code == 403
    noor.press(case, "second")
    refusal = dov.tries(case, "accept")
    assert (refusal.status_code, "The address on file is the lost one" in words(refusal)) == (409, True)
    assert mails_to("robin@new.example") == []


# --- The link that stops an erasure --------------------------------------------------------------


def about_to_be_erased(robin: Requester, dov: Colleague, noor: Colleague) -> tuple[RightsRequest, str]:
    case = asked(robin, "erasure")
    dov.press(case, "propose")
    noor.press(case, "approve")
    return case, link_to(ROBIN)


def test_whoever_reads_the_address_on_file_stops_an_erasure_and_a_scanner_does_not(robin, dov, noor) -> None:
    case, page = about_to_be_erased(robin, dov, noor)
    for _ in range(5):
        assert Client().get(page).status_code == Client().head(page).status_code == 200
    assert anew(case).stage == "fulfilling"
    assert "The deletion is stopped" in words(Client().post(page))
    assert (anew(case).outcome, Client().post(page).status_code) == ("withdrawn", 409)
    assert Person.objects.get(email=ROBIN).given_name == "Robin"


def test_after_three_days_the_link_stops_nothing_and_is_no_other_link(robin, dov, noor, clock) -> None:
    case, page = about_to_be_erased(robin, dov, noor)
    token = page.rstrip("/").rsplit("/", 1)[1]
    for door in ("confirm", "open", "letter"):
        assert Client().post(f"/requests/{case.reference}/{door}/{token}/").status_code == 404
    clock.move_to(NOW + timedelta(hours=73))
    assert Client().post(page).status_code == 409
    assert anew(case).stage == "fulfilling"

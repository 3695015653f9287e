"""How a case begins: nothing typed decides whom it is about, and pressing twice is one case."""

from datetime import timedelta
from uuid import uuid4

import pytest

from audit.models import Event
from notices.models import Mail
from requests import actions, clocks
from requests.arriving import hints
from requests.models import Channel, Happened, RequesterKind, Right, RightsRequest, Stage
from requests.refusals import NotALink, NotAnInquiry, WaitsForAnother
from requests.saying import mails
from tests.people.factories import NOW, GuardianshipFactory, PersonFactory, UserFactory

from .factories import RequestFactory
from .road import addresses, ask, bring_to, confirm, kinds

pytestmark = pytest.mark.django_db
EMAIL = "amina@family.example"


def test_a_typed_address_matches_nobody_until_its_link_is_used() -> None:
    amina = PersonFactory(amina=True, email=EMAIL)
    (case,) = ask(email=EMAIL)
    assert (case.stage, case.subject, case.requester) == (Stage.UNVERIFIED, None, None)
    assert addresses(case) == [EMAIL]
    confirm(case)
    assert (case.stage, case.subject, case.requester) == (Stage.REVIEW, amina, amina)


def test_a_look_alike_address_gets_no_mail_and_matches_nobody() -> None:
    """Abuse A1: the impostor types an address of their own."""
    PersonFactory(amina=True, email=EMAIL)
    (case,) = ask(email="amina@farnily.example", name="Amina")
    assert (addresses(case), case.subject) == ([], None)


def test_known_and_unknown_addresses_leave_the_same_trace_on_the_page() -> None:
    """Abuse A4: what the form answers with is a reference, whoever it was."""
    PersonFactory(amina=True, email=EMAIL)
    (known,), (unknown,) = ask(email=EMAIL), ask(email="nobody@family.example")
    assert kinds(known) == kinds(unknown)
    assert known.stage == unknown.stage
    assert len(known.reference) == len(unknown.reference)


def test_a_reference_has_more_than_64_random_bits() -> None:
    """Abuse A5."""
    assert 30 ** len(RightsRequest(right=Right.ACCESS).reference.replace("-", "")) > 2**64


def test_whoever_is_signed_in_has_shown_who_they_are() -> None:
    carla = PersonFactory(carla=True)
    child = GuardianshipFactory(guardian=carla).child
    (case,) = ask(by=carla, requester=carla, subject=child, requester_kind=RequesterKind.GUARDIAN)
    assert (case.stage, case.subject) == (Stage.REVIEW, child)


def test_nobody_signed_in_asks_for_another_familys_child() -> None:
    carla, other = PersonFactory(carla=True), PersonFactory(learner=True)
    with pytest.raises(NotALink):
        ask(by=carla, requester=carla, subject=other, requester_kind=RequesterKind.GUARDIAN)
    with pytest.raises(NotALink):
        ask(subject=other)
    assert not RightsRequest.objects.exists()


def test_pressing_twice_is_one_request_with_one_mail() -> None:
    PersonFactory(amina=True, email=EMAIL)
    key = uuid4()
    first, second = ask(email=EMAIL, submission=key), ask(email=EMAIL, submission=key)
    assert first == second
    assert Mail.objects.count() == 1
    assert Event.objects.filter(verb="requests.receive").count() == 1


def test_a_copy_and_an_erasure_in_one_go_are_two_cases_in_order_and_one_confirmation() -> None:
    PersonFactory(amina=True, email=EMAIL)
    copy, erasure = ask(Right.ERASURE, Right.ACCESS, email=EMAIL)
    assert (copy.right, erasure.right, erasure.comes_after) == (Right.ACCESS, Right.ERASURE, copy)
    confirm(copy)
    erasure.refresh_from_db()
    assert erasure.stage == Stage.REVIEW
    assert Mail.objects.filter(event=mails.CONFIRM).count() == 1
    assert Mail.objects.filter(event=mails.RECEIVED).count() == 2, "each says its number"


def test_the_follower_cannot_begin_before_the_first_is_closed() -> None:
    dov, amina = UserFactory(dov=True), PersonFactory(amina=True)
    copy, erasure = ask(Right.ACCESS, Right.ERASURE, by=amina, requester=amina, subject=amina)
    with pytest.raises(WaitsForAnother, match=copy.reference):
        actions.begin_work(erasure, by=dov, at=NOW)
    bring_to(copy, Stage.CLOSED, by=dov)
    actions.begin_work(erasure, by=dov, at=NOW)
    assert erasure.stage == Stage.FULFILLING


def test_five_equal_requests_are_linked_each_confirmed_and_none_verified_by_another() -> None:
    """Bad input 27; Fides GHSA-qx5f-ghc2-7g5c."""
    PersonFactory(amina=True, email=EMAIL)
    cases = [ask(email=EMAIL)[0] for _n in range(3)]
    assert [case.duplicate_of for case in cases] == [None, cases[0], cases[0]]
    assert all(Happened.ACKNOWLEDGED in kinds(case) for case in cases)
    confirm(cases[0])
    cases[1].refresh_from_db()
    assert (cases[1].stage, cases[1].verified_at) == (Stage.UNVERIFIED, None)


def test_two_children_of_one_guardian_are_no_duplicates() -> None:
    carla = PersonFactory(carla=True)
    amina = GuardianshipFactory(guardian=carla, child=PersonFactory(amina=True)).child
    ben = GuardianshipFactory(guardian=carla, child=PersonFactory(ben=True)).child
    asked = {"by": carla, "requester": carla, "requester_kind": RequesterKind.GUARDIAN, "email": EMAIL}
    (first,), (second,) = ask(subject=amina, **asked), ask(subject=ben, **asked)
    assert second.duplicate_of is None
    assert first.duplicate_of is None


def test_the_day_it_reached_us_counts_however_late_it_is_typed_in() -> None:
    dov = UserFactory(dov=True)
    (case,) = ask(by=dov, channel=Channel.POST, received_at=NOW - timedelta(days=9))
    assert case.strict_due_on == (NOW - timedelta(days=9)).date().replace(month=3)
    event = case.events.get(kind=Happened.RECEIVED)
    assert (event.at, event.written_at) == (NOW - timedelta(days=9), NOW)
    assert Happened.ACKNOWLEDGED not in kinds(case)


def test_the_laws_follow_from_the_place_and_an_unknown_place_says_so() -> None:
    (french,), (californian,), (unknown,) = ask(), ask(place="US-CA"), ask(place="")
    assert [row.code for row in clocks.binding(french)] == ["eu_gdpr"]
    assert [row.code for row in clocks.binding(californian)] == ["us_ca_ccpa", "us_ca_ccpa_optout"]
    assert [row.is_guess for row in clocks.binding(unknown)] == [True]


def test_a_question_becomes_a_request_and_keeps_its_day() -> None:
    dov = UserFactory(dov=True)
    (inquiry,) = ask(Right.INQUIRY, email=EMAIL, details="What do you know about me?")
    later = NOW + timedelta(days=5)
    (case,) = actions.convert_inquiry(inquiry, rights=[Right.ACCESS], by=dov, at=later)
    assert (case.received_at, case.inquiry) == (NOW, inquiry)
    assert case.particulars.details == "What do you know about me?"
    assert case.strict_due_on == ask(email="x@family.example")[0].strict_due_on
    assert inquiry.stage == Stage.CLOSED
    with pytest.raises(NotAnInquiry):
        actions.convert_inquiry(inquiry, rights=[Right.ACCESS], by=dov, at=later)


@pytest.mark.parametrize(
    ("details", "right"),
    [
        ("And please delete my account!", Right.ERASURE),
        ("Löschen Sie alles.", Right.ERASURE),
        ("Borren todo.", Right.ERASURE),
        ("Do not sell my data", Right.OPT_OUT),
    ],
)
def test_a_text_that_asks_for_more_is_a_hint_for_staff_and_no_deed(details: str, right: Right) -> None:
    """Bad input 28."""
    case = RequestFactory(particulars__details=details)
    assert hints.other_rights(case) == [right]
    assert RightsRequest.objects.count() == 1


def test_what_was_asked_along_is_no_hint() -> None:
    copy, _erasure = ask(Right.ACCESS, Right.ERASURE, details="A copy of everything, then delete it.")
    assert hints.sentences(copy) == []

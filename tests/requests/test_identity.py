"""Who asks: a ladder for the honest, a wall for the rest (abuse A1 to A10)."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction

from audit.models import Event
from law.models import Company
from notices import links
from notices.models import Mail
from people import actions as people
from people.models import Person
from requests import actions, guards
from requests.arriving import seeking, unverified
from requests.events import SOMEBODY
from requests.models import (
    Happened,
    Method,
    Outcome,
    RequesterKind,
    Right,
    RightsRequest,
    Stage,
    Verdict,
)
from requests.proving import identity
from requests.refusals import (
    LinkSpent,
    MayNotAct,
    NeedsSecondPerson,
    NeedsStaff,
    NoAddress,
    NobodyMatched,
    NotEnough,
    NotVerified,
    TooSoon,
    WrongStage,
)
from requests.saying import mails
from tests.people.factories import NOW, GuardianshipFactory, PersonFactory, UserFactory

from .factories import RequestFactory
from .road import ask, confirm, kinds, link_in

pytestmark = pytest.mark.django_db
EMAIL = "amina@family.example"
DAY = timedelta(days=1)


def asked_by_amina(**asked):
    PersonFactory(amina=True, email=EMAIL)
    return ask(email=EMAIL, **asked)[0]


# --- The link to the address on file ---------------------------------------------------------


def test_a_link_confirms_once_and_only_its_own_case():
    """Abuse A6."""
    amina = PersonFactory(amina=True, email=EMAIL)
    (first,), (second,) = ask(email=EMAIL), ask(Right.ERASURE, email=EMAIL)
    mail = link_in(first)
    confirm(first)
    with pytest.raises(LinkSpent):
        actions.confirm_link(mail, at=NOW)
    second.refresh_from_db()
    assert (second.stage, first.subject) == (Stage.UNVERIFIED, amina)


def test_a_link_to_an_address_that_changed_meanwhile_opens_nothing():
    case = asked_by_amina()
    mail = link_in(case)
    Person.objects.filter(email=EMAIL).update(email="new@family.example")
    with pytest.raises(LinkSpent):
        actions.confirm_link(mail, at=NOW)
    assert RightsRequest.objects.get(pk=case.pk).stage == Stage.UNVERIFIED
    mail.refresh_from_db()
    assert mail.used_at is None


def test_a_shared_mailbox_confirms_the_adult_and_leaves_whom_it_is_about_to_staff():
    carla = PersonFactory(carla=True, email=EMAIL)
    PersonFactory(ben=True, email=EMAIL)
    (case,) = ask(email=EMAIL)
    confirm(case)
    assert (case.requester, case.subject) == (carla, None)
    with pytest.raises(NobodyMatched):
        actions.accept(case, by=UserFactory(), at=NOW)


def test_a_guardian_of_one_child_is_matched_with_it_and_of_two_with_none():
    carla = PersonFactory(carla=True, email=EMAIL)
    amina = GuardianshipFactory(guardian=carla, child=PersonFactory(amina=True)).child
    (one,) = ask(email=EMAIL, requester_kind=RequesterKind.GUARDIAN)
    assert confirm(one).subject == amina
    GuardianshipFactory(guardian=carla, child=PersonFactory(ben=True))
    (two,) = ask(Right.ERASURE, email=EMAIL, requester_kind=RequesterKind.GUARDIAN)
    assert confirm(two).subject is None


def test_five_wrong_codes_void_the_code_and_nothing_of_the_account():
    """Abuse A7."""
    case = asked_by_amina()
    mail = link_in(case)
    Mail.objects.filter(pk=mail.pk).update(code_hash=links.hash_code(mail, "123456"))
    for _try in range(5):
        with pytest.raises(links.CodeRefused):
            links.find_by_code(case, mails.CONFIRM_PURPOSE, "654321", at=NOW)
    with pytest.raises(links.CodeRefused):
        links.find_by_code(case, mails.CONFIRM_PURPOSE, "123456", at=NOW)
    identity.send_link(case, at=NOW)
    identity.send_link(case, at=NOW)
    with pytest.raises(links.TooManyCodes):
        identity.send_link(case, at=NOW)


# --- The ladder ------------------------------------------------------------------------------


@pytest.mark.parametrize("right", [Right.ACCESS, Right.PORTABILITY, Right.ERASURE])
def test_facts_alone_open_no_copy_and_no_erasure(right):
    case = RequestFactory(right=right)
    with pytest.raises(NotEnough):
        actions.confirm_identity(case, method=Method.KNOWN_FACTS, by=UserFactory(), at=NOW)
    assert RightsRequest.objects.get().stage == Stage.UNVERIFIED


def test_facts_are_enough_for_a_correction_when_a_colleague_compares_them():
    case = RequestFactory(rectification=True)
    with pytest.raises(NeedsStaff):
        actions.confirm_identity(case, method=Method.KNOWN_FACTS, by=case.subject, at=NOW)
    actions.confirm_identity(
        case, method=Method.KNOWN_FACTS, by=UserFactory(), at=NOW, note="Course and class."
    )
    assert (case.stage, case.identity_checks.get().verdict) == (Stage.REVIEW, Verdict.PASSED)


def test_only_a_real_question_stops_the_clock_not_the_link_everybody_gets():
    case = asked_by_amina()
    assert Happened.ID_REQUESTED not in kinds(case)
    actions.ask_identity(case, method=Method.DOCUMENT, by=UserFactory(), at=NOW)
    actions.confirm_identity(case, method=Method.DOCUMENT, by=UserFactory(), at=NOW + 9 * DAY)
    assert Happened.ID_RECEIVED in kinds(case)
    assert (case.strict_due_on.isoformat(), case.legal_due_on.isoformat()) == ("2026-04-02", "2026-04-13")


def test_what_was_shown_and_does_not_fit_leaves_the_case_unverified():
    case = asked_by_amina()
    actions.fail_identity(case, by=UserFactory(), at=NOW, reason="Another name on the card.")
    assert (case.stage, case.identity_checks.get().verdict) == (Stage.UNVERIFIED, Verdict.FAILED)
    with pytest.raises(LinkSpent):
        actions.confirm_link(Mail.objects.about(case).get(), at=NOW)


# --- “I lost that address” -------------------------------------------------------------------


def lost(case, dov):
    return actions.begin_recovery(case, method=Method.DOCUMENT, by=dov, at=NOW, reason="She lost it.")


def test_a_lost_address_is_written_to_waits_three_days_and_takes_two_colleagues():
    """Abuse A2: pleading makes nothing easier."""
    case, dov, noor = RequestFactory(), UserFactory(name="Dov"), UserFactory(name="Noor")
    lost(case, dov)
    told = Mail.objects.about(case).get(event="requests.address_lost")
    assert told.address == case.subject.email
    with pytest.raises(TooSoon):
        actions.vouch(case, by=dov, at=NOW + 3 * DAY - timedelta(minutes=1), note="Card and school.")
    actions.vouch(case, by=dov, at=NOW + 3 * DAY, note="Card and school.")
    with pytest.raises(NeedsSecondPerson):
        actions.second(case, by=dov, at=NOW + 3 * DAY)
    actions.second(case, by=noor, at=NOW + 3 * DAY)
    assert case.stage == Stage.REVIEW


def test_an_answer_never_goes_to_the_address_that_is_lost():
    case, dov, noor = RequestFactory(), UserFactory(name="Dov"), UserFactory(name="Noor")
    lost(case, dov)
    actions.vouch(case, by=dov, at=NOW + 3 * DAY, note="Card.")
    actions.second(case, by=noor, at=NOW + 3 * DAY)
    with pytest.raises(NoAddress):
        actions.accept(case, by=dov, at=NOW + 3 * DAY)
    people.correct_address(case.subject, email="new@family.example", by=dov, at=NOW, reason="Lost.")
    case.refresh_from_db()
    actions.accept(case, by=dov, at=NOW + 3 * DAY)
    assert case.stage == Stage.FULFILLING


def test_a_recovery_is_not_passed_on_another_road():
    case, dov = RequestFactory(), UserFactory()
    lost(case, dov)
    with pytest.raises(NotEnough):
        actions.confirm_identity(case, method=Method.DOCUMENT, by=dov, at=NOW + 9 * DAY)


def test_the_database_refuses_a_recovery_decided_by_one():
    case, dov = RequestFactory(), UserFactory()
    check = lost(case, dov)
    check.verdict, check.decided_at, check.decided_by, check.second_by = Verdict.PASSED, NOW, dov, dov
    with pytest.raises(IntegrityError), transaction.atomic():
        check.save()


# --- Afterwards ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", [{"email": "thief@family.example"}, {"about": "my other child"}, {"details": "More"}]
)
def test_what_is_changed_after_the_proof_is_proved_again(typed):
    """Abuse A8."""
    case = confirm(asked_by_amina())
    actions.amend(case, by=SOMEBODY, at=NOW, **typed)
    assert (case.stage, case.verified_at) == (Stage.UNVERIFIED, None)
    assert case.identity_checks.filter(verdict=Verdict.VOID).count() == 1
    newest = Mail.objects.about(case).order_by("-pk").first()
    assert newest.address == EMAIL


def test_whoever_asks_about_themselves_is_found_with_whom_it_is_about():
    case, robin = RequestFactory(unmatched=True), PersonFactory()
    actions.match(case, by=UserFactory(), at=NOW, reason="The name and the school fit.", subject=robin)
    assert (case.subject, case.requester) == (robin, robin)


def test_another_person_matched_means_proof_again():
    case = RequestFactory(verified=True)
    actions.match(case, subject=PersonFactory(), by=UserFactory(), at=NOW, reason="It is the brother.")
    assert (case.stage, case.verified_at) == (Stage.UNVERIFIED, None)


def test_once_work_has_begun_nothing_of_it_changes():
    case = RequestFactory(fulfilling=True)
    with pytest.raises(WrongStage):
        actions.amend(case, by=case.subject, at=NOW, email="thief@family.example")


def test_an_agent_without_a_mandate_is_held_and_the_link_goes_to_the_person():
    """Abuse A9."""
    dov = UserFactory()
    amina = PersonFactory(amina=True, email=EMAIL)
    (case,) = ask(
        email="lawyer@agent.example", requester_kind=RequesterKind.AGENT, authority="I act for her."
    )
    actions.match(case, subject=amina, by=dov, at=NOW, reason="Named in the letter.")
    identity.send_link(case, at=NOW)
    confirm(case)
    assert {mail.address for mail in Mail.objects.about(case)} == {EMAIL}
    with pytest.raises(MayNotAct):
        actions.accept(case, by=dov, at=NOW)
    actions.show_authority(case, by=dov, at=NOW, reason="Seen.", text="Signed mandate of 1 March 2026.")
    actions.accept(case, by=dov, at=NOW)
    assert mails.whom(case).address == EMAIL


def test_a_guardian_whose_link_is_not_verified_gets_nothing():
    case = RequestFactory(verified=True, of_guardian=True, guardianship=False)
    with pytest.raises(MayNotAct):
        actions.accept(case, by=UserFactory(), at=NOW)


def test_a_guardian_whose_authority_ended_meanwhile_gets_no_answer():
    case = RequestFactory(in_release=True, of_guardian=True, rectification=True)
    dov = UserFactory()
    people.end(case.subject.guardianships.get(), by=dov, at=NOW, reason="A court said so.")
    with pytest.raises(MayNotAct):
        actions.release(case, by=dov, at=NOW, letter="Here it is.")


def test_a_duplicate_is_never_worked_on_unverified():
    """Abuse A10: 409 by the action, refused by the database."""
    first, twin = RequestFactory(verified=True), RequestFactory()
    actions.link_duplicate(twin, of=first, by=UserFactory(), at=NOW)
    with pytest.raises(WrongStage) as refusal:
        actions.accept(twin, by=UserFactory(), at=NOW)
    assert refusal.value.status_code == 409
    with pytest.raises(NotVerified):
        guards.is_verified(twin)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE requests_rightsrequest SET stage = 'fulfilling' WHERE id = %s", [twin.pk])


# --- Nobody confirms -------------------------------------------------------------------------


def test_whoever_does_not_confirm_is_reminded_once_and_then_closed_with_a_letter():
    case = asked_by_amina()
    assert unverified.remind_due(at=NOW + 13 * DAY) == 0
    assert unverified.remind_due(at=NOW + 15 * DAY) == 1
    assert unverified.remind_due(at=NOW + 16 * DAY) == 0
    assert unverified.close_due(at=NOW + 20 * DAY) == 0
    assert unverified.close_due(at=NOW + 22 * DAY) == 1
    case.refresh_from_db()
    assert (case.outcome, case.denial) == (Outcome.UNVERIFIED, "insuf_verification")
    assert "could not find out who asked" in case.messages.get().body
    assert Event.objects.filter(verb="requests.close", object_ref=str(case.pk)).count() == 1


def test_a_case_that_waits_for_us_is_not_closed_over_the_requester():
    case = RequestFactory()
    lost(case, UserFactory())
    assert unverified.close_due(at=NOW + 60 * DAY) == 0


def test_somebody_who_asks_for_themselves_never_gets_another_persons_data():
    case = RequestFactory(verified=True, subject=PersonFactory(), requester=PersonFactory())
    with pytest.raises(MayNotAct):
        actions.accept(case, by=UserFactory(), at=NOW)


def test_a_sign_in_matches_whoever_signed_in_and_of_an_agent_nobody():
    robin = PersonFactory()
    (case,) = ask(by=robin)
    assert (case.stage, case.requester, case.subject) == (Stage.REVIEW, robin, robin)
    (of_agent,) = ask(by=robin, requester_kind=RequesterKind.AGENT)
    assert (of_agent.stage, of_agent.subject) == (Stage.UNVERIFIED, None)


def test_after_a_plea_no_colleague_alone_takes_a_document_in_another_check():
    case, dov = RequestFactory(), UserFactory()
    lost(case, dov)

    with pytest.raises(NotEnough):
        actions.ask_identity(case, method=Method.DOCUMENT, by=dov, at=NOW)
    actions.fail_identity(case, by=dov, at=NOW, reason="Blurred.")
    with pytest.raises(NotEnough):
        actions.confirm_identity(case, method=Method.DOCUMENT, by=dov, at=NOW)


def test_a_plea_ends_the_link_that_was_sent_before():
    case, dov = asked_by_amina(), UserFactory()
    mail = link_in(case)
    actions.match(case, by=dov, at=NOW, reason="It is Amina.", requester=Person.objects.get())
    lost(case, dov)

    with pytest.raises(LinkSpent):
        actions.confirm_link(mail, at=NOW)


def test_another_link_is_sent_too_after_the_details_were_changed():
    case = confirm(asked_by_amina())
    actions.amend(case, by=SOMEBODY, at=NOW, details="And my photos.")
    before = Mail.objects.filter(event=mails.CONFIRM).count()

    actions.ask_again(case, at=NOW)
    seeking.seek_due(at=NOW)

    assert Mail.objects.filter(event=mails.CONFIRM).count() == before + 1


def test_staff_read_until_when_to_wait_by_the_clock_of_the_house():
    Company.objects.update_or_create(pk=1, defaults={"name": "Aloraoraex", "time_zone": "Europe/Berlin"})
    case, dov = RequestFactory(), UserFactory(name="Dov")
    lost(case, dov)
    until = (NOW + 3 * DAY).astimezone(ZoneInfo("Europe/Berlin"))
    with pytest.raises(TooSoon, match=f"Wait until {until:%-d %B %Y at %H:%M}: "):
        actions.vouch(case, by=dov, at=NOW, note="Card.")

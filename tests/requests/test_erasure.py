"""Erasing somebody: two people, a wait that can be stopped, everybody else first, this database last."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from audit.models import Event, LedgerEntry
from inventory.models import DataCategory, RetentionRule
from notices.models import Mail
from people.models import Authority, Guardianship
from requests import actions
from requests.desk import erasing
from requests.erasing import erasure, plans
from requests.keeping import vault
from requests.models import (
    Duty,
    ErasureOrder,
    Happened,
    Outcome,
    RightsRequest,
    Stage,
    Way,
)
from requests.others import work
from requests.refusals import MayNotAct, NeedsSecondPerson, NotVerified, WaitsForAnother, WrongStage
from requests.saying import closing
from requests.turns import next_move
from tests.inventory.factories import ProcessingActivityFactory, PurposeFactory
from tests.people.factories import NOW, GuardianshipFactory, PersonFactory, UserFactory
from tests.requests.test_forgetting import hold_on

from .work_factories import CaseFactory

pytestmark = pytest.mark.django_db

LETTER = "We erased what we held."
AFTER_THE_WAIT = NOW + timedelta(days=10)


@pytest.fixture
def case():
    return CaseFactory(erasure=True, in_review=True)


@pytest.fixture
def dov():
    return UserFactory()


@pytest.fixture
def noor():
    return UserFactory()


def proposed(case, dov) -> ErasureOrder:
    return erasure.propose(case, by=dov, at=NOW, reason="They asked.")


def approved(case, dov, noor) -> ErasureOrder:
    return erasure.approve(proposed(case, dov), by=noor, at=NOW, reason="Read and right.")


def asked_and_answered(case, dov, noor) -> ErasureOrder:
    ProcessingActivityFactory()
    order = approved(case, dov, noor)
    erasure.begin_due(at=AFTER_THE_WAIT)
    for task in case.tasks.all():
        work.answer(task, answer="done", by=dov, at=AFTER_THE_WAIT)
    return order


def test_from_proposal_to_the_last_letter(case, dov, noor):
    asked_and_answered(case, dov, noor)

    erasure.carry_out(case, by=dov, at=AFTER_THE_WAIT, letter=LETTER)

    case.subject.refresh_from_db()
    case.refresh_from_db()
    assert (case.subject.given_name, case.stage, case.outcome) == ("", Stage.CLOSED, Outcome.DONE)
    assert case.messages.get().body == LETTER


def test_the_last_mail_goes_to_the_address_that_was_on_file(case, dov, noor):
    address = case.subject.email
    asked_and_answered(case, dov, noor)

    erasure.carry_out(case, by=dov, at=AFTER_THE_WAIT, letter=LETTER)

    last = Mail.objects.latest("pk")
    assert (last.event, last.address, last.recipient_id) == (erasure.LAST, address, None)


def test_what_was_told_before_no_longer_holds_an_address(case, dov, noor):
    asked_and_answered(case, dov, noor)

    erasure.carry_out(case, by=dov, at=AFTER_THE_WAIT, letter=LETTER)

    before = Mail.objects.exclude(event=erasure.LAST).filter(object_type="requests.rightsrequest")
    assert not before.exclude(address="").exists()


def test_the_ledger_outside_hears_of_it(case, dov, noor):
    asked_and_answered(case, dov, noor)

    erasure.carry_out(case, by=dov, at=AFTER_THE_WAIT, letter=LETTER)

    assert LedgerEntry.objects.filter(kind="erasure").count() == 1


def test_nobody_approves_what_they_proposed(case, dov):
    order = proposed(case, dov)

    with pytest.raises(NeedsSecondPerson):
        erasure.approve(order, by=dov, at=NOW, reason="I am sure.")


def test_the_database_lets_nobody_approve_what_they_proposed(case, dov):
    order = proposed(case, dov)

    with pytest.raises(IntegrityError), transaction.atomic():
        ErasureOrder.objects.filter(pk=order.pk).update(approved_by=dov, approved_at=NOW)


def test_the_database_lets_nothing_be_done_before_the_wait_is_over(case, dov, noor):
    order = approved(case, dov, noor)

    with pytest.raises(IntegrityError), transaction.atomic():
        ErasureOrder.objects.filter(pk=order.pk).update(done_at=NOW)


def test_somebody_who_did_not_show_who_they_are_is_not_erased(dov):
    case = CaseFactory(erasure=True, in_review=True)
    RightsRequest.objects.filter(pk=case.pk).update(stage=Stage.UNVERIFIED, verified_at=None)
    case.refresh_from_db()

    with pytest.raises((NotVerified, erasure.ErasureCannotMove)):
        erasure.propose(case, by=dov, at=NOW, reason="They asked.")


def test_the_requester_can_stop_it_while_it_waits(case, dov, noor):
    order = approved(case, dov, noor)

    erasure.stop(order, by=case.requester, at=NOW + timedelta(hours=1))

    case.refresh_from_db()
    assert (case.stage, case.outcome) == (Stage.CLOSED, Outcome.WITHDRAWN)
    assert erasure.begin_due(at=AFTER_THE_WAIT) == 0


def test_once_others_were_told_there_is_no_way_back(case, dov, noor):
    order = approved(case, dov, noor)

    with pytest.raises(erasure.ErasureCannotMove, match="too late"):
        erasure.stop(order, by=case.requester, at=AFTER_THE_WAIT)


def test_nobody_is_asked_before_the_wait_is_over(case, dov, noor):
    ProcessingActivityFactory()
    approved(case, dov, noor)

    assert erasure.begin_due(at=NOW + timedelta(hours=1)) == 0
    assert erasure.begin_due(at=AFTER_THE_WAIT) == 1
    assert erasure.begin_due(at=AFTER_THE_WAIT) == 0


def test_this_database_waits_for_everybody_else(case, dov, noor):
    ProcessingActivityFactory()
    approved(case, dov, noor)
    erasure.begin_due(at=AFTER_THE_WAIT)

    with pytest.raises(erasure.ErasureCannotMove, match="have not answered"):
        erasure.carry_out(case, by=dov, at=AFTER_THE_WAIT, letter=LETTER)


def test_our_own_task_is_answered_with_the_count(case, dov, noor):
    activity = ProcessingActivityFactory()
    activity.systems.update(fulfilment="database")
    approved(case, dov, noor)
    erasure.begin_due(at=AFTER_THE_WAIT)

    erasure.carry_out(case, by=dov, at=AFTER_THE_WAIT, letter=LETTER)

    task = case.tasks.get(way=Way.HERE, duty=Duty.ERASE)
    assert (task.answer, task.count_done) == ("done", 1)


def test_a_hold_that_came_in_between_stops_it(case, dov, noor):
    asked_and_answered(case, dov, noor)
    hold_on(case.subject)

    with pytest.raises(erasure.PlanChanged):
        erasure.carry_out(case, by=dov, at=AFTER_THE_WAIT, letter=LETTER)

    case.subject.refresh_from_db()
    assert case.subject.given_name == "Amina"


def test_somebody_wholly_on_hold_cannot_be_proposed_and_the_hold_is_named(case, dov):
    hold = hold_on(case.subject)

    with pytest.raises(erasure.NothingToErase, match=f"Hold {hold.pk} “Claim of 2026”"):
        erasure.propose(case, by=dov, at=NOW, reason="They asked.")


def test_what_a_law_keeps_stays_and_makes_the_answer_partial(case, dov, noor):
    books = DataCategory.objects.create(code="payment-records", name="Payment records", origin="provided")
    RetentionRule.objects.create(
        category=books,
        purpose=PurposeFactory(),
        start_event="tax_year_end",
        number=10,
        unit="years",
        is_protected_by_law=True,
        legal_anchor="Tax Code 147",
    )
    ProcessingActivityFactory(categories=[books])
    asked_and_answered(case, dov, noor)

    erasure.carry_out(case, by=dov, at=AFTER_THE_WAIT, letter=LETTER)

    case.refresh_from_db()
    (line,) = [line for line in plans.from_json(case.erasure_order.plan) if line.is_refusal]
    assert (line.name, line.keeper) == ("Payment records", "law")
    assert line.why == (
        "A law makes us keep it (Tax Code 147). It stays for 10 years, counted from the end of the tax year."
    )
    assert case.outcome == Outcome.PARTLY


def test_the_copy_asked_for_in_the_same_go_comes_first(case, dov):
    copy = CaseFactory(subject=case.subject)
    case.comes_after = copy
    case.save()

    with pytest.raises(WaitsForAnother):
        erasure.propose(case, by=dov, at=NOW, reason="They asked.")


def test_another_open_case_of_the_same_person_comes_first(case, dov):
    other = CaseFactory(subject=case.subject)

    with pytest.raises(erasure.ErasureCannotMove, match=other.reference):
        erasure.propose(case, by=dov, at=NOW, reason="They asked.")


def test_what_lay_in_the_vault_cannot_be_opened_again(case, dov, noor):
    asked_and_answered(case, dov, noor)
    stored = vault.seal(case, [b"a copy of a passport"])

    erasure.carry_out(case, by=dov, at=AFTER_THE_WAIT, letter=LETTER)

    with pytest.raises((vault.KeyShredded, vault.NotInVault)):
        list(vault.open_sealed(case, stored.path))


def test_every_step_has_one_line_in_the_ledger_and_one_in_the_audit_record(case, dov, noor):
    asked_and_answered(case, dov, noor)
    erasure.carry_out(case, by=dov, at=AFTER_THE_WAIT, letter=LETTER)

    steps = [Happened.ERASURE_PROPOSED, Happened.ERASURE_APPROVED, Happened.ERASED, Happened.CLOSED]
    assert [case.events.filter(kind=kind).count() for kind in steps] == [1, 1, 1, 1]
    verbs = ["requests.propose_erasure", "requests.approve_erasure", "requests.erase", "requests.close"]
    assert [Event.objects.filter(verb=verb).count() for verb in verbs] == [1, 1, 1, 1]


def test_a_crash_in_the_middle_leaves_everything_as_it_was(case, dov, noor, monkeypatch):
    asked_and_answered(case, dov, noor)
    monkeypatch.setattr(actions, "close", lambda *_a, **_k: 1 / 0)

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        erasure.carry_out(case, by=dov, at=AFTER_THE_WAIT, letter=LETTER)

    case.subject.refresh_from_db()
    assert (case.subject.given_name, ErasureOrder.objects.get().done_at) == ("Amina", None)


@pytest.mark.parametrize("status", ["sent", "parked", "waiting"])
def test_the_last_address_is_forgotten_when_its_link_is_over(case, dov, noor, status):
    asked_and_answered(case, dov, noor)
    erasure.carry_out(case, by=dov, at=AFTER_THE_WAIT, letter=LETTER)
    Mail.objects.filter(event=erasure.LAST).update(status=status)

    assert erasure.forget_last_addresses(at=AFTER_THE_WAIT + timedelta(days=31)) == 1

    assert Mail.objects.get(event=erasure.LAST).address == ""


# --- What may come in between ------------------------------------------------------------------


def test_nobody_is_told_to_erase_what_a_hold_has_come_over_meanwhile(case, dov, noor):
    ProcessingActivityFactory()
    approved(case, dov, noor)
    hold_on(case.subject)

    assert erasure.begin_due(at=AFTER_THE_WAIT) == 0
    assert not case.tasks.exists()


def test_nobody_is_told_to_erase_while_the_case_is_paused(case, dov, noor):
    ProcessingActivityFactory()
    approved(case, dov, noor)
    actions.pause(case, by=dov, at=NOW, reason="Counsel looks at a claim.", pause_reason="hold")

    assert erasure.begin_due(at=AFTER_THE_WAIT) == 0


def test_nobody_is_erased_while_a_copy_asked_for_meanwhile_is_owed(case, dov, noor):
    asked_and_answered(case, dov, noor)
    copy = CaseFactory(subject=case.subject)

    with pytest.raises(erasure.ErasureCannotMove, match=copy.reference):
        erasure.carry_out(case, by=dov, at=AFTER_THE_WAIT, letter=LETTER)


def test_a_guardian_who_lost_the_say_meanwhile_erases_nobody(dov, noor):
    link = GuardianshipFactory()
    case = CaseFactory(
        erasure=True, in_review=True, subject=link.child, requester=link.guardian, requester_kind="guardian"
    )
    asked_and_answered(case, dov, noor)
    Guardianship.objects.update(authority=Authority.DISPUTED)

    with pytest.raises(MayNotAct):
        erasure.carry_out(case, by=dov, at=AFTER_THE_WAIT, letter=LETTER)


def test_a_changed_plan_is_proposed_again_and_decided_by_two(case, dov, noor):
    ProcessingActivityFactory()
    order = approved(case, dov, noor)
    ProcessingActivityFactory(
        categories=[DataCategory.objects.create(code="new", name="New", origin="provided")]
    )
    RetentionRule.objects.create(
        category=DataCategory.objects.get(code="new"), purpose=PurposeFactory(), start_event="closed",
        number=1, unit="years", is_protected_by_law=True,
    )  # fmt: skip
    assert erasure.begin_due(at=AFTER_THE_WAIT) == 0

    again = erasure.propose(case, by=noor, at=AFTER_THE_WAIT, reason="A rule is new.")
    assert (again.pk, again.approved_at, erasure.begin_due(at=AFTER_THE_WAIT)) == (order.pk, None, 0)
    with pytest.raises(NeedsSecondPerson):
        erasure.approve(again, by=noor, at=AFTER_THE_WAIT, reason="Read.")
    erasure.approve(again, by=dov, at=AFTER_THE_WAIT, reason="Read.")
    assert erasure.begin_due(at=AFTER_THE_WAIT + timedelta(days=10)) == 1


def test_a_plan_for_one_person_is_not_approved_for_another(case, dov, noor):
    order = proposed(case, dov)

    actions.match(case, by=dov, at=NOW, reason="It is Ben.", subject=PersonFactory(ben=True))

    assert not ErasureOrder.objects.filter(pk=order.pk).exists()


def test_it_cannot_be_stopped_once_others_were_told(case, dov, noor):
    """A press from just before the end that waited for the worker's lock."""
    ProcessingActivityFactory()
    order = approved(case, dov, noor)
    erasure.begin_due(at=AFTER_THE_WAIT)

    with pytest.raises(erasure.ErasureCannotMove):
        erasure.stop(order, by=case.requester, at=NOW + timedelta(hours=1))


def test_what_others_were_told_to_erase_is_not_called_withdrawn(case, dov, noor):
    ProcessingActivityFactory()
    approved(case, dov, noor)
    erasure.begin_due(at=AFTER_THE_WAIT)

    with pytest.raises(WrongStage, match="too late"):
        actions.withdraw(case, by=case.requester, at=AFTER_THE_WAIT)

    assert RightsRequest.objects.get(pk=case.pk).is_open


def test_withdrawn_cases_do_not_stand_in_the_way_of_others(case, dov, noor, monkeypatch):
    withdrawn = CaseFactory(erasure=True, in_review=True, subject=PersonFactory(ben=True))
    approved(withdrawn, dov, noor)
    actions.withdraw(withdrawn, by=dov, at=NOW)
    monkeypatch.setattr(erasure, "_begin", lambda *_: pytest.fail("looked at a case that is over"))

    assert erasure.begin_due(at=AFTER_THE_WAIT) == 0


def test_an_erasure_is_not_closed_as_done_while_nothing_is_erased(case, dov, noor):
    approved(case, dov, noor)

    with pytest.raises(WrongStage):
        actions.close(case, by=dov, at=NOW, outcome=Outcome.DONE, reason="All well.")


def test_a_guardian_is_not_erased_while_an_answer_about_the_child_is_owed(dov):
    link = GuardianshipFactory()
    other = CaseFactory(subject=link.child, requester=link.guardian, requester_kind="guardian")
    case = CaseFactory(erasure=True, in_review=True, subject=link.guardian)

    with pytest.raises(erasure.ErasureCannotMove, match=other.reference):
        erasure.propose(case, by=dov, at=NOW, reason="They asked.")


def test_the_desk_says_that_a_plan_changed_and_offers_to_propose_it_again(case, dov, noor):
    ProcessingActivityFactory()
    approved(case, dov, noor)
    hold_on(case.subject)

    move = next_move(case, AFTER_THE_WAIT.date())

    assert (move.sentence, move.button) == (str(erasure.PlanChanged()), "propose")
    (button,) = [button for button in erasing.BUTTONS if button.verb == "propose"]
    assert button.shown(case)


def test_where_the_register_names_nobody_this_database_does_not_wait_for_ever(case, dov, noor):
    approved(case, dov, noor)
    with pytest.raises(erasure.ErasureCannotMove, match="not been asked yet"):
        erasure.carry_out(case, by=dov, at=AFTER_THE_WAIT, letter=LETTER)

    erasure.begin_due(at=AFTER_THE_WAIT)
    erasure.begin_due(at=AFTER_THE_WAIT)
    erasure.carry_out(case, by=dov, at=AFTER_THE_WAIT, letter=LETTER)

    assert case.events.filter(kind=Happened.TASKS_OPENED).count() == 1
    assert case.outcome == Outcome.DONE


def kept_by_law(case) -> None:
    books = DataCategory.objects.create(code="payment-records", name="Payment records", origin="provided")
    RetentionRule.objects.create(
        category=books,
        purpose=PurposeFactory(),
        start_event="tax_year_end",
        number=10,
        unit="years",
        is_protected_by_law=True,
    )
    ProcessingActivityFactory(categories=[books])


def test_the_closing_letter_says_where_what_was_done_and_what_stays(case, dov, noor):
    kept_by_law(case)
    asked_and_answered(case, dov, noor)

    facts = closing.facts(case)

    assert "it was deleted" in facts["what"]
    assert facts["kept"] == (
        "– Payment records: A law makes us keep it. It stays for 10 years, counted from the end of the tax year."
    )


@pytest.mark.parametrize(
    ("language", "here", "kept"),
    [
        ("es", "En este servicio", "– Datos de pago: Una ley nos obliga a conservarlo. Se conserva durante 10 años"),
        ("fr", "Dans ce service", "– «\u00a0Payment records\u00a0» (en anglais)\u00a0: Une loi nous oblige à les garder."),
        ("de", "In diesem Dienst", "– „Payment records“ (englisch): Ein Gesetz verlangt, dass wir sie behalten."),
    ],
)  # fmt: skip
def test_the_closing_letter_speaks_the_requesters_language(case, dov, noor, language, here, kept):
    """A name that staff have not given in that language stays English and says so."""
    kept_by_law(case)
    DataCategory.objects.filter(code="payment-records").update(names={"es": "Datos de pago"})
    RightsRequest.objects.filter(pk=case.pk).update(language=language)
    case.refresh_from_db()
    asked_and_answered(case, dov, noor)

    facts = closing.facts(case)

    assert here in facts["what"]
    assert facts["kept"].startswith(kept)


def test_the_clock_that_ends_last_is_said_for_each_start(case, dov, noor):
    kept_by_law(case)
    RetentionRule.objects.create(
        category=DataCategory.objects.get(code="payment-records"),
        purpose=PurposeFactory(),
        start_event="contract_end",
        number=1,
        unit="years",
        is_protected_by_law=True,
    )
    (line,) = [line for line in erasure.preview(case, at=NOW) if line.is_refusal]
    assert line.why.endswith(
        "It stays for 1 year, counted from the end of the contract or "
        "10 years, counted from the end of the tax year, whichever ends later."
    )


def test_what_proves_that_we_answered_stays_for_its_own_period(case, dov):
    actions.say(case, "We look into it.", by=dov, at=NOW)
    log = DataCategory.objects.create(code="rights-requests", name="Requests", origin="provided")
    RetentionRule.objects.create(
        category=log, purpose=PurposeFactory(), start_event="closed", number=24, unit="months"
    )
    (line,) = [line for line in erasure.preview(case, at=NOW) if not line.goes]
    assert (line.keeper, line.is_refusal) == ("proof", False)
    assert line.why == (
        "It shows what was asked of us and how we answered. "
        "It stays for 24 months, counted from the day the case was closed."
    )

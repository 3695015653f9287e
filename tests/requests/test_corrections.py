"""Corrections: point by point, decided by a colleague, written here, and no way to become somebody else."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from audit.models import Event
from inventory.models import Fulfilment
from notices.models import Mail
from people.actions import restrict
from people.models import Person
from people.refusals import WardsNeedAnAdult
from requests import actions, here
from requests.changing import correcting
from requests.changing.correcting import Decision, Wanted
from requests.models import Answer, Correction, Judgment, Method, RightsRequest, Stage, Task, TaskStage
from requests.others import work
from requests.refusals import (
    AddressNeedsProof,
    AgeNeedsProof,
    CorrectionNotClean,
    NothingToCorrect,
    ReasonMissing,
    UndecidedCorrections,
    WrongStage,
)
from tests.inventory.factories import SystemFactory
from tests.people.factories import NOW, GuardianshipFactory, PersonFactory, UserFactory

from .factories import IdentityCheckFactory, RequestFactory

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def case_of(
    subject: Person | None = None, method: Method = Method.ADDRESS_ON_FILE, **how: Any
) -> RightsRequest:
    """A request for correction, in review, whoever asked having shown who they are by `method`."""
    subject = subject or PersonFactory(given_name="Robin", family_name="Rossi")
    case = RequestFactory(rectification=True, in_review=True, subject=subject, **how)
    by = UserFactory() if method in (Method.KNOWN_FACTS, Method.DOCUMENT) else None
    IdentityCheckFactory(request=case, method=method, verdict="passed", decided_at=NOW, decided_by=by)
    return case


def point(case: RightsRequest, field: str, wanted: str, what: str = "") -> Correction:
    correcting.take_down(case, [Wanted(field, what, wanted)])
    return case.corrections.latest("pk")


def accept(case: RightsRequest, *points: Correction, at: datetime = NOW) -> None:
    decisions = {one.pk: Decision(Judgment.ACCEPTED, one.wanted) for one in points}
    correcting.decide(case, decisions=decisions, by=UserFactory(), at=at)


def worked_on(case: RightsRequest) -> Person:
    """Accepted, and this database has done its part."""
    actions.accept(case, by=UserFactory(), at=LATER)
    here.do_due(at=LATER)
    case.refresh_from_db()
    assert case.subject
    return case.subject


def corrected(field: str, wanted: str, **how: Any) -> Person:
    case = case_of(**how)
    accept(case, point(case, field, wanted))
    return worked_on(case)


# --- Written here ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "wanted", "column", "stored"),
    [
        ("given_name", "Róisín", "given_name", "Róisín"),
        ("family_name", "Bianchi", "family_name", "Bianchi"),
        ("birth_date", "1986-06-20", "birth_date", date(1986, 6, 20)),
        ("email", "Robin@New.example", "email", "robin@new.example"),
        ("language", "de", "language", "de"),
        ("place", "us-oh", "place", "US-OH"),
    ],
)
def test_an_accepted_correction_is_written_here(field, wanted, column, stored):
    assert getattr(corrected(field, wanted), column) == stored


def test_the_task_of_this_database_says_how_many_fields_changed():
    system, case = SystemFactory(fulfilment=Fulfilment.DATABASE), case_of()
    accept(case, point(case, "given_name", "Ann"), point(case, "family_name", "Bianchi"))
    worked_on(case)
    task = Task.objects.get(request=case, system=system)
    assert (task.answer, task.count_done, task.stage) == (Answer.DONE, 2, TaskStage.ANSWERED)
    assert case.corrections.filter(applied_at=LATER).count() == 2


def test_the_audit_record_names_fields_and_no_value():
    corrected("family_name", "Bianchi")
    event = Event.objects.get(verb="people.correct")
    assert event.fields == ["family_name"]
    assert "Bianchi" not in str(vars(event))
    assert "Rossi" not in str(vars(event))


def test_what_is_refused_stays_and_says_why():
    case = case_of()
    name, born = point(case, "family_name", "Bianchi"), point(case, "birth_date", "1986-06-20")
    decisions = {name.pk: Decision(Judgment.ACCEPTED, "Bianchi"), born.pk: Decision(Judgment.REFUSED, why="The card says 1985.")}  # fmt: skip
    correcting.decide(case, decisions=decisions, by=UserFactory(), at=NOW)
    person = worked_on(case)
    assert (person.family_name, person.birth_date) == ("Bianchi", date(1985, 6, 20))
    born.refresh_from_db()
    assert (born.why, born.applied_at) == ("The card says 1985.", None)


def test_a_refusal_without_a_reason_is_refused():
    case = case_of()
    with pytest.raises(ReasonMissing):
        correcting.decide(
            case,
            decisions={point(case, "family_name", "B").pk: Decision(Judgment.REFUSED)},
            by=UserFactory(),
            at=NOW,
        )


@pytest.mark.parametrize(
    ("field", "value"),
    [("birth_date", "03/04/2015"), ("birth_date", "2031-01-01"), ("email", "a@b, c@d"), ("place", "ZZ"),
     ("place", "FR-99999"), ("language", "xx"), ("family_name", ""), ("given_name", "x" * 101)],
)  # fmt: skip
def test_what_cannot_be_written_is_refused_in_words(field, value):
    with pytest.raises(CorrectionNotClean):
        correcting.clean(field, value, NOW.date())


def test_work_does_not_begin_before_every_correction_is_decided():
    case = case_of()
    with pytest.raises(NothingToCorrect):
        actions.accept(case, by=UserFactory(), at=NOW)
    point(case, "family_name", "Bianchi")
    with pytest.raises(UndecidedCorrections):
        actions.accept(case, by=UserFactory(), at=NOW)


def test_nothing_is_decided_anew_once_others_were_told():
    case = case_of()
    name = point(case, "family_name", "Bianchi")
    accept(case, name)
    worked_on(case)
    with pytest.raises(WrongStage):
        accept(case, name)


def test_a_restriction_does_not_stand_in_the_way_of_the_person_themselves():
    case = case_of()
    assert case.subject
    restrict(case.subject, ground="accuracy", case="OTHER", by=UserFactory(), at=NOW)
    accept(case, point(case, "family_name", "Bianchi"))
    assert worked_on(case).family_name == "Bianchi"


# --- What this database refuses ----------------------------------------------------------------


def test_an_address_that_somebody_else_has_parks_the_task_with_the_reason():
    PersonFactory(email="taken@family.example")
    SystemFactory(fulfilment=Fulfilment.DATABASE)
    case = case_of()
    accept(case, point(case, "email", "taken@family.example"))
    person = worked_on(case)
    task = Task.objects.get(request=case)
    assert task.stage == TaskStage.PARKED
    assert "Another person already has this address" in task.failure
    assert person.email != "taken@family.example"


def test_nobody_says_by_hand_that_this_database_was_corrected():
    SystemFactory(fulfilment=Fulfilment.DATABASE)
    case = case_of()
    accept(case, point(case, "family_name", "Bianchi"))
    actions.accept(case, by=UserFactory(), at=NOW)
    with pytest.raises(work.DoneByItself):
        work.answer(Task.objects.get(request=case), answer=Answer.DONE, by=UserFactory(), at=NOW)


def test_a_guardian_does_not_become_a_minor_by_a_correction():
    carla = PersonFactory(carla=True)
    GuardianshipFactory(guardian=carla)
    with pytest.raises(WardsNeedAnAdult):
        corrected("birth_date", "2012-01-01", subject=carla)


# --- Who would win by it -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "how",
    [{"method": Method.KNOWN_FACTS}, {"method": Method.SCHOOL, "requester_kind": "school"},
     {"method": Method.ADDRESS_ON_FILE, "of_agent": True}],
)  # fmt: skip
def test_another_address_takes_as_much_proof_as_a_copy(how):
    case = case_of(**how)
    with pytest.raises(AddressNeedsProof):
        accept(case, point(case, "email", "mine@attacker.example"))


def test_a_decision_made_before_anybody_showed_who_they_are_is_judged_again_when_work_begins():
    case = RequestFactory(rectification=True, unmatched=True)
    accept(case, point(case, "email", "mine@attacker.example"))
    victim, dov = PersonFactory(), UserFactory()
    actions.match(case, subject=victim, by=dov, at=NOW, reason="The name fits.")
    actions.confirm_identity(case, method=Method.KNOWN_FACTS, by=dov, at=NOW, note="Lesson names.")
    with pytest.raises(AddressNeedsProof):
        worked_on(case)


def test_a_decision_does_not_outlive_the_proof_it_rested_on():
    case = case_of()
    accept(case, point(case, "email", "mine@attacker.example"))
    actions.amend(case, about="somebody else", by=UserFactory(), at=NOW)
    actions.confirm_identity(case, method=Method.KNOWN_FACTS, by=UserFactory(), at=NOW, note="Lesson names.")
    with pytest.raises(AddressNeedsProof):
        worked_on(case)


def test_two_colleagues_after_the_wait_carry_a_new_address():
    case = case_of(method=Method.KNOWN_FACTS)
    case.identity_checks.update(
        is_recovery=True, decided_by=UserFactory(), second_by=UserFactory(), second_at=NOW
    )
    accept(case, point(case, "email", "new@family.example"))
    assert worked_on(case).email == "new@family.example"


def test_the_address_that_is_replaced_gets_a_last_mail():
    before = PersonFactory(email="old@family.example")
    corrected("email", "new@family.example", subject=before)
    [mail] = Mail.objects.filter(event="requests.address_changed")
    assert mail.address == "old@family.example"


def amina(**how: Any) -> Person:
    return PersonFactory(amina=True, **how)  # 13, in France, where 15 is old enough


@pytest.mark.parametrize(("field", "wanted"), [("birth_date", "2008-01-01"), ("place", "US")])
def test_a_learner_does_not_grow_up_by_their_own_word(field, wanted):
    case = case_of(subject=amina(), method=Method.SIGNED_IN)
    with pytest.raises(AgeNeedsProof):
        accept(case, point(case, field, wanted))


def test_a_learners_birth_date_may_change_where_nobody_wins_by_it():
    born = corrected("birth_date", "2012-09-11", subject=amina(), method=Method.SIGNED_IN).birth_date
    assert born == date(2012, 9, 11)


def test_a_verified_guardian_may_say_that_the_child_is_older():
    child, carla = amina(), PersonFactory(carla=True)
    case = case_of(subject=child, of_guardian=True, requester=carla, method=Method.SIGNED_IN)
    accept(case, point(case, "birth_date", "2008-01-01"))
    assert worked_on(case).birth_date == date(2008, 1, 1)


def test_a_guardian_does_not_get_a_grown_up_back_by_a_correction():
    grown = PersonFactory(learner=True, birth_date=date(2006, 1, 1))
    case = case_of(
        subject=grown, of_guardian=True, requester=PersonFactory(carla=True), method=Method.SIGNED_IN
    )
    with pytest.raises(AgeNeedsProof):
        accept(case, point(case, "birth_date", "2016-01-01"))


def test_a_colleague_writes_down_what_was_said_on_the_phone():
    case = case_of()
    correcting.add(case, field="other", what="score of lesson 3", wanted="17", by=UserFactory(), at=NOW)
    assert correcting.told(case) == []
    accept(case, case.corrections.get())
    assert correcting.told(case) == [{"field": "other", "what": "score of lesson 3", "value": "17"}]
    assert worked_on(case).given_name == "Robin"
    assert case.stage in (Stage.FULFILLING, Stage.RELEASE)

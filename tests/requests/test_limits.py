"""Restriction, objection, opt-out: what they leave on a person, whom they concern, how they end."""

from datetime import timedelta
from typing import Any

import pytest

from audit.models import Event
from inventory import objections
from inventory.models import Basis, Fulfilment, Kind, Objection, Purpose
from law.models import RefusalGround
from people.models import Person, Restriction, Role
from requests import actions, here
from requests.changing import ending, limiting
from requests.models import Message, Right, RightsRequest, Task, Way
from requests.others import fanout, instructions
from requests.refusals import GroundMissing, NeverWeighed, NotToldYet, TooSoon, WrongStage
from tests.inventory.factories import ProcessingActivityFactory, PurposeFactory, SystemFactory
from tests.people.factories import NOW, PersonFactory, UserFactory

from .factories import RequestFactory

pytestmark = pytest.mark.django_db
TODAY, DAY = NOW.date(), timedelta(days=1)
LETTER = "Hello, it ends on 4 March 2026."


def case_for(right: Right, **how: Any) -> RightsRequest:
    return RequestFactory(right=right, in_review=True, **how)


def restricted(**how: Any) -> RightsRequest:
    """Accepted on the ground that the data is said to be wrong, and done here."""
    case = case_for(Right.RESTRICTION, **how)
    limiting.decide_ground(case, ground="accuracy", by=UserFactory(), at=NOW)
    actions.accept(case, by=UserFactory(), at=NOW)
    here.do_due(at=NOW)
    return case


def use(
    name: str, basis: str = Basis.LEGITIMATE_INTERESTS, kind: str = Kind.IMPROVEMENT, **more: Any
) -> Purpose:
    """A purpose with an activity on learners' data in a system of its own."""
    purpose = PurposeFactory(code=name, name=name.capitalize(), kind=kind)
    ProcessingActivityFactory(purpose=purpose, basis=basis, whose=[Role.LEARNER], **more)
    return purpose


def accepted(right: Right) -> RightsRequest:
    case = case_for(right)
    actions.accept(case, by=UserFactory(), at=NOW)
    here.do_due(at=NOW)
    return case


def standing(case: RightsRequest) -> set[str]:
    rows = Objection.objects.in_force().filter(person=case.subject).select_related("purpose")
    return {row.purpose.code if row.purpose else f"every {row.kind}" for row in rows}


# --- Restriction -------------------------------------------------------------------------------


def test_a_restriction_is_a_dated_mark_on_the_person():
    case = restricted()
    mark = Restriction.objects.get(person=case.subject)
    assert (mark.since, mark.until, mark.ground, mark.case) == (NOW, None, "accuracy", case.reference)
    assert list(Person.objects.restricted()) == [case.subject]


def test_the_task_of_this_database_is_what_sets_it():
    SystemFactory(fulfilment=Fulfilment.DATABASE)
    case = case_for(Right.RESTRICTION)
    limiting.decide_ground(case, ground="claims", by=UserFactory(), at=NOW)
    actions.accept(case, by=UserFactory(), at=NOW)
    assert not Restriction.objects.exists()
    here.do_due(at=NOW)
    assert Restriction.objects.get().ground == "claims"


def test_it_takes_a_ground_before_work_begins():
    with pytest.raises(GroundMissing):
        actions.accept(case_for(Right.RESTRICTION), by=UserFactory(), at=NOW)


def test_it_ends_only_after_the_person_was_told_and_on_the_day_they_were_told():
    case, dov = restricted(), UserFactory()
    with pytest.raises(NotToldYet):
        ending.lift(case, by=dov, at=NOW, reason="Checked.")
    ending.tell_of_lifting(case, letter=LETTER, from_on=TODAY + 2 * DAY, by=dov, at=NOW)
    with pytest.raises(TooSoon):
        ending.lift(case, by=dov, at=NOW + DAY, reason="Checked.")
    ending.lift(case, by=dov, at=NOW + 2 * DAY, reason="Checked.")
    assert not Person.objects.restricted().exists()
    assert Restriction.objects.get().until == NOW + 2 * DAY


def test_nobody_is_told_on_the_very_day():
    with pytest.raises(TooSoon):
        ending.tell_of_lifting(restricted(), letter=LETTER, from_on=TODAY, by=UserFactory(), at=NOW)


def test_the_letter_stands_in_the_thread_also_years_after_the_case():
    case = restricted()
    actions.put_forward(case, by=UserFactory(), at=NOW)
    actions.release(case, by=UserFactory(), at=NOW, letter=LETTER)
    later = NOW + timedelta(days=900)
    ending.tell_of_lifting(case, letter=LETTER, from_on=later.date() + DAY, by=UserFactory(), at=later)
    assert Message.objects.filter(request=case, letter="lifting").exists()


def test_two_cases_restrict_and_the_end_of_one_is_not_the_end_of_the_other():
    first = restricted()
    second = restricted(subject=first.subject)
    ending.tell_of_lifting(first, letter=LETTER, from_on=TODAY + DAY, by=UserFactory(), at=NOW)
    ending.lift(first, by=UserFactory(), at=NOW + DAY, reason="Checked.")
    assert list(Person.objects.restricted()) == [second.subject]


# --- Objection ---------------------------------------------------------------------------------


def test_who_names_no_use_objects_to_all_they_may_object_to():
    use("analytics"), use("statistics", Basis.PUBLIC_TASK), use("lessons", Basis.CONTRACT)
    assert standing(accepted(Right.OBJECTION)) == {"analytics", "statistics"}


def test_only_those_are_asked_who_use_data_for_it():
    stopped, kept = SystemFactory(), SystemFactory()
    use("analytics", systems=[stopped])
    use("lessons", Basis.CONTRACT, systems=[kept])
    case = case_for(Right.OBJECTION)
    assert fanout.asked_of(case, TODAY)[0] == [stopped]


def test_this_database_has_its_part_also_where_no_activity_names_it():
    system = SystemFactory(fulfilment=Fulfilment.DATABASE)
    case = accepted(Right.OBJECTION)
    assert [(task.system, task.way) for task in Task.objects.filter(request=case)] == [(system, Way.HERE)]


def test_a_use_may_go_on_for_compelling_grounds_with_a_ground_of_the_law():
    keep, stop = use("security"), use("analytics")
    case = case_for(Right.OBJECTION)
    ground = RefusalGround.objects.get(code="gdpr_object_override")
    with pytest.raises(GroundMissing):
        limiting.decide_uses(case, stop=[stop], kept=[keep], by=UserFactory(), at=NOW)
    limiting.decide_uses(case, stop=[stop], kept=[keep], ground=ground, by=UserFactory(), at=NOW)
    actions.accept(case, by=UserFactory(), at=NOW)
    assert standing(case) == {"analytics"}


def test_an_objection_to_direct_marketing_is_never_weighed_and_covers_what_comes_later():
    news = use("news", kind=Kind.MARKETING)
    case, ground = case_for(Right.OBJECTION), RefusalGround.objects.get(code="gdpr_object_override")
    with pytest.raises(NeverWeighed):
        limiting.decide_uses(case, stop=[], kept=[news], ground=ground, by=UserFactory(), at=NOW)
    limiting.decide_uses(case, stop=[news], by=UserFactory(), at=NOW)
    actions.accept(case, by=UserFactory(), at=NOW)
    later = PurposeFactory(kind=Kind.MARKETING)
    assert Objection.objects.against(later).get().person == case.subject


def test_what_is_decided_stays_decided_once_others_were_told():
    case = accepted(Right.OBJECTION)
    with pytest.raises(WrongStage):
        limiting.decide_uses(case, stop=[use("analytics")], by=UserFactory(), at=NOW)


def test_asked_twice_is_one_objection():
    use("analytics")
    first = accepted(Right.OBJECTION)
    second = case_for(Right.OBJECTION, subject=first.subject)
    actions.accept(second, by=UserFactory(), at=NOW)
    assert Objection.objects.count() == 1


# --- Opt-out -----------------------------------------------------------------------------------


def test_an_opt_out_ends_every_sale_and_leaves_the_rest_alone():
    use("adverts", kind=Kind.SALE), use("analytics")
    case = accepted(Right.OPT_OUT)
    assert standing(case) == {"every sale"}
    assert Objection.objects.against(Purpose.objects.get(code="adverts")).exists()
    assert not Objection.objects.against(Purpose.objects.get(code="analytics")).exists()


def test_an_opt_out_is_noted_also_where_nothing_is_sold():
    assert standing(accepted(Right.OPT_OUT)) == {"every sale"}


def test_an_opt_out_is_never_weighed():
    sale = use("adverts", kind=Kind.SALE)
    with pytest.raises(NeverWeighed):
        limiting.decide_uses(case_for(Right.OPT_OUT), stop=[], kept=[sale], by=UserFactory(), at=NOW)


def test_the_person_may_take_it_back_and_nobody_twice():
    accepted(Right.OPT_OUT)
    objection = Objection.objects.get()
    objections.end(objection, by=UserFactory(), at=NOW + DAY, reason="She wrote to us.")
    assert not Objection.objects.in_force().exists()
    with pytest.raises(objections.ObjectionOver):
        objections.end(objection, by=UserFactory(), at=NOW + DAY, reason="Again.")


def test_the_audit_record_knows_which_uses_and_of_whom_by_number():
    use("analytics")
    case = accepted(Right.OBJECTION)
    event = Event.objects.get(verb="inventory.object")
    assert (event.object_ref, event.details["uses"]) == (str(case.subject_id), ["analytics"])


def test_an_owner_and_a_system_are_told_which_uses():
    use("analytics")
    case = accepted(Right.OBJECTION)
    [task] = Task.objects.filter(request=case)
    assert instructions.of(task) == {"uses": [{"code": "analytics", "name": "Analytics"}], "kinds": []}


def test_nobody_known_is_marked_by_an_opt_out_that_fits_nobody():
    case = RequestFactory(opt_out=True, unmatched=True)
    actions.accept(case, by=UserFactory(), at=NOW)
    assert not Objection.objects.exists()
    assert PersonFactory().is_restricted is False

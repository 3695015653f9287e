"""The end of a restriction or an objection reaches everybody who heard of its beginning, once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import QuerySet

from inventory import objections
from inventory.models import Fulfilment, Objection
from people.models import Role
from processors.models import Role as TheirRole
from requests import actions, here, waiting
from requests.changing import ending, limiting, newcomers
from requests.models import Duty, Happened, Message, Right, RightsRequest, Task, Way
from requests.others import asking, calls, instructions, work
from tests.inventory.factories import ProcessingActivityFactory, PurposeFactory, SystemFactory
from tests.people.factories import NOW, UserFactory
from tests.processors.factories import ProcessorActivityFactory, ProcessorFactory

from .factories import RequestFactory
from .receiving_end import example

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LATER, TODAY = NOW + 2 * DAY, NOW.date()
LETTER = "Hello, it ends on 3 March 2026."


def use(code: str, *systems: Any, companies: tuple[Any, ...] = ()) -> Any:
    activity = ProcessingActivityFactory(
        purpose=PurposeFactory(code=code, name=code.capitalize()), basis="legitimate_interests",
        whose=[Role.LEARNER], systems=list(systems),
    )  # fmt: skip
    for company in companies:
        ProcessorActivityFactory(processor=company, activity=activity)
    return activity


def accepted(right: Right = Right.RESTRICTION, *, answered: bool = True, **how: Any) -> RightsRequest:
    """Accepted; everybody was asked and, unless told otherwise, has answered."""
    case, dov = RequestFactory(right=right, in_review=True, **how), UserFactory()
    if right == Right.RESTRICTION:
        limiting.decide_ground(case, ground="accuracy", by=dov, at=NOW)
    actions.accept(case, by=dov, at=NOW)
    here.do_due(at=NOW)
    asking.ask_due(at=NOW)
    if answered:
        for task in case.tasks.open():
            work.answer(task, answer="done", by=dov, at=NOW)
    case.refresh_from_db()
    return case


def closed(case: RightsRequest) -> RightsRequest:
    actions.release(case, by=UserFactory(), at=NOW, letter=LETTER)
    return case


def lift(case: RightsRequest, *, at: datetime = LATER) -> None:
    dov = UserFactory()
    ending.tell_of_lifting(case, letter=LETTER, from_on=at.date(), by=dov, at=at - DAY)
    ending.lift(case, by=dov, at=at, reason="Checked.")


def take_back(code: str, *, at: datetime = LATER) -> None:
    row = Objection.objects.in_force().get(purpose__code=code)
    objections.end(row, by=UserFactory(), at=at, reason="She wrote to us.")


def ends(**about: Any) -> QuerySet[Task]:
    return Task.objects.filter(duty=Duty.RESUME, **about)


# --- A restriction -----------------------------------------------------------------------------


def test_every_system_and_company_that_was_told_hears_that_it_is_over_after_the_person_did():
    system, processor = SystemFactory(), ProcessorFactory(active=True)
    partner = ProcessorFactory(active=True, role=TheirRole.CONTROLLER)
    use("lessons", system, companies=(processor, partner))
    case = closed(accepted())
    ending.tell_of_lifting(case, letter=LETTER, from_on=TODAY + DAY, by=UserFactory(), at=NOW)
    assert Message.objects.filter(letter="lifting").exists()
    assert not ends().exists(), "the person first"
    ending.lift(case, by=UserFactory(), at=NOW + DAY, reason="Checked.")
    assert {task.whose for task in ends(request=case)} == {system, processor, partner}
    assert case.events.get(kind=Happened.END_TOLD).facts == {"tasks": 3}


def test_who_was_never_asked_hears_nothing_and_is_not_asked_any_more():
    use("lessons", SystemFactory(owner=None, owner_email=""))
    case = accepted(answered=False)
    lift(case)
    assert not ends().exists()
    assert Task.objects.get(request=case).stage == "cancelled"


def test_while_another_case_restricts_the_same_person_nobody_is_told():
    use("lessons", SystemFactory())
    first = accepted()
    second = accepted(subject=first.subject)
    lift(first)
    assert not ends().exists()
    lift(second)
    assert ends().count() == 1


def test_what_began_again_ends_again():
    use("lessons", SystemFactory())
    first = accepted()
    lift(first)
    lift(accepted(subject=first.subject))
    assert ends().count() == 2


def test_the_owner_answers_although_the_case_is_closed_and_once_answered_it_is_over():
    use("lessons", SystemFactory())
    case = closed(accepted())
    lift(case)
    task = work.answer(ends().get(), answer="done", by=UserFactory(), at=LATER)
    assert case.events.order_by("pk").last().kind == Happened.TASK_ANSWERED
    with pytest.raises(work.TaskCannotMove):
        work.answer(task, answer="nothing", by=UserFactory(), at=LATER)


def test_one_that_is_stuck_shows_on_the_desk_although_the_case_is_closed():
    use("lessons", SystemFactory())
    case = closed(accepted())
    lift(case)
    work.park(ends().get(), failure="no answer", at=LATER)
    assert list(waiting.stuck_tasks(LATER)) == [case]


def test_a_case_that_is_still_open_does_not_wait_for_it_and_does_not_cancel_it():
    use("lessons", SystemFactory())
    case = accepted()
    lift(case)
    closed(case)
    assert ends().get().stage == "waiting"


# --- An objection ------------------------------------------------------------------------------


def test_the_end_of_one_use_is_told_and_the_others_stay_stopped():
    system = SystemFactory()
    use("analytics", system), use("statistics", system)
    case = closed(accepted(Right.OBJECTION))
    take_back("analytics")
    [task] = ends(request=case)
    assert instructions.of(task) == {
        "over": "privacy.stop", "uses": [{"code": "analytics", "name": "Analytics"}], "kinds": [],
    }  # fmt: skip
    assert limiting.still_stopped(case, TODAY).stop[0].code == "statistics"


def test_each_use_may_end_on_a_day_of_its_own():
    system = SystemFactory()
    use("analytics", system), use("statistics", system)
    accepted(Right.OBJECTION)
    take_back("analytics")
    take_back("statistics", at=LATER + DAY)
    assert [task.system for task in ends()] == [system, system]


def test_who_objected_twice_and_takes_it_back_is_told_of_once_a_system():
    use("analytics", SystemFactory())
    first = accepted(Right.OBJECTION)
    accepted(Right.OBJECTION, subject=first.subject)
    take_back("analytics")
    assert ends().count() == 1


def test_this_database_needs_no_word_and_does_not_stop_again_what_was_taken_back():
    SystemFactory(fulfilment=Fulfilment.DATABASE)
    use("analytics")
    case = accepted(Right.OBJECTION)
    take_back("analytics")
    limiting.stop(case, at=LATER)
    assert not Objection.objects.in_force().exists()
    assert not ends(way=Way.HERE).exists()


# --- Over HTTP ---------------------------------------------------------------------------------


def over(right: Right, lessons: Any) -> dict[str, Any]:
    case = accepted(right, subject__external_id="platform-000001")
    if right == Right.RESTRICTION:
        lift(case)
    else:
        take_back("analytics")
    return dict(calls.order_for(ends().get()))


@pytest.mark.parametrize(
    ("right", "mark", "left"),
    [
        (Right.RESTRICTION, {"restricted": "accuracy", "stopped": ["x"]}, {"stopped": ["x"]}),
        (Right.OBJECTION, {"stopped": ["analytics", "x"]}, {"stopped": ["x"]}),
    ],
)
def test_the_documented_example_takes_the_mark_away_and_leaves_the_rest(right, mark, left):
    use("analytics", SystemFactory())
    call, receiver = over(right, use), example()
    receiver.PEOPLE["platform-000001"] = mark
    assert call["type"] == "privacy.resume"
    assert receiver.answer_to(call)["answer"] == "done"
    assert receiver.PEOPLE["platform-000001"] == left


# --- Who comes later ---------------------------------------------------------------------------


@pytest.mark.parametrize("right", [Right.RESTRICTION, Right.OBJECTION])
def test_a_system_that_comes_later_is_told_once(right):
    use("analytics", SystemFactory())
    case = closed(accepted(right))
    assert newcomers.tell_due(at=LATER) == 0
    late = SystemFactory()
    use("analytics-too", late) if right == Right.RESTRICTION else case_use(late)
    assert [newcomers.tell_due(at=LATER), newcomers.tell_due(at=LATER)] == [1, 0]
    assert Task.objects.get(system=late).request == case
    assert case.events.filter(kind=Happened.NEWCOMERS_TOLD).count() == 1


def case_use(system: Any) -> None:
    """The use they object to, in one more system."""
    purpose = Objection.objects.get().purpose
    ProcessingActivityFactory(purpose=purpose, whose=[Role.LEARNER], systems=[system])


def test_a_use_that_begins_later_is_not_stopped_for_who_named_none():
    use("analytics", SystemFactory())
    accepted(Right.OBJECTION)
    use("statistics", SystemFactory())
    assert newcomers.tell_due(at=LATER) == 0


def test_what_has_ended_is_told_to_nobody_new():
    use("lessons", SystemFactory())
    lift(accepted())
    use("homework", SystemFactory())
    assert newcomers.tell_due(at=LATER) == 0


def test_a_newcomer_hears_of_the_end_too():
    use("lessons", SystemFactory())
    case = closed(accepted())
    late = SystemFactory()
    use("homework", late)
    newcomers.tell_due(at=NOW + DAY / 2)
    asking.ask_due(at=NOW + DAY / 2)
    lift(case)
    assert ends().get(system=late).request == case


def test_cases_that_are_alike_are_looked_up_together(django_assert_max_num_queries):
    use("lessons", SystemFactory())
    for _ in range(5):
        accepted()
    with django_assert_max_num_queries(12):
        assert newcomers.tell_due(at=LATER) == 0

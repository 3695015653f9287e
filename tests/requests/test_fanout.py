"""Who has to do what: asked of the inventory."""

import pytest

from inventory.models import Fulfilment
from people.models import Role
from processors.models import Role as CompanyRole
from requests.models import Connection, Duty, Right, Task, Way
from requests.others import fanout
from tests.inventory.factories import ProcessingActivityFactory, SystemFactory
from tests.people.factories import NOW
from tests.processors.factories import ProcessorFactory

from .work_factories import CaseFactory

pytestmark = pytest.mark.django_db


def activity(**fields):
    return ProcessingActivityFactory(whose=[Role.LEARNER], **fields)


def test_each_system_that_holds_data_of_the_role_has_one_task():
    first, second = activity(), activity()
    ProcessingActivityFactory(whose=[Role.GUARDIAN])
    case = CaseFactory()

    fanout.open_tasks(case, at=NOW)

    held = {*first.systems.all(), *second.systems.all()}
    assert {task.system for task in case.tasks.all()} == held


def test_a_system_that_several_activities_use_is_asked_once():
    system = SystemFactory()
    activity(systems=[system])
    activity(systems=[system])
    case = CaseFactory()

    assert len(fanout.open_tasks(case, at=NOW)) == 1


def test_what_has_ended_is_not_asked():
    activity(ended=True)
    activity(systems=[SystemFactory(ended=True)])
    case = CaseFactory()

    assert fanout.open_tasks(case, at=NOW) == []


def test_a_company_that_receives_the_data_does_what_we_do():
    company = ProcessorFactory(active=True, activities=[activity(systems=[])])
    case = CaseFactory(erasure=True)

    (task,) = fanout.open_tasks(case, at=NOW)

    assert (task.processor, task.duty, task.way) == (company, Duty.ERASE, Way.BY_HAND)


def test_a_company_that_decides_for_itself_is_told_of_an_erasure():
    ProcessorFactory(active=True, role=CompanyRole.CONTROLLER, activities=[activity(systems=[])])
    case = CaseFactory(erasure=True)

    (task,) = fanout.open_tasks(case, at=NOW)

    assert task.duty == Duty.TELL


def test_a_copy_asks_nothing_of_a_company_that_decides_for_itself():
    ProcessorFactory(active=True, role=CompanyRole.CONTROLLER, activities=[activity(systems=[])])

    assert fanout.open_tasks(CaseFactory(), at=NOW) == []


def test_a_company_that_has_gone_is_not_asked():
    ProcessorFactory(ended=True, activities=[activity(systems=[])])

    assert fanout.open_tasks(CaseFactory(), at=NOW) == []


def test_opening_again_adds_only_what_is_new():
    activity()
    case = CaseFactory()
    fanout.open_tasks(case, at=NOW)
    late = activity()

    (task,) = fanout.open_tasks(case, at=NOW)

    assert task.system == late.systems.get()


@pytest.mark.parametrize(
    ("fulfilment", "is_on", "way"),
    [
        (Fulfilment.BY_HAND, False, Way.BY_HAND),
        (Fulfilment.DATABASE, False, Way.HERE),
        (Fulfilment.HTTP, True, Way.HTTP),
        (Fulfilment.HTTP, False, Way.BY_HAND),
    ],
)
def test_the_register_says_how_a_system_is_asked(fulfilment, is_on, way):
    system = SystemFactory(fulfilment=fulfilment)
    Connection.objects.create(system=system, url="https://owl.example/", secret=b"x", is_on=is_on)
    activity(systems=[system])

    (task,) = fanout.open_tasks(CaseFactory(), at=NOW)

    assert task.way == way


@pytest.mark.parametrize("right", [Right.COMPLAINT, Right.INQUIRY])
def test_a_question_makes_no_work_elsewhere(right):
    activity()

    assert fanout.open_tasks(CaseFactory(right=right), at=NOW) == []


def test_owners_have_their_days_but_never_past_the_day_the_answer_is_due():
    activity()
    case = CaseFactory()
    case.strict_due_on = NOW.date().replace(day=8)

    (task,) = fanout.open_tasks(case, at=NOW)

    assert task.due_at.date() <= case.strict_due_on


def test_the_number_of_queries_does_not_grow_with_the_register(django_assert_max_num_queries):
    for _ in range(12):
        activity()
    case = CaseFactory()

    with django_assert_max_num_queries(12):
        fanout.open_tasks(case, at=NOW)

    assert Task.objects.count() == 12

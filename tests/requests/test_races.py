"""Two at the same moment: one wins, the other is told, and nothing happens twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection

from audit.models import Event
from audit.refusals import Refused
from notices.models import Mail
from people.models import User
from requests import actions, events
from requests.models import Outcome, Right, RightsRequest, Stage
from tests.people.factories import NOW, PersonFactory, UserFactory

from .factories import RequestFactory
from .road import LETTER, ask, link_in

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*deeds: Callable[[], object]) -> list[str]:
    """Run them together; for each, "done" or the name of its refusal."""
    barrier = Barrier(len(deeds))

    def run(deed: Callable[[], object]) -> str:
        try:
            barrier.wait(10)
            deed()
            return "done"
        except Refused as refusal:
            return type(refusal).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def anew(case: RightsRequest) -> RightsRequest:
    return RightsRequest.objects.get(pk=case.pk)


@pytest.mark.parametrize("round", range(3))
def test_a_form_sent_twice_in_the_same_instant_is_one_case(round: int) -> None:
    asked = actions.Asked(rights=(Right.ACCESS, Right.ERASURE), place="FR", submission=uuid4())
    send = lambda: actions.receive(asked, by=events.SOMEBODY, at=NOW)  # noqa: E731
    assert at_once(send, send, send, send) == ["done"] * 4
    assert RightsRequest.objects.count() == 2
    assert Event.objects.filter(verb="requests.receive").count() == 2


@pytest.mark.parametrize("round", range(3))
def test_two_colleagues_release_one_answer_once(round: int) -> None:
    case = RequestFactory(rectification=True, in_release=True)
    dov, noor = UserFactory(name="Dov"), UserFactory(name="Noor")

    def release(by: User) -> Callable[[], object]:
        return lambda: actions.release(anew(case), by=by, at=NOW, letter=LETTER)

    assert sorted(at_once(release(dov), release(noor))) == ["WrongStage", "done"]
    assert case.messages.count() == 1
    assert Event.objects.filter(verb="requests.close").count() == 1


def test_a_withdrawal_and_a_release_end_in_one_of_the_two() -> None:
    case, dov = RequestFactory(rectification=True, in_release=True), UserFactory()
    outcomes = at_once(
        lambda: actions.release(anew(case), by=dov, at=NOW, letter=LETTER),
        lambda: actions.withdraw(anew(case), by=case.requester, at=NOW),
    )
    assert outcomes.count("done") == 1
    assert anew(case).outcome in (Outcome.DONE, Outcome.WITHDRAWN)
    assert case.events.filter(kind="closed").count() == 1


def test_a_link_pressed_on_two_devices_confirms_once() -> None:
    PersonFactory(amina=True, email="amina@family.example")
    (case,) = ask(email="amina@family.example")
    mail = link_in(case)
    press = lambda: actions.confirm_link(Mail.objects.get(pk=mail.pk), at=NOW)  # noqa: E731
    assert sorted(at_once(press, press)) == ["LinkSpent", "done"]
    assert anew(case).stage == Stage.REVIEW
    assert Event.objects.filter(verb="requests.confirm_identity").count() == 1


def test_confirming_and_changing_what_was_typed_never_leave_a_case_confirmed_and_changed() -> None:
    """Abuse A8 in a race."""
    amina = PersonFactory(amina=True, email="amina@family.example")
    (case,) = ask(email="amina@family.example")
    mail = link_in(case)
    at_once(
        lambda: actions.confirm_link(Mail.objects.get(pk=mail.pk), at=NOW),
        lambda: actions.amend(anew(case), by=amina, at=NOW, about="another child"),
    )
    assert anew(case).particulars.about == "another child"
    assert anew(case).stage == Stage.UNVERIFIED

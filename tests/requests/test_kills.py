"""Killed in the middle of each deed, at every single write: nothing half done, and nothing twice."""

import os
import signal
from collections.abc import Callable
from itertools import count

import pytest
from django.db import connection, connections

from audit.models import Event
from notices.models import Mail
from people.models import User
from requests import actions, deciding, events, seeking
from requests.models import Happened, Message, RequestEvent, Right, RightsRequest, Stage
from tests.people.factories import NOW, PersonFactory, UserFactory

from .factories import RequestFactory
from .road import LETTER, ask, link_in

pytestmark = pytest.mark.django_db(transaction=True)
WRITES = ("INSERT", "UPDATE", "DELETE")


def is_killed(deed: Callable[[], object], *, at_write: int) -> bool:
    """Do it in a process of its own that dies by SIGKILL right after that write; False if it lived."""
    connections.close_all()
    close_pool = getattr(connection, "close_pool", None)
    if close_pool is not None:
        close_pool()  # the child must not speak over our lines
    child = os.fork()
    if child == 0:
        _do_and_die(deed, at_write)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the deed itself failed"
    return os.WIFSIGNALED(status)


def _do_and_die(deed: Callable[[], object], at_write: int) -> None:
    written = count(1)

    def kill(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if sql.lstrip("( ").upper().startswith(WRITES) and next(written) == at_write:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    try:
        with connection.execute_wrapper(kill):
            deed()
    except BaseException:
        os._exit(1)
    os._exit(0)


def everything() -> list[list[tuple[object, ...]]]:
    """All that a deed may touch."""
    return [
        sorted(
            RightsRequest.objects.values_list(
                "pk", "stage", "outcome", "verified_at", "revision", "strict_due_on"
            )
        ),
        sorted(RequestEvent.objects.values_list("pk", "kind")),
        sorted(Event.objects.values_list("pk", "verb")),
        sorted(Mail.objects.values_list("pk", "event", "used_at")),
        sorted(Message.objects.values_list("pk", "letter")),
    ]


def survives_every_kill(deed: Callable[[], object]) -> int:
    """Killed at each write in turn nothing has happened; let alone, it happens. Returns the kills."""
    before = everything()
    for number in count(1):
        if not is_killed(deed, at_write=number):
            return number - 1
        assert everything() == before, f"half done after write {number}"
    raise AssertionError


def anew(case: RightsRequest) -> RightsRequest:
    return RightsRequest.objects.get(pk=case.pk)


def audit(verb: str) -> int:
    return Event.objects.filter(verb=f"requests.{verb}").count()


@pytest.fixture
def dov() -> User:
    return UserFactory(dov=True)


def test_receiving() -> None:
    asked = actions.Asked(rights=(Right.ACCESS, Right.ERASURE), place="FR", email="amina@family.example")
    assert survives_every_kill(lambda: actions.receive(asked, by=events.SOMEBODY, at=NOW)) > 8
    assert (RightsRequest.objects.count(), audit("receive")) == (2, 2)


def test_looking_for_whoever_asked_and_confirming() -> None:
    PersonFactory(amina=True, email="amina@family.example")
    asked = actions.Asked(rights=(Right.ACCESS,), place="FR", email="amina@family.example")
    (case,) = actions.receive(asked, by=events.SOMEBODY, at=NOW)
    assert survives_every_kill(lambda: seeking.seek_due(at=NOW)) > 1
    assert Mail.objects.count() == 1
    mail = link_in(case)
    assert survives_every_kill(lambda: actions.confirm_link(Mail.objects.get(pk=mail.pk), at=NOW)) > 3
    assert (anew(case).stage, audit("confirm_identity")) == (Stage.REVIEW, 1)


def test_accepting_putting_forward_sending_back_and_releasing(dov: User) -> None:
    case = RequestFactory(rectification=True, verified=True)
    assert survives_every_kill(lambda: actions.accept(anew(case), by=dov, at=NOW)) > 3
    assert survives_every_kill(lambda: actions.put_forward(anew(case), by=dov, at=NOW)) > 1
    assert survives_every_kill(lambda: actions.send_back(anew(case), by=dov, at=NOW, reason="Look.")) > 1
    assert survives_every_kill(lambda: actions.put_forward(anew(case), by=dov, at=NOW)) > 1
    assert survives_every_kill(lambda: actions.release(anew(case), by=dov, at=NOW, letter=LETTER)) > 6
    assert anew(case).stage == Stage.CLOSED
    assert [audit(verb) for verb in ("accept", "put_forward", "send_back", "release", "close")] == [
        1,
        2,
        1,
        1,
        1,
    ]
    assert case.messages.count() == 1


def test_extending_and_refusing(dov: User) -> None:
    case = RequestFactory(verified=True)
    letter = deciding.draft_extension(case, at=NOW, reason="Two schools have to look.")
    extend = lambda: actions.extend(anew(case), by=dov, at=NOW, letter=letter, because="complex")  # noqa: E731
    assert survives_every_kill(extend) > 4
    ground = deciding.grounds(case, at=NOW)[0]

    def refuse() -> RightsRequest:
        return actions.refuse(
            anew(case), by=dov, at=NOW, letter=LETTER, ground=ground, denial="other", reason="No."
        )

    assert survives_every_kill(refuse) > 5
    assert [audit(verb) for verb in ("extend", "close")] == [1, 1]
    assert case.events.filter(kind=Happened.REFUSED).count() == 1


def test_withdrawing_and_appealing() -> None:
    (case,) = ask(Right.INQUIRY, email="robin@family.example")
    assert survives_every_kill(lambda: actions.withdraw(anew(case), by=events.SOMEBODY, at=NOW)) > 3
    denied = RequestFactory(denied=True)
    appeal = lambda: actions.appeal(anew(denied), "Again.", by=denied.requester, at=NOW)  # noqa: E731
    assert survives_every_kill(appeal) > 5
    assert (denied.appeals.count(), audit("appeal")) == (1, 1)

"""Whose turn it is, in one sentence."""

import pytest

from requests import actions, turns
from requests.models import ErasureOrder, Method, PauseReason, RequesterKind, Right
from requests.turns import Turn
from tests.people.factories import NOW, PersonFactory, UserFactory

from .factories import IdentityCheckFactory, RequestFactory
from .road import ask
from .work_factories import TaskFactory

pytestmark = pytest.mark.django_db


def turn(case):
    found = turns.next_move(case, NOW.date())
    return found.whose_turn, found.button


@pytest.mark.parametrize(
    ("traits", "expected"),
    [
        ({"unmatched": True}, (Turn.US, "match")),
        ({"verified": True}, (Turn.US, "accept")),
        ({"verified": True, "unmatched": True}, (Turn.US, "match")),
        ({"verified": True, "erasure": True}, (Turn.US, "propose")),
        ({"inquiry": True}, (Turn.US, "answer")),
        ({"fulfilling": True}, (Turn.US, "put-forward")),
        ({"in_release": True}, (Turn.US, "release")),
        ({"closed": True}, (Turn.NOBODY, "")),
        ({"verified": True, "pause_reason": PauseReason.HOLD}, (Turn.US, "resume")),
        ({"verified": True, "pause_reason": PauseReason.CLARIFICATION}, (Turn.THEM, "clarified")),
    ],
)
def test_the_next_step_follows_from_where_the_case_is(traits, expected):
    assert turn(RequestFactory(**traits)) == expected


def test_a_link_out_is_the_requesters_turn_and_says_until_when():
    case = IdentityCheckFactory().request
    assert turn(case) == (Turn.THEM, "")
    assert "23 March 2026" in turns.next_move(case, NOW.date()).sentence


def test_a_lost_address_waits_then_takes_two():
    case, dov = RequestFactory(), UserFactory()
    actions.begin_recovery(case, method=Method.DOCUMENT, by=dov, at=NOW, reason="Lost.")
    assert turn(case) == (Turn.US, "vouch")
    actions.vouch(case, by=dov, at=NOW.replace(day=6), note="Card.")
    assert turn(case) == (Turn.US, "second")


def test_systems_that_have_not_answered_are_counted():
    case = RequestFactory(fulfilling=True)
    TaskFactory(request=case)
    done = TaskFactory(request=case)
    type(done).objects.filter(pk=done.pk).update(stage="answered", answer="done", answered_at=NOW)
    assert turns.next_move(case, NOW.date()).sentence == "1 of 2 systems and companies have answered."
    assert turn(case)[0] == Turn.SYSTEMS


def test_a_follower_and_an_agent_without_a_mandate_say_what_they_wait_for():
    amina = PersonFactory(amina=True)
    copy, erasure = ask(Right.ACCESS, Right.ERASURE, by=amina, requester=amina, subject=amina)
    assert copy.reference in turns.next_move(erasure, NOW.date()).sentence
    agent = RequestFactory(verified=True, requester_kind=RequesterKind.AGENT)
    assert "agent" in turns.next_move(agent, NOW.date()).sentence


def test_a_proposed_erasure_waits_for_a_second_colleague():
    case = RequestFactory(erasure=True, verified=True)
    ErasureOrder.objects.create(request=case, proposed_by=UserFactory(), proposed_at=NOW)
    assert turn(case) == (Turn.US, "approve")

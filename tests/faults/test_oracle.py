"""The judge of the faults sees what it is there to see: mails lost, doubled, invented, rows left or taken."""

from datetime import UTC, date, datetime

import pytest

from audit.actions import record
from audit.actors import SYSTEM
from audit.models import Event
from inventory.letting_go import holds, sweeps
from inventory.models import SweepItem
from notices.models import Notice, Status
from people.models import Person, Role
from tests.inventory.retention_factories import LegalHoldFactory, account_schedule
from tests.notices.factories import NoticeFactory
from tests.notices.sink import Sink
from tests.people.factories import UserFactory

from . import oracle
from .rounds import Result

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def sent(**changes: object) -> Notice:
    notice: Notice = NoticeFactory.create(**{"status": Status.SENT, "sent_at": NOW, **changes})
    return notice


def log_of(*notices: Notice) -> Sink:
    """The mail server's log, without a server."""
    sink = Sink.__new__(Sink)
    sink.recipients = [notice.address for notice in notices]
    sink.message_ids = [notice.message_id for notice in notices]
    return sink


def test_every_mail_once_is_a_promise_kept() -> None:
    assert oracle.of_notices(log_of(sent(), sent())) == oracle.Outcome(0, 0)


def test_a_mail_that_never_came_is_lost_whatever_the_database_says() -> None:
    there, _lost = sent(), sent()
    assert oracle.of_notices(log_of(there)).lost == 1


def test_a_second_copy_is_counted_and_must_be_flagged() -> None:
    plain, flagged = sent(), sent(is_possible_duplicate=True)
    outcome = oracle.of_notices(log_of(plain, plain, flagged, flagged))
    assert (outcome.doubled, outcome.wrong) == (2, ["1 repeated and not flagged"])


def test_an_invented_mail_a_foreign_name_and_a_notice_left_in_work_are_told() -> None:
    known, stuck = sent(), sent(status=Status.WAITING)
    sink = log_of(known, stuck)
    sink.recipients.append("nobody@family.example")
    sink.message_ids.append("<x>")
    sink.message_ids[0] = "<another>"
    assert oracle.of_notices(sink).wrong == [
        "1 mails nobody wrote down",
        "1 with another Message-ID",
        "1 neither sent nor free",
    ]


def test_a_sweep_is_judged_by_who_is_left_and_by_what_it_wrote() -> None:
    dov = UserFactory.create(dov=True)
    account_schedule()
    people = Person.objects.bulk_create(
        Person(external_id=f"old-{n}", role=Role.LEARNER, last_active_on=date(2020, 1, 1)) for n in range(6)
    )
    held = people[:2]
    holds.place(LegalHoldFactory.create(owner=dov, people=held), by=dov, at=NOW)
    sweep = sweeps.confirm(sweeps.propose(by=dov, at=NOW), by=dov, at=NOW, reason="Read the numbers.")
    assert oracle.of_sweep(sweep, held, 6).lost == 4
    sweeps.run(sweep, at=NOW)
    assert oracle.of_sweep(sweep, held, 6) == oracle.Outcome(0, 0)
    record("inventory.finish_sweep", sweep, by=SYSTEM, at=NOW)
    Person.objects.filter(pk=held[0].pk).delete()
    assert oracle.of_sweep(sweep, held, 6).wrong == ["1 on hold and gone all the same", "2 × finish_sweep"]
    assert oracle.of_sweep(sweep, held, 5).doubled == 1
    assert SweepItem.objects.get().done_count == 4


def test_a_record_that_was_changed_is_told(without_triggers) -> None:
    event = record("people.read", by=SYSTEM, at=NOW)
    assert oracle.of_audit(NOW) == []
    with without_triggers():
        Event.objects.filter(pk=event.pk).update(reason="Another.")
    assert "was changed" in oracle.of_audit(NOW)[0]


@pytest.mark.parametrize(
    ("outcome", "audit", "is_met"),
    [
        (oracle.Outcome(0, 3), [], True),
        (oracle.Outcome(0, 4), [], False),
        (oracle.Outcome(1, 0), [], False),
        (oracle.Outcome(0, 0, ["1 mails nobody wrote down"]), [], False),
        (oracle.Outcome(0, 0), ["Event 1 was changed."], False),
    ],
)
def test_a_promise_is_met_within_its_bound_and_with_nothing_else_wrong(outcome, audit, is_met) -> None:
    assert Result("kill -9", 3, outcome, bound=3, audit=audit).is_met is is_met

"""What became of the work, told from both ends: the database, and the mail server's own log."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from audit.actions import seal_all
from audit.disposals import Broken
from audit.models import Event
from audit.verification import verify
from inventory.models import Sweep, SweepItem
from notices.models import Notice, Status
from people.models import Person
from tests.notices.sink import Sink

STEPS = ("propose_sweep", "confirm_sweep", "start_sweep", "finish_sweep")


@dataclass(frozen=True)
class Outcome:
    """`wrong` holds, in words, whatever else the promise forbids: invented mails, a missing flag."""

    lost: int
    doubled: int
    wrong: list[str] = field(default_factory=list)


def of_notices(sink: Sink) -> Outcome:
    """Each notice against each mail the server took."""
    notices = {notice.address: notice for notice in Notice.objects.all()}
    copies = Counter(sink.recipients)
    repeated = {address for address, count in copies.items() if count > 1 and address in notices}
    wrong = [
        *_said("mails nobody wrote down", copies.keys() - notices.keys()),
        *_said(
            "repeated and not flagged", {one for one in repeated if not notices[one].is_possible_duplicate}
        ),
        *_said("with another Message-ID", _renamed(sink, notices)),
        *_said("neither sent nor free", {one for one, notice in notices.items() if not _is_done(notice)}),
    ]
    return Outcome(len(notices.keys() - copies.keys()), copies.total() - len(copies), wrong)


def _said(what: str, which: Iterable[object]) -> list[str]:
    count = len(set(which))
    return [f"{count} {what}"] if count else []


def _renamed(sink: Sink, notices: dict[str, Notice]) -> set[str]:
    mails = zip(sink.recipients, sink.message_ids, strict=True)
    return {one for one, told in mails if one in notices and told != notices[one].message_id}


def _is_done(notice: Notice) -> bool:
    return notice.status == Status.SENT and notice.lease_token is None


def of_sweep(sweep: Sweep, held: list[Person], expired: int) -> Outcome:
    """The people left against the count of the receipt: a row counted twice is as wrong as one left."""
    left = set(Person.objects.values_list("pk", flat=True))
    kept = {person.pk for person in held}
    done = sum(SweepItem.objects.filter(sweep=sweep).values_list("done_count", flat=True))
    verbs = Counter(Event.objects.about(sweep).values_list("verb", flat=True))
    wrong = [
        *_said("on hold and gone all the same", kept - left),
        *(f"{verbs[f'inventory.{step}']} × {step}" for step in STEPS if verbs[f"inventory.{step}"] != 1),
    ]
    return Outcome(len(left - kept), max(0, done - (expired - len(held))), wrong)


def of_audit(at: datetime) -> list[str]:
    """What does not hold in the sealed record."""
    try:
        seal_all(at=at)
        waiting = verify(at=at).waiting
    except Broken as broken:
        return [str(broken)]
    return [f"{waiting} events not sealed"] if waiting else []

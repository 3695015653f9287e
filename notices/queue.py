"""The mail queue: rows claimed under a lease, and one mark a mail (docs/decisions/0004).

*Leases* are counted by the database's clock alone, so a worker whose clock jumps harms nobody. A
sender that outlives its lease finds its token gone: it may neither send nor mark (fencing).

*In doubt.* A process killed between the mail server's yes and our mark leaves one mail of which
nobody can know whether it went out. Which one? A sender works through its batch by rising id and
notes each outcome before it begins the next, so of the rows left under a dead sender's token only
the lowest can have been begun. That one is flagged as a possible duplicate when it is claimed
again; the rest of the batch is clean. This costs no write at all. A first row that was claimed
but never begun is flagged too: never too few, at most one a killed process.

*A crash of the database* can forget the last marks, for they are not waited for (NOTICES_SYNC_MARKS).
A sender that survives it marks again what it remembers (`sender`). If both die, as in a power cut,
the database's start is younger than the lease, and the whole batch is flagged."""

import random
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import DateTimeField, F, QuerySet, Value
from django.db.models.functions import Greatest, Now

from .models import Notice, Status

BATCH = 25
LEASE = timedelta(minutes=5)
# From the look at the lease to the server's answer, each step of which may take a `backends.DEADLINE`: a try on a
# connection that turns out dead, a new greeting, the second try. No send outlasts its lease.
LONGEST_SEND = timedelta(seconds=3 * 60)
BACKOFF_MINUTES = (1, 5, 15, 60)
# 1 + 5 + 15 minutes and then an hour each: three days of trying.
TRIES = 75
# A notice that cannot be built, or takes its sender down with it, will not heal by waiting.
POISON_TRIES = 5


def claim(size: int = BATCH, lease: timedelta = LEASE) -> list[Notice]:
    """Take up to `size` due notices into one's hands, by rising id; none means nothing is due.

    Attempts are raised here, before the work, so that a notice that kills its sender is counted."""
    while True:
        with transaction.atomic():
            picked = list(
                Notice.objects.due().select_for_update(skip_locked=True).order_by("due_at", "pk")[:size]
            )
            taken = _in_turn(_recovered(picked))
            if taken:
                _lease(taken, lease)
        if taken or not picked:
            return taken


def _lease(taken: list[Notice], lease: timedelta) -> None:
    token = uuid.uuid4()
    _rows(taken).update(attempts=F("attempts") + 1, lease_token=token, lease_until=Now() + lease)
    for notice in taken:
        notice.attempts += 1
        notice.lease_token = token


def _recovered(picked: list[Notice]) -> list[Notice]:
    """What dead senders left behind is put right: flagged where in doubt, else as if never taken.
    A notice that has taken its sender down too often is parked and not handed on."""
    left = [notice for notice in picked if notice.lease_token]
    if not left:
        return picked
    suspects = _first_under_each_token(left)
    clean = [notice for notice in left if notice not in suspects]
    for notice in suspects:
        notice.crashes += 1
    for notice in clean:
        notice.attempts -= 1
    for notice in [*suspects, *_forgotten(left)]:
        notice.is_possible_duplicate = True
    for notice in left:
        notice.lease_token = notice.lease_until = None
    Notice.objects.bulk_update(
        left, ["crashes", "attempts", "is_possible_duplicate", "lease_token", "lease_until"]
    )
    killers = [notice for notice in suspects if notice.crashes >= POISON_TRIES]
    _rows(killers).update(status=Status.PARKED, failure="its sender died")
    return [notice for notice in picked if notice not in killers]


def _first_under_each_token(left: list[Notice]) -> list[Notice]:
    by_token: dict[uuid.UUID | None, Notice] = {}
    for notice in sorted(left, key=_by_id, reverse=True):
        by_token[notice.lease_token] = notice
    return list(by_token.values())


def _forgotten(left: list[Notice]) -> list[Notice]:
    """Notices claimed before the database server came up: its crash may have taken their marks along."""
    if connection.vendor != "postgresql" or settings.NOTICES_SYNC_MARKS:
        return []
    started = server_started()
    return [notice for notice in left if notice.lease_until and notice.lease_until - LEASE < started]


def server_started() -> datetime:
    """When this PostgreSQL server came up, by its own clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_postmaster_start_time()")
        started: datetime = cursor.fetchone()[0]
    return started


def _by_id(notice: Notice) -> int:
    return notice.pk


def _in_turn(picked: list[Notice]) -> list[Notice]:
    """Only whoever is next for each person, by rising id: nobody reads version 6 and then version 5.

    A notice behind one in this batch stays due; one behind a notice elsewhere waits for that one."""
    heads = _heads({notice.recipient_id for notice in picked})
    batch = {notice.pk for notice in picked}
    for notice in picked:
        head = heads[notice.recipient_id]
        if head not in batch:
            _wait_behind(notice.pk, head)
    return sorted((notice for notice in picked if heads[notice.recipient_id] == notice.pk), key=_by_id)


def _heads(recipients: Collection[int]) -> dict[int, int]:
    """The first waiting notice of each person. The status is looked at here, not in the WHERE: right
    after a publication the planner believes that next to nothing waits, and would read all of it."""
    rows = Notice.objects.filter(recipient_id__in=recipients).order_by()
    heads: dict[int, int] = {}
    for recipient, pk, status in rows.values_list("recipient_id", "pk", "status"):
        if status == Status.WAITING:
            heads[recipient] = min(pk, heads.get(recipient, pk))
    return heads


def _wait_behind(pk: int, head: int) -> None:
    its_turn = Notice.objects.values_list("due_at", flat=True).get(pk=head)
    Notice.objects.filter(pk=pk).update(
        due_at=Greatest(Value(its_turn, DateTimeField()), Now() + timedelta(minutes=1))
    )


def _rows(notices: Collection[Notice]) -> "QuerySet[Notice]":
    return Notice.objects.filter(pk__in=[notice.pk for notice in notices])


def _held(notice: Notice) -> "QuerySet[Notice]":
    return Notice.objects.filter(pk=notice.pk, lease_token=notice.lease_token)


def is_ours(notice: Notice) -> bool:
    """Whether it may be sent now: not cancelled, and the lease outlasts the sending."""
    asked = [notice.pk, _as_stored(notice.lease_token), LONGEST_SEND.total_seconds()]
    with _planned_once() as cursor:
        cursor.execute(_look(connection.vendor), asked)
        return cursor.fetchone() is not None


def mark_sent(notice: Notice) -> bool:
    """The one write of each mail. False when the lease went to somebody else meanwhile.

    Does not wait for the disk, which gives four times the mails a second. That is local to the statement's
    own transaction; a publication or an erasure is never committed so."""
    with _planned_once() as cursor:
        cursor.execute(
            _mark(connection.vendor, settings.NOTICES_SYNC_MARKS), [notice.pk, _as_stored(notice.lease_token)]
        )
        return bool(cursor.rowcount)


# The two statements of each mail are written out: asking Django to phrase them costs as much as their work.


def _planned_once() -> Any:
    """A cursor for which PostgreSQL reads and plans a statement once a connection, not once a mail: that is
    more work than the statement. Django's own cursor sends finished SQL, so nothing else is prepared.
    Of what is prepared Django's log of queries tells the time, not the words."""
    if connection.vendor != "postgresql":
        return connection.cursor()
    from django.db.backends.postgresql.base import ServerBindingCursor

    connection.ensure_connection()
    wrapped = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    cursor: Any = ServerBindingCursor
    return wrapped(cursor(connection.connection))


@cache
def _look(vendor: str) -> str:
    ahead = {
        "postgresql": "statement_timestamp() + %s * interval '1 second'",
        "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', %s || ' seconds')",
    }
    return f"""
        SELECT 1 FROM {Notice._meta.db_table}
        WHERE id = %s AND lease_token = %s AND status = '{Status.WAITING}' AND lease_until > {ahead[vendor]}
    """  # noqa: S608 (nothing of it comes from outside)


@cache
def _mark(vendor: str, waits_for_disk: bool) -> str:
    now = {
        "postgresql": "statement_timestamp()",
        "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')",
    }
    hurry = vendor == "postgresql" and not waits_for_disk
    return f"""
        UPDATE {Notice._meta.db_table}
        SET status = '{Status.SENT}', sent_at = {now[vendor]}, failure = '', lease_token = NULL, lease_until = NULL
        WHERE id = %s AND lease_token = %s
        {"AND set_config('synchronous_commit', 'off', true) = 'off'" if hurry else ""}
    """  # noqa: S608 (nothing of it comes from outside)


def _as_stored(token: uuid.UUID | None) -> Any:
    return Notice._meta.get_field("lease_token").get_db_prep_value(token, connection)


def mark_sent_again(notices: Collection[Notice]) -> None:
    """After a crash of the database: note once more what it may have forgotten."""
    for notice in notices:
        _held(notice).update(status=Status.SENT, sent_at=Now(), lease_token=None, lease_until=None)


def mark_bounced(notice: Notice, code: str) -> bool:
    """The server refused the address for good: no mail will be tried again."""
    return bool(_held(notice).update(status=Status.BOUNCED, failure=code, lease_token=None, lease_until=None))


def mark_failed(notice: Notice, failure: str, *, in_doubt: bool = False, tries: int = TRIES) -> None:
    """Try again later, or park it for staff once the tries are used up."""
    if notice.attempts >= tries:
        return park(notice, failure, in_doubt=in_doubt)
    _still_wanted(notice).update(
        failure=failure,
        due_at=Now() + backoff(notice.attempts),
        is_possible_duplicate=notice.is_possible_duplicate or in_doubt,
        lease_token=None,
        lease_until=None,
    )
    return None


def park(notice: Notice, failure: str, *, in_doubt: bool = False) -> None:
    _still_wanted(notice).update(
        status=Status.PARKED,
        failure=failure,
        is_possible_duplicate=notice.is_possible_duplicate or in_doubt,
        lease_token=None,
        lease_until=None,
    )


def _still_wanted(notice: Notice) -> "QuerySet[Notice]":
    return _held(notice).filter(status=Status.WAITING)


def backoff(attempts: int) -> timedelta:
    """Longer after each try, and never in step with others: a mended server is not run over."""
    minutes = BACKOFF_MINUTES[min(attempts, len(BACKOFF_MINUTES)) - 1]
    return timedelta(minutes=minutes * random.uniform(1.0, 1.2))  # noqa: S311 (spreading load, no secret)


def release(notices: Collection[Notice]) -> None:
    """Give back what was claimed but not begun, as if it had never been taken."""
    tokens = {notice.lease_token for notice in notices}
    _rows(notices).filter(lease_token__in=tokens, status=Status.WAITING).update(
        attempts=F("attempts") - 1, lease_token=None, lease_until=None
    )

"""One sender at work: claim, send, mark, until nothing is due or its time is up."""

import logging
from collections import deque
from collections.abc import Callable
from time import monotonic, sleep
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

from audit import outside

from . import announcements, queue
from .delivery import Answer, Mailer, Outcome, ServerUnavailable
from .models import Letter, Notice
from .molds import Mold

log = logging.getLogger(__name__)
T = TypeVar("T")

RUN_SECONDS = 55.0
"""A run ends before the next minute's sweep begins one, so senders never pile up."""
OUTAGE_SECONDS = 60.0
"""How long a sender waits for a database that went away."""


def is_behind_ledger() -> bool:
    """Asked before each claim: no mail leaves a restored database that has not been brought up to the
    ledger, for it would tell people again, among them some who were erased."""
    behind = outside.is_behind()
    if behind:
        log.error("nothing is sent: %s Run manage.py finish_restore.", outside.Standing.BEHIND.value)
    return behind


def deliver_due(seconds: float = RUN_SECONDS, *, when_busy: Callable[[], object] | None = None) -> int:
    """Send what is due and return how many mails the server took.

    `when_busy` is called once, when the first claim shows that there is work for others too."""
    with Mailer() as mailer:
        return Sender(mailer, until=monotonic() + seconds).run(when_busy)


class Sender:
    def __init__(self, mailer: Mailer, *, until: float) -> None:
        self.mailer = mailer
        self.until = until
        self.sent = 0
        self.molds: dict[int, Mold] = {}
        # What a crash of the database may have forgotten: the marks since the last claim but one.
        self.recent: deque[Notice] = deque(maxlen=2 * queue.BATCH)

    def run(self, when_busy: Callable[[], object] | None = None) -> int:
        while monotonic() < self.until and not self.lasting(is_behind_ledger):
            batch = self.lasting(queue.claim)
            if when_busy and len(batch) == queue.BATCH:
                when_busy()
            when_busy = None
            if not batch or not self.work_through(deque(batch)):
                break
        return self.sent

    def work_through(self, batch: deque[Notice]) -> bool:
        """False when the mail server cannot be reached. Whatever was not begun is given back, on a
        soft shutdown too; a mail broken off in mid-send keeps its lease and is flagged later."""
        try:
            while batch and monotonic() < self.until:
                self.mailer.open()
                self.handle(batch.popleft())
        except ServerUnavailable as error:
            log.error("the mail server cannot be reached (%s); the next sweep tries again", error)
            return False
        finally:
            if batch:
                queue.release(batch)
        return True

    def handle(self, notice: Notice) -> None:
        if not self.lasting(lambda: queue.is_ours(notice)):
            queue.release([notice])
            return
        try:
            message = self.mold(notice.letter_id).fill(notice)
        except Exception as error:
            self.note(notice, Outcome(Answer.UNSENDABLE, type(error).__name__))
            return
        try:
            outcome = self.mailer.send(message)
        except ServerUnavailable:
            queue.release([notice])
            raise
        self.note(notice, outcome)

    def mold(self, letter_id: int) -> Mold:
        if letter_id not in self.molds:
            self.molds[letter_id] = Mold(Letter.objects.get(pk=letter_id))
        return self.molds[letter_id]

    def note(self, notice: Notice, outcome: Outcome) -> None:
        if outcome.answer is Answer.TAKEN:
            self.sent += 1
            self.recent.append(notice)
            self.lasting(lambda: queue.mark_sent(notice))
            return
        log.warning("notice %s: %s (%s)", notice.pk, outcome.answer.value, outcome.code)
        self.lasting(lambda: _note_failure(notice, outcome))

    def lasting(self, work: Callable[[], T]) -> T:
        """Do it, through an outage of the database if need be. Afterwards what was sent is marked
        again: a crash may have forgotten marks that nobody waited for."""
        try:
            return work()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block:
                raise
            _reconnect()
            queue.mark_sent_again(self.recent)
            return work()


def _note_failure(notice: Notice, outcome: Outcome) -> None:
    match outcome.answer:
        case Answer.NO_SUCH_ADDRESS:
            if queue.mark_bounced(notice, outcome.code):
                announcements.tell_bounce(notice.address)
        case Answer.UNWANTED:
            queue.park(notice, outcome.code)
        case Answer.UNSENDABLE:
            queue.mark_failed(notice, outcome.code, tries=queue.POISON_TRIES)
        case _:
            queue.mark_failed(notice, outcome.code, in_doubt=outcome.in_doubt)


def _reconnect() -> None:
    until = monotonic() + OUTAGE_SECONDS
    while True:
        connection.close()
        if hasattr(connection, "close_pool"):
            # The pool's other connections died with the server.
            connection.close_pool()
        try:
            connection.ensure_connection()
        except (OperationalError, InterfaceError):
            if monotonic() > until:
                raise
            sleep(1)
        else:
            return

"""A sender as a process of its own, to be killed and stopped: `python -m tests.notices.sending`.

Leases are of seconds here, so that a test need not wait five minutes for a dead sender's work."""

import argparse
import functools
import logging
import os
import signal
from datetime import UTC, datetime, timedelta

import django


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--lease", type=float, default=300.0, help="seconds")
    options.add_argument("--die-before-mark", type=int, default=0, help="kill -9 oneself at this mail")
    options.add_argument("--die-at-claim", action="store_true")
    options.add_argument("--single", action="store_true", help="single mails instead of notices")
    options.add_argument("--young-server", action="store_true", help="look when the database came up")
    chosen = options.parse_args()
    django.setup()
    if chosen.single:
        return send_single(chosen.die_before_mark)
    shorten_leases(chosen.lease)
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # tests break its connections on purpose
    if not chosen.young_server:
        come_up_long_ago()
    if chosen.die_before_mark or chosen.die_at_claim:
        arrange_death(chosen.die_before_mark, at_claim=chosen.die_at_claim)

    from notices.sender import deliver_due

    deliver_due(seconds=float("inf"))
    return None


def send_single(die_at: int) -> None:
    from notices import mail, mail_sender

    marks = 0
    mark_sent = mail.mark_sent

    def die_instead(taken):
        nonlocal marks
        marks += 1
        if marks == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return mark_sent(taken)

    mail.mark_sent = die_instead
    mail_sender.send_due(seconds=float("inf"))


def shorten_leases(seconds: float) -> None:
    from notices import queue

    queue.LEASE = timedelta(seconds=seconds)
    queue.LONGEST_SEND = timedelta(seconds=seconds / 5)
    queue.claim = functools.partial(queue.claim, lease=queue.LEASE)


def come_up_long_ago() -> None:
    """The tests date leases back before the start of their young server; that is no crash of it."""
    from notices import queue

    queue.server_started = lambda: datetime(2000, 1, 1, tzinfo=UTC)


def arrange_death(at_mail: int, *, at_claim: bool) -> None:
    from notices import molds, queue

    marks = 0
    mark_sent = queue.mark_sent

    def die_instead(notice):
        nonlocal marks
        marks += 1
        if marks == at_mail:
            os.kill(os.getpid(), signal.SIGKILL)
        return mark_sent(notice)

    def die_building(mold, notice):
        os.kill(os.getpid(), signal.SIGKILL)

    queue.mark_sent = die_instead
    if at_claim:
        molds.Mold.fill = die_building  # type: ignore[method-assign]


if __name__ == "__main__":
    main()

"""Sending a campaign: claim, build, hand over, mark each; against django-post-office with the same mails."""

import os
import subprocess
import sys
from collections.abc import Iterator

from django.db import connection

from notices.models import Letter, Notice, Status

from . import filling
from .figures import Figure, interleaved
from .sink import Sink

MAILS = 20_000
SENDERS = 2
DEFAULT, TUNED = 4, 3
# Together as long as a real letter: 3.4 kB.
TEXT = "Hello{greeting},\n\n" + "We changed how long we keep what you wrote in lessons.\n\n" * 20
HTML = "<p>Hello{greeting},</p>\n" + "<p>We changed how long we keep what you wrote in lessons.</p>\n" * 36

OURS = ["manage.py", "deliver_notices"]
THEIRS = ["-m", "bench.peer"]


def jobs(rows: int) -> Iterator[Figure]:
    mails = min(rows, MAILS)
    _fill(mails)
    with Sink() as sink:
        pace = interleaved(
            {
                "ours": lambda: _ours(sink, mails),
                "default": lambda: _theirs(sink, mails, "100"),
                "tuned": lambda: _theirs(sink, mails, "1000"),
            }
        )
    yield _figure("its default", pace["ours"], pace["default"], DEFAULT)
    yield _figure("batches of 1,000", pace["ours"], pace["tuned"], TUNED)


def _figure(name: str, ours: float, theirs: float, budget: int) -> Figure:
    return Figure(
        job=f"send with {SENDERS} processes, each mail marked",
        measured=f"{ours:,.0f} mails/s",
        baseline=f"django-post-office, {name}: {theirs:,.0f}/s",
        ratio=f"{ours / theirs:.1f}×",
        budget=f"≥ {budget}×",
        is_met=ours >= budget * theirs,
    )


def _fill(mails: int) -> None:
    filling.empty()
    filling.fill(Letter, 1)
    filling.fill(Notice, mails)
    with filling.without_triggers():
        Letter.objects.update(subject="Our policy changes", body_text=TEXT, body_html=HTML, language="en")
        Notice.objects.update(greeting="Amina", address="amina@family.example")


def _ours(sink: Sink, mails: int) -> float:
    """Mails a second, from the first to the last as the mail server saw them: starting up is not in it."""
    _put_back()
    sink.taken()
    running = [_start(OURS, sink) for _ in range(SENDERS)]
    for process in running:
        _end(process)
    if Notice.objects.filter(status=Status.SENT).count() != mails:
        raise RuntimeError("Not every notice was marked.")
    return _pace(sink, mails)


def _theirs(sink: Sink, mails: int, batch: str) -> float:
    _end(_start([*THEIRS, "fill", str(mails)], sink))
    sink.taken()
    _end(_start([*THEIRS, "send", str(SENDERS)], sink, POST_OFFICE_BATCH=batch))
    return _pace(sink, mails)


def _put_back() -> None:
    with filling.without_triggers(), connection.cursor() as cursor:
        Notice.objects.update(status=Status.WAITING, attempts=0, sent_at=None)
        cursor.execute(f"VACUUM ANALYZE {Notice._meta.db_table}")


def _start(command: list[str], sink: Sink, **more: str) -> "subprocess.Popen[bytes]":
    mail = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(sink.port), "EMAIL_USE_SSL": "0"}
    return subprocess.Popen([sys.executable, *command], env={**os.environ, **mail, **more})  # noqa: S603 (ours)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.wait() != 0:
        raise RuntimeError(f"{process.args!r} failed.")


def _pace(sink: Sink, mails: int) -> float:
    taken = sink.taken()
    if taken.mails != mails:
        raise RuntimeError(f"{taken.mails:,} of {mails:,} mails came.")
    return mails / (taken.last - taken.first)

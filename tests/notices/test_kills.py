"""The promise under force: senders killed, stopped, cut off. None lost, at most one repeated a kill,
each of those flagged and with the same Message-ID."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.db.models.functions import Now

from notices import queue, sender, tasks
from notices.models import Notice, Status

from .factories import LONG_AGO, LetterFactory, NoticeFactory

pytestmark = pytest.mark.django_db(transaction=True)


def crowd(size, letter=None, first=1):
    letter = letter or LetterFactory()
    Notice.objects.bulk_create(
        Notice(
            campaign=letter.campaign,
            letter=letter,
            recipient_id=person,
            address=f"person{person}@family.example",
            greeting="Amina",
            due_at=LONG_AGO,
        )
        for person in range(first, first + size)
    )


def database_url():
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    login = (
        f"{quote(database['USER'])}:{quote(database['PASSWORD'])}"
        if database["PASSWORD"]
        else database["USER"]
    )
    host = database["HOST"] or quote(database["OPTIONS"].get("host", ""), safe="")
    return f"postgres://{login}@{host}:{database['PORT'] or 5432}/{database['NAME']}"


@contextmanager
def a_sender(sink, *arguments):
    """A process of its own on this test's database and mail server; dead when the block ends."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "privacy_site.settings",
        "DATABASE_URL": database_url(),
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(sink.port),
        "EMAIL_USE_SSL": "0",
        "LOG_LEVEL": "ERROR",
    }
    process = subprocess.Popen([sys.executable, "-m", "tests.notices.sending", *arguments], env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def wait_until(true, seconds=60):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.002)


def expire_leases():
    Notice.objects.exclude(lease_token=None).update(lease_until=Now() - timedelta(seconds=1))


def oracle(sink, *, kills):
    """Lost, repeated, invented: the whole truth from the two ends, database and mail server."""
    notices = {notice.address: notice for notice in Notice.objects.all()}
    copies = Counter(sink.recipients)
    assert set(copies) == set(notices), "a mail was lost or invented"
    repeated = {address for address, count in copies.items() if count > 1}
    assert sum(copies.values()) - len(copies) <= kills
    assert all(notices[address].is_possible_duplicate for address in repeated), "a repeated mail has no flag"
    assert all(
        message_id == notices[address].message_id
        for address, message_id in zip(sink.recipients, sink.message_ids, strict=True)
    )
    assert sum(notice.is_possible_duplicate for notice in notices.values()) <= kills
    assert {(notice.status, notice.lease_token) for notice in notices.values()} == {(Status.SENT, None)}
    return repeated


chance = random.Random()  # noqa: S311 (when to kill is no secret)


def kill_again_and_again(sink, *, size, kills):
    crowd(size)
    for _kill in range(kills):
        enough = len(sink.recipients) + chance.randint(20, max(21, size // (kills + 2)))
        with a_sender(sink) as process:
            wait_until(lambda enough=enough: len(sink.recipients) >= enough)
            process.send_signal(signal.SIGKILL)
        expire_leases()
    with a_sender(sink) as process:
        assert process.wait(300) == 0
    oracle(sink, kills=kills)


@pytest.mark.postgresql
def test_killed_senders_lose_nothing_and_repeat_at_most_one_each(sink):
    kill_again_and_again(sink, size=2_000, kills=5)


def test_a_killed_sender_loses_nothing_on_either_database(sink):
    kill_again_and_again(sink, size=150, kills=2)


@pytest.mark.long
@pytest.mark.postgresql
def test_two_senders_side_by_side_survive_twenty_kills_among_twenty_thousand(sink):
    crowd(20_000)
    kills = 0
    while kills < 20 and Notice.objects.filter(status=Status.WAITING).count() > 500:
        with a_sender(sink, "--lease=5"), a_sender(sink, "--lease=5") as victim:
            enough = len(sink.recipients) + chance.randint(100, 700)
            wait_until(lambda enough=enough: len(sink.recipients) >= enough)
            victim.send_signal(signal.SIGKILL)
            kills += 1
            time.sleep(chance.random())
            # Leaving the block kills the other one.
            kills += 1
    while Notice.objects.filter(status=Status.WAITING).exists():
        with a_sender(sink, "--lease=5") as process:
            process.wait(300)
        time.sleep(1)
    oracle(sink, kills=kills)


def test_a_sender_killed_between_the_servers_yes_and_its_mark_repeats_that_one_mail(sink):
    crowd(40)
    with a_sender(sink, "--die-before-mark=7") as process:
        assert process.wait(60) == -signal.SIGKILL
    expire_leases()
    sender.deliver_due()
    repeated = oracle(sink, kills=1)
    assert repeated == {sink.recipients[6]}


def test_a_notice_that_kills_every_sender_is_parked_after_five(sink):
    crowd(1)
    for _death in range(queue.POISON_TRIES):
        with a_sender(sink, "--die-at-claim") as process:
            assert process.wait(60) == -signal.SIGKILL
        expire_leases()
    with a_sender(sink, "--die-at-claim") as process:
        assert process.wait(60) == 0
    assert Notice.objects.get().status == Status.PARKED
    assert sink.recipients == []


@pytest.mark.postgresql
def test_a_sender_that_sleeps_through_its_lease_sends_nothing_more(sink):
    crowd(400)
    with a_sender(sink) as sleeper:
        wait_until(lambda: len(sink.recipients) >= 30)
        sleeper.send_signal(signal.SIGSTOP)
        time.sleep(0.2)
        expire_leases()
        sender.deliver_due()
        before = len(sink.recipients)
        sleeper.send_signal(signal.SIGCONT)
        assert sleeper.wait(60) == 0
    assert len(sink.recipients) - before <= 1
    oracle(sink, kills=1)


def test_a_hundred_doorbells_send_each_mail_once(sink):
    crowd(150)

    def ring(_number):
        try:
            tasks.deliver(helpers=0)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as hands:
        list(hands.map(ring, range(100)))
    oracle(sink, kills=0)


@pytest.mark.postgresql
def test_four_senders_side_by_side_send_each_mail_once(sink):
    crowd(1_000)
    with a_sender(sink) as one, a_sender(sink) as two, a_sender(sink) as three, a_sender(sink) as four:
        assert [process.wait(60) for process in (one, two, three, four)] == [0, 0, 0, 0]
    oracle(sink, kills=0)


@pytest.mark.postgresql
def test_a_sender_cut_off_from_its_database_comes_back_and_marks_what_it_sent(sink, monkeypatch):
    import psycopg

    crowd(60)
    mark_sent = queue.mark_sent
    cuts: list[Notice] = []

    def cut_off_first(notice):
        if not cuts:
            cuts.append(notice)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                (pid,) = cursor.fetchone()
            with psycopg.connect(database_url(), autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", [pid])
        return mark_sent(notice)

    monkeypatch.setattr(queue, "mark_sent", cut_off_first)
    assert sender.deliver_due() == 60
    assert oracle(sink, kills=0) == set()


def test_a_wiped_or_dead_broker_delays_nothing_but_the_bell(sink, settings, monkeypatch, caplog):
    from kombu.exceptions import OperationalError

    from notices import actions

    def dead(*args, **kwargs):
        raise OperationalError("connection refused")

    monkeypatch.setattr(tasks.deliver, "apply_async", dead)
    notice = NoticeFactory()
    actions.ring()
    assert "the doorbell did not ring (OperationalError)" in caplog.text
    tasks.deliver(helpers=0)  # the minute's sweep
    notice.refresh_from_db()
    assert notice.status == Status.SENT

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from audit.actors import SYSTEM
from notices import actions, queue
from notices.models import Notice, Status

from .factories import LONG_AGO, LetterFactory, NoticeFactory

pytestmark = pytest.mark.django_db


def expire_leases():
    Notice.objects.exclude(lease_token=None).update(lease_until=Now() - timedelta(seconds=1))


def due_now():
    Notice.objects.update(due_at=LONG_AGO)


@pytest.fixture
def letter():
    return LetterFactory()


def test_what_is_claimed_is_claimed_once(letter):
    NoticeFactory.create_batch(5, letter=letter)
    first, second = queue.claim(3), queue.claim(3)
    assert [len(first), len(second)] == [3, 2]
    assert not {n.pk for n in first} & {n.pk for n in second}
    assert queue.claim() == []


def test_nothing_is_claimed_before_it_is_due_or_once_it_is_done(letter):
    NoticeFactory(letter=letter, due_at=LONG_AGO.replace(year=2126))
    for status in set(Status) - {Status.WAITING}:
        NoticeFactory(letter=letter, status=status)
    assert queue.claim() == []


def test_a_claim_counts_the_attempt_before_the_work(letter):
    notice = NoticeFactory(letter=letter)
    (claimed,) = queue.claim()
    notice.refresh_from_db()
    assert (claimed.attempts, notice.attempts, notice.lease_token) == (1, 1, claimed.lease_token)
    assert notice.lease_until is not None


def test_only_the_first_unmarked_notice_of_a_dead_sender_is_in_doubt(letter):
    NoticeFactory.create_batch(4, letter=letter)
    done, *left = queue.claim()
    queue.mark_sent(done)
    expire_leases()
    again = queue.claim()
    assert [n.pk for n in again] == [n.pk for n in left]
    assert [n.is_possible_duplicate for n in again] == [True, False, False]
    assert [(n.attempts, n.crashes) for n in Notice.objects.order_by("pk")] == [
        (1, 0),
        (2, 1),
        (1, 0),
        (1, 0),
    ]


def test_each_dead_sender_leaves_one_in_doubt(letter):
    NoticeFactory.create_batch(6, letter=letter)
    queue.claim(3), queue.claim(3)
    expire_leases()
    assert [n.is_possible_duplicate for n in queue.claim()] == [True, False, False, True, False, False]


def test_what_a_sender_gave_back_is_as_if_never_taken(letter):
    NoticeFactory.create_batch(2, letter=letter)
    queue.release(queue.claim())
    again = queue.claim()
    assert [(n.attempts, n.is_possible_duplicate) for n in again] == [(1, False), (1, False)]


def test_a_sender_that_lost_its_lease_can_neither_send_nor_mark(letter):
    NoticeFactory(letter=letter)
    (stale,) = queue.claim()
    expire_leases()
    assert not queue.is_ours(stale)
    (fresh,) = queue.claim()
    assert not queue.is_ours(stale)
    assert not queue.mark_sent(stale)
    queue.mark_failed(stale, "451")
    queue.release([stale])
    assert queue.is_ours(fresh)
    assert queue.mark_sent(fresh)


def test_a_mail_is_not_begun_when_the_lease_would_end_during_it(letter):
    NoticeFactory(letter=letter)
    (notice,) = queue.claim(lease=timedelta(seconds=50))
    assert not queue.is_ours(notice)


def test_a_notice_that_kills_its_sender_is_parked_after_five_deaths_and_its_neighbors_are_not(letter):
    killer = NoticeFactory(letter=letter)
    NoticeFactory.create_batch(3, letter=letter)
    for _death in range(5):
        assert queue.claim()[0].pk == killer.pk
        expire_leases()
    assert len(queue.claim()) == 3
    killer.refresh_from_db()
    assert (killer.status, killer.failure, killer.crashes) == (Status.PARKED, "its sender died", 5)
    assert set(Notice.objects.exclude(pk=killer.pk).values_list("attempts", flat=True)) == {1}


def test_a_cancelled_notice_is_not_sent_even_if_already_claimed(letter):
    NoticeFactory(letter=letter)
    (notice,) = queue.claim()
    actions.cancel_waiting(letter.campaign, by=SYSTEM, at=LONG_AGO, reason="A wrong date")
    assert not queue.is_ours(notice)
    queue.mark_failed(notice, "451")
    assert Notice.objects.get().status == Status.CANCELLED


def test_a_mail_the_server_took_counts_as_sent_though_cancelled_meanwhile(letter):
    NoticeFactory(letter=letter)
    (notice,) = queue.claim()
    actions.cancel_waiting(letter.campaign, by=SYSTEM, at=LONG_AGO, reason="A wrong date")
    assert queue.mark_sent(notice)
    assert Notice.objects.get().status == Status.SENT


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 1), (2, 5), (3, 15), (4, 60), (5, 60), (74, 60)])
def test_waiting_grows_after_each_try_and_is_never_in_step(attempts, minutes):
    waits = {queue.backoff(attempts) for _ in range(20)}
    assert len(waits) > 1
    assert all(timedelta(minutes=minutes) <= wait <= timedelta(minutes=minutes * 1.2) for wait in waits)


def test_tries_last_about_three_days():
    least = sum(
        (timedelta(minutes=queue.BACKOFF_MINUTES[min(n, 4) - 1]) for n in range(1, queue.TRIES)), timedelta()
    )
    assert timedelta(hours=70) < least <= timedelta(hours=72)


def test_a_failure_waits_and_the_last_one_is_parked(letter):
    notice = NoticeFactory(letter=letter)
    (claimed,) = queue.claim()
    queue.mark_failed(claimed, "451")
    assert queue.claim() == []
    notice.refresh_from_db()
    assert (notice.status, notice.failure, notice.lease_token) == (Status.WAITING, "451", None)
    Notice.objects.update(attempts=queue.TRIES - 1, due_at=LONG_AGO)
    (claimed,) = queue.claim()
    queue.mark_failed(claimed, "451")
    assert Notice.objects.get().status == Status.PARKED


def test_a_person_reads_version_five_before_version_six(letter):
    five = NoticeFactory(letter=letter)
    six = NoticeFactory(recipient_id=five.recipient_id)
    (claimed,) = queue.claim()
    assert claimed.pk == five.pk
    queue.mark_sent(claimed)
    assert [n.pk for n in queue.claim()] == [six.pk]


def test_version_six_waits_while_version_five_is_put_off(letter):
    five = NoticeFactory(letter=letter)
    (claimed,) = queue.claim()
    queue.mark_failed(claimed, "451")
    six = NoticeFactory(recipient_id=five.recipient_id)
    somebody_else = NoticeFactory()
    assert [n.pk for n in queue.claim()] == [somebody_else.pk]
    five.refresh_from_db()
    six.refresh_from_db()
    assert six.due_at >= five.due_at
    due_now()
    assert [n.pk for n in queue.claim()] == [five.pk]


def test_a_claim_costs_the_same_few_queries_whatever_its_size(letter, django_assert_num_queries):
    NoticeFactory.create_batch(30, letter=letter)
    with django_assert_num_queries(5):
        queue.claim(2)
    with django_assert_num_queries(5):
        queue.claim(20)


@pytest.mark.postgresql
def test_only_the_sent_mark_does_not_wait_for_the_disk(letter, settings):
    NoticeFactory.create_batch(2, letter=letter)
    first, second = queue.claim()
    asked = []

    def listen(execute, sql, *rest):
        asked.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(listen):
        queue.mark_sent(first)
        settings.NOTICES_SYNC_MARKS = True
        queue.mark_sent(second)
    assert ["synchronous_commit" in sql for sql in asked] == [True, False]


def runs_of_prepared_statements():
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT coalesce(sum(generic_plans + custom_plans), 0)
            FROM pg_prepared_statements WHERE statement LIKE '%notices_notice%'
        """)
        return cursor.fetchone()[0]


@pytest.mark.postgresql
def test_both_statements_of_each_mail_are_prepared(letter):
    NoticeFactory.create_batch(3, letter=letter)
    batch, before = queue.claim(), runs_of_prepared_statements()
    for notice in batch:
        assert queue.is_ours(notice)
        assert queue.mark_sent(notice)
    assert runs_of_prepared_statements() == before + 6


@pytest.mark.postgresql
def test_after_a_crash_of_database_and_sender_the_whole_batch_is_in_doubt(letter):
    NoticeFactory.create_batch(3, letter=letter)
    queue.claim()
    # A lease older than the server itself: it was given before the crash.
    Notice.objects.update(lease_until=LONG_AGO)
    assert all(n.is_possible_duplicate for n in queue.claim())


@pytest.mark.postgresql
def test_after_a_crash_of_the_database_the_whole_batch_is_in_doubt(letter, monkeypatch):
    """Its last marks may be forgotten, for nobody waited for them."""
    NoticeFactory.create_batch(3, letter=letter)
    queue.claim()
    expire_leases()
    monkeypatch.setattr(queue, "server_started", timezone.now)
    assert [notice.is_possible_duplicate for notice in queue.claim()] == [True, True, True]


@pytest.mark.postgresql
def test_the_server_says_when_it_came_up(monkeypatch):
    monkeypatch.undo()
    assert queue.server_started() < timezone.now()

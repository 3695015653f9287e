from datetime import timedelta
from threading import Barrier, Event, Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone

from audit import actions, sealing, tasks
from audit.actors import SYSTEM
from audit.models import Event as AuditEvent
from audit.models import Seal, SealedEvent
from audit.verification import verify
from tests.people.factories import UserFactory

from .conftest import NOON


@pytest.mark.django_db
def test_nothing_new_makes_no_seal():
    assert actions.seal(at=NOON) is None


@pytest.mark.django_db
def test_a_seal_covers_all_that_was_open(deeds):
    events = deeds(5)
    seal = actions.seal(at=NOON)
    assert (seal.number, seal.size, seal.high_event) == (1, 5, events[-1].pk)
    assert not AuditEvent.objects.unsealed().exists()


@pytest.mark.django_db
def test_each_seal_follows_from_the_one_before(deeds):
    deeds(1)
    first = actions.seal(at=NOON)
    deeds(1)
    second = actions.seal(at=NOON)
    assert second.number == 2
    assert second.chained_root != first.chained_root
    assert verify(at=NOON).seals == 2


@pytest.mark.django_db
@pytest.mark.usefixtures("small_batches")
def test_many_events_are_sealed_batch_by_batch(deeds):
    deeds(10)
    assert actions.seal_all(at=NOON) == 10
    assert list(Seal.objects.order_by("number").values_list("size", flat=True)) == [3, 3, 3, 1]
    assert verify(at=NOON).events == 10


@pytest.mark.django_db
@pytest.mark.usefixtures("small_batches")
def test_an_idle_tick_asks_two_small_questions(deeds, django_assert_max_num_queries):
    deeds(7)
    actions.seal_all(at=NOON)
    with django_assert_max_num_queries(5):  # savepoints and the sealers' lock included
        assert actions.seal(at=NOON + timedelta(days=2)) is None


@pytest.mark.django_db
def test_the_minute_looks_only_above_what_a_day_old_seal_covers(deeds):
    last = deeds(4)[-1]
    actions.seal(at=NOON - timedelta(days=2))
    assert sealing.settled_event(NOON) == last.pk
    assert sealing.settled_event(NOON - timedelta(days=2)) == 0


@pytest.mark.django_db
def test_the_daily_look_everywhere_finds_what_the_minute_passed_by(deeds, settings, tmp_path):
    low, high = deeds(2)
    sealing._forge([high], NOON - timedelta(days=2))
    assert actions.seal(at=NOON) is None
    assert actions.seal_all(at=NOON, everywhere=True) == 1
    assert SealedEvent.objects.filter(event=low).exists()


@pytest.mark.django_db
def test_the_tasks_seal_and_sign(deeds, settings, tmp_path):
    settings.AUDIT_ANCHOR_DIR, settings.AUDIT_SIGNING_KEY = tmp_path, "a secret of fifty characters or so"
    deeds(2)
    tasks.seal()
    deeds(1)
    tasks.anchor()
    assert Seal.objects.count() == 2
    assert len(list(tmp_path.glob("*.json"))) == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_an_event_that_commits_late_is_sealed_by_the_next_seal(deeds):
    """A lower id becomes visible after a higher one was sealed: id ranges would lose it for good."""
    written, may_commit, late = Event(), Event(), []

    def slow_writer():
        with transaction.atomic():
            late.extend(deeds(1))
            written.set()
            may_commit.wait(10)
        connection.close()

    writer = Thread(target=slow_writer)
    writer.start()
    written.wait(10)
    (early,) = deeds(1)
    assert early.pk > late[0].pk
    assert actions.seal(at=NOON).size == 1
    may_commit.set()
    writer.join(10)
    assert actions.seal(at=NOON).high_event == late[0].pk
    assert verify(at=NOON).events == 2


@pytest.mark.django_db(transaction=True)
def test_two_sealers_at_the_very_first_seal_queue_up(deeds):
    deeds(50)
    together, made, trouble = Barrier(2), [], []

    def sealer():
        try:
            together.wait(10)
            made.append(actions.seal(at=NOON))
        except Exception as error:
            trouble.append(error)
        finally:
            connection.close()

    sealers = [Thread(target=sealer) for _ in range(2)]
    for thread in sealers:
        thread.start()
    for thread in sealers:
        thread.join(30)
    assert trouble == []
    assert sorted(seal.size if seal else 0 for seal in made) == [0, 50]
    assert verify(at=NOON).seals == 1


@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_while_writers_write_and_some_roll_back(deeds):
    done, trouble = Event(), []

    def writer(number: int):
        try:
            for turn in range(15):
                with transaction.atomic():
                    deeds(2)
                    if (turn + number) % 4 == 0:
                        transaction.set_rollback(True)
        except Exception as error:
            trouble.append(error)
        finally:
            connection.close()

    def sealer():
        try:
            while not done.is_set():
                actions.seal_all(at=NOON)
        except Exception as error:
            trouble.append(error)
        finally:
            connection.close()

    writers, sealing_thread = [Thread(target=writer, args=[n]) for n in range(4)], Thread(target=sealer)
    for thread in [*writers, sealing_thread]:
        thread.start()
    for thread in writers:
        thread.join(60)
    done.set()
    sealing_thread.join(60)
    actions.seal_all(at=NOON)
    assert trouble == []
    assert verify(at=NOON).events == AuditEvent.objects.count() > 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("age", "says"),
    [(timedelta(minutes=1), "1 event waits for the next seal"), (timedelta(hours=1), "Sealing has stopped")],
)
def test_the_desk_says_whether_sealing_runs(client, age, says):
    client.force_login(UserFactory(superuser=True))
    actions.record("policies.publish", by=SYSTEM, at=timezone.now() - age)
    assert says in client.get("/admin/audit/seal/").content.decode()

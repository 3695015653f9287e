"""Each way to tamper with the record, by somebody who holds the database, is found where it was done."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from audit import actions, merkle
from audit.anchors import Anchor
from audit.disposals import Broken
from audit.models import Event, Seal, SealedEvent
from audit.verification import verify

from .conftest import NOON


@pytest.fixture
def sealed(deeds, small_batches) -> list[Event]:
    """Seven events in three seals."""
    events = deeds(7)
    actions.seal_all(at=NOON)
    return events


def run(statement: str, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def anchored() -> list[Anchor]:
    last = Seal.objects.get(number=3)
    return [Anchor("2026-03-02", last.number, last.chained_root, "2026-03-02T00:05:00+00:00")]


@pytest.mark.django_db
def test_an_untouched_record_is_whole(sealed):
    found = verify(at=NOON, anchors=anchored())
    assert (found.seals, found.events, found.anchors, found.waiting) == (3, 7, 1, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    ["reason = 'x'", "verb = 'a.b'", "actor_ref = '9'", "object_ref = '9'", "details = '{\"n\": 9}'",
     "fields = '[\"email\"]'", "request_id = 'x'", "actor_kind = 'staff'", "at = '2026-03-02 12:00:00.000001'"],
)  # fmt: skip
def test_a_changed_byte_names_its_event(sealed, without_triggers, change):
    victim = sealed[4]
    with without_triggers():
        run(f"UPDATE audit_event SET {change} WHERE id = %s", victim.pk)  # noqa: S608 (our own words)
    with pytest.raises(Broken, match=f"Event {victim.pk} was changed"):
        verify(at=NOON)


@pytest.mark.django_db
def test_two_swapped_rows_name_the_first(sealed, without_triggers):
    one, two = sealed[3], sealed[5]
    with without_triggers():
        Event.objects.filter(pk=one.pk).update(at=two.at, details=two.details)
        Event.objects.filter(pk=two.pk).update(at=one.at, details=one.details)
    with pytest.raises(Broken, match=f"Event {one.pk} was changed"):
        verify(at=NOON)


@pytest.mark.django_db(transaction=True)
def test_a_deleted_event_is_named(sealed, without_triggers):
    if connection.vendor == "sqlite":
        run("PRAGMA foreign_keys = OFF")
    try:
        with without_triggers():
            run("DELETE FROM audit_event WHERE id = %s", sealed[2].pk)
        with pytest.raises(Broken, match=f"Event {sealed[2].pk} is missing: Seal 1"):
            verify(at=NOON)
    finally:
        if connection.vendor == "sqlite":
            run("PRAGMA foreign_keys = ON")


@pytest.mark.django_db
def test_an_event_deleted_with_its_membership_leaves_a_hole_in_its_seal(sealed, without_triggers):
    with without_triggers():
        run("DELETE FROM audit_sealedevent WHERE event_id = %s", sealed[4].pk)
        run("DELETE FROM audit_event WHERE id = %s", sealed[4].pk)
    with pytest.raises(Broken, match=rf"Seal 2 covers 3 events, but 2 are left, events {sealed[3].pk} to"):
        verify(at=NOON)


@pytest.mark.django_db
def test_a_leaf_fitted_to_the_changed_event_no_longer_gives_the_root(sealed, without_triggers):
    victim = sealed[4]
    victim.reason = "another"
    with without_triggers():
        victim.save()
        SealedEvent.objects.filter(event=victim).update(leaf=merkle.leaf(victim.canonical()))
    with pytest.raises(Broken, match="Seal 2: its events no longer give its root"):
        verify(at=NOON)


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["sealed_at", "chained_root", "high_event"])
def test_a_changed_seal_is_named(sealed, without_triggers, field):
    value = {"sealed_at": NOON + timedelta(1), "chained_root": "0" * 64, "high_event": 1}[field]
    with without_triggers():
        Seal.objects.filter(number=2).update(**{field: value})
    with pytest.raises(Broken, match="Seal 2 was changed"):
        verify(at=NOON)


@pytest.mark.django_db
def test_a_seal_taken_out_of_the_middle_is_named(sealed, without_triggers):
    with without_triggers():
        cut(Seal.objects.filter(number=2))
    with pytest.raises(Broken, match="Seal 2 is missing"):
        verify(at=NOON)


@pytest.mark.django_db
def test_a_cut_off_end_shows_against_the_anchor(sealed, without_triggers):
    outside = anchored()
    with without_triggers():
        cut(Seal.objects.filter(number=3))
    assert verify(at=NOON).seals == 2  # inside, nothing is amiss
    with pytest.raises(Broken, match="The end was cut off: seal 3 was signed on 2026-03-02, the last one"):
        verify(at=NOON, anchors=outside)


@pytest.mark.django_db
def test_a_record_rewritten_as_a_whole_shows_against_the_anchor(sealed, without_triggers):
    outside = anchored()
    with without_triggers():
        SealedEvent.objects.all().delete()
        Seal.objects.all().delete()
        Event.objects.filter(pk=sealed[0].pk).update(reason="another")
    actions.seal_all(at=NOON)
    assert verify(at=NOON).seals == 3
    with pytest.raises(Broken, match="Seal 3 is not the one signed on 2026-03-02"):
        verify(at=NOON, anchors=outside)


@pytest.mark.django_db
def test_an_old_event_without_a_seal_is_named(sealed, deeds):
    (late,) = deeds(1)
    assert verify(at=NOON).waiting == 1
    with pytest.raises(Broken, match=f"Event {late.pk} is older than ten minutes and not sealed"):
        verify(at=NOON + timedelta(hours=1))


@pytest.mark.django_db
def test_checking_asks_two_questions_a_seal_however_many_events(sealed, django_assert_num_queries):
    with django_assert_num_queries(2 + 1 + 3 * 2 + 2):  # first two for the disposals
        verify(at=NOON)


@pytest.mark.django_db
def test_the_command_says_in_one_line_that_all_is_well(sealed, tmp_path, capsys):
    call_command("verify_audit", anchors=tmp_path)
    said = capsys.readouterr().out
    assert said.startswith("The audit record is whole: 7 events in 3 seals, no anchors in")
    assert said.count("\n") == 1


@pytest.mark.django_db
def test_the_command_fails_with_the_first_bad_event(sealed, without_triggers, tmp_path):
    with without_triggers():
        Event.objects.filter(pk__in=[sealed[1].pk, sealed[6].pk]).update(reason="another")
    with pytest.raises(CommandError, match=f"NOT whole. Event {sealed[1].pk} was changed") as failure:
        call_command("verify_audit", anchors=tmp_path)
    assert failure.value.returncode == 1


def cut(seals):
    with transaction.atomic():
        numbers = list(seals.values_list("pk", flat=True))
        members = SealedEvent.objects.filter(seal__in=numbers)
        events = list(members.values_list("event_id", flat=True))
        members.delete()
        Event.objects.filter(pk__in=events).delete()
        Seal.objects.filter(pk__in=numbers).delete()

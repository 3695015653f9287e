"""The ledger outside the database: written once, chained, and never silently short."""

import errno
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings as site
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import transaction

from audit import outside, outside_file
from audit.actors import SYSTEM
from audit.models import Event, LedgerEntry
from audit.outside_restore import CannotReplay, complete_file, finish_restore
from tests.notices.test_kills import database_url

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def replayed(monkeypatch):
    """What was done again, in order."""
    seen = []

    def replay(entries, *, by, at):
        seen.extend(entries)
        return len(entries)

    monkeypatch.setitem(outside.replayers, "erasure", replay)
    return seen


def note(*refs, kind="erasure", **details):
    for ref in refs:
        outside.note(kind, ref, at=NOW, details=details)


def lines():
    return outside_file.path().read_bytes().splitlines(keepends=True)


def forget_since(number, without_triggers):
    """As if a backup had been restored that was made after the entry of this number."""
    with without_triggers():
        LedgerEntry.objects.filter(number__gt=number).delete()


# --- Writing -------------------------------------------------------------------------------------


def test_what_is_noted_stands_in_the_file_once(settings):
    note("amina", keep=["invoices"])
    note("ben")

    assert outside.write_out() == 2
    assert outside.write_out() == 0
    first, second = outside_file.verified()
    assert (first.number, first.kind, first.at, first.details) == (1, "erasure", NOW, {"keep": ["invoices"]})
    assert second.ref == outside.marker("ben")
    assert outside_file.path().stat().st_mode & 0o777 == 0o600


def test_the_file_names_nobody_and_another_key_finds_nobody(settings):
    note("person 42")
    outside.write_out()
    mark = outside.marker("person 42")
    settings.LEDGER_KEY = "another-key" * 10

    assert b"person 42" not in outside_file.path().read_bytes()
    assert outside.marker("person 42") != mark


@pytest.mark.django_db(transaction=True)
def test_it_is_written_right_after_the_commit_and_never_before():
    with transaction.atomic():
        note("amina", "ben")
        assert not outside.has_file()

    assert len(lines()) == 2


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_not_written():
    with transaction.atomic():
        note("amina")
        transaction.set_rollback(True)

    assert not outside.has_file()
    assert not LedgerEntry.objects.exists()


def test_many_notes_of_one_transaction_ring_once(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as rung:
        outside.note_all("erasure", map(str, range(1_200)), at=NOW)
        note("one more")

    assert len(rung) == 1


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_undoes_nothing_and_the_next_minute_writes(monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    note("amina")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        note("ben")
    assert LedgerEntry.objects.filter(number=None).count() == 1
    assert len(lines()) == 1

    assert outside.write_out() == 1
    assert [entry.number for entry in outside_file.verified()] == [1, 2]


def test_an_entry_cannot_be_changed_or_deleted():
    note("amina")
    for tampering in (
        lambda: LedgerEntry.objects.update(ref="0" * 64),
        lambda: LedgerEntry.objects.all().delete(),
    ):
        with pytest.raises(Exception, match="cannot be changed"), transaction.atomic():
            tampering()


# --- Crashes and rivals --------------------------------------------------------------------------


def test_a_line_without_its_mark_is_found_and_not_written_twice():
    note("amina")
    with outside_file.one_at_a_time():
        outside_file.append([outside.as_entry(LedgerEntry.objects.get(), 1)])  # and then it was killed

    assert not outside.is_behind()
    note("ben")
    assert outside.write_out() == 1
    assert [entry.ref for entry in outside_file.verified()] == [
        outside.marker("amina"),
        outside.marker("ben"),
    ]
    assert list(LedgerEntry.objects.values_list("number", flat=True)) == [1, 2]


def test_half_a_line_of_a_power_cut_is_dropped():
    note("amina")
    outside.write_out()
    whole = outside_file.path().read_bytes()
    with outside_file.path().open("ab") as file:
        file.write(whole[: len(whole) // 2])
    note("ben")

    assert not outside.is_behind()
    assert outside.write_out() == 1
    assert len(list(outside_file.verified())) == 2


WRITER = """
import sys, django
django.setup()
from django.utils import timezone
from audit import outside
for number in range(int(sys.argv[2])):
    outside.note("erasure", f"{sys.argv[1]} {number}", at=timezone.now())
"""
KILLED = """
import os, django
django.setup()
from audit import outside
outside._mark = lambda entries: entries and os.kill(os.getpid(), 9)
outside.write_out()
"""


def process(code, *arguments):
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "privacy_site.settings",
        "DATABASE_URL": database_url(),
        "LEDGER_KEY": "k" * 60,
    }
    return subprocess.Popen([sys.executable, "-c", code, *arguments], cwd=site.BASE_DIR, env=environment)


@pytest.mark.django_db(transaction=True)
def test_two_writers_make_one_chain(settings):
    settings.LEDGER_KEY = "k" * 60
    writers = [process(WRITER, name, "40") for name in ("one", "two")]
    assert [writer.wait(60) for writer in writers] == [0, 0]

    entries = list(outside_file.verified())
    assert [entry.number for entry in entries] == list(range(1, 81))
    assert len({entry.uuid for entry in entries}) == 80
    assert outside.standing() is outside.Standing.CURRENT


@pytest.mark.django_db(transaction=True)
def test_a_writer_killed_between_line_and_mark_leaves_one_line(settings):
    settings.LEDGER_KEY = "k" * 60
    LedgerEntry.objects.bulk_create(
        LedgerEntry(kind="erasure", ref=outside.marker(str(n)), at=NOW) for n in range(3)
    )
    killed = process(KILLED)

    assert killed.wait(60) == -9
    assert LedgerEntry.objects.filter(number=None).count() == len(lines()) == 3
    assert outside.write_out() == 0
    assert list(LedgerEntry.objects.values_list("number", flat=True)) == [1, 2, 3]
    assert len(list(outside_file.verified())) == 3


# --- Being behind --------------------------------------------------------------------------------


def test_without_a_file_nothing_is_asked_of_the_database(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert not outside.is_behind()


def test_a_current_database_answers_with_one_query(django_assert_num_queries):
    note(*map(str, range(1_000)))
    outside.write_out()

    with django_assert_num_queries(1):
        assert not outside.is_behind()


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_a_restored_database_is_behind(kept, without_triggers):
    note("amina", "ben", "carla")
    outside.write_out()
    forget_since(kept, without_triggers)

    assert outside.is_behind()


def test_one_that_lost_a_late_commit_in_the_middle_is_behind(without_triggers):
    """The backup saw the last entry, but not the one before, whose transaction ended later."""
    note("amina", "ben")
    outside.write_out()
    with without_triggers():
        LedgerEntry.objects.filter(number=1).delete()
        LedgerEntry.objects.update(number=None)

    assert outside.is_behind()


def test_the_ledger_of_another_site_is_not_taken_for_ours(without_triggers):
    note("amina")
    outside.write_out()
    with without_triggers():
        LedgerEntry.objects.all().delete()
    LedgerEntry.objects.create(kind="erasure", ref="0" * 64, at=NOW, number=1)

    assert outside.standing() is outside.Standing.FOREIGN
    assert outside.is_behind()


def test_a_database_that_is_behind_adds_no_line(without_triggers):
    note("amina", "ben")
    outside.write_out()
    forget_since(1, without_triggers)
    note("carla")

    with pytest.raises(outside.LedgerBroken, match="restored from a backup"):
        outside.write_out()
    assert len(lines()) == 2


def test_a_glance_holds_for_some_seconds_and_a_bad_one_not_at_all(without_triggers):
    now = [0.0]
    glance = outside.Glance(clock=lambda: now[0])
    note("amina")
    outside.write_out()
    assert not glance.is_behind()
    forget_since(0, without_triggers)

    assert not glance.is_behind()
    now[0] += outside.GLANCE_SECONDS
    assert glance.is_behind()


def test_the_deployment_check_says_so(without_triggers):
    note("amina")
    outside.write_out()
    forget_since(0, without_triggers)

    found = [
        message for message in run_checks(include_deployment_checks=True) if message.id == "privacy_site.E018"
    ]
    assert [message.hint for message in found] == ["Run `manage.py finish_restore`."]


# --- Finishing a restore -------------------------------------------------------------------------


def test_only_what_is_unknown_is_done_again_and_only_once(replayed, without_triggers):
    note("amina", "ben", "carla", keep=["invoices"])
    outside.write_out()
    forget_since(1, without_triggers)

    found = finish_restore(by=SYSTEM, at=NOW)
    assert (found.lines, found.unknown, found.done) == (3, 2, {"erasure": 2})
    assert [entry.ref for entry in replayed] == [outside.marker("ben"), outside.marker("carla")]
    assert finish_restore(by=SYSTEM, at=NOW + timedelta(days=1)).unknown == 0
    assert len(replayed) == 2
    assert not outside.is_behind()
    assert Event.objects.get(verb="audit.finish_restore").details == {
        "first_line": 2,
        "last_line": 3,
        "erasure": 2,
    }


def test_one_stopped_half_way_is_still_behind_and_goes_on(replayed, without_triggers, monkeypatch):
    note("amina", "ben")
    outside.write_out()
    forget_since(0, without_triggers)
    with monkeypatch.context() as patch:
        patch.setattr("audit.outside_restore._enter", lambda *a, **k: exit())
        with pytest.raises(SystemExit):
            finish_restore(by=SYSTEM, at=NOW)

    assert outside.is_behind()
    assert finish_restore(by=SYSTEM, at=NOW).unknown == 2
    assert not outside.is_behind()


def test_after_a_restore_new_lines_go_on_where_the_file_ends(replayed, without_triggers):
    note("amina", "ben")
    outside.write_out()
    forget_since(1, without_triggers)
    finish_restore(by=SYSTEM, at=NOW)
    note("carla")

    assert outside.write_out() == 1
    assert [entry.number for entry in outside_file.verified()] == [1, 2, 3]


def test_a_kind_that_nobody_can_do_again_stops_everything(replayed, without_triggers):
    note("amina")
    note("fiona", kind="unheard_of")
    outside.write_out()
    forget_since(0, without_triggers)

    with pytest.raises(CannotReplay, match="unheard_of"):
        finish_restore(by=SYSTEM, at=NOW)
    assert replayed == []
    assert outside.is_behind()


def tamper(path: Path, change):
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


TAMPERED = {
    "a changed time": (
        lambda rows: [rows[0], rows[1].replace(b"2026-03-02", b"2026-03-03"), rows[2]],
        "Line 2",
    ),
    "a changed reference": (lambda rows: [rows[0].replace(b'"ref":"', b'"ref":"0'), *rows[1:]], "Line 1"),
    "a line taken out": (lambda rows: [rows[0], rows[2]], "Line 2"),
    "two lines swapped": (lambda rows: [rows[1], rows[0], rows[2]], "Line 1"),
    "a line twice": (lambda rows: [*rows, rows[2]], "Line 4"),
    "rubbish": (lambda rows: [rows[0], b"not json\n", rows[2]], "line 2"),
    "a cut-off end": (lambda rows: rows[:2], "after line 2"),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_a_file_that_was_tampered_with_is_named_with_its_line(how, replayed):
    change, named = TAMPERED[how]
    note("amina", "ben", "carla")
    outside.write_out()
    tamper(outside_file.path(), change)

    with pytest.raises(CommandError, match=f"Nothing was changed.*{named}"):
        call_command("finish_restore")
    assert replayed == []


def test_a_forged_line_needs_the_key(settings, without_triggers):
    note("amina")
    outside.write_out()
    own_key, settings.LEDGER_KEY = settings.LEDGER_KEY, "the forger's own key" * 5
    [entry] = outside_file.newer_than(0)
    tamper(outside_file.path(), lambda rows: [entry.chained(outside_file.START).line()])
    settings.LEDGER_KEY = own_key

    with pytest.raises(outside.LedgerBroken, match=r"Line 1 .* was changed"):
        list(outside_file.verified())


@pytest.mark.parametrize("left", [0, 2])
def test_a_file_that_lost_its_end_gets_it_back_to_the_byte(left):
    note("amina", "ben", keep=["invoices"])
    note("carla")
    outside.write_out()
    whole = outside_file.path().read_bytes()
    tamper(outside_file.path(), lambda rows: rows[:left])

    with pytest.raises(outside.LedgerBroken, match="has lost"):
        outside.write_out()
    assert complete_file(by=SYSTEM, at=NOW) == 3 - left
    assert outside_file.path().read_bytes() == whole
    assert complete_file(by=SYSTEM, at=NOW) == 0


def test_the_command_says_what_it_did(replayed, without_triggers, capsys):
    note("amina", "ben")
    outside.write_out()
    forget_since(0, without_triggers)
    call_command("finish_restore")
    call_command("finish_restore")

    said = capsys.readouterr().out
    assert "2 were unknown to this database. Done again: erasure 2. The site serves again." in said
    assert "knows all 2 lines of the ledger. There was nothing to do." in said

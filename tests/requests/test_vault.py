"""The vault: who steals the database and the disk, but not the master keys, has nothing."""

import errno
import io
import os
import stat
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as site
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection

from audit import outside
from audit.actors import SYSTEM
from audit.models import Event, LedgerEntry
from requests.keeping import masters, rotating, vault
from requests.keeping.streams import Tampered
from requests.models import CaseKey, Connection, RightsRequest, SealedFile
from requests.others import calls
from tests.inventory.factories import SystemFactory
from tests.people.factories import NOW, UserFactory

pytestmark = pytest.mark.django_db
FIRST, SECOND = "first-master-key-" + "1" * 50, "second-master-key-" + "2" * 50


@pytest.fixture(autouse=True)
def keys(settings):
    settings.VAULT_KEYS = [FIRST]


@pytest.fixture
def case():
    return RightsRequest.objects.create(right="access", received_at=NOW)


@pytest.fixture
def other_case():
    return RightsRequest.objects.create(right="erasure", received_at=NOW)


def content_of(case, stored):
    return b"".join(vault.open_sealed(case, stored.path))


def files():
    root = Path(site.VAULT_DIR)
    return sorted(path for path in root.rglob("*") if path.is_file())


def test_what_is_sealed_can_be_opened_again(case):
    stored = vault.seal(case, io.BytesIO(b"Amina's passport"))

    assert content_of(case, stored) == b"Amina's passport"
    assert stored.size == 16
    assert SealedFile.objects.get().sha256 == stored.sha256


def test_an_iterator_is_as_good_as_a_file(case):
    stored = vault.seal(case, (b"line %d\n" % n for n in range(3)))

    assert content_of(case, stored) == b"line 0\nline 1\nline 2\n"


def test_names_are_ours_and_nobody_else_may_look(case):
    stored = vault.seal(case, io.BytesIO(b"x"))
    path = Path(site.VAULT_DIR) / stored.path

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (path.parent, path.parent.parent)} == {0o700}


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "ab/" + "0" * 32 + ".sealed", ""])
def test_no_other_name_leads_to_the_disk(case, path):
    with pytest.raises(vault.NotInVault):
        vault.open_sealed(case, path)


def test_a_file_of_another_case_does_not_open(case, other_case):
    stored = vault.seal(case, io.BytesIO(b"Amina"))

    with pytest.raises(Tampered):
        vault.open_sealed(other_case, stored.path)


def test_two_files_of_one_case_cannot_change_places(case):
    one, two = (vault.seal(case, io.BytesIO(word)) for word in (b"one", b"two"))
    root = Path(site.VAULT_DIR)
    (root / one.path).write_bytes((root / two.path).read_bytes())

    with pytest.raises(Tampered):
        vault.open_sealed(case, one.path)


def test_a_key_cannot_be_moved_to_another_case(case, other_case):
    stolen = vault.key_of(case)
    CaseKey.objects.filter(pk=vault.key_of(other_case).pk).update(wrapped=stolen.wrapped)

    with pytest.raises(masters.CannotUnlock):
        vault.seal(other_case, io.BytesIO(b"x"))


def test_each_case_has_one_key(case):
    assert vault.key_of(case) == vault.key_of(case)
    assert CaseKey.objects.count() == 1


# --- A full disk ---------------------------------------------------------------------------------


def test_a_full_disk_leaves_no_half_file(case, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("requests.keeping.vault.os.fsync", full)

    with pytest.raises(vault.VaultFull, match="Make room"):
        vault.seal(case, io.BytesIO(b"x" * 1_000_000))
    assert files() == []
    assert not SealedFile.objects.exists()


def test_a_source_that_breaks_off_leaves_no_half_file(case):
    def broken():
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        vault.seal(case, broken())
    assert files() == []


def test_a_database_that_says_no_leaves_no_file(case, monkeypatch):
    def refuse(**_columns):
        raise RuntimeError("the database went away")

    monkeypatch.setattr(SealedFile.objects, "create", refuse)

    with pytest.raises(RuntimeError):
        vault.seal(case, io.BytesIO(b"x"))
    assert files() == []


# --- Letting go ----------------------------------------------------------------------------------


def test_a_removed_file_is_gone_after_the_commit(case, django_capture_on_commit_callbacks):
    stored = vault.seal(case, io.BytesIO(b"x"))

    with django_capture_on_commit_callbacks(execute=True):
        vault.remove(stored.path)
    assert files() == []
    with pytest.raises(vault.NotInVault):
        vault.open_sealed(case, stored.path)


def test_a_shredded_key_opens_nothing_and_the_row_says_who_did_it(case, django_capture_on_commit_callbacks):
    stored = vault.seal(case, io.BytesIO(b"Amina"))
    copy = files()[0].read_bytes()

    with django_capture_on_commit_callbacks(execute=True):
        assert vault.shred(case, by=SYSTEM, at=NOW)
    (Path(site.VAULT_DIR) / stored.path).write_bytes(copy)  # somebody kept one

    with pytest.raises(vault.KeyShredded):
        vault.open_sealed(case, stored.path)
    key = CaseKey.objects.get()
    assert (key.wrapped, key.shredded_at, key.shredded_by) == (None, NOW, "system")
    assert LedgerEntry.objects.get().kind == vault.SHRED


def test_nothing_is_sealed_for_a_request_whose_key_is_gone(case):
    vault.shred(case, by=SYSTEM, at=NOW)

    with pytest.raises(vault.KeyShredded):
        vault.seal(case, io.BytesIO(b"too late"))
    assert files() == []


def test_shredding_twice_is_one_event(case):
    assert vault.shred(case, by=SYSTEM, at=NOW)
    assert not vault.shred(case, by=SYSTEM, at=NOW)

    assert Event.objects.filter(verb="requests.shred").count() == 1


def test_a_key_destroyed_while_a_file_is_written_keeps_nothing(case):
    def slow():
        yield b"first half"
        vault.shred(case, by=SYSTEM, at=NOW)
        yield b"second half"

    with pytest.raises(vault.KeyShredded):
        vault.seal(case, slow())
    assert files() == []


def test_the_sweep_takes_leftovers_of_yesterday_only(case):
    kept = vault.seal(case, io.BytesIO(b"known"))
    root = Path(site.VAULT_DIR)
    for name in ("a" * 32 + ".sealed", "b" * 32 + ".part", "c" * 32 + ".sealed"):
        (root / kept.path[:2] / name).write_bytes(b"leftover")
    old = (NOW - timedelta(days=2)).timestamp()
    for path in files():
        os.utime(path, (NOW.timestamp(), NOW.timestamp()) if path.name[0] == "c" else (old, old))

    assert vault.sweep_leftovers(at=NOW) == 2
    assert {path.name for path in files()} == {Path(kept.path).name, "c" * 32 + ".sealed"}


def test_the_key_of_a_later_case_with_the_same_number_is_left_alone(case):
    vault.seal(case, io.BytesIO(b"Amina"))
    key = {**CaseKey.objects.filter(request=case).values().get(), "made_at": NOW + timedelta(days=1)}
    vault.shred(case, by=SYSTEM, at=NOW)
    CaseKey.objects.filter(request=case).update(**key)

    assert vault.replay_shreds([outside.as_entry(LedgerEntry.objects.get(), 1)], by=SYSTEM, at=NOW) == 0


def test_a_key_that_came_back_with_a_backup_is_destroyed_again(case, other_case):
    before = vault.seal(case, io.BytesIO(b"Amina"))
    kept = vault.seal(other_case, io.BytesIO(b"Ben"))
    key = {**CaseKey.objects.filter(request=case).values().get(), "made_at": NOW}
    vault.shred(case, by=SYSTEM, at=NOW)
    CaseKey.objects.filter(request=case).update(**key)
    noted = LedgerEntry.objects.get()
    entries = [outside.as_entry(noted, 1)]

    assert vault.replay_shreds(entries, by=SYSTEM, at=NOW) == 1
    assert vault.replay_shreds(entries, by=SYSTEM, at=NOW) == 0
    with pytest.raises(vault.KeyShredded):
        vault.open_sealed(case, before.path)
    assert content_of(other_case, kept) == b"Ben"
    assert LedgerEntry.objects.count() == 1


# --- Master keys ---------------------------------------------------------------------------------


def test_master_keys_change_without_losing_a_file(case, other_case, settings):
    stored = [vault.seal(one, io.BytesIO(b"kept")) for one in (case, other_case)]
    settings.VAULT_KEYS = [SECOND, FIRST]
    call_command("rotate_vault_keys", verbosity=0)
    settings.VAULT_KEYS = [SECOND]

    assert content_of(case, stored[0]) == content_of(other_case, stored[1]) == b"kept"
    assert Event.objects.get(verb="requests.rotate_keys").details["locked"] == 2


def test_a_rotation_stopped_half_way_goes_on(case, other_case, settings, monkeypatch):
    for one in (case, other_case):
        vault.key_of(one)
    monkeypatch.setattr(vault, "WINDOW", 1)
    settings.VAULT_KEYS = [SECOND, FIRST]
    vault.rewrap_window()

    assert CaseKey.objects.exclude(wrapped_by=masters.current()).count() == 1
    assert rotating.rotate(by=SYSTEM, at=NOW) == 1
    assert rotating.rotate(by=SYSTEM, at=NOW) == 0


def test_the_secrets_of_connections_change_locks_too(settings):
    connection = Connection.objects.create(system=SystemFactory(), url="https://lms.example.org/hook")
    calls.renew_secret(connection, by=UserFactory(), at=NOW)
    before = calls._secret(connection)
    settings.VAULT_KEYS = [SECOND, FIRST]
    assert rotating.rotate(by=SYSTEM, at=NOW) == 1
    settings.VAULT_KEYS = [SECOND]

    connection.refresh_from_db()
    assert calls._secret(connection) == before
    assert rotating.rotate(by=SYSTEM, at=NOW) == 0


def test_a_missing_master_key_is_named(case, settings):
    vault.key_of(case)
    former = masters.current()
    settings.VAULT_KEYS = [SECOND]

    with pytest.raises(CommandError, match=former):
        call_command("rotate_vault_keys")


def test_the_demo_has_a_key_of_its_own_and_production_none(settings, tmp_path):
    settings.VAULT_KEYS, settings.VAR_DIR = [], tmp_path
    assert masters.unlock(masters.lock(b"secret", "a"), "a") == b"secret"

    settings.DEMO = False
    with pytest.raises(ImproperlyConfigured, match="Set VAULT_KEYS"):
        masters.lock(b"secret", "a")


# --- The thief -----------------------------------------------------------------------------------

CANARIES = [f"Zyxwv Qanary {number:02d} Straße" for number in range(20)]


@pytest.mark.django_db(transaction=True)
def test_a_stolen_dump_and_a_stolen_disk_say_nothing(tmp_path):
    case = RightsRequest.objects.create(right="access", received_at=NOW)
    for canary in CANARIES:
        vault.seal(case, io.BytesIO(f"{canary}\n".encode() * 5_000))
    loot = [path.read_bytes() for path in files()] + [dump(tmp_path)]

    assert len(loot) == 21
    assert b"casekey" in loot[-1]
    assert [canary for canary in CANARIES for piece in loot if canary.encode() in piece] == []


def dump(folder):
    """The whole database as a backup would hold it."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        connection.close()
        return b"".join(path.read_bytes() for path in Path(database["NAME"]).parent.glob("*.sqlite3*"))
    host = database["HOST"] or database["OPTIONS"].get("host", "")
    command = ["pg_dump", "-h", host, "-p", str(database["PORT"] or 5432), "-U", database["USER"]]
    password = {"PGPASSWORD": database["PASSWORD"]} if database["PASSWORD"] else {}
    return subprocess.run(
        [*command, database["NAME"]], check=True, capture_output=True, env=os.environ | password
    ).stdout

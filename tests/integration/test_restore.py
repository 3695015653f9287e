"""Erased stays erased: dump, erase a hundred people, restore the dump, finish the restore."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from audit import outside, outside_file
from audit.models import Event
from audit.tasks import seal
from notices import finishing, sender, tasks
from notices.models import Notice, Status
from people.models import Guardianship, Person
from requests.erasing.forgetting import forget
from tests.notices.factories import LONG_AGO, LetterFactory, NoticeFactory
from tests.people.factories import GuardianshipFactory, PersonFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def backup(tmp_path) -> Callable[[], Callable[[], None]]:
    """`restore = backup()` dumps this test's database; `restore()` puts the dump back."""
    return lambda: _of_sqlite(tmp_path) if connection.vendor == "sqlite" else _of_postgresql(tmp_path)


def _of_sqlite(folder: Path) -> Callable[[], None]:
    database = Path(connection.settings_dict["NAME"])
    call_in_peace(lambda: shutil.copy(database, folder / "backup"))

    def restore() -> None:
        connection.close()
        for part in database.parent.glob(f"{database.name}-*"):
            part.unlink()
        shutil.copy(folder / "backup", database)

    return restore


def call_in_peace(copy: Callable[[], object]) -> None:
    """Closing the last connection moves everything from the log into the file."""
    connection.close()
    copy()


def _of_postgresql(folder: Path) -> Callable[[], None]:
    file = folder / "backup.sql"
    _tool("pg_dump", "--clean", "--if-exists", f"--file={file}")

    def restore() -> None:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's
        _tool("psql", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1", f"--file={file}")

    return restore


def _tool(name: str, *arguments: str) -> None:
    if not shutil.which(name):
        pytest.skip(f"needs {name}")
    database = connection.settings_dict
    host = database["HOST"] or database["OPTIONS"].get("host", "")
    login = ["-h", host, "-p", str(database["PORT"] or 5432), "-U", database["USER"], "-d", database["NAME"]]
    password = {"PGPASSWORD": database["PASSWORD"]} if database["PASSWORD"] else {}
    subprocess.run([name, *login, *arguments], check=True, env=os.environ | password)


def erase(people, *, keep=()):
    """As an erasure request ends."""
    with transaction.atomic():
        at = timezone.now()
        forget([person.pk for person in people], keep=keep, at=at)
        outside.note_all(
            "erasure", [str(person.pk) for person in people], at=at, details={"keep": list(keep)}
        )


def test_nobody_erased_after_the_backup_comes_back(backup, client):
    stay, go = PersonFactory.create_batch(20), PersonFactory.create_batch(100)
    GuardianshipFactory(child=go[0], guardian=stay[0])
    restore = backup()
    erase(go)
    restore()

    assert Person.objects.filter(erased_at=None).count() == 120
    assert client.get("/").status_code == 503
    assert client.get("/static/portal/site.css").status_code == 503
    assert client.get("/healthz").json() == {"ledger": "behind"}

    call_command("finish_restore", verbosity=0)

    assert client.get("/").status_code != 503
    assert client.get("/healthz").status_code == 200
    assert {person.pk for person in Person.objects.filter(erased_at=None)} >= {person.pk for person in stay}
    back = Person.objects.filter(pk__in=[person.pk for person in go])
    assert [person for person in back if person.email or person.given_name or person.birth_date] == []
    assert not Guardianship.objects.filter(child=go[0]).exists()


def test_finishing_twice_changes_nothing(backup):
    people = PersonFactory.create_batch(3)
    restore = backup()
    erase(people)
    restore()
    call_command("finish_restore", verbosity=0)
    before = (
        list(Person.objects.order_by("pk").values()),
        Event.objects.count(),
        outside_file.path().read_bytes(),
    )
    call_command("finish_restore", verbosity=0)

    assert before == (
        list(Person.objects.order_by("pk").values()), Event.objects.count(), outside_file.path().read_bytes()
    )  # fmt: skip


def test_what_was_finished_before_is_not_sent_again(backup, settings):
    letter = LetterFactory()
    for person in PersonFactory.create_batch(30):
        NoticeFactory(
            campaign=letter.campaign,
            letter=letter,
            recipient_id=person.pk,
            address=person.email,
            due_at=LONG_AGO,
        )
    restore = backup()
    tasks.deliver()
    assert len(mail.outbox) == 30
    restore()

    assert sender.deliver_due() == 0  # nothing leaves a database that is behind
    tasks.deliver()
    call_command("finish_restore", verbosity=0)
    tasks.deliver()
    assert len(mail.outbox) == 30
    assert set(Notice.objects.values_list("status", flat=True)) == {Status.CANCELLED}
    assert Event.objects.get(verb="notices.end_again").details == {"stopped": 30}


def test_a_campaign_that_was_still_going_out_goes_on(backup):
    done, going = LetterFactory(), LetterFactory(campaign__object_ref="2")
    NoticeFactory(campaign=done.campaign, letter=done, recipient_id=1, due_at=LONG_AGO)
    waiting = NoticeFactory(campaign=going.campaign, letter=going, recipient_id=2, due_at=timezone.now())
    restore = backup()
    Notice.objects.filter(campaign=done.campaign).update(status=Status.SENT)
    finishing.note_finished(at=timezone.now())
    restore()
    call_command("finish_restore", verbosity=0)

    waiting.refresh_from_db()
    assert waiting.status == Status.WAITING


def test_a_notice_waiting_for_somebody_erased_does_not_go_out(backup):
    person = PersonFactory()
    letter = LetterFactory()
    NoticeFactory(campaign=letter.campaign, letter=letter, recipient_id=person.pk, address=person.email)
    restore = backup()
    erase([person])
    restore()
    call_command("finish_restore", verbosity=0)

    tasks.deliver()
    assert mail.outbox == []
    assert not Notice.objects.filter(address=person.email).exists()


def test_what_was_kept_by_law_is_kept_again(backup):
    person = PersonFactory()
    restore = backup()
    erase([person], keep=["account-details"])
    restore()
    call_command("finish_restore", verbosity=0)

    person.refresh_from_db()
    assert person.erased_at is None


def test_who_came_after_an_erasure_is_somebody_else(backup):
    """The database counts on from the backup, so a new person may get the number of one who is gone."""
    restore = backup()
    gone = PersonFactory()
    erase([gone])
    restore()
    newcomer = PersonFactory(pk=gone.pk)
    call_command("finish_restore", verbosity=0)

    newcomer.refresh_from_db()
    assert newcomer.erased_at is None


def test_a_worker_does_nothing_until_the_restore_is_finished(backup, monkeypatch):
    sealed = []
    monkeypatch.setattr("audit.sealing.seal_all", lambda **_: sealed.append(1))
    person = PersonFactory()
    restore = backup()
    erase([person])
    restore()
    seal.apply()
    assert sealed == []
    call_command("finish_restore", verbosity=0)
    seal.apply()
    assert sealed == [1]

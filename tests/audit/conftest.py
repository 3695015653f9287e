from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection

from audit import evidence, sealing
from audit.actions import record
from audit.actors import SYSTEM
from audit.models import Event
from tests.people.factories import UserFactory

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@contextmanager
def triggers_lifted() -> Iterator[None]:
    """What somebody with the database's own password could do."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
        else:
            for model, _ in evidence.protected_models():
                for name in evidence.trigger_names(model._meta.db_table):
                    cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')
        try:
            yield
        finally:
            if connection.vendor == "postgresql":
                cursor.execute("SET session_replication_role = DEFAULT")
            else:
                evidence.protect_all()


@pytest.fixture
def without_triggers() -> Callable[[], AbstractContextManager[None]]:
    return triggers_lifted


@pytest.fixture(autouse=True)
def flush_past_the_triggers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A transactional test empties every table at its end, evidence too."""
    operations = type(connection.ops)
    flush = operations.execute_sql_flush

    def lifted_flush(self, sql_list):
        with triggers_lifted():
            flush(self, sql_list)

    monkeypatch.setattr(operations, "execute_sql_flush", lifted_flush)


@pytest.fixture
def deeds() -> Callable[[int], list[Event]]:
    """Write that many events, a second apart."""

    def write(count: int) -> list[Event]:
        return [
            record("policies.publish", by=SYSTEM, at=NOON + timedelta(seconds=n), details={"n": n})
            for n in range(count)
        ]

    return write


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 3)


@pytest.fixture
def dov(db):
    """Of the privacy team; may do what `may` says, nothing else."""
    return UserFactory(dov=True)


def may(user, *permissions: str) -> None:
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))

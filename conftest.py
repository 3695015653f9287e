"""Fixtures for every test, wherever it lies."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.utils import translation

from audit import evidence

pytest_plugins = ["tests.needs"]


def pytest_configure() -> None:
    # Argon2 is slow on purpose; a test that signs in is about the sign-in.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # No clock in an assertion: a busy machine is not a defect. The same examples each time, so that what
    # failed once fails again.
    hypothesis.settings.register_profile("house", deadline=None, derandomize=True)
    hypothesis.settings.load_profile("house")


@contextmanager
def lifted_triggers(database: BaseDatabaseWrapper) -> Iterator[None]:
    """Evidence without its guard, to tidy up after a test or to play the intruder."""
    is_postgresql = database.vendor == "postgresql"
    with database.cursor() as cursor:
        if is_postgresql:
            cursor.execute("SET session_replication_role = replica")
        else:
            _drop_triggers(cursor)
        try:
            yield
        finally:
            if is_postgresql:
                cursor.execute("SET session_replication_role = DEFAULT")
            else:
                evidence.protect_all(using=database.alias)


def _drop_triggers(cursor: CursorWrapper) -> None:
    for model, _rule in evidence.protected_models():
        for name in evidence.trigger_names(model._meta.db_table):
            cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')


@pytest.fixture
def without_triggers(db: None) -> Callable[[], AbstractContextManager[None]]:
    """`with without_triggers(): …` changes evidence as somebody with the database's keys could."""
    return lambda: lifted_triggers(connection)


@pytest.fixture(scope="session", autouse=True)
def _flush_may_empty_evidence() -> Iterator[None]:
    """Transactional tests end with a flush, which the triggers would refuse.

    On the class: Playwright's loop gives another connection object. `manage.py flush` in
    production stays refused, which we want."""
    operations = type(connection.ops)
    flush = operations.execute_sql_flush

    def flush_without_guard(self: Any, sql_list: list[str]) -> None:
        with lifted_triggers(self.connection):
            flush(self, sql_list)

    patch = pytest.MonkeyPatch()
    patch.setattr(operations, "execute_sql_flush", flush_without_guard)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _folders_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test writes beside the database must not look like a newer past to the next one's, nor to
    the processes that it starts. Nothing is made here: most tests write nothing."""
    place = tmp_path_factory.getbasetemp() / f"beside-{uuid.uuid4().hex}"
    for name in ("LEDGER_DIR", "VAULT_DIR"):
        monkeypatch.setattr(settings, name, place / name)
        monkeypatch.setenv(name, str(place / name))


@pytest.fixture(autouse=True)
def _speak_the_original_language() -> Iterator[None]:
    """A page asked for in Spanish would leave the process, and so the next test, in Spanish."""
    yield
    translation.activate(settings.LANGUAGE_CODE)

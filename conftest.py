"""Fixtures for every test, wherever it lies."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from audit import evidence

pytest_plugins = ["tests.needs"]


@contextmanager
def lifted_triggers(database: BaseDatabaseWrapper) -> Iterator[None]:
    """Evidence without its guard, to tidy up after a test or to play the intruder."""
    tables = [model._meta.db_table for model, _rule in evidence.protected_models()]
    with database.cursor() as cursor:
        for table in tables:
            for statement in _lifting(database, table):
                cursor.execute(statement)
    try:
        yield
    finally:
        evidence.protect_all(using=database.alias)
        if database.vendor == "postgresql":
            with database.cursor() as cursor:
                for table in tables:
                    cursor.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')


def _lifting(database: BaseDatabaseWrapper, table: str) -> list[str]:
    if database.vendor == "postgresql":
        return [f'ALTER TABLE "{table}" DISABLE TRIGGER USER']
    return [f'DROP TRIGGER IF EXISTS "{name}"' for name in evidence.trigger_names(table)]


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

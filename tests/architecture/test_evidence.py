"""Evidence is guarded by the database itself, after all migrations (SQLite's table rebuild drops
triggers in silence). How the guard behaves is told in tests/audit."""

import pytest
from django.db import connection

from audit import evidence

LISTED = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgenabled = 'O'",
}


def triggers(table: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(LISTED[connection.vendor], [table])
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.django_db
def test_every_evidence_table_carries_its_triggers():
    tables = [model._meta.db_table for model, _ in evidence.protected_models()]

    assert len(tables) >= 3
    assert [table for table in tables if not triggers(table) >= set(evidence.trigger_names(table))] == []

"""Rows that the database itself refuses to change (design, truth 2).

`@evidence()` declares a model append-only. `@evidence(frozen_once="published_at", free=("status",))`
declares one whose rows may be edited until that column is set; afterwards only the `free` columns
move, and the row can no longer be deleted. The triggers are laid after every `migrate`, because
SQLite's table rebuild drops them in silence; a test lists them on both databases."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

M = TypeVar("M", bound=type[models.Model])


@dataclass(frozen=True)
class Rule:
    """When a row freezes, and which columns stay free. Names are model field names."""

    frozen_once: str = ""
    free: tuple[str, ...] = ()


_rules: dict[str, Rule] = {}


def evidence(*, frozen_once: str = "", free: tuple[str, ...] = ()) -> Callable[[M], M]:
    def declare(model: M) -> M:
        _rules[model._meta.label_lower] = Rule(frozen_once, free)
        return model

    return declare


def protected_models() -> Iterator[tuple[type[models.Model], Rule]]:
    """Every evidence model with its rule, in a stable order."""
    for label in sorted(_rules):
        yield apps.get_model(label), _rules[label]


def protect_all(using: str = DEFAULT_DB_ALIAS, **_signal: Any) -> None:
    """Lay the triggers of every evidence table that exists, replacing those that stand."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    for model, rule in protected_models():
        if model._meta.db_table in tables:
            for statement in statements(connection, model, rule):
                with connection.cursor() as cursor:
                    cursor.execute(statement)


def trigger_names(table: str) -> tuple[str, str]:
    return f"{table}_no_update", f"{table}_no_delete"


def statements(connection: BaseDatabaseWrapper, model: type[models.Model], rule: Rule) -> list[str]:
    table = model._meta.db_table
    update_when, delete_when = _conditions(model, rule)
    if connection.vendor == "sqlite":
        return _sqlite(table, update_when, delete_when)
    return _postgresql(table, update_when, delete_when)


def _conditions(model: type[models.Model], rule: Rule) -> tuple[str, str]:
    if not rule.frozen_once:
        return "", ""
    columns = {field.name: field.column for field in model._meta.concrete_fields}
    frozen = f'OLD."{columns[rule.frozen_once]}" IS NOT NULL'
    fixed = [column for name, column in columns.items() if name not in rule.free]
    moved = " OR ".join(f'OLD."{column}" IS DISTINCT FROM NEW."{column}"' for column in fixed)
    return f"WHEN ({frozen} AND ({moved}))", f"WHEN ({frozen})"


def _sqlite(table: str, update_when: str, delete_when: str) -> list[str]:
    no_update, no_delete = trigger_names(table)
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is evidence and cannot be changed'); END"
    return [
        f'DROP TRIGGER IF EXISTS "{no_update}"',
        f'DROP TRIGGER IF EXISTS "{no_delete}"',
        f'CREATE TRIGGER "{no_update}" BEFORE UPDATE ON "{table}" FOR EACH ROW {update_when} {refuse}',
        f'CREATE TRIGGER "{no_delete}" BEFORE DELETE ON "{table}" FOR EACH ROW {delete_when} {refuse}',
    ]


def _postgresql(table: str, update_when: str, delete_when: str) -> list[str]:
    no_update, no_delete = trigger_names(table)
    return [
        """CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION USING
                MESSAGE = TG_TABLE_NAME || ' is evidence and cannot be changed',
                ERRCODE = 'integrity_constraint_violation';
        END $$""",
        f'CREATE OR REPLACE TRIGGER "{no_update}" BEFORE UPDATE ON "{table}"'
        f" FOR EACH ROW {update_when} EXECUTE FUNCTION audit_refuse_change()",
        f'CREATE OR REPLACE TRIGGER "{no_delete}" BEFORE DELETE ON "{table}"'
        f" FOR EACH ROW {delete_when} EXECUTE FUNCTION audit_refuse_change()",
        f'CREATE OR REPLACE TRIGGER "{table}_no_truncate" BEFORE TRUNCATE ON "{table}"'
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()",
    ]

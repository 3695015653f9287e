"""Rows that the database itself refuses to change (design, truth 2).

`@evidence()` declares a model append-only. `@evidence(frozen_once="published_at", free=("status",))`
declares one whose rows may be edited until that column is set; afterwards only the `free` columns
move, and the row can no longer be deleted. The triggers are laid after every `migrate`, because
SQLite's table rebuild drops them in silence; a test lists them on both databases.

One DELETE passes: that of a row listed under an approved disposal (`audit.disposing`), which is itself
evidence and, like the seals, kept `forever`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

M = TypeVar("M", bound=type[models.Model])


@dataclass(frozen=True)
class Rule:
    """When a row freezes, and which columns stay free. Names are model field names.

    `forever`: not even an approved disposal removes it."""

    frozen_once: str = ""
    free: tuple[str, ...] = ()
    forever: bool = False


_rules: dict[str, Rule] = {}


def evidence(*, frozen_once: str = "", free: tuple[str, ...] = (), forever: bool = False) -> Callable[[M], M]:
    def declare(model: M) -> M:
        _rules[model._meta.label_lower] = Rule(frozen_once, free, forever)
        return model

    return declare


def protected_models() -> Iterator[tuple[type[models.Model], Rule]]:
    """Every evidence model with its rule, in a stable order."""
    for label in sorted(_rules):
        yield apps.get_model(label), _rules[label]


def is_evidence(label: str) -> bool:
    """Whether the model app.model is declared so."""
    return label in _rules


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
    table, frozen = model._meta.db_table, _frozen(model, rule)
    changed = _changed(model, rule)
    key = "" if rule.forever else model._meta.pk.column or ""
    if connection.vendor == "sqlite":
        return _sqlite(table, changed, frozen, key)
    return _postgresql(table, changed, frozen, key)


def _frozen(model: type[models.Model], rule: Rule) -> str:
    """The row's state in SQL; empty: from the beginning."""
    return f'OLD."{_columns(model)[rule.frozen_once]}" IS NOT NULL' if rule.frozen_once else ""


def _changed(model: type[models.Model], rule: Rule) -> str:
    if not rule.frozen_once:
        return ""
    fixed = [column for name, column in _columns(model).items() if name not in rule.free]
    moved = " OR ".join(f'OLD."{column}" IS DISTINCT FROM NEW."{column}"' for column in fixed)
    return f"{_frozen(model, rule)} AND ({moved})"


def _columns(model: type[models.Model]) -> dict[str, str]:
    return {field.name: str(field.column) for field in model._meta.concrete_fields}


def _when(*conditions: str) -> str:
    stated = " AND ".join(f"({one})" for one in conditions if one)
    return f"WHEN ({stated})" if stated else ""


def _listed(table: str, row: str) -> str:
    """A row of this table stands on the list of an approved disposal."""
    return (  # names of tables and columns, never a value
        "EXISTS (SELECT 1 FROM audit_disposedrow d JOIN audit_disposal a ON a.id = d.disposal_id "  # noqa: S608
        f'WHERE d."row" = {row} AND a."table" = {table})'
    )


def _sqlite(table: str, changed: str, frozen: str, key: str) -> list[str]:
    no_update, no_delete = trigger_names(table)
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is evidence and cannot be changed'); END"
    unlisted = "NOT " + _listed(f"'{table}'", f'OLD."{key}"') if key else ""
    return [
        f'DROP TRIGGER IF EXISTS "{no_update}"',
        f'DROP TRIGGER IF EXISTS "{no_delete}"',
        f'CREATE TRIGGER "{no_update}" BEFORE UPDATE ON "{table}" FOR EACH ROW {_when(changed)} {refuse}',
        f'CREATE TRIGGER "{no_delete}" BEFORE DELETE ON "{table}"'
        f" FOR EACH ROW {_when(frozen, unlisted)} {refuse}",
    ]


# One function for all tables: `WHEN` may not look into another table here, so the function does. Its
# argument names the key's column; without one, nothing is ever let go.
_REFUSE = f"""CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_NARGS = 1 THEN
        IF {_listed("TG_TABLE_NAME", "(to_jsonb(OLD) ->> TG_ARGV[0])::bigint")} THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION USING
        MESSAGE = TG_TABLE_NAME || ' is evidence and cannot be changed',
        ERRCODE = 'integrity_constraint_violation';
END $$"""


def _postgresql(table: str, changed: str, frozen: str, key: str) -> list[str]:
    no_update, no_delete = trigger_names(table)
    argument = f"'{key}'" if key else ""
    return [
        _REFUSE,
        f'CREATE OR REPLACE TRIGGER "{no_update}" BEFORE UPDATE ON "{table}"'
        f" FOR EACH ROW {_when(changed)} EXECUTE FUNCTION audit_refuse_change()",
        f'CREATE OR REPLACE TRIGGER "{no_delete}" BEFORE DELETE ON "{table}"'
        f" FOR EACH ROW {_when(frozen)} EXECUTE FUNCTION audit_refuse_change({argument})",
        f'CREATE OR REPLACE TRIGGER "{table}_no_truncate" BEFORE TRUNCATE ON "{table}"'
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()",
    ]

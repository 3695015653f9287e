"""The database notes by itself where the health page has to look (models/leads.py).

Why triggers: every way to write an activity or its links passes them, so no lead is ever missing, and
an upper bound is all the page needs. Why they stay right side by side, on PostgreSQL: a new link locks
its activity against a change of purpose, so one of the two sees the other; and a loose end goes only in
the transaction that brings a link. SQLite has one writer."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

ACTIVITY = "inventory_processingactivity"
LINKS = {"categories": f"{ACTIVITY}_categories", "systems": f"{ACTIVITY}_systems"}
TRIGGERS = {
    ACTIVITY: ("INSERT", "DELETE", "UPDATE OF purpose_id, whose"),
    LINKS["categories"]: ("INSERT", "DELETE", "UPDATE"),
    LINKS["systems"]: ("INSERT", "DELETE", "UPDATE"),
}


def lay(using: str = DEFAULT_DB_ALIAS, **_signal: Any) -> None:
    """Lay the triggers, replacing those that stand: SQLite's rebuild of a table drops them in silence."""
    connection = connections[using]
    if ACTIVITY not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        if "inventory_looseend" not in connection.introspection.table_names(cursor):
            return
        for table, events in TRIGGERS.items():
            for event in events:
                for statement in _trigger(connection.vendor, table, event):
                    cursor.execute(statement)


def lift(using: str = DEFAULT_DB_ALIAS) -> None:
    connection = connections[using]
    with connection.cursor() as cursor:
        for table, events in TRIGGERS.items():
            for event in events:
                place = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {_name(table, event)}{place}")


def renew(using: str = DEFAULT_DB_ALIAS) -> None:
    """Note what rows say that came in past the triggers. It adds only."""
    with connections[using].cursor() as cursor:
        cursor.execute(_note_uses("true"))
        for lacks, links in LINKS.items():
            cursor.execute(
                "INSERT INTO inventory_looseend (activity_id, lacks) "  # noqa: S608 (names are ours)
                f"SELECT a.id, '{lacks}' FROM {ACTIVITY} a WHERE NOT EXISTS "
                f"(SELECT 1 FROM {links} l WHERE l.processingactivity_id = a.id) ON CONFLICT DO NOTHING"
            )


def _name(table: str, event: str) -> str:
    return f"{table}_lead_{_word(event)}"


def _word(event: str) -> str:
    return event.partition(" ")[0].lower()


def _trigger(vendor: str, table: str, event: str) -> list[str]:
    name, word = _name(table, event), _word(event)
    body = " ".join(f"{step};" for step in _steps(table, word, vendor))
    if vendor == "sqlite":
        return [
            f"DROP TRIGGER IF EXISTS {name}",
            f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW BEGIN {body} END",
        ]
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {body} RETURN NULL; END $$",
        f"CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def _steps(table: str, word: str, vendor: str) -> list[str]:
    if table == ACTIVITY:
        return _of_activity(word)
    lacks = next(name for name, links in LINKS.items() if links == table)
    gone = [] if word == "insert" else [_loose("OLD.processingactivity_id", lacks)]
    return gone if word == "delete" else gone + _of_link(lacks, vendor)


def _of_activity(word: str) -> list[str]:
    if word == "insert":
        return [_loose("NEW.id", lacks) for lacks in LINKS]
    if word == "delete":
        return ["DELETE FROM inventory_looseend WHERE activity_id = OLD.id"]
    return [_note_uses("a.id = NEW.id")]


def _of_link(lacks: str, vendor: str) -> list[str]:
    activity = "NEW.processingactivity_id"
    steps = [f"DELETE FROM inventory_looseend WHERE activity_id = {activity} AND lacks = '{lacks}'"]  # noqa: S608
    if lacks == "categories":
        lock = f"PERFORM 1 FROM {ACTIVITY} WHERE id = {activity} FOR SHARE"
        steps += [lock] if vendor == "postgresql" else []
        steps += [_note_uses(f"a.id = {activity} AND l.datacategory_id = NEW.datacategory_id")]
    return steps


def _loose(activity: str, lacks: str) -> str:
    return (
        f"INSERT INTO inventory_looseend (activity_id, lacks) SELECT {activity}, '{lacks}' "
        "WHERE true ON CONFLICT DO NOTHING"
    )


def _note_uses(which: str) -> str:
    """In one order, so that two that note the same uses do not wait for each other crosswise."""
    return (
        "INSERT INTO inventory_purposeuse (purpose_id, category_id, whose) "  # noqa: S608 (names are ours)
        "SELECT DISTINCT a.purpose_id, l.datacategory_id, CAST(a.whose AS text) "
        f"FROM {ACTIVITY} a JOIN {LINKS['categories']} l ON l.processingactivity_id = a.id "
        f"WHERE {which} ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING"
    )

"""Tables filled by one INSERT … SELECT each, from what the models say of their columns.

A new model is filled without a word here. What its columns cannot say stands in `SHAPES`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models

from inventory import leads
from inventory.models import ProcessingActivity, PurposeUse

PARENTS = 100
"""Rows of each model that others point to: a hundred campaigns, purposes, groups."""
CROWDS = {"people.Guardianship": 2_000}
"""More of them, where a row is one of two crowds: a thousand children and a thousand guardians."""
LINKS = 3
"""Rows a row is linked to, for each many-to-many field."""
EXPIRED = 1_000
"""People nobody has seen for years, however many there are."""
ROOM = 8  # characters for the number of a row
KEPT = {"law_company", "django_content_type", "auth_permission"}

# Column → SQL over `n`, the number of the row.
SHAPES: dict[str, dict[str, str]] = {
    "law.ClosedDay": {"day": "date '1900-01-01' + n::int"},
    "audit.Event": {"object_type": "'people.person'", "object_ref": "(n % 1000)::text", "actor_ref": "'1'"},
    "inventory.CatalogueVersion": {  # only one may be unpublished
        "number": "n",
        "published_at": "now() - n * interval '1 hour'",
        "sha256": "'sha256-' || n",
    },
    "inventory.CookieReceipt": {"at": "now()"},
    "inventory.CutoffOrder": {
        "system_id": f"1 + (n / {PARENTS}) % {PARENTS}",
        "category_id": f"1 + n / {PARENTS * PARENTS} % {PARENTS}",
    },
    "inventory.DataCategory": {"whose": "'[\"learner\"]'"},
    "inventory.LegalHold": {"review_on": "current_date + 30"},
    "inventory.ProcessingActivity": {
        "whose": "'[\"learner\"]'",
        "basis": "'contract'",
        "automation": "'none'",
    },
    "inventory.Sweep": {"ended_at": "now()"},
    "notices.Mail": {
        "address": "'person' || n || '@family.example'",
        "recipient_id": "n",
        "status": "'sent'",
    },
    "notices.Notice": {"due_at": "now()", "recipient_id": "n"},
    "inventory.RetentionRule": {
        "purpose_id": f"1 + (n / {PARENTS}) % {PARENTS}",
        "number": "1",
        "unit": "'years'",
    },
    "people.AccessGrant": {"status": "'revoked'"},
    "people.Guardianship": {"child_id": "1 + n % 1000", "guardian_id": "1001 + n / 1000 % 1000"},
    "people.Person": {
        "given_name": "'Given' || n % 1000",
        "family_name": "CASE WHEN n % 100 = 0 THEN 'Smith' ELSE 'Family' || n % 50000 END",
        "email": "'person' || n || '@family.example'",
        "country": "'FR'",
        "last_active_on": f"current_date - CASE WHEN n <= {EXPIRED} THEN 3000 ELSE n % 300 END",
    },
    "policies.Policy": {"is_main": "n = 1"},
    "policies.PolicyVersion": {"number": "n"},
    "processors.Review": {  # one open at a time
        "decided_at": f"CASE WHEN n > {PARENTS} THEN now() - n * interval '1 minute' END",
    },
    "processors.Subscription": {"address": "'person' || n || '@family.example'"},
    "processors.Transfer": {  # of those that are not over, one for each company and country
        "processor_id": f"1 + n / 1000 % {PARENTS}",
        "destination": "(ARRAY['US','IN','BR','JP','CA','KR','AU','SG','MX','ZA'])[1 + n / 100000 % 10]",
        "ended_on": "CASE WHEN n % 1000 > 0 THEN current_date - 1 - (n % 3000)::int END",
    },
}


def fill(model: type[models.Model], rows: int) -> None:
    """Bring the table up to `rows` rows, those it points to and its links included."""
    for parent, least in _parents(model, rows):
        # A row whose parent is missing would not stand in a list that shows the parent.
        if parent._meta.db_table not in KEPT and parent._default_manager.count() < least:
            fill(parent, least)
    start = _last(model) + 1
    if start <= rows:
        with without_triggers():
            _insert(model, start, rows)
            for field in model._meta.local_many_to_many:
                _link(model, field, start, rows)
        if model is ProcessingActivity:
            leads.renew()  # what the triggers would have noted
            analyze(PurposeUse)
    analyze(model)


def empty() -> None:
    """Every table but the company's one row and what Django knows of the models."""
    names = set(connection.introspection.django_table_names(only_existing=True, include_views=False))
    tables = ", ".join(map(_quoted, sorted(names - KEPT)))
    with without_triggers():
        _run(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")


def analyze(model: type[models.Model]) -> None:
    through: Iterator[Any] = (field.remote_field.through for field in model._meta.local_many_to_many)
    for table in (model._meta.db_table, *(link._meta.db_table for link in through)):
        _run(f"VACUUM ANALYZE {_quoted(table)}")


@contextmanager
def without_triggers() -> Iterator[None]:
    """Foreign keys are not looked up and evidence is not guarded: these rows are made up."""
    _run("SET session_replication_role = replica")
    try:
        yield
    finally:
        _run("SET session_replication_role = DEFAULT")


def lift_rules() -> None:
    """Takes the check constraints away, which rows made from columns alone do not keep.
    Indexes and what is unique stay: they are what a list is quick by."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint "
            "WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
        )
        for table, name in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {_quoted(name)}")


def settle() -> None:
    """What a database that has run for a while has done long ago: without it the first pages pay for the
    filling, and the planner knows nothing of the rows."""
    _run("VACUUM ANALYZE")


def _parents(model: type[models.Model], rows: int) -> Iterator[tuple[type[models.Model], int]]:
    """With how many of each it takes."""
    fields: list[Any] = [*model._meta.concrete_fields, *model._meta.local_many_to_many]
    crowd = CROWDS.get(model._meta.label, PARENTS)
    for field in fields:
        if field.is_relation and field.related_model is not model:
            yield field.related_model, rows if _is_shared_by_none(field) else crowd


def _last(model: type[models.Model]) -> int:
    return model._default_manager.aggregate(last=models.Max("pk"))["last"] or 0


def _insert(model: type[models.Model], start: int, end: int) -> None:
    shape = SHAPES.get(model._meta.label, {})
    names = {str(field.column): field for field in model._meta.concrete_fields}
    columns = {name: shape.get(name) or _value(field) for name, field in names.items()}
    _run(
        f"INSERT INTO {_quoted(model._meta.db_table)} ({', '.join(map(_quoted, columns))}) "
        f"SELECT {', '.join(columns.values())} FROM generate_series({start}, {end}) AS n ON CONFLICT DO NOTHING"
    )
    if isinstance(model._meta.pk, models.AutoField):
        key = f"pg_get_serial_sequence('{_quoted(model._meta.db_table)}', '{model._meta.pk.column}')"
        _run(f"SELECT setval({key}, {end})")


def _link(model: type[models.Model], field: Any, start: int, end: int) -> None:
    through = field.remote_field.through
    if not through._meta.auto_created:
        return
    ours, theirs = field.m2m_column_name(), field.m2m_reverse_name()
    _run(
        f"INSERT INTO {_quoted(through._meta.db_table)} ({ours}, {theirs}) "
        f"SELECT n, 1 + (n * 7 + link * 13) % {PARENTS} "
        f"FROM generate_series({start}, {end}) AS n, generate_series(1, {LINKS}) AS link ON CONFLICT DO NOTHING"
    )


def _is_shared_by_none(field: Any) -> bool:
    return bool(field.one_to_one) and not field.null


def _value(field: Any) -> str:
    """SQL for a column. Of choices one is common and the others share a thousandth: a rare value
    without an index is what makes a list slow."""
    if field.primary_key:
        return "n"
    if _is_shared_by_none(field):
        return "n"
    if field.is_relation:
        return "NULL" if field.null else f"1 + n % {PARENTS}"
    if field.choices and not isinstance(field, models.JSONField):
        return _chosen(field, [value for value, _label in field.flatchoices])
    if isinstance(field, models.BooleanField):
        return _chosen(field, [False, True])
    if field.null:
        return "NULL"
    return _plain(field)


def _chosen(field: Any, values: list[Any]) -> str:
    common = field.get_default() if field.has_default() else values[0]
    rare = [value for value in values if value not in (common, "", None)] or [common]
    # Another step for each column, so that what is rare in one is not rare in the next.
    step = 1 + sum(map(ord, field.name)) % 97
    listed = ", ".join(map(_literal, rare))
    return (
        f"CASE WHEN (n + {step}) % 1000 = 0 THEN (ARRAY[{listed}])[1 + (n / 1000) % {len(rare)}] "
        f"ELSE {_literal(common)} END"
    )


def _plain(field: Any) -> str:
    match field:
        case models.JSONField():
            return _literal(json.dumps(field.get_default() if field.has_default() else {})) + "::jsonb"
        case models.DateTimeField():
            return "now() - (n % 1000000) * interval '30 seconds'"
        case models.DateField():
            return "current_date - (n % 3000)::int"
        case models.DecimalField() | models.FloatField():
            return "n % 100"
        case models.IntegerField():
            return "n" if field.unique else "n % 100"
        case models.UUIDField():
            return "gen_random_uuid()"
        case models.BinaryField():
            return "decode('00', 'hex')"
    if field.blank and not field.unique and not field.db_index:
        return "''"
    if (field.max_length or 50) < ROOM:
        return f"left('{field.name}', {field.max_length})"
    return f"'{field.name[: (field.max_length or 50) - ROOM]}' || n"


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)

"""What the database refuses, whoever asks (design: evidence is append-only)."""

import pytest
from django.db import IntegrityError, connection, transaction

from audit import evidence
from audit.models import Event
from tests.policies.factories import PolicyTextFactory, PolicyVersionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(deeds) -> Event:
    return deeds(1)[0]


def refuses(attempt) -> bool:
    try:
        with transaction.atomic():
            attempt()
    except IntegrityError as refusal:
        return "is evidence and cannot be changed" in str(refusal)
    return False


def run(statement: str, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def test_an_event_cannot_be_edited(event):
    event.reason = "another"
    assert refuses(event.save)
    assert refuses(lambda: Event.objects.update(reason="another"))
    assert refuses(lambda: run("UPDATE audit_event SET reason = 'another'"))


def test_an_event_cannot_be_deleted(event):
    assert refuses(event.delete)
    assert refuses(Event.objects.all().delete)
    assert refuses(lambda: run("DELETE FROM audit_event"))
    assert Event.objects.count() == 1


def test_an_event_cannot_be_overwritten_by_an_upsert(event):
    twin = Event(pk=event.pk, at=event.at, verb="x.y", actor_kind="system")
    assert refuses(
        lambda: Event.objects.bulk_create(
            [twin], update_conflicts=True, unique_fields=["id"], update_fields=["verb"]
        )
    )


@pytest.mark.skipif(connection.vendor != "sqlite", reason="INSERT OR REPLACE is SQLite's")
def test_an_event_cannot_be_replaced(event):
    assert refuses(lambda: run("INSERT OR REPLACE INTO audit_event SELECT * FROM audit_event"))


@pytest.mark.postgresql
def test_events_cannot_be_truncated(event):
    assert refuses(lambda: run("TRUNCATE audit_event CASCADE"))


def test_more_events_can_always_be_written(event, deeds):
    deeds(2)
    assert Event.objects.count() == 3


def test_the_triggers_come_back_after_every_migrate(without_triggers, event):
    with without_triggers():
        pass
    evidence.protect_all()
    assert refuses(Event.objects.all().delete)


def test_a_text_may_be_edited_until_it_is_frozen():
    text = PolicyTextFactory()
    text.body = "# Other words"
    text.save()
    text.refresh_from_db()
    assert text.body == "# Other words"


def test_a_frozen_text_is_neither_edited_nor_thawed_nor_deleted():
    text = PolicyTextFactory(version__published=True)
    for field, value in (("body", "# Other words"), ("frozen_at", None), ("version_id", text.version_id + 1)):
        assert refuses(lambda field=field, value=value: type(text).objects.update(**{field: value}))
    assert refuses(text.delete)


def test_a_frozen_row_still_moves_its_free_columns_and_no_other():
    version = PolicyVersionFactory(published=True)
    assert type(version).objects.update(revision=7) == 1
    assert refuses(lambda: type(version).objects.update(note="another"))

import pytest
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader

from .places import rooms


@pytest.mark.parametrize("room", rooms())
def test_each_room_has_one_last_migration_at_most(room):
    leaves = MigrationLoader(None).graph.leaf_nodes(room)

    assert len(leaves) <= 1


@pytest.mark.django_db
def test_the_models_and_the_migrations_agree():
    try:
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)
    except SystemExit:
        pytest.fail("a model changed without its migration: manage.py makemigrations")

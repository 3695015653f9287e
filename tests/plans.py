"""What a test needs before it asks PostgreSQL how it would find rows."""

from django.db import models
from django.db.backends.utils import CursorWrapper


def forget_the_statistics(cursor: CursorWrapper, model: type[models.Model]) -> None:
    """As in a table nobody has counted yet. What autovacuum counts between two tests, no row at all or one
    value only, makes every index as good as another. Undone with the test's transaction."""
    table = [model._meta.db_table]
    cursor.execute("DELETE FROM pg_statistic WHERE starelid = %s::regclass", table)
    cursor.execute("UPDATE pg_class SET reltuples = -1 WHERE oid = %s::regclass", table)

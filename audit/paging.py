"""Counting that stays cheap at a million rows."""

from functools import cached_property
from typing import Any, cast

from django.core.paginator import Page, Paginator
from django.db import connections, models

EXACT_UP_TO = 10_000
FAR = 500  # rows; past these a page is looked up by its keys


class EstimatedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts exactly up to 10,000. Past that it takes the table's estimate when nothing is filtered,
    and otherwise stops counting at 10,001.

    Nobody turns to page 20,000, and the database would read all rows before it: pages end where the
    exact count does, and a filter or a search leads to what lies beyond."""

    def __init__(self, *args: Any, counted: "models.QuerySet[Any] | None" = None, **kwargs: Any) -> None:
        """`counted`: rows that are as many as those listed, and counted for less."""
        super().__init__(*args, **kwargs)
        self.counted = counted

    @cached_property
    def count(self) -> int:
        queryset = cast("models.QuerySet[Any]", self.object_list if self.counted is None else self.counted)
        # The keys alone: a filter over a link asks for DISTINCT, and that would compare whole rows.
        capped = queryset.order_by().values("pk")[: EXACT_UP_TO + 1].count()
        if capped <= EXACT_UP_TO or queryset.query.where:
            return capped
        return max(capped, estimated_rows(queryset.model, queryset.db))

    def page(self, number: Any) -> Any:
        """The keys of a late page are read from an index first: the rows before it are passed over unread,
        and what a list works out for each row is worked out for those that are shown."""
        number = self.validate_number(number)
        rows, begins = cast("models.QuerySet[Any]", self.object_list), (number - 1) * self.per_page
        if begins < FAR:
            return super().page(number)
        keys = rows.values("pk")[begins : begins + self.per_page]
        return Page(rows.filter(pk__in=keys), number, self)

    @cached_property
    def num_pages(self) -> int:
        return max(1, -(-min(self.count, EXACT_UP_TO) // self.per_page))

    @property
    def leaves_out(self) -> bool:
        return self.count > EXACT_UP_TO

    @property
    def shown(self) -> str:
        return f"{EXACT_UP_TO:,}"

    @property
    def words(self) -> str:
        """The count as staff should read it: an estimate says so."""
        if self.count <= EXACT_UP_TO:
            return f"{self.count:,}"
        if cast(Any, self.object_list).query.where:
            return f"more than {EXACT_UP_TO:,}"
        return f"about {self.count:,}"


def estimated_rows(model: type[models.Model], using: str) -> int:
    """What the database itself believes: planner statistics, or SQLite's highest row id."""
    connection = connections[using]
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [table])
        else:
            cursor.execute(f"SELECT max(rowid) FROM {table}")  # noqa: S608 (our own table name)
        row = cursor.fetchone()
    return int(row[0] or 0) if row else 0

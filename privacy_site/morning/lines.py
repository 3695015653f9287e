"""What a line of the page is made of, and what all of them need to know."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import IntegerField, QuerySet, Subquery
from django.urls import reverse

from law.models import Company
from people.models import User


@dataclass(frozen=True)
class Line:
    sentence: str
    url: str
    count: int | None = None


class Total(Subquery):
    """How many rows a query finds."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) _counted)"
    output_field = IntegerField()


@dataclass(frozen=True)
class Morning:
    """Who comes in, and when."""

    reader: User
    company: Company
    at: datetime

    @property
    def today(self) -> date:
        return self.company.today()

    def totals(self, questions: Mapping[str, QuerySet[Any]]) -> dict[str, int]:
        """How many rows each finds: one question to the database, however many are counted."""
        counts = {name: Total(rows.order_by().values("pk")) for name, rows in questions.items()}
        one_row = User.objects.filter(pk=self.reader.pk)
        found: Any = one_row.values(**counts).get()
        return dict(found)


Lines = Iterator[Line]


def listed(name: str, query: str = "") -> str:
    return reverse(f"admin:{name}_changelist") + (f"?{query}" if query else "")


def of(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"

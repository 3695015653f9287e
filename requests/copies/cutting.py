"""What stays out of a part of ours: whole columns, whole rows, or a column of some rows.

Enforced where rows leave the vault, so that data for programs and the page to read lack the very same."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from requests.keeping import vault
from requests.models import CopyPart, Withholding

from .gathering import NOTHING, Row, holding_of, rows_in


@dataclass(frozen=True)
class Cuts:
    """Rows by their place in the part, from 1."""

    columns: frozenset[str] = frozenset()
    rows: frozenset[int] = frozenset()
    cells: Mapping[int, frozenset[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.columns or self.rows or self.cells)

    def is_out(self, place: int, column: str) -> bool:
        is_row_or_column = place in self.rows or column in self.columns
        return is_row_or_column or column in self.cells.get(place, ())

    def kept(self, rows: Iterable[Row]) -> Iterator[Row]:
        """What goes out of all the rows of a part."""
        for place, row in enumerate(rows, 1):
            if place not in self.rows:
                gone = self.columns | self.cells.get(place, frozenset())
                yield {name: value for name, value in row.items() if name not in gone}


def of(part: CopyPart) -> Cuts:
    found = list(part.withholdings.values_list("column", "row"))
    cells: dict[int, set[str]] = {}
    for column, row in found:
        if column and row:
            cells.setdefault(row, set()).add(column)
    return Cuts(
        columns=frozenset(column for column, row in found if row is None),
        rows=frozenset(row for column, row in found if row and not column),
        cells={row: frozenset(columns) for row, columns in cells.items()},
    )


def columns(part: CopyPart) -> list[str]:
    """By their names in JSON, in the order of the copy: the database keeps `filled` in one of its own."""
    _count_columns(part)
    holding = holding_of(part.holding)
    known = list(holding.columns) if holding else []
    return [name for name in known if name in part.filled] + sorted(set(part.filled).difference(known))


def _count_columns(part: CopyPart) -> None:
    """Of a part sealed before this was counted with the rows: once, from what lies sealed."""
    if part.filled or not part.rows or not vault.holds(part.request, [part.path]):
        return
    found: Counter[str] = Counter()
    for row in rows_in(vault.open_sealed(part.request, part.path)):
        found.update({name: int(value not in NOTHING) for name, value in row.items()})
    part.filled = dict(found)
    CopyPart.objects.filter(pk=part.pk).update(filled=part.filled)


def rows_left(part: CopyPart) -> int | None:
    """How many rows go out; None of a file, whose rows nobody counted."""
    if part.rows is None:
        return None
    return part.rows - Withholding.objects.filter(part=part, column="").count()

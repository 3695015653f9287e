"""The closed days of a place: what staff imported and corrected, and the published list for the rest."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from audit.actions import record
from audit.actors import Acts

from .counting import CLOSE_DOWN, Closed, ClosedDays
from .holiday_lists import LIST, Listed, NotListed, is_listed, listed
from .models import ClosedDay
from .places import wider

YEARS_AHEAD = 2


def years_from(*days: date) -> range:
    """The years that a period can reach which begins on one of those days."""
    return range(min(days).year, max(days).year + YEARS_AHEAD)


def closed_days(place: str, years: Iterable[int]) -> ClosedDays:
    """A region adds to its country's days, and its own row wins. A year nobody imported comes from the
    published list, and the remark says so."""
    years = list(years)
    rows = list(ClosedDay.objects.filter(place__in=wider(place), day__year__in=years)) if place else []
    gaps = [(name, year) for name in wider(place) for year in years if not _is_imported(rows, name, year)]
    days: dict[date, Closed] = {}
    # The country first, so that its region has the last word; staff's own rows last within each.
    for name in reversed(wider(place)):
        for day in _listed(place, name, gaps):
            _lay(days, day)
        for row in rows:
            if row.place == name:
                _lay(days, row)
    return ClosedDays(place, days, _remark(place, gaps, days))


def _is_imported(rows: Iterable[ClosedDay], place: str, year: int) -> bool:
    """One day that staff added to an empty year does not make a calendar."""
    return any(row.place == place and row.day.year == year and not row.is_corrected for row in rows)


def _listed(place: str, layer: str, gaps: Iterable[tuple[str, int]]) -> Iterator[Listed]:
    for name, year in gaps:
        if name == layer and is_listed(place):
            yield from (day for day in listed(place, year) if day.place == layer)
        elif name == layer and is_listed(name):
            yield from listed(name, year)


def _lay(days: dict[date, Closed], day: Listed | ClosedDay) -> None:
    if day.is_closed:
        days[day.day] = Closed(day.name, day.place, day.kind)
    else:
        days.pop(day.day, None)


def _remark(place: str, gaps: list[tuple[str, int]], days: dict[date, Closed]) -> str:
    said = [_on_the_list(place, gaps)]
    if any(day.kind == CLOSE_DOWN for day in days.values()):
        said.append("The close-down is counted from memory; nobody has read the source.")
    return " ".join(filter(None, said))


def _on_the_list(place: str, gaps: list[tuple[str, int]]) -> str:
    if not place:
        return "No place was named, so only weekends count as closed."
    country = wider(place)[-1]
    if not any(name == country for name, _year in gaps):
        return ""
    if not is_listed(country):
        return f"No holidays of {place} are on record, so only weekends count as closed."
    region = "" if is_listed(place) else f" The list does not know {place}, so its own holidays are missing."
    return f"Holidays of {place} come from a published list ({LIST}); nobody here has checked them.{region}"


# --- Import ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Import:
    """What bringing a list in would do. Days that staff wrote or corrected are left alone."""

    place: str
    year: int
    new: tuple[Listed, ...]
    changed: tuple[Listed, ...]
    kept: tuple[Listed, ...]
    same: int

    def apply(self, *, by: Acts, at: datetime) -> None:
        """Idempotent: a second run finds every day the same."""
        with transaction.atomic():
            for day in self.changed:
                ClosedDay.objects.filter(place=day.place, day=day.day, is_corrected=False).update(
                    **_values(day)
                )
            made = [ClosedDay(place=day.place, day=day.day, **_values(day)) for day in self.new]
            ClosedDay.objects.bulk_create(made, ignore_conflicts=True)
            if self.new or self.changed:
                details = {
                    "place": self.place,
                    "year": self.year,
                    "new": len(self.new),
                    "changed": len(self.changed),
                }
                record("law.import_closed_days", by=by, at=at, details=details)


def planned(place: str, year: int) -> Import:
    """Raises NotListed."""
    rows = {
        (row.place, row.day): row for row in ClosedDay.objects.filter(place__in=wider(place), day__year=year)
    }
    new: list[Listed] = []
    changed: list[Listed] = []
    kept: list[Listed] = []
    same = 0
    for day in listed(place, year):
        row = rows.get((day.place, day.day))
        if row is None:
            new.append(day)
        elif _agrees(row, day):
            same += 1
        else:
            (kept if row.is_corrected else changed).append(day)
    return Import(place, year, tuple(new), tuple(changed), tuple(kept), same)


def _agrees(row: ClosedDay, day: Listed) -> bool:
    return (row.name, row.is_closed, row.kind) == (day.name, day.is_closed, day.kind)


def _values(day: Listed) -> dict[str, object]:
    return {
        "name": day.name, "is_closed": day.is_closed, "kind": day.kind, "source": day.source, "checked": day.checked,
    }  # fmt: skip


__all__ = ["ClosedDays", "Import", "NotListed", "closed_days", "planned", "years_from"]

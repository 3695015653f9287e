"""Ages and the days they are reached. Pure: no database, no clock.

One rule for both readers: a Python check and an SQL audience compare a birth date with the same
cut-off date, so they cannot disagree. Somebody born on 29 February reaches an age on 1 March of a
common year, the later and so more protective reading."""

from calendar import isleap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from .places import EUROPE, wider


@dataclass(frozen=True)
class Threshold:
    """Below `years` a guardian is needed in `place`; `row` is the law row's id that says so."""

    place: str
    years: int
    row: int


@dataclass(frozen=True)
class Ages:
    """Every threshold of one day, and what to assume where the law is not known."""

    by_place: Mapping[str, Threshold]
    unknown_europe: int
    unknown_elsewhere: int

    def years(self, where: str) -> int:
        """The age a guardian is needed below, in years, in a place such as FR or US-CA.

        The strictest of the region's and the country's rule: a state adds to the federal rule, it
        does not replace it. An unknown or empty place gets the company's cautious number."""
        known = [self.by_place[name].years for name in wider(where) if name in self.by_place]
        if known:
            return max(known)
        return self.unknown_europe if where.split("-")[0] in EUROPE else self.unknown_elsewhere


def cutoff(years: int, on: date) -> date:
    """The latest birth date of those who have reached `years` on that day."""
    year = on.year - years
    if (on.month, on.day) == (2, 29) and not isleap(year):
        return date(year, 2, 28)
    return date(year, on.month, on.day)


def has_reached(birth: date, years: int, on: date) -> bool:
    return birth <= cutoff(years, on)


def reached_on(birth: date, years: int) -> date:
    """The day somebody reaches an age."""
    year = birth.year + years
    if (birth.month, birth.day) == (2, 29) and not isleap(year):
        return date(year, 3, 1)
    return date(year, birth.month, birth.day)


def strictest(rows: Iterable[tuple[str, int, int]]) -> dict[str, Threshold]:
    """For each place the highest age among its rules. Rows are (place, years, row id)."""
    best: dict[str, Threshold] = {}
    for place, years, row in rows:
        if place not in best or years > best[place].years:
            best[place] = Threshold(place, years, row)
    return best

"""The closed days a published list names. A help, not an authority: staff correct what they import."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.metadata import version
from pathlib import Path

import holidays

from .counting import CLOSE_DOWN, ONE_DAY

CLOSE_DOWNS = Path(__file__).parent / "data" / "close_downs.csv"
LIST = f"holidays {version('holidays')}"
UNCHECKED = "from a published list; nobody here has checked it"
# Kept on the list as a remembrance; offices are open (seen in version 0.109).
REMEMBRANCES = {"US-CA": ("Susan B. Anthony Day", "Diwali")}


@dataclass(frozen=True)
class Listed:
    """A day of a list, with the place it belongs to: the country, or the region where they differ."""

    place: str
    day: date
    name: str
    is_closed: bool
    kind: str
    source: str
    checked: str


class NotListed(LookupError):
    """The list knows no such place. Its message is a sentence."""


def is_listed(place: str) -> bool:
    country, _, region = place.partition("-")
    known = holidays.list_supported_countries()
    return country in known and (not region or region in known[country])


@cache
def listed(place: str, year: int) -> tuple[Listed, ...]:
    """The country's days, then where the region differs. Raises NotListed."""
    country, _, region = place.partition("-")
    if not is_listed(place):
        raise NotListed(f"The published list has no holidays for {place}.")
    national = _days(country, None, year)
    found = [*_holidays(country, national), *_close_down(country, year, set(national))]
    if region:
        found += _differences(place, national, _days(country, region, year))
    return tuple(found)


def _days(country: str, region: str | None, year: int) -> dict[date, str]:
    days = holidays.country_holidays(country, subdiv=region, years=year, language="en_US")
    return {day: name for day, name in sorted(days.items()) if day.year == year}


def _holidays(place: str, days: dict[date, str], *, is_closed: bool = True) -> Iterator[Listed]:
    for day, name in days.items():
        kind = "substitute" if "observed" in name else "public_holiday"
        is_open = name in REMEMBRANCES.get(place, ())
        yield Listed(place, day, name[:100], is_closed and not is_open, kind, LIST, UNCHECKED)


def _differences(place: str, national: dict[date, str], regional: dict[date, str]) -> Iterator[Listed]:
    yield from _holidays(place, {day: name for day, name in regional.items() if day not in national})
    missing = {day: name for day, name in national.items() if day not in regional}
    yield from _holidays(place, missing, is_closed=False)


def _close_down(country: str, year: int, taken: set[date]) -> Iterator[Listed]:
    """Weeks in which a law counts no working days, as far as they fall into the year."""
    with CLOSE_DOWNS.open(newline="", encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["place"] == country]
    for row in rows:
        for day in _each_day(year):
            if _is_within(f"{day:%m-%d}", row["first"], row["last"]) and day not in taken:
                yield Listed(country, day, row["name"], True, CLOSE_DOWN, row["source"], row["checked"])


def _is_within(day: str, first: str, last: str) -> bool:
    """Also over the turn of the year: from 12-25 to 01-15."""
    return first <= day <= last if first <= last else day >= first or day <= last


def _each_day(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += ONE_DAY

"""Ten thousand people as a platform would export them, and whom a change must reach, told apart
without the product's own code: the oracle of the end-to-end test."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

COLUMNS = (
    "external_id", "given_name", "family_name", "email", "birth_date",
    "country", "region", "language", "role", "guardians",
)  # fmt: skip
PLACES = [("FR", "", "fr", 15), ("US", "OH", "en", 13), ("ES", "", "es", 14), ("DE", "", "de", 16)]
FAMILIES = 2000  # five people each


@dataclass
class Expected:
    """Addresses to be mailed, and how many people get the prominent notice instead."""

    mailed: list[str] = field(default_factory=list)
    posted: int = 0


def rows(today: date, expected: Expected) -> Iterator[list[str]]:
    """A family: two adults, one guardian, two children of which only the elder may be old enough."""
    for number in range(FAMILIES):
        country, region, language, age = PLACES[number % len(PLACES)]
        where = (country, region, language)
        guardian = f"g{number}"
        has_address, is_verified = number % 10 != 0, number % 7 != 0
        for adult in ("a", "b"):
            reachable = adult == "a" or has_address
            address = f"{adult}{number}@crowd.example" if reachable else ""
            yield [f"{adult}{number}", "Alex", "Adult", address, "1980-02-29", *where, "learner", ""]
            _told(expected, address)
        link = f"{guardian}:verified" if is_verified else guardian
        yield [
            f"c{number}",
            "Kim",
            "Child",
            f"c{number}@crowd.example",
            f"{today.year - 9}-05-04",
            *where,
            "learner",
            link,
        ]
        yield [
            f"d{number}",
            "Noa",
            "Elder",
            f"d{number}@crowd.example",
            f"{today.year - age - 1}-01-01",
            *where,
            "learner",
            link,
        ]
        yield [
            guardian,
            "Carla",
            "Guardian",
            f"{guardian}@crowd.example",
            "1979-07-07",
            *where,
            "guardian",
            "",
        ]
        expected.posted += 0 if is_verified else 1  # the younger child has nobody to be told instead
        _told(expected, f"d{number}@crowd.example")
        _told(expected, f"{guardian}@crowd.example")  # once: for the child, or in their own right


def _told(expected: Expected, address: str) -> None:
    if address:
        expected.mailed.append(address)
    else:
        expected.posted += 1


def write(path: Path, today: date) -> Expected:
    expected = Expected()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows(today, expected))
    return expected

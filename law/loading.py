"""Brings the shipped law rows in: adds what is missing, never touches what stands."""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS

DATA = Path(__file__).parent / "data"


def load_shipped_rows(using: str = DEFAULT_DB_ALIAS, **_signal: Any) -> int:
    """Returns how many rows were added. Runs after every migrate; a second run adds none."""
    rows = apps.get_model("law", "AgeOfConsent").objects.using(using)
    known = set(rows.values_list("place", "rule", "in_force_from"))
    new = [
        rows.model(**facts)
        for facts in shipped_ages()
        if (facts["place"], facts["rule"], facts["in_force_from"]) not in known
    ]
    return len(rows.bulk_create(new))


def shipped_ages() -> Iterator[dict[str, Any]]:
    with (DATA / "ages_of_consent.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield {
                **{name: row[name] for name in ("place", "rule", "source", "checked", "note")},
                "parent_needed_below": _number(row["parent_needed_below"]),
                "own_consent_from": _number(row["own_consent_from"]),
                "in_force_from": date.fromisoformat(row["in_force_from"]) if row["in_force_from"] else None,
                "is_on": row["is_on"] == "yes",
                "is_verified": row["is_verified"] == "yes",
            }


def _number(text: str) -> int | None:
    """An empty cell is unknown, never 0."""
    return int(text) if text else None

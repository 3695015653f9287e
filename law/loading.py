"""Brings the shipped law rows in: adds what is missing, never touches what stands."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, models

from .models import LawRow

DATA = Path(__file__).parent / "data"
# When the shipped files were last compared with their sources.
CHECKED_ON = date(2026, 11, 22)


@dataclass(frozen=True)
class Shipment:
    """One file of law rows: a column for each field, and the fields that tell two rows apart."""

    model: str
    file: str
    key: tuple[str, ...]


SHIPMENTS = [
    Shipment("AgeOfConsent", "ages_of_consent.csv", ("place", "rule", "in_force_from")),
    Shipment("Adequacy", "adequacy.csv", ("granted_by", "territory", "in_force_from")),
    Shipment("TransferMechanism", "transfer_mechanisms.csv", ("code", "regime", "in_force_from")),
    Shipment("ChecklistItem", "checklists.csv", ("code", "in_force_from")),
    Shipment("Regime", "regimes.csv", ("code", "in_force_from")),
    Shipment("StateLaw", "state_laws.csv", ("state", "in_force_from")),
    Shipment("RefusalGround", "refusal_grounds.csv", ("code", "in_force_from")),
    Shipment("RetentionSuggestion", "retention.csv", ("data_class",)),
]


def load_shipped_rows(using: str = DEFAULT_DB_ALIAS, **_signal: Any) -> int:
    """Returns how many rows were added. Runs after every migrate; a second run adds none."""
    return sum(_load(shipment, using) for shipment in SHIPMENTS)


def _load(shipment: Shipment, using: str) -> int:
    model: Any = apps.get_model("law", shipment.model)
    rows = model.objects.using(using)
    known = set(rows.values_list(*shipment.key))
    found = [model(**facts) for facts in shipped(model, shipment.file)]
    return len(rows.bulk_create(row for row in found if _key(row, shipment) not in known))


def _key(row: models.Model, shipment: Shipment) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in shipment.key)


def shipped(model: type[models.Model], file: str) -> Iterator[dict[str, Any]]:
    with (DATA / file).open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            facts = {name: _value(model._meta.get_field(name), text) for name, text in row.items()}
            yield facts | ({"checked_on": CHECKED_ON} if issubclass(model, LawRow) else {})


def _value(field: Any, text: str) -> Any:
    """An empty cell is unknown, never 0."""
    if field.null and not text:
        return None
    return text == "yes" if isinstance(field, models.BooleanField) else field.to_python(text)

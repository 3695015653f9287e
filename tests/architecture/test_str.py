"""A row's short form ends up in logs, in the admin's history and on error pages, and outlives the
person. So it is a reference, and never holds what somebody typed (design, truth 7)."""

from typing import Any

import pytest
from django.apps import apps
from django.db import models

from people.models import Person

from .places import rooms

CANARY = "Zyxwv Qanary"
# What the company itself writes and publishes. Whoever adds a field here says: never about a person.
PUBLIC = {
    "inventory.Cookie": {"name"},
    "inventory.CookieGroup": {"name"},
    "inventory.DataCategory": {"name"},
    "inventory.DataElement": {"name"},
    "inventory.Measure": {"name"},
    "inventory.ProcessingActivity": {"name"},
    "inventory.Purpose": {"name"},
    "inventory.System": {"name"},
    "law.Company": {"name"},
    "law.Adequacy": {"territory"},
    "law.AgeOfConsent": {"place"},
    "law.ClosedDay": {"place"},
    "law.RefusalGround": {"ground", "source"},
    "law.Regime": {"name"},
    "law.StateLaw": {"state", "law"},
    "law.RetentionSuggestion": {"data_class"},
    "law.ChecklistItem": {"item", "source"},
    "law.TransferMechanism": {"mechanism"},
    "processors.Processor": {"name"},
    "notices.Campaign": {"event"},
    "notices.Letter": {"variant"},
    "policies.Policy": {"title"},
    # Drawn by us, at random: people quote it on the phone.
    "requests.RightsRequest": {"reference"},
}

ours = [model for model in apps.get_models() if model.__module__.partition(".")[0] in rooms()]


def filled(model: type[models.Model], depth: int = 2) -> Any:
    """A row, not saved, with the canary in every text, and rows filled so behind its keys."""
    row = model()
    public = PUBLIC.get(model._meta.label, set())
    for field in model._meta.concrete_fields:
        if isinstance(field.related_model, type):
            setattr(row, field.name, filled(field.related_model, depth - 1) if depth else None)
        elif _is_free_text(field) and field.name not in public:
            setattr(row, field.attname, CANARY)
    return row


def _is_free_text(field: "models.Field[Any, Any]") -> bool:
    return isinstance(field, models.CharField | models.TextField) and not field.choices


@pytest.mark.parametrize("model", ours, ids=lambda model: model._meta.label)
def test_a_rows_short_form_holds_nothing_that_somebody_typed(model):
    row = filled(model)

    assert CANARY not in str(row)
    assert CANARY not in repr(row)


def test_the_canary_sings():
    person = filled(Person)

    assert CANARY in f"{person.given_name} {person.email}"

"""import-linter sees imports. A relation named by a string is none, so relations are walked here."""

from collections.abc import Iterator

from django.apps import apps
from django.conf import settings
from django.db import models

from .places import ROOT, height, rooms

# Whoever acts or is told is an opaque reference there, so that erasing a person touches no evidence.
KNOW_NOBODY = {"audit", "notices"}


def relations() -> Iterator[tuple[str, type[models.Model], type[models.Model]]]:
    for model in apps.get_models(include_auto_created=True):
        if _room(model) in rooms():
            for field in model._meta.get_fields():
                if field.is_relation and not field.auto_created and isinstance(field.related_model, type):
                    yield f"{model._meta.label}.{field.name}", model, field.related_model


def _room(model: type[models.Model]) -> str:
    return model.__module__.partition(".")[0]


def test_the_list_names_every_app_of_ours_and_nothing_else():
    folders = {path.parent.name for path in ROOT.glob("*/apps.py")}

    assert set(rooms()) == folders


def test_there_are_relations_to_judge():
    assert len(list(relations())) > 5


def test_relations_only_point_down():
    upward = [
        name
        for name, owner, target in relations()
        if _room(target) in rooms()
        and _room(target) != _room(owner)
        and height(_room(target)) >= height(_room(owner))
        and target._meta.label != settings.AUTH_USER_MODEL
    ]

    assert upward == []


def test_audit_and_notices_hold_no_key_to_people_or_users():
    keys = [
        name
        for name, owner, target in relations()
        if _room(owner) in KNOW_NOBODY
        and (_room(target) == "people" or target._meta.label == settings.AUTH_USER_MODEL)
    ]

    assert keys == []

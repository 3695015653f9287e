"""The coverage check: no model of ours keeps personal data that nobody has declared (GDPR Art. 5(2), 30).

It looks at names and kinds of columns, so it finds what was forgotten, not what was hidden."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.db import models

from audit.personal import excluded, holdings

# Whole words of a column's name: `contact_email` and `email` are personal, `email_count` is looked at too.
PERSONAL = frozenset(
    {"email", "phone", "address", "greeting", "ip", "ssn", "passport", "latitude", "longitude"}
)  # fmt: skip
PHRASES = (
    "given_name", "family_name", "first_name", "last_name", "full_name", "birth_date", "date_of_birth",
    "user_agent", "external_id",
)  # fmt: skip
KINDS = (models.EmailField, models.GenericIPAddressField)


def undeclared(models_: Iterable[type[models.Model]]) -> Iterator[tuple[type[models.Model], list[str]]]:
    """Models with personal columns that are neither held nor excluded, with these columns."""
    declared = {holding.model for holding in holdings()} | set(excluded())
    for model in models_:
        columns = [field.name for field in model._meta.local_concrete_fields if is_personal(field)]
        if columns and model not in declared:
            yield model, columns


def is_personal(field: "models.Field[Any, Any]") -> bool:
    if field.is_relation:
        return False  # who is behind a key is declared by the model it leads to
    name = field.name.lower()
    return (
        isinstance(field, KINDS) or bool(PERSONAL & set(name.split("_"))) or any(p in name for p in PHRASES)
    )


def our_models() -> list[type[models.Model]]:
    """Of the rooms of this house, proxies and tables without columns of their own left out."""
    return [
        model
        for config in apps.get_app_configs()
        if Path(config.path).resolve().parent == Path(settings.BASE_DIR).resolve()
        for model in config.get_models()
        if not model._meta.proxy
    ]


def check_personal_data_is_declared(
    app_configs: Iterable[AppConfig] | None, **_options: Any
) -> list[CheckMessage]:
    wanted = {config.label for config in app_configs} if app_configs is not None else None
    ours = [model for model in our_models() if wanted is None or model._meta.app_label in wanted]
    return [_error(model, columns) for model, columns in undeclared(ours)]


def _error(model: type[models.Model], columns: list[str]) -> Error:
    return Error(
        f"{model._meta.label} keeps personal data ({', '.join(columns)}) that the inventory does not know of.",
        hint=f"Declare it in {model._meta.app_label}/personal.py: register a Holding, or exclude it with a reason.",
        obj=model,
        id="inventory.E001",
    )

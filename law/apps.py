"""The promise: «We comply with applicable children's privacy laws».

Rules we are bound by, as dated, sourced rows that a named person approves, with pure
calculation beside them; and the house's own facts (`Company`)."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class LawConfig(AppConfig):
    name = "law"
    verbose_name = "Law and company"

    def ready(self) -> None:
        from . import loading

        post_migrate.connect(loading.load_shipped_rows, sender=self, dispatch_uid="law.rows")

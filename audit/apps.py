"""The promise: «clear data handling policies» that can be shown to have been followed.

Who did what, when and why: append-only, sealed each minute, verifiable by anyone
who holds a day's signed root (`manage.py verify_audit`)."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        from . import evidence

        # SQLite rebuilds a table to change it and drops its triggers in silence,
        # so they are laid again after every migrate (docs/decisions/0003).
        post_migrate.connect(evidence.protect_all, dispatch_uid="audit.evidence")

"""The promise: «We'll process your request within a reasonable timeframe and confirm completion».

Rights requests, complaints and inquiries: deadlines, identity, work in every system, delivery, closing.
The app shares its name with Python's best-known HTTP library, which therefore stays out of our
environments (docs/decisions/0001)."""

from django.apps import AppConfig


class RequestsConfig(AppConfig):
    name = "requests"
    verbose_name = "Rights requests"

    def ready(self) -> None:
        from audit import outside

        from . import vault

        outside.replayers[vault.SHRED] = vault.replay_shreds

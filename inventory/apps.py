"""The promise: «We don't gather data just for the sake of having it—each category directly supports
platform functionality, content delivery, or service improvements».

What we hold, why, where and for how long: the truth the policy text talks about."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "inventory"
    verbose_name = "Inventory"

    def ready(self) -> None:
        from django.core.checks import register

        from . import categories_health, health, health_retention
        from .coverage import check_personal_data_is_declared

        register(check_personal_data_is_declared)
        health.checks.extend(categories_health.CHECKS)
        health_retention.join()

"""The promise: «We don't gather data just for the sake of having it—each category directly supports
platform functionality, content delivery, or service improvements».

What we hold, why, where and for how long: the truth the policy text talks about."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "inventory"
    verbose_name = "Inventory"

    def ready(self) -> None:
        from django.core.checks import register
        from django.db.models.signals import post_migrate

        from . import automation, categories_health, health, leads
        from .coverage import check_personal_data_is_declared
        from .letting_go import health_retention

        post_migrate.connect(leads.lay, sender=self, dispatch_uid="inventory.leads")
        register(check_personal_data_is_declared)
        health.checks.extend([*categories_health.CHECKS, *automation.CHECKS])
        health_retention.join()

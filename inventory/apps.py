"""The promise: «We don't gather data just for the sake of having it—each category directly supports
platform functionality, content delivery, or service improvements».

What we hold, why, where and for how long: the truth the policy text talks about."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "inventory"
    verbose_name = "Inventory"

"""The promise: «We've written this in plain language because we believe you deserve to understand».

The public pages: the policy in force, its earlier and coming versions, and what changed between."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "Portal"

"""The promise: «We comply with applicable children's privacy laws».

Rules we are bound by, as dated, sourced rows that a named person approves, with pure
calculation beside them; and the house's own facts (`Company`)."""

from django.apps import AppConfig


class LawConfig(AppConfig):
    name = "law"
    verbose_name = "Law and company"

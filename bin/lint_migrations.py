"""Judges our own migrations on the database that DATABASE_URL names: does one lock, break or lose?"""

import os
import sys
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
# They drop or demand columns, or renew a constraint, while no released version is there to miss them.
BEFORE_THE_FIRST_RELEASE = ["0002_parts_of_copies", "0006_ends_are_told", "0013_sweep_second_person"]


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "privacy_site.settings")
    os.environ["LOG_LEVEL"] = "WARNING"
    sys.path.insert(0, str(ROOT))
    django.setup()
    from django.apps import apps
    from django_migration_linter import MigrationLinter

    ours = [app.label for app in apps.get_app_configs() if Path(app.path).parent == ROOT]
    # No cache: it would answer for SQLite what was asked of PostgreSQL. A first migration makes
    # tables that nobody uses yet, so it cannot hurt.
    linter = MigrationLinter(
        include_apps=ours,
        no_cache=True,
        ignore_initial_migrations=True,
        ignore_name=BEFORE_THE_FIRST_RELEASE,
        quiet=["ok", "ignore"],
    )
    linter.lint_all_migrations()
    linter.print_summary()
    return int(linter.has_errors)


if __name__ == "__main__":
    sys.exit(main())

import json
import re
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.actors import SYSTEM
from law.models import Company
from processors.public_list.histories import Entry, Life, lives, read_tables
from processors.public_list.history_imports import bring_in

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Command(BaseCommand):
    help = (
        "Turn successive versions of a published list (Markdown tables, the day of each in its file name, as in "
        "2025-03-24.md) into dated changes, and with --apply bring companies and changes in as history. Nobody is told. "
        "The last line is a JSON object of counts."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", type=Path, nargs="+", metavar="FILE.md")
        parser.add_argument("--apply", action="store_true", help="Write; without it nothing is changed.")

    def handle(self, *args: Any, **options: Any) -> None:
        found = lives([_version(file) for file in sorted(options["files"])])
        told = sorted((day, _sentence(difference)) for life in found for day, difference in life.story)
        for day, sentence in told:
            self.stdout.write(f"{day}: {sentence}")
        self._finish(found, is_applied=options["apply"])

    def _finish(self, found: list[Life], *, is_applied: bool) -> None:
        if is_applied:
            counts = vars(bring_in(found, by=SYSTEM, at=timezone.now()))
        else:
            counts = {"companies": len(found), "changes": sum(len(life.story) for life in found)}
            self.stdout.write("Nothing was written. Add --apply to write it.")
        self.stdout.write(json.dumps({**counts, "applied": is_applied}))


def _version(file: Path) -> tuple[date, list[Entry]]:
    named = DAY.search(file.name)
    if named is None:
        raise CommandError(f"The name of {file.name} holds no day like 2025-03-24.")
    try:
        day, entries = date.fromisoformat(named[0]), read_tables(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{file.name} cannot be read: {error}", returncode=2) from None
    if day > Company.current().today():
        raise CommandError(f"{day} is to come. Announce it instead, so that people hear of it.")
    if not entries:
        raise CommandError(f"{file.name} holds no table with a column of companies.")
    return day, entries


def _sentence(difference: Any) -> str:
    return f"{difference.kind.label}: {(difference.after or difference.before).name}"

import json
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.actors import SYSTEM
from law.models import Company
from people.csv_files import FileRefused
from processors.imports import COLUMNS, Plan, planned


class Command(BaseCommand):
    help = (
        "Compare a CSV list of companies with the register, and with --apply add those that are new, as "
        f"proposed. Columns, in any order, under many usual names: {', '.join(COLUMNS[:6])}; only name is "
        "needed. What cannot be read is flagged by line and never guessed. The last line is a JSON object of counts."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv")
        parser.add_argument("--apply", action="store_true", help="Write; without it nothing is changed.")
        parser.add_argument(
            "--merge",
            action="store_true",
            help="Join rows that are certainly one company, spelled differently. What is only likely stays apart.",
        )
        parser.add_argument(
            "--as-listed",
            type=_day,
            metavar="YYYY-MM-DD",
            help="A list you have published already, in force since that day: its companies come in as active, "
            "and the health page names the reviews and contracts they lack.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        since: date | None = options["as_listed"]
        if since and since > Company.current().today():
            raise CommandError(f"{since} is to come. Announce it instead, so that people hear of it.")
        try:
            with options["file"].open("rb") as file:
                plan = planned(file, merge=options["merge"])
        except FileRefused as refusal:
            raise CommandError(str(refusal), returncode=2) from None
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error.strerror}.", returncode=2) from None
        if options["apply"]:
            plan.apply(by=SYSTEM, at=timezone.now(), as_listed=since)
        self._report(plan, is_applied=options["apply"])

    def _report(self, plan: Plan, *, is_applied: bool) -> None:
        for line, kind, text in plan.remarks():
            self.stdout.write(f"line {line}: {kind}: {text}")
        if not is_applied:
            self.stdout.write("Nothing was written. Add --apply to write it.")
        self.stdout.write(json.dumps({**vars(plan.counts()), "applied": is_applied}))


def _day(text: str) -> date:
    return date.fromisoformat(text)

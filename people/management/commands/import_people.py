import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.actors import SYSTEM
from people.csv_files import FileRefused
from people.imports import COLUMNS, Plan, planned


class Command(BaseCommand):
    help = (
        "Compare a CSV file of people with our records, and with --apply write what differs. "
        f"Columns, in any order: {', '.join(COLUMNS)}. In guardians: EXTERNAL_ID or EXTERNAL_ID:verified, "
        "joined by semicolons. Each rejected row is named by line and reason, never by its data. "
        "The last line is a JSON object of counts."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv")
        parser.add_argument("--apply", action="store_true", help="Write; without it nothing is changed.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with options["file"].open("rb") as file, planned(file, progress=self._progress()) as plan:
                if options["apply"]:
                    plan.apply(by=SYSTEM, at=timezone.now())
                self._report(plan, is_applied=options["apply"])
        except FileRefused as refusal:
            raise CommandError(str(refusal), returncode=2) from None
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error.strerror}.", returncode=2) from None

    def _progress(self) -> Any:
        if not sys.stderr.isatty():
            return lambda step, rows: None
        return lambda step, rows: self.stderr.write(f"\r{rows:,} rows {step}   ", ending="")

    def _report(self, plan: Plan, *, is_applied: bool) -> None:
        for line, kind, text in plan.remarks():
            self.stdout.write(f"line {line}: {kind}: {text}")
        counts = plan.counts()
        if not is_applied:
            self.stdout.write("Nothing was written. Add --apply to write it.")
        self.stdout.write(json.dumps({**vars(counts), "applied": is_applied}))

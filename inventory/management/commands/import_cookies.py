import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.actors import SYSTEM
from inventory.cookies_import import ChangedMeanwhile, Plan, read
from people.csv_files import FileRefused


class Command(BaseCommand):
    help = (
        "Compare a CSV file of cookies (columns of the Open Cookie Database) with our list, and with --apply "
        "write what differs. Rejected and flagged rows are named by line and reason. Nothing is shown to the "
        "public before staff publish the list. The last line is a JSON object of counts."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv")
        parser.add_argument("--apply", action="store_true", help="Write; without it nothing is changed.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with options["file"].open("rb") as file:
                plan = read(file)
            if options["apply"]:
                plan.apply(by=SYSTEM, at=timezone.now())
        except FileRefused as refusal:
            raise CommandError(str(refusal), returncode=2) from None
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error.strerror}.", returncode=2) from None
        except ChangedMeanwhile:
            raise CommandError("Somebody changed the list at the same time. Import the file again.") from None
        self._report(plan, is_applied=options["apply"])

    def _report(self, plan: Plan, *, is_applied: bool) -> None:
        for line, kind, text in plan.remarks:
            self.stdout.write(f"line {line}: {kind}: {text}")
        if not is_applied:
            self.stdout.write("Nothing was written. Add --apply to write it.")
        self.stdout.write(json.dumps({**vars(plan.counts()), "applied": is_applied}))

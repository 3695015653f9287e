import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.actors import SYSTEM
from inventory.categories_import import ChangedMeanwhile, Given, Plan, read
from inventory.models import Origin
from people.csv_files import FileRefused
from people.models import Role


class Command(BaseCommand):
    help = (
        "Compare a CSV list of data elements by category with the register, and with --apply add those that "
        "are new. Columns: category, element; if the file has them, origin, sensitivity, whose. What stands "
        "in the register is never overwritten. The last line is a JSON object of counts."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv")
        parser.add_argument("--apply", action="store_true", help="Write; without it nothing is changed.")
        parser.add_argument(
            "--origin",
            choices=Origin.values,
            default="",
            help="Where data comes from, if a line says nothing.",
        )
        parser.add_argument(
            "--whose",
            choices=Role.values,
            action="append",
            default=[],
            help="Whose data it is, if a line says nothing. May be given several times.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        given = Given(options["origin"], tuple(options["whose"]))
        try:
            with options["file"].open("rb") as file:
                plan = read(file, given)
            if options["apply"]:
                plan.apply(by=SYSTEM, at=timezone.now())
        except FileRefused as refusal:
            raise CommandError(str(refusal), returncode=2) from None
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error.strerror}.", returncode=2) from None
        except ChangedMeanwhile:
            raise CommandError(
                "Somebody changed the register at the same time. Import the file again."
            ) from None
        self._report(plan, is_applied=options["apply"])

    def _report(self, plan: Plan, *, is_applied: bool) -> None:
        for line, kind, text in plan.remarks:
            self.stdout.write(f"line {line}: {kind}: {text}")
        if not is_applied:
            self.stdout.write("Nothing was written. Add --apply to write it.")
        self.stdout.write(json.dumps({**vars(plan.counts()), "applied": is_applied}))

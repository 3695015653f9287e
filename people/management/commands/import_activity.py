import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.actors import SYSTEM
from people.activity import COLUMNS, apply, preview
from people.csv_files import FileRefused


class Command(BaseCommand):
    help = (
        "Compare a CSV file of last activity with our records, and with --apply move the days forward, never "
        f"back. Columns: {', '.join(COLUMNS)}. The last line is a JSON object of counts."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv")
        parser.add_argument("--apply", action="store_true", help="Write; without it nothing is changed.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with options["file"].open("rb") as file:
                counts = preview(file, remark=self._remark)
                if options["apply"]:
                    apply(file, by=SYSTEM, at=timezone.now())
                else:
                    self.stdout.write("Nothing was written. Add --apply to write it.")
                self.stdout.write(json.dumps({**vars(counts), "applied": options["apply"]}))
        except FileRefused as refusal:
            raise CommandError(str(refusal), returncode=2) from None
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error.strerror}.", returncode=2) from None

    def _remark(self, line: int, text: str) -> None:
        self.stdout.write(f"line {line}: rejected: {text}")

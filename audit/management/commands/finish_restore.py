from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.actors import SYSTEM
from audit.outside import LedgerBroken
from audit.outside_restore import Finished, complete_file, finish_restore
from audit.refusals import Refused


class Command(BaseCommand):
    help = "After a backup was restored: does again what the ledger outside the database says was done."

    requires_system_checks = ()  # one of them says that this command is needed

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--complete-file",
            action="store_true",
            help="The ledger's file has lost its end, the database has not: write the missing lines back.",
        )

    def handle(self, *, complete_file: bool, **_options: Any) -> None:
        try:
            self.stdout.write(self.style.SUCCESS(_completed() if complete_file else _finished()))
        except (LedgerBroken, Refused) as trouble:
            raise CommandError(f"Nothing was changed. {trouble}") from trouble


def _completed() -> str:
    return f"Lines written back to the ledger: {complete_file(by=SYSTEM, at=timezone.now()):,}."


def _finished() -> str:
    found = finish_restore(by=SYSTEM, at=timezone.now())
    if not found.unknown:
        return f"The database knows all {found.lines:,} lines of the ledger. There was nothing to do."
    return (
        f"Of {found.lines:,} lines of the ledger, {found.unknown:,} were unknown to this database. "
        f"Done again: {_in_words(found)}. The site serves again."
    )


def _in_words(found: Finished) -> str:
    return ", ".join(f"{kind.replace('_', ' ')} {count:,}" for kind, count in found.done.items())

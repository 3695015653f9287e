from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.anchors import BadAnchor, read_anchors
from audit.disposals import Broken
from audit.verification import Verified, verify


class Command(BaseCommand):
    help = "Checks that the audit record is whole: every event, every seal, and the anchors kept outside."

    requires_system_checks = ()  # must run where the site itself cannot

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--anchors",
            type=Path,
            default=Path(settings.AUDIT_ANCHOR_DIR),
            help="Folder of the daily signed files. Best a copy that this machine cannot write.",
        )
        parser.add_argument(
            "--key", type=Path, help="The public key, from wherever you keep it. Else the one in that folder."
        )

    def handle(self, *, anchors: Path, key: Path | None, **options: Any) -> None:
        try:
            found = verify(at=timezone.now(), anchors=list(read_anchors(anchors, key)))
        except (Broken, BadAnchor) as trouble:
            raise CommandError(f"The audit record is NOT whole. {trouble}") from trouble
        self.stdout.write(self.style.SUCCESS(summary(found, anchors)))


def summary(found: Verified, folder: Path) -> str:
    outside = (
        f"{_many(found.anchors, 'anchor')} agree{'s' if found.anchors == 1 else ''}"
        if found.anchors
        else f"no anchors in {folder} to compare with, so a record rewritten as a whole would not show"
    )
    removed = f"{found.disposed:,} of them removed by approved batches, " if found.disposed else ""
    return (
        f"The audit record is whole: {_many(found.events, 'event')} in {_many(found.seals, 'seal')}, "
        f"{removed}{outside}. Waiting for the next seal: {_many(found.waiting, 'event')}."
    )


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from notices import finishing
from notices.sender import deliver_due


class Command(BaseCommand):
    help = "Sends every mail that is due, as the worker does each minute. Needs no broker."

    def handle(self, *args: Any, **options: Any) -> None:
        sent = deliver_due(seconds=float("inf"))
        finishing.note_finished(at=timezone.now())
        self.stdout.write(f"{sent} sent.")

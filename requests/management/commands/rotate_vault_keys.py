from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.actors import SYSTEM
from requests.keeping import masters, rotating


class Command(BaseCommand):
    help = "Locks every key in the database with the first of VAULT_KEYS. May be stopped and run again."

    def handle(self, **_options: Any) -> None:
        try:
            done = rotating.rotate(by=SYSTEM, at=timezone.now())
        except masters.CannotUnlock as trouble:
            raise CommandError(
                f"{trouble} Put the missing key back at the end of VAULT_KEYS, then run this again. "
                "What was locked anew so far stays so."
            ) from trouble
        self.stdout.write(
            self.style.SUCCESS(
                f"{done:,} {'key' if done == 1 else 'keys'} locked anew. Every key is now locked by the first "
                "of VAULT_KEYS; you can drop the others, but keep them with backups that were made before."
            )
        )

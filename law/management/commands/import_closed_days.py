import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.actors import SYSTEM
from law.calendars import Import, NotListed, planned

FIRST, LAST = 2000, 2100


class Command(BaseCommand):
    help = (
        "Compare our closed days of a place and year with a published list of holidays, and with --apply write "
        "what differs. The list is a help, not an authority: look it over, and correct it in the admin. What staff "
        "wrote or corrected is never overwritten. The last line is a JSON object of counts."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "place", metavar="PLACE", help="Country, or country and region: DE, DE-BE, US-CA."
        )
        parser.add_argument("year", metavar="YEAR", type=int)
        parser.add_argument("--apply", action="store_true", help="Write; without it nothing is changed.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not FIRST <= options["year"] <= LAST:
            raise CommandError(f"Write a year from {FIRST} to {LAST}.", returncode=2)
        try:
            plan = planned(options["place"].upper(), options["year"])
        except NotListed as unknown:
            raise CommandError(str(unknown), returncode=2) from None
        if options["apply"]:
            plan.apply(by=SYSTEM, at=timezone.now())
        self._report(plan, is_applied=options["apply"])

    def _report(self, plan: Import, *, is_applied: bool) -> None:
        for word, days in (
            ("new", plan.new),
            ("changed", plan.changed),
            ("kept as staff wrote it", plan.kept),
        ):
            for day in days:
                shut = "" if day.is_closed else ", offices are open"
                self.stdout.write(f"{word}: {day.day} {day.place} {day.name}{shut}")
        if not is_applied:
            self.stdout.write("Nothing was written. Add --apply to write it.")
        counts = {
            "new": len(plan.new),
            "changed": len(plan.changed),
            "kept": len(plan.kept),
            "same": plan.same,
        }
        self.stdout.write(json.dumps({**counts, "applied": is_applied}))

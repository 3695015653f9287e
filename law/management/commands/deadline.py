import json
from argparse import ArgumentParser
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.refusals import Refused
from law.asking import answer, ask
from law.deadlines import EVENTS, KINDS, Deadline


class Command(BaseCommand):
    help = (
        "Say when an answer is due under one law, and why, as a JSON object: strict_due (the earliest day any "
        "defensible reading gives), legal_due (the reading regulators publish), both null where the law names no "
        "number, and explanation. Nothing is written. "
        f"Events: {', '.join(EVENTS)}; a day, a moment or a number follows after =, or nothing if it happened with "
        "the receipt."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("regime", metavar="REGIME", help="Code of a law row, such as eu_gdpr or us_va.")
        parser.add_argument(
            "place", metavar="PLACE", help="Whose holidays and clock count: DE, DE-BE, US-CA."
        )
        parser.add_argument("received_at", metavar="RECEIVED_AT", help="Such as 2026-03-02T10:00+01:00.")
        parser.add_argument("events", metavar="EVENT[=DATE]", nargs="*")
        parser.add_argument("--kind", choices=[*KINDS], default="respond", help="What is due.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            question = ask(
                options["regime"],
                options["place"].upper(),
                options["received_at"],
                options["events"],
                options["kind"],
            )
            found = answer(question)
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(json.dumps(_as_json(found), ensure_ascii=False, indent=2))


def _as_json(found: Deadline) -> dict[str, Any]:
    return {
        "strict_due": _text(found.strict_due),
        "legal_due": _text(found.legal_due),
        "target_due": _text(found.target_due),
        "explanation": found.explanation,
    }


def _text(moment: date | datetime | None) -> str | None:
    if isinstance(moment, datetime):
        return moment.isoformat(timespec="minutes")
    return moment.isoformat() if moment else None

"""Coded reasons as the requester reads them: the grounds of the law, and why something takes longer."""

import csv
from functools import cache
from pathlib import Path

from django.db.models import TextChoices
from django.utils import translation
from django.utils.translation import gettext as _

from law.models import RefusalGround

SHIPPED = Path(__file__).parent / "data" / "grounds.csv"


class ExtensionReason(TextChoices):
    """What the laws accept (GDPR Art. 12(3); Cal. Civ. Code 1798.130(a)(2)); being short of staff is none."""

    COMPLEX = "complex", "the request is complex"
    NUMEROUS = "numerous", "the same person sent many requests"


def of_extension(because: ExtensionReason | str, language: str) -> str:
    with translation.override(language):
        return {
            ExtensionReason.COMPLEX: _("The request is complex, and we want to answer it well."),
            ExtensionReason.NUMEROUS: _("We have many requests from you and work on all of them."),
        }[ExtensionReason(because)]


def of_ground(ground: RefusalGround, language: str) -> str:
    """With its article, which is cited as the register cites it. Empty where nobody has said this ground in
    that language: words that ship hold only for the row they translate, not for what staff made of it."""
    if language == "en":
        return str(ground)
    said = _said().get((ground.code, ground.ground), {}).get(language, "")
    return f"{said} ({ground.source})" if said else ""


def of_a_second_no(reason: str, ground: str, language: str) -> str:
    with translation.override(language):
        lines = (
            _("We looked at it anew. Our answer stays no."),
            _("The reason: %(reason)s") % {"reason": reason},
            _("The law lets us say no here: %(ground)s") % {"ground": ground},
        )
        return "\n".join(lines)


@cache
def _said() -> dict[tuple[str, str], dict[str, str]]:
    with SHIPPED.open(encoding="utf-8", newline="") as file:
        return {(row["code"], row["en"]): row for row in csv.DictReader(file)}

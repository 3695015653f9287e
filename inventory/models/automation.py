"""Whether a machine judges people or decides about them (GDPR Art. 4(4), 13(2)(f), 15(1)(h), 22)."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Value

LONGEST_WORDS = 1000


class Automation(models.TextChoices):
    NONE = "none", "no: no profiling, and no decision by a machine alone"
    PROFILING = "profiling", "profiling, but no decision of weight by a machine alone"
    DECISION = "decision", "a decision of weight by a machine alone (Art. 22)"


def in_languages(value: object, longest: int, thing: str) -> None:
    codes = {code for code, _name in settings.LANGUAGES} - {settings.LANGUAGE_CODE}
    if not isinstance(value, dict) or not value.keys() <= codes:
        raise ValidationError(f"{thing} in other languages go by the codes {', '.join(sorted(codes))}.")
    if not all(isinstance(text, str) and 0 < len(text) <= longest for text in value.values()):
        raise ValidationError(f"{thing} are text of {longest} characters at most.")


def are_words(value: object) -> None:
    in_languages(value, LONGEST_WORDS, "Words")


def words(help_text: str) -> "models.TextField[Any, Any]":
    return models.TextField(
        max_length=LONGEST_WORDS, blank=True, default="", db_default="", help_text=help_text
    )


def other_words(verbose_name: str) -> "models.JSONField[Any, Any]":
    return models.JSONField(
        verbose_name,
        default=dict,
        db_default=Value({}, models.JSONField()),
        blank=True,
        validators=[are_words],
        help_text="A language left empty reads the English words, marked as English.",
    )


class Automated(models.Model):
    """Said of what is done, not of why (docs/decisions/0018): read by the record, the copies and the public."""

    automation = models.CharField(
        "by a machine alone",
        max_length=16,
        choices=Automation,
        blank=True,
        default="",
        db_default="",
        help_text="Of weight is what has legal effect or touches a person as much: a place refused, an exam failed. "
        "Profiling is a machine judging a person from data: what they are good at, what suits them. "
        "Empty shows as a fault on the health page.",
    )
    logic = words("What goes in, what comes out and what counts most, in words a parent understands.")
    logic_in = other_words("logic in other languages")
    consequences = words("What it means for the person, with an example.")
    consequences_in = other_words("consequences in other languages")
    protection = words(
        "How a person steps in, how somebody says how they see it and contests it (Art. 22(3)); "
        "for learners, what protects a child (recitals 38 and 71)."
    )
    protection_in = other_words("protection in other languages")

    class Meta:
        abstract = True

    @property
    def is_by_machine(self) -> bool:
        return self.automation in (Automation.PROFILING, Automation.DECISION)

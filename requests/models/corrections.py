"""What somebody wants corrected, point by point (GDPR Art. 16)."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from .cases import RightsRequest


class Correctable(models.TextChoices):
    """Fields of ours, and whatever else lies in other systems."""

    GIVEN_NAME = "given_name", "first name"
    FAMILY_NAME = "family_name", "family name"
    BIRTH_DATE = "birth_date", "date of birth"
    EMAIL = "email", "e-mail address"
    PLACE = "place", "country or region"
    LANGUAGE = "language", "language"
    OTHER = "other", "something else"


class Judgment(models.TextChoices):
    OPEN = "open", "to be decided"
    ACCEPTED = "accepted", "accepted"
    REFUSED = "refused", "refused"


class CorrectionQuerySet(models.QuerySet["Correction"]):
    def undecided(self) -> "CorrectionQuerySet":
        return self.filter(judgment=Judgment.OPEN)

    def accepted(self) -> "CorrectionQuerySet":
        return self.filter(judgment=Judgment.ACCEPTED)


class Correction(models.Model):
    """One thing that is wrong and what it should say. What was typed goes with the case's particulars."""

    request = models.ForeignKey(RightsRequest, on_delete=models.PROTECT, related_name="corrections")
    field = models.CharField(max_length=16, choices=Correctable)
    what = models.CharField(
        "what is wrong",
        max_length=300,
        blank=True,
        help_text="In the requester’s words: where, and what it says now.",
    )
    wanted = models.CharField("should say", max_length=500, help_text="As the requester wrote it.")
    judgment = models.CharField(max_length=16, choices=Judgment, default=Judgment.OPEN, editable=False)
    value = models.CharField(
        max_length=500,
        blank=True,
        editable=False,
        help_text="What is written, here and elsewhere: 2012-09-01, US-OH.",
    )
    why = models.CharField(
        "why not",
        max_length=500,
        blank=True,
        editable=False,
        help_text="The requester reads this (GDPR Art. 12(4)).",
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    applied_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When this database was corrected."
    )

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(judgment="open", decided_by=None, decided_at=None)
                | (~Q(judgment="open") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="requests_correction_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(applied_at=None) | Q(judgment="accepted"), name="requests_correction_applied_if_accepted"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Correction {self.pk}"

    @property
    def about(self) -> str:
        """What it is about, in few words; personal where the requester's own words are."""
        return self.what if self.field == Correctable.OTHER and self.what else self.get_field_display()

"""Data that is kept and not used (GDPR Art. 18)."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from .persons import Person


class RestrictionGround(models.TextChoices):
    """Why, in the words of GDPR Art. 18(1)."""

    ACCURACY = "accuracy", "they say it is wrong, and we check (Art. 18(1)(a))"
    UNLAWFUL = "unlawful", "we should not have it, and they want it kept (Art. 18(1)(b))"
    CLAIMS = "claims", "they need it for a legal claim (Art. 18(1)(c))"
    OBJECTION = "objection", "they object, and we weigh it (Art. 18(1)(d))"


class RestrictionQuerySet(models.QuerySet["Restriction"]):
    def in_force(self) -> "RestrictionQuerySet":
        return self.filter(until=None)


class Restriction(models.Model):
    """One stretch of time during which somebody's data was kept and not used. A row is ended, never
    changed otherwise: the history is proof, and kept as long as the request it came from."""

    # Without a constraint in the database: the row is kept as proof when the person's goes (`personal`).
    person = models.ForeignKey(
        Person, on_delete=models.DO_NOTHING, db_constraint=False, related_name="restrictions"
    )
    ground = models.CharField(max_length=16, choices=RestrictionGround)
    case = models.CharField(max_length=17, help_text="The reference of the request that asked for it.")
    since = models.DateTimeField()
    until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Empty: in force. Ends after the person was told (GDPR Art. 18(3)).",
    )

    objects = RestrictionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "case"], condition=Q(until=None), name="people_restriction_once_a_case"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="people_restriction_ends_after_start"
            ),
        ]
        indexes = [
            models.Index(fields=["person"], condition=Q(until=None), name="people_restriction_in_force")
        ]

    def __str__(self) -> str:
        return f"Restriction {self.pk}"

    def is_in_force(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)

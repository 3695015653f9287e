from datetime import date
from typing import TypeVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

R = TypeVar("R", bound=models.Model)
# What may still move on a row that a named person has approved.
FREE = ("is_on", "in_force_until", "checked_on")


def ends_after_it_starts(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(in_force_until=None) | Q(in_force_until__gt=F("in_force_from")), name=name
    )


class LawQuerySet(models.QuerySet[R]):
    def in_force(self, on: date) -> "LawQuerySet[R]":
        """Switched-on rows that bind on that day."""
        return self.filter(is_on=True).filter(
            Q(in_force_from=None) | Q(in_force_from__lte=on),
            Q(in_force_until=None) | Q(in_force_until__gt=on),
        )

    def to_check(self, before: date) -> "LawQuerySet[R]":
        """Rows in use that nobody has compared with their source since that day."""
        return self.filter(is_on=True).filter(Q(checked_on=None) | Q(checked_on__lt=before))


class LawManager(models.Manager[R]):
    def get_queryset(self) -> LawQuerySet[R]:
        return LawQuerySet(self.model, using=self._db)

    def in_force(self, on: date) -> LawQuerySet[R]:
        return self.get_queryset().in_force(on)

    def to_check(self, before: date) -> LawQuerySet[R]:
        return self.get_queryset().to_check(before)


class LawRow(models.Model):
    """A dated, sourced fact. Never edited in place: a new fact is a new row, the old one ends."""

    in_force_from = models.DateField(null=True, blank=True, help_text="Empty: not known, applies already.")
    in_force_until = models.DateField(null=True, blank=True, help_text="The first day it no longer binds.")
    source = models.CharField(max_length=200, help_text="Statute or article.")
    checked = models.CharField(max_length=300, help_text="Where and how the fact was checked.")
    checked_on = models.DateField(
        "last checked on",
        null=True,
        blank=True,
        help_text="The day somebody last compared it with the source. Empty: nobody knows.",
    )
    is_verified = models.BooleanField(
        "verified",
        default=False,
        help_text="A source was read. What stands from memory only stays switched off.",
    )
    is_on = models.BooleanField("switched on", default=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        abstract = True

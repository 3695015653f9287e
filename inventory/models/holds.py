"""What stands in the way of letting go (GDPR Art. 17(3)(e), 18(1)(c))."""

from datetime import date
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from people.models import Role

from .registers import DataCategory


class HoldScope(models.TextChoices):
    EVERYONE = "everyone", "everyone"
    ROLE = "role", "one role"
    PEOPLE = "people", "the people named"


class HoldStatus(models.TextChoices):
    DRAFT = "draft", "draft"
    IN_FORCE = "in_force", "in force"
    RELEASED = "released", "released"


class LegalHoldQuerySet(models.QuerySet["LegalHold"]):
    def in_force(self) -> "LegalHoldQuerySet":
        return self.filter(status=HoldStatus.IN_FORCE)

    def over(self, category: str) -> "LegalHoldQuerySet":
        """Those in force that cover a category; without any category named, a hold covers them all."""
        return self.in_force().filter(Q(categories=None) | Q(categories__code=category))

    def overdue(self, on: date) -> "LegalHoldQuerySet":
        return self.in_force().filter(review_on__lt=on)


class LegalHold(models.Model):
    """What must not be erased for now, whatever its clock says (GDPR Art. 17(3)(e), 18(1)(c))."""

    # What may happen to a hold; `actions` is the only place that moves it.
    transitions: ClassVar[dict[str, tuple[str, ...]]] = {
        HoldStatus.DRAFT: (HoldStatus.IN_FORCE,),
        HoldStatus.IN_FORCE: (HoldStatus.RELEASED,),
        HoldStatus.RELEASED: (),
    }

    title = models.CharField(max_length=150, help_text="The case, without names of people.")
    reason = models.TextField(max_length=1000, help_text="Which claim or duty makes us keep it.")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who decides when it ends. Named to everybody whom the hold stops.",
    )
    scope = models.CharField(max_length=16, choices=HoldScope, default=HoldScope.PEOPLE)
    role = models.CharField(max_length=16, choices=Role, blank=True, help_text="Only for one role.")
    categories = models.ManyToManyField(
        DataCategory, blank=True, related_name="holds", help_text="None chosen: every category."
    )
    status = models.CharField(max_length=16, choices=HoldStatus, default=HoldStatus.DRAFT, editable=False)
    placed_at = models.DateTimeField(null=True, blank=True, editable=False)
    review_on = models.DateField(
        "next review", help_text="Within a year at most: a hold that nobody asks about never ends."
    )
    released_at = models.DateTimeField(null=True, blank=True, editable=False)
    revision = models.PositiveIntegerField(default=0, editable=False)

    objects = LegalHoldQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("place_legalhold", "Can place and review legal holds"),
            ("release_legalhold", "Can release legal holds"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=(Q(scope="role") & ~Q(role="")) | (~Q(scope="role") & Q(role="")),
                name="inventory_hold_role_with_scope",
                violation_error_message="Name a role for a hold on one role, and only then.",
            ),
            models.CheckConstraint(
                condition=Q(status="draft", placed_at=None) | Q(placed_at__isnull=False),
                name="inventory_hold_placed",
            ),
            models.CheckConstraint(
                condition=Q(status="released", released_at__isnull=False)
                | (~Q(status="released") & Q(released_at=None)),
                name="inventory_hold_released",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "review_on"], name="inventory_hold_review"),
            # The filters of the list, newest first.
            models.Index(fields=["status", "-id"], name="inventory_hold_status"),
            models.Index(fields=["scope", "-id"], name="inventory_hold_scope"),
        ]

    def __str__(self) -> str:
        return f"Hold {self.pk}"


class HoldPerson(models.Model):
    """A person a hold names, by number: the hold outlives whatever happens to the row."""

    hold = models.ForeignKey(LegalHold, on_delete=models.CASCADE, related_name="people")
    person_id = models.PositiveBigIntegerField("person")

    class Meta:
        verbose_name_plural = "people on hold"
        constraints = [
            models.UniqueConstraint(fields=["hold", "person_id"], name="inventory_hold_person_once")
        ]
        indexes = [models.Index(fields=["person_id"], name="inventory_hold_person")]

    def __str__(self) -> str:
        return f"Hold {self.hold_id}, person {self.person_id}"

"""The order to erase: proposed by one, approved by another, waited for, then carried out."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from .cases import RightsRequest


class ErasureOrder(models.Model):
    """What will go, what stays and why: counted when proposed, so that two people decide on the same."""

    request = models.OneToOneField(RightsRequest, on_delete=models.PROTECT, related_name="erasure_order")
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    proposed_at = models.DateTimeField(editable=False)
    plan = models.JSONField(
        default=list, editable=False, help_text="By category: what goes, what stays, why, until when."
    )
    plan_sha256 = models.CharField(max_length=64, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    approved_at = models.DateTimeField(null=True, blank=True, editable=False)
    not_before = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Until then the requester can stop it."
    )
    stopped_at = models.DateTimeField(null=True, blank=True, editable=False)
    done_at = models.DateTimeField(null=True, blank=True, editable=False)
    result = models.JSONField(default=dict, editable=False, help_text="What went, by model; counts only.")
    revision = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("proposed_by")),
                name="requests_erasure_second_person",
                violation_error_message="Somebody else has to approve what you proposed.",
            ),
            models.CheckConstraint(
                condition=Q(done_at=None)
                | (Q(approved_by__isnull=False, stopped_at=None) & Q(done_at__gte=F("not_before"))),
                name="requests_erasure_approved_and_waited_for",
            ),
        ]
        indexes = [
            models.Index(
                fields=["not_before"],
                condition=Q(done_at=None, stopped_at=None, approved_at__isnull=False),
                name="requests_erasure_to_do",
            ),
            models.Index(
                fields=["request"],
                condition=Q(approved_at=None, done_at=None, stopped_at=None),
                name="requests_erasure_to_approve",
            ),
        ]

    def __str__(self) -> str:
        return f"Erasure order {self.pk}"

"""Letting go: the sweeps, what they took, and what other systems were ordered to let go of."""

from datetime import date
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import IsNull

from audit.evidence import evidence, is_evidence
from audit.models import Disposal
from audit.personal import Then
from people.models import Role

from .registers import DataCategory, System
from .retention import RetentionRule


class SweepStatus(models.TextChoices):
    PROPOSED = "proposed", "proposed"
    CONFIRMED = "confirmed", "confirmed"
    RUNNING = "running", "running"
    DONE = "done", "done"
    CANCELLED = "cancelled", "cancelled"


OPEN = (SweepStatus.PROPOSED, SweepStatus.CONFIRMED, SweepStatus.RUNNING)


class SweepQuerySet(models.QuerySet["Sweep"]):
    def open(self) -> "SweepQuerySet":
        return self.filter(status__in=OPEN)

    def at_work(self) -> "SweepQuerySet":
        return self.filter(status__in=[SweepStatus.CONFIRMED, SweepStatus.RUNNING])


@evidence(frozen_once="ended_at", free=("revision",))
class Sweep(models.Model):
    """Letting go of what has run out: proposed with numbers, confirmed by a person, then done."""

    # What may happen to a sweep; `sweeps` is the only place that moves it.
    transitions: ClassVar[dict[str, tuple[str, ...]]] = {
        SweepStatus.PROPOSED: (SweepStatus.CONFIRMED, SweepStatus.CANCELLED),
        SweepStatus.CONFIRMED: (SweepStatus.RUNNING, SweepStatus.CANCELLED),
        SweepStatus.RUNNING: (SweepStatus.DONE, SweepStatus.CANCELLED),
        SweepStatus.DONE: (),
        SweepStatus.CANCELLED: (),
    }

    status = models.CharField(
        max_length=16, choices=SweepStatus, default=SweepStatus.PROPOSED, editable=False
    )
    as_of = models.DateField(
        "counted on", editable=False, help_text="Every cut-off day counts back from here."
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    proposed_at = models.DateTimeField(editable=False)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        editable=False,
    )  # fmt: skip
    confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    needs_second = models.BooleanField(
        "a second person",
        default=False,
        editable=False,
        help_text="So many rows go that whoever proposed it cannot confirm it.",
    )
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    plan_sha256 = models.CharField(
        max_length=64, editable=False, help_text="Fingerprint of the rules and days it was counted by."
    )
    notes = models.JSONField(
        default=list, editable=False, help_text="What was left out, and why; a sentence each."
    )
    receipt = models.JSONField(default=dict, editable=False)
    receipt_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    revision = models.PositiveIntegerField(default=0, editable=False)

    objects = SweepQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("propose_sweep", "Can propose a retention sweep"),
            ("approve_sweep", "Can confirm and stop a retention sweep"),
            ("approve_evidence_sweep", "Can confirm a retention sweep that takes evidence"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["proposed", "cancelled"])
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="inventory_sweep_confirmed_by_a_person",
            ),
            models.CheckConstraint(
                condition=Q(needs_second=False) | Q(confirmed_by=None) | ~Q(confirmed_by=F("proposed_by")),
                name="inventory_sweep_second_person",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["done", "cancelled"], ended_at__isnull=False)
                | (~Q(status__in=["done", "cancelled"]) & Q(ended_at=None)),
                name="inventory_sweep_ended",
            ),
            # Two sweeps at a time would count the same rows twice.
            models.UniqueConstraint(
                IsNull(F("ended_at"), True),
                condition=Q(ended_at=None),
                name="inventory_sweep_one_at_a_time",
                violation_error_message="Another sweep is still open.",
            ),
        ]

    def __str__(self) -> str:
        return f"Sweep {self.pk}"

    @property
    def takes_evidence(self) -> bool:
        return any(item.is_evidence and item.going for item in self.items.all())


class SweepItem(models.Model):
    """One category of one model and role in a sweep: the cut-off, and how far the work has come."""

    sweep = models.ForeignKey(Sweep, on_delete=models.PROTECT, related_name="items")
    rule = models.ForeignKey(RetentionRule, on_delete=models.SET_NULL, null=True, related_name="+")
    holding = models.CharField(max_length=100, help_text="The model, as app.model.")
    category = models.CharField(max_length=50)
    role = models.CharField(max_length=16, blank=True)
    other_roles = models.JSONField(
        default=list, help_text="For everybody else: the roles that have rules of their own."
    )
    then = models.CharField(max_length=16, choices=Then)
    cutoffs = models.JSONField(help_text="Start event → last day on which the clock may have started.")
    explanation = models.TextField()
    proposed_count = models.PositiveIntegerField("expired")
    held_count = models.PositiveIntegerField("on hold")
    unknown_count = models.PositiveIntegerField("without a clock")
    samples = models.JSONField(default=list, help_text="Numbers of a few rows, never what stands in them.")
    cursor = models.PositiveBigIntegerField(default=0)
    done_count = models.PositiveIntegerField("done", default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    disposal = models.ForeignKey(
        Disposal,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="For evidence: what a second person approved. Without it the database lets nothing go.",
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["sweep", "holding", "category", "role"], name="inventory_sweep_item_once"
            )
        ]

    def __str__(self) -> str:
        return f"Sweep {self.sweep_id}, item {self.pk}"

    @property
    def going(self) -> int:
        """How many were to go when it was counted."""
        return self.proposed_count - self.held_count

    @property
    def is_evidence(self) -> bool:
        return is_evidence(self.holding)


class OrderStatus(models.TextChoices):
    OPEN = "open", "waiting for an answer"
    ANSWERED = "answered", "answered"


class OrderAnswer(models.TextChoices):
    DONE = "done", "done: it is gone"
    NOTHING = "nothing", "there was nothing to do"
    EXCEPTION = "exception", "not done, for a reason"


class CutoffOrderQuerySet(models.QuerySet["CutoffOrder"]):
    def open(self) -> "CutoffOrderQuerySet":
        return self.filter(status=OrderStatus.OPEN)

    def overdue(self, on: date) -> "CutoffOrderQuerySet":
        return self.open().filter(due_on__lt=on)


@evidence(frozen_once="answered_at", free=("revision",))
class CutoffOrder(models.Model):
    """What another system has to let go of, until when, and what its owner answered."""

    # What may happen to an order; `sweeps` is the only place that moves it.
    transitions: ClassVar[dict[str, tuple[str, ...]]] = {
        OrderStatus.OPEN: (OrderStatus.ANSWERED,),
        OrderStatus.ANSWERED: (),
    }

    sweep = models.ForeignKey(Sweep, on_delete=models.PROTECT, related_name="orders")
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="cutoff_orders")
    category = models.ForeignKey(DataCategory, on_delete=models.PROTECT, related_name="+")
    role = models.CharField("whose", max_length=16, choices=Role, blank=True)
    then = models.CharField("what to do", max_length=16, choices=Then)
    cutoffs = models.JSONField(help_text="Start event → last day on which the clock may have started.")
    before = models.DateField("before", help_text="What began on this day or later is not touched.")
    explanation = models.TextField(blank=True)
    count_expected = models.PositiveIntegerField(
        "people expected",
        null=True,
        blank=True,
        help_text="How many we know of. Empty: only the system knows.",
    )
    due_on = models.DateField("answer due")
    status = models.CharField(max_length=16, choices=OrderStatus, default=OrderStatus.OPEN, editable=False)
    answer = models.CharField(max_length=16, choices=OrderAnswer, blank=True, editable=False)
    count_done = models.PositiveIntegerField("count answered", null=True, blank=True, editable=False)
    evidence = models.TextField(
        blank=True,
        max_length=2000,
        editable=False,
        help_text="What shows it: log, ticket, screenshot and where.",
    )
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        editable=False, help_text="Empty: its owner answered by a link in a mail, or the system did.",
    )  # fmt: skip
    answered_at = models.DateTimeField(null=True, blank=True, editable=False)
    revision = models.PositiveIntegerField(default=0, editable=False)

    objects = CutoffOrderQuerySet.as_manager()

    class Meta:
        verbose_name = "cut-off order"
        ordering = ["-id"]
        permissions = [("answer_cutofforder", "Can answer cut-off orders")]
        constraints = [
            models.UniqueConstraint(
                fields=["sweep", "system", "category", "role"], name="inventory_order_once"
            ),
            models.CheckConstraint(
                condition=Q(status="open", answer="", answered_at=None)
                | (Q(status="answered", answered_at__isnull=False) & ~Q(answer="") & ~Q(evidence="")),
                name="inventory_order_answered_with_evidence",
                violation_error_message="An answer needs evidence.",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "due_on"], name="inventory_order_due"),
            # The filters of the list, newest first.
            models.Index(fields=["status", "-id"], name="inventory_order_status"),
            models.Index(fields=["answer", "-id"], name="inventory_order_answer"),
            models.Index(fields=["then", "-id"], name="inventory_order_then"),
        ]

    def __str__(self) -> str:
        return f"Cut-off order {self.pk}"

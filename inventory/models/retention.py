"""How long we keep what, what stands in the way, and the sweeps that let go (GDPR Art. 5(1)(e), 17)."""

from datetime import date
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import IsNull

from audit.evidence import evidence, is_evidence
from audit.models import Disposal
from audit.personal import StartEvent, Then
from law.calendar import Unit
from law.models import RetentionSuggestion
from people.models import Role

from .registers import DataCategory, Purpose, System


class RetentionRuleQuerySet(models.QuerySet["RetentionRule"]):
    def endless(self) -> "RetentionRuleQuerySet":
        return self.filter(unit="")


class RetentionRule(models.Model):
    """How long one category is kept for one purpose, and what happens then."""

    category = models.ForeignKey(DataCategory, on_delete=models.PROTECT, related_name="retention_rules")
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="retention_rules")
    role = models.CharField(
        "whose",
        max_length=16,
        blank=True,
        choices=Role,
        help_text="Empty: everybody without a rule of their own.",
    )
    start_event = models.CharField(
        "clock starts with",
        max_length=16,
        choices=StartEvent,
        help_text="An account counts from the last activity the platform reports.",
    )
    number = models.PositiveSmallIntegerField(
        "kept for", null=True, blank=True, help_text="Empty, together with the unit: without an end."
    )
    unit = models.CharField(max_length=8, blank=True, choices=Unit)
    then = models.CharField(max_length=16, choices=Then, default=Then.DELETE)
    legal_anchor = models.CharField(
        max_length=200, blank=True, help_text="The article that asks for it, or “house rule” with a reason."
    )
    is_protected_by_law = models.BooleanField(
        "protected by law",
        default=False,
        help_text="A law makes us keep it this long, even when the purpose has ended: tax records, a register of breaches.",
    )
    suggestion = models.ForeignKey(
        RetentionSuggestion,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    note = models.TextField(blank=True, max_length=1000)
    revision = models.PositiveIntegerField(default=0, editable=False)

    objects = RetentionRuleQuerySet.as_manager()

    class Meta:
        ordering = ["category__name", "purpose__name", "role"]
        constraints = [
            models.UniqueConstraint(
                fields=["category", "purpose", "role"],
                name="inventory_rule_once",
                violation_error_message="There is a rule for this category, purpose and role already.",
            ),
            models.CheckConstraint(
                condition=Q(number=None, unit="") | (Q(number__gt=0) & ~Q(unit="")),
                name="inventory_rule_number_with_unit",
                violation_error_message="Give a number above 0 and a unit, or neither.",
            ),
            # A longer period is no end, and no calendar goes back that far.
            models.CheckConstraint(
                condition=Q(number=None)
                | Q(unit=Unit.YEARS, number__lte=100)
                | Q(unit=Unit.MONTHS, number__lte=1_200)
                | Q(unit=Unit.DAYS, number__lte=32_000),
                name="inventory_rule_within_a_century",
                violation_error_message="A century at most.",
            ),
            # 16 CFR 312.10: children's data is never kept indefinitely. A rule for everybody is for them too.
            models.CheckConstraint(
                condition=~Q(unit="") | ~Q(role__in=["", Role.LEARNER]),
                name="inventory_rule_children_have_an_end",
                violation_error_message="Children’s data is never kept without an end (16 CFR 312.10). "
                "Give a period, or name a role of adults.",
            ),
        ]

    def __str__(self) -> str:
        return f"Retention rule {self.pk}"

    @property
    def period(self) -> str:
        if self.number is None:
            return "without an end"
        return f"{self.number} {self.unit[:-1] if self.number == 1 else self.unit}"


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
        indexes = [models.Index(fields=["status", "review_on"], name="inventory_hold_review")]

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
    before = models.DateField("before", help_text="The earliest of those days: nothing younger is touched.")
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
        editable=False,
    )  # fmt: skip
    answered_at = models.DateTimeField(null=True, blank=True, editable=False)
    revision = models.PositiveIntegerField(default=0, editable=False)

    objects = CutoffOrderQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [("answer_cutofforder", "Can answer cut-off orders")]
        constraints = [
            models.UniqueConstraint(
                fields=["sweep", "system", "category", "role"], name="inventory_order_once"
            ),
            models.CheckConstraint(
                condition=Q(status="open", answer="", answered_at=None)
                | (
                    Q(status="answered", answered_by__isnull=False, answered_at__isnull=False)
                    & ~Q(answer="")
                    & ~Q(evidence="")
                ),
                name="inventory_order_answered_with_evidence",
                violation_error_message="An answer needs evidence.",
            ),
        ]
        indexes = [models.Index(fields=["status", "due_on"], name="inventory_order_due")]

    def __str__(self) -> str:
        return f"Cut-off order {self.pk}"

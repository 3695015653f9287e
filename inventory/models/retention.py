"""How long we keep what (GDPR Art. 5(1)(e))."""

from django.db import models
from django.db.models import Q

from audit.personal import StartEvent, Then
from law.calendar import Unit
from law.models import RetentionSuggestion
from people.models import Role

from .registers import DataCategory, Purpose


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
    then = models.CharField("what to do", max_length=16, choices=Then, default=Then.DELETE)
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

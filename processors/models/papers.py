"""What vets a processor and what binds it: reviews and contracts."""

import secrets
from datetime import date, timedelta
from pathlib import PurePath

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import FileSystemStorage
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from audit.evidence import evidence
from inventory.models import DataCategory, Purpose
from law.models import ChecklistItem

from .registry import Processor

MOST_BYTES = 10 * 1024 * 1024


class Verdict(models.TextChoices):
    FIT = "fit", "fit"
    CONDITIONS = "conditions", "fit with conditions"
    UNFIT = "unfit", "unfit"


PASSED = (Verdict.FIT, Verdict.CONDITIONS)


@evidence(frozen_once="decided_at", free=("processor", "revision"))
class Review(models.Model):
    """The promise: «We carefully vet these partners». Frozen once a second person has decided."""

    processor = models.ForeignKey(Processor, on_delete=models.PROTECT, related_name="reviews")
    opened_at = models.DateTimeField()
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    answers = models.JSONField(default=dict, blank=True, help_text="Answers by the code of the question.")
    evidence = models.TextField(
        max_length=4000, blank=True, help_text="What was seen, one a line: “SOC 2 report, period to June”."
    )
    evidence_on = models.DateField(null=True, blank=True, help_text="The day of the oldest piece.")
    verdict = models.CharField(max_length=16, choices=Verdict, blank=True, editable=False)
    conditions = models.TextField(max_length=2000, blank=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    decided_at = models.DateTimeField(null=True, editable=False)
    next_on = models.DateField("next review", null=True, editable=False)
    revision = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["-id"]
        permissions = [("approve_review", "Can decide reviews somebody else has prepared")]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
                name="processors_review_two_people",
                violation_error_message="A second person decides a review.",
            ),
            models.CheckConstraint(
                condition=Q(verdict="", decided_at=None, decided_by=None, next_on=None)
                | (
                    ~Q(verdict="")
                    & Q(decided_at__isnull=False, decided_by__isnull=False, next_on__isnull=False)
                ),
                name="processors_review_decided_whole",
            ),
            models.CheckConstraint(
                condition=(Q(verdict=Verdict.CONDITIONS) & ~Q(conditions=""))
                | (~Q(verdict=Verdict.CONDITIONS) & Q(conditions="")),
                name="processors_review_says_its_conditions",
            ),
            models.UniqueConstraint(
                fields=["processor"],
                condition=Q(decided_at=None),
                name="processors_one_open_review",
                violation_error_message="A review is open already.",
            ),
        ]

    def __str__(self) -> str:
        return f"Review {self.pk}"


class ContractKind(models.TextChoices):
    DPA = "dpa", "data processing agreement"
    NDPA = "ndpa", "student data privacy agreement (NDPA)"
    SCC = "scc", "standard contractual clauses"
    ADDENDUM = "addendum", "addendum"
    TERMS = "terms", "terms of service"
    OTHER = "other", "other"


# What binds a processor as Art. 28(3) wants it.
BINDING = (ContractKind.DPA, ContractKind.NDPA, ContractKind.SCC)


class SubprocessorRule(models.TextChoices):
    GENERAL = "general", "general authorization: they tell us before, we may object"
    SPECIFIC = "specific", "specific authorization: they ask us first"
    NONE = "none", "no sub-processors allowed"


def contract_files() -> FileSystemStorage:
    """Outside everything the web server serves."""
    return FileSystemStorage(location=settings.VAR_DIR / "contracts")


def random_name(_contract: models.Model, _name: str) -> str:
    """Says nothing of what was uploaded, and has no ending that anything would run."""
    return f"{secrets.token_hex(16)}.bin"


def is_small(file: models.fields.files.FieldFile) -> None:
    if file.size > MOST_BYTES:
        raise ValidationError("Use a file of 10 MB at most.", code="too_big")


class ContractQuerySet(models.QuerySet["Contract"]):
    def in_force(self, on: date) -> "ContractQuerySet":
        return self.filter(in_force_on__lte=on).filter(Q(ends_on=None) | Q(ends_on__gte=on))


class Contract(models.Model):
    """What a processor has signed: only these purposes, only these categories."""

    processor = models.ForeignKey(Processor, on_delete=models.PROTECT, related_name="contracts")
    kind = models.CharField(max_length=16, choices=ContractKind, default=ContractKind.DPA)
    reference = models.CharField(max_length=100, blank=True, help_text="Your own number or name for it.")
    signed_on = models.DateField(null=True, blank=True)
    in_force_on = models.DateField("in force from", null=True, blank=True)
    ends_on = models.DateField(
        null=True, blank=True, help_text="The last day it binds. Empty: no end agreed."
    )
    renewal_notice_days = models.PositiveSmallIntegerField(
        "renewal notice (days)",
        null=True,
        blank=True,
        validators=[MaxValueValidator(3650)],
        help_text="How long before its end the desk says so.",
    )
    file = models.FileField(
        storage=contract_files, upload_to=random_name, blank=True, max_length=100, validators=[is_small]
    )
    file_name = models.CharField(max_length=150, blank=True, editable=False)
    purposes = models.ManyToManyField(Purpose, related_name="contracts", blank=True)
    categories = models.ManyToManyField(DataCategory, related_name="contracts", blank=True)
    subprocessor_rule = models.CharField(max_length=16, choices=SubprocessorRule, blank=True)
    subprocessor_days = models.PositiveSmallIntegerField(
        "sub-processor notice (days)",
        null=True,
        blank=True,
        validators=[MaxValueValidator(3650)],
        help_text="How long before a new sub-processor they tell us. No law names a number.",
    )
    breach_hours = models.PositiveSmallIntegerField(
        "tells us of a breach within (hours)",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(8760)],
    )
    deletion_at_end = models.BooleanField(
        "deletes or returns at the end", null=True, blank=True, help_text="GDPR Art. 28(3)(g)."
    )
    revision = models.PositiveIntegerField(default=0, editable=False)

    objects = ContractQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [("export_contract", "Can download the files of contracts")]
        indexes = [models.Index(fields=["ends_on"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(in_force_on=None) | Q(ends_on__gte=F("in_force_on")),
                name="processors_contract_ends_after_it_starts",
                violation_error_message="It ends before it is in force.",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(signed_on=None) | Q(ends_on__gte=F("signed_on")),
                name="processors_contract_ends_after_it_is_signed",
                violation_error_message="It ends before it was signed.",
            ),
            models.CheckConstraint(
                condition=Q(in_force_on=None) | Q(signed_on__isnull=False),
                name="processors_contract_in_force_is_signed",
                violation_error_message="What is in force has been signed: write the day.",
            ),
            models.CheckConstraint(
                condition=Q(renewal_notice_days=None) | Q(ends_on__isnull=False),
                name="processors_contract_renewal_has_an_end",
                violation_error_message="A renewal notice needs a day on which the contract ends.",
            ),
            models.CheckConstraint(
                condition=Q(subprocessor_days=None) | Q(subprocessor_rule=SubprocessorRule.GENERAL)
                | Q(subprocessor_rule=SubprocessorRule.SPECIFIC),
                name="processors_contract_days_need_a_rule",
                violation_error_message="Days of notice need a rule that allows sub-processors.",
            ),
            models.CheckConstraint(
                condition=~Q(subprocessor_rule=SubprocessorRule.GENERAL) | Q(subprocessor_days__isnull=False),
                name="processors_contract_general_rule_has_days",
                violation_error_message="A general authorization needs days of notice (SCC clause 9).",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Contract {self.pk} ({self.get_kind_display()})"

    def save(self, *args: object, **kwargs: object) -> None:
        if self.file and not getattr(self.file, "_committed", True):
            self.file_name = PurePath(self.file.name or "").name[-150:]
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def is_in_force(self, on: date) -> bool:
        return bool(
            self.in_force_on and self.in_force_on <= on and (self.ends_on is None or on <= self.ends_on)
        )

    @property
    def is_binding(self) -> bool:
        return self.kind in BINDING

    def warn_on(self) -> date | None:
        """The day from which its end is coming; None while it has none."""
        return self.ends_on - timedelta(days=self.renewal_notice_days or 0) if self.ends_on else None


class Standing(models.TextChoices):
    MET = "met", "met"
    NOT_MET = "not_met", "not met"
    NOT_APPLICABLE = "not_applicable", "not applicable"


class ContractClause(models.Model):
    """One item of a checklist, looked for in one contract."""

    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="clauses")
    item = models.ForeignKey(ChecklistItem, on_delete=models.PROTECT, related_name="+")
    standing = models.CharField(max_length=16, choices=Standing)
    where = models.CharField(max_length=200, blank=True, help_text="Clause or page.")

    class Meta:
        ordering = ["item__set", "item__code"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "item"], name="processors_clause_once"),
        ]

    def __str__(self) -> str:
        return f"Clause {self.item_id} of contract {self.contract_id}"

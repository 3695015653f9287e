"""Under which mechanism data crosses a border."""

from datetime import date

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from law.models import ChecklistItem
from law.transfers import CLAUSES, LAWS, LISTED, ExportLaw, Mechanism
from people.models import country_choices

from .papers import Contract
from .registry import Processor


def _only_under_their_law() -> Q:
    """No mechanism of one law for transfers under another."""
    known = Q(mechanism__in=[m for m in Mechanism if m not in LAWS], exporter_regime=ExportLaw.EU_GDPR)
    for mechanism, laws in LAWS.items():
        known |= Q(mechanism=mechanism, exporter_regime__in=laws)
    return known


class TransferQuerySet(models.QuerySet["Transfer"]):
    def live(self, on: date) -> "TransferQuerySet":
        return self.filter(Q(ended_on=None) | Q(ended_on__gt=on))


class Transfer(models.Model):
    """Why data may go to one country under one exporter's law (GDPR Art. 44)."""

    processor = models.ForeignKey(Processor, on_delete=models.PROTECT, related_name="transfers")
    exporter_regime = models.CharField("under which law", max_length=16, choices=ExportLaw)
    destination = models.CharField(max_length=2, choices=country_choices)
    mechanism = models.CharField(max_length=16, choices=Mechanism)
    scc_module = models.PositiveSmallIntegerField(
        "SCC module",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(4)],
        help_text="1 controller to controller, 2 controller to processor (the usual one), "
        "3 processor to processor, 4 processor to controller.",
    )
    scope_checked_on = models.DateField(
        "scope checked on",
        null=True,
        blank=True,
        help_text="The day somebody saw that this recipient is inside a decision that does not cover everybody.",
    )
    tia_on = models.DateField("impact assessment of", null=True, blank=True)
    tia_review_on = models.DateField("assessment looked at again on", null=True, blank=True)
    tia_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name="assessed by",
    )
    tia_reopens = models.TextField(
        "what reopens it sooner",
        max_length=1000,
        blank=True,
        default="",
        db_default="",
        help_text="Events that would change the answers: a new law there, a request for our data, a new sub-processor.",
    )
    tia_reopened_on = models.DateField("assessment reopened on", null=True, editable=False)
    dpf_checked_on = models.DateField(
        "listing checked on",
        null=True,
        blank=True,
        help_text="The day somebody saw it on the list of the Framework or the bridge.",
    )
    contract = models.ForeignKey(
        Contract,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="transfers",
        help_text="The contract that holds the clauses.",
    )
    ended_on = models.DateField(null=True, blank=True, help_text="From this day it is no longer used.")
    revision = models.PositiveIntegerField(default=0, editable=False)

    objects = TransferQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["destination", "exporter_regime"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    mechanism=Mechanism.SCC, scc_module__isnull=False, scc_module__gte=1, scc_module__lte=4
                )
                | (~Q(mechanism=Mechanism.SCC) & Q(scc_module=None)),
                name="processors_transfer_scc_module",
                violation_error_message="Standard contractual clauses need their module, and nothing else has one.",
            ),
            models.CheckConstraint(
                condition=_only_under_their_law(),
                name="processors_transfer_mechanism_of_its_law",
                violation_error_message="This mechanism belongs to another law.",
            ),
            models.CheckConstraint(
                condition=Q(tia_review_on=None) | Q(tia_on__isnull=False, tia_review_on__gt=F("tia_on")),
                name="processors_transfer_assessment_first",
                violation_error_message="An assessment is looked at again after it was made.",
            ),
            models.CheckConstraint(
                condition=Q(tia_reopened_on=None) | Q(tia_on__isnull=False),
                name="processors_transfer_reopens_what_was_assessed",
                violation_error_message="Only an assessment that was made can be reopened.",
            ),
            models.CheckConstraint(
                condition=Q(mechanism__in=sorted(LISTED), dpf_checked_on__isnull=False)
                | (~Q(mechanism__in=sorted(LISTED)) & Q(dpf_checked_on=None)),
                name="processors_transfer_listing_checked",
                violation_error_message="Write when the listing was checked; only listings have that day.",
            ),
            models.CheckConstraint(
                condition=~Q(mechanism__in=sorted(CLAUSES)) | Q(contract__isnull=False),
                name="processors_transfer_clauses_in_a_contract",
                violation_error_message="Clauses stand in a contract: choose it.",
            ),
            models.UniqueConstraint(
                fields=["processor", "exporter_regime", "destination", "mechanism"],
                condition=Q(ended_on=None),
                name="processors_transfer_once",
                violation_error_message="This transfer stands there already.",
            ),
        ]

    def __str__(self) -> str:
        return f"Transfer {self.pk}: {self.get_exporter_regime_display()} to {self.get_destination_display()}"

    @property
    def is_reopened(self) -> bool:
        """Its assessment is older than what reopened it, and does not count."""
        return bool(self.tia_on and self.tia_reopened_on and self.tia_on <= self.tia_reopened_on)


class Outcome(models.TextChoices):
    IN_ORDER = "in_order", "in order"
    WANTING = "wanting", "wanting"
    NOT_APPLICABLE = "not_applicable", "not applicable"


class AssessmentAnswer(models.Model):
    """One item of the impact assessment's list, answered for one transfer."""

    transfer = models.ForeignKey(Transfer, on_delete=models.CASCADE, related_name="answers")
    item = models.ForeignKey(ChecklistItem, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=16, choices=Outcome)
    finding = models.TextField(max_length=2000, blank=True)

    class Meta:
        ordering = ["item__code"]
        constraints = [
            models.UniqueConstraint(fields=["transfer", "item"], name="processors_assessed_once"),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.NOT_APPLICABLE) | ~Q(finding=""),
                name="processors_assessed_in_words",
                violation_error_message="Write what was found.",
            ),
        ]

    def __str__(self) -> str:
        return f"Answer to item {self.item_id} for transfer {self.transfer_id}"

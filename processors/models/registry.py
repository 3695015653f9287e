"""Who receives data from us: vetted, under contract, in named places, under a mechanism."""

import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import PurePath
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import FileSystemStorage
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from audit.evidence import evidence
from inventory.models import DataCategory, ProcessingActivity, Purpose, System
from law.models import ChecklistItem
from law.transfers import CLAUSES, LAWS, LISTED, ExportLaw, Mechanism
from people.models import country_choices

MOST_BYTES = 10 * 1024 * 1024


class Kind(models.TextChoices):
    ANALYTICS = "analytics", "analytics"
    EDTECH = "edtech", "educational technology"
    PAYMENT = "payment", "payment"
    COMMUNICATION = "communication", "communication"
    HOSTING = "hosting", "hosting"
    SUPPORT = "support", "support"
    OTHER = "other", "other"


class Role(models.TextChoices):
    PROCESSOR = "processor", "processor"
    JOINT = "joint", "joint controller"
    CONTROLLER = "controller", "independent controller"


class Status(models.TextChoices):
    PROPOSED = "proposed", "proposed"
    REVIEW = "review", "in review"
    APPROVED = "approved", "approved"
    ACTIVE = "active", "active"
    LEAVING = "leaving", "leaving"
    ENDED = "ended", "ended"


# Those that hold data of ours today.
LIVE = (Status.ACTIVE, Status.LEAVING)


class Risk(models.TextChoices):
    LOW = "low", "low"
    MEDIUM = "medium", "medium"
    HIGH = "high", "high"


def is_https(value: str) -> None:
    if not value.startswith("https://"):
        raise ValidationError("Write an address that begins with https://.", code="not_https")


class ProcessorQuerySet(models.QuerySet["Processor"]):
    def live(self) -> "ProcessorQuerySet":
        """Holding data of ours: active, or leaving and not yet gone."""
        return self.filter(status__in=LIVE)


class Processor(models.Model):
    """A company that receives personal data from us."""

    # What may happen to a processor; `actions` is the only place that moves it.
    transitions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        Status.PROPOSED: (Status.REVIEW, Status.ENDED),
        Status.REVIEW: (Status.PROPOSED, Status.APPROVED, Status.ENDED),
        Status.APPROVED: (Status.ACTIVE, Status.ENDED),
        Status.ACTIVE: (Status.LEAVING,),
        Status.LEAVING: (Status.ACTIVE, Status.ENDED),
        Status.ENDED: (),
    }

    name = models.CharField(max_length=150, help_text="As on its contract; shown in public.")
    service = models.CharField(
        max_length=150,
        blank=True,
        help_text="Only where one company stands here twice, for work under terms of its own: which work.",
    )
    kind = models.CharField(max_length=16, choices=Kind)
    role = models.CharField(
        max_length=16,
        choices=Role,
        default=Role.PROCESSOR,
        help_text="A processor acts on our instructions only (GDPR Art. 28); a controller decides for itself.",
    )
    status = models.CharField(max_length=16, choices=Status, default=Status.PROPOSED, editable=False)
    description = models.TextField(
        max_length=1000, blank=True, help_text="What it does for us, in words a parent understands."
    )
    website = models.URLField(blank=True, validators=[is_https], help_text="Begins with https://.")
    contact_email = models.EmailField(blank=True)
    security_email = models.EmailField(blank=True, help_text="Where an incident is reported.")
    seat_country = models.CharField(
        max_length=2,
        blank=True,
        choices=country_choices,
        help_text="Where the company sits. Where the data lies is said under places.",
    )
    risk_tier = models.CharField(
        max_length=8, choices=Risk, default=Risk.MEDIUM, help_text="Sets how soon it is reviewed again."
    )
    started_on = models.DateField(null=True, blank=True, editable=False)
    ended_on = models.DateField(null=True, blank=True, editable=False)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    revision = models.PositiveIntegerField(default=0, editable=False)

    objects = ProcessorQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        permissions = [
            ("review_processor", "Can put processors into review and answer the questionnaire"),
            ("approve_processor", "Can approve, activate and end processors"),
        ]
        indexes = [models.Index(fields=["status", "name"])]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "service"],
                name="processors_name_once",
                violation_error_message="This company stands here already. If it does other work under "
                "other terms, name that service.",
            ),
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(started_on=None) | Q(ended_on__gte=F("started_on")),
                name="processors_ends_after_it_starts",
                violation_error_message="It cannot end before it started.",
            ),
            models.CheckConstraint(
                condition=Q(website="") | Q(website__startswith="https://"),
                name="processors_website_https",
                violation_error_message="Write an address that begins with https://.",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.ENDED) | Q(ended_on__isnull=False),
                name="processors_ended_has_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=LIVE) | Q(started_on__isnull=False),
                name="processors_live_has_a_start",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | Q(proposed_by=None) | ~Q(approved_by=F("proposed_by")),
                name="processors_two_people",
                violation_error_message="A second person approves it.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        return self.status in LIVE


class ProcessorPlace(models.Model):
    """Where it processes our data, apart from where the company sits."""

    processor = models.ForeignKey(Processor, on_delete=models.CASCADE, related_name="places")
    country = models.CharField(max_length=2, blank=True, choices=country_choices)
    named_as = models.CharField(
        max_length=100,
        blank=True,
        help_text="Only while no country is known: the words they use, such as “global”. "
        "Nothing can cover an unnamed place.",
    )
    what = models.CharField(
        "what happens there", max_length=200, blank=True, help_text="Such as “storage” or “support by phone”."
    )

    class Meta:
        ordering = ["country", "named_as"]
        constraints = [
            models.CheckConstraint(
                condition=(~Q(country="") & Q(named_as="")) | (Q(country="") & ~Q(named_as="")),
                name="processors_place_country_or_words",
                violation_error_message="Choose a country, or, only if none is known, write their words.",
            ),
            models.UniqueConstraint(
                fields=["processor", "country", "named_as"],
                name="processors_place_once",
                violation_error_message="This place stands there already.",
            ),
        ]

    def __str__(self) -> str:
        return self.get_country_display() or f"Place {self.pk}, not named"

    @property
    def is_unnamed(self) -> bool:
        return not self.country


class Subprocessor(models.Model):
    """One company that another uses for our data."""

    processor = models.ForeignKey(Processor, on_delete=models.CASCADE, related_name="subprocessors")
    company = models.ForeignKey(
        Processor, on_delete=models.PROTECT, related_name="used_by", help_text="The company it uses."
    )
    purpose = models.CharField(max_length=200, help_text="What for.")

    class Meta:
        ordering = ["processor", "company"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(processor=F("company")),
                name="processors_not_its_own_subprocessor",
                violation_error_message="A company is not its own sub-processor.",
            ),
            models.UniqueConstraint(
                fields=["processor", "company"],
                name="processors_subprocessor_once",
                violation_error_message="This company stands there already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company} for {self.processor}"


class ProcessorActivity(models.Model):
    """It receives the data of this activity; its categories and purposes follow from here."""

    processor = models.ForeignKey(Processor, on_delete=models.CASCADE, related_name="receives")
    activity = models.ForeignKey(ProcessingActivity, on_delete=models.PROTECT, related_name="recipients")

    class Meta:
        verbose_name_plural = "processor activities"
        constraints = [
            models.UniqueConstraint(
                fields=["processor", "activity"],
                name="processors_activity_once",
                violation_error_message="This activity stands there already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.processor}: {self.activity}"


class ProcessorSystem(models.Model):
    """It hosts this system."""

    processor = models.ForeignKey(Processor, on_delete=models.CASCADE, related_name="hosts")
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="hosted_by")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["processor", "system"],
                name="processors_system_once",
                violation_error_message="This system stands there already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.processor}: {self.system}"


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

    def binding(self) -> "ContractQuerySet":
        return self.filter(kind__in=BINDING)


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
        return f"Transfer {self.pk}: {self.get_exporter_regime_display()} to {self.destination}"

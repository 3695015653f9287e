"""Who receives data from us, where, and what it receives."""

from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from inventory.models import ProcessingActivity, System
from people.models import country_choices


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
    # The twin stays with its reviews and what was told of it, which are evidence; its name goes on being known.
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="merged"
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
                condition=Q(merged_into=None) | (Q(status=Status.ENDED) & ~Q(merged_into=F("pk"))),
                name="processors_merged_has_ended",
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
        verbose_name = "sub-processor"
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

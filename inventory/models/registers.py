"""What we hold, why and where: the record of processing (GDPR Art. 30)."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Cast

from people.models import Role, country_choices

from .automation import Automated, in_languages

LONGEST_NAME = 100


class Origin(models.TextChoices):
    PROVIDED = "provided", "provided by the person"
    AUTOMATIC = "automatic", "collected automatically"
    RECEIVED = "received", "received from others"
    DERIVED = "derived", "derived by us"


class Sensitivity(models.TextChoices):
    ORDINARY = "ordinary", "ordinary"
    CONFIDENTIAL = "confidential", "confidential: harm if it gets out"
    SPECIAL = "special", "special category (GDPR Art. 9)"


class Regime(models.TextChoices):
    """A body of law that may bind one processing; codes as in the law files."""

    EU_GDPR = "eu_gdpr", "EU GDPR"
    UK_GDPR = "uk_gdpr", "UK GDPR"
    CH_FADP = "ch_fadp", "Swiss FADP"
    BR_LGPD = "br_lgpd", "Brazil LGPD"
    US_COPPA = "us_coppa", "US COPPA"
    US_FERPA = "us_ferpa", "US FERPA"
    US_CA_CCPA = "us_ca_ccpa", "California CCPA"


class Basis(models.TextChoices):
    CONSENT = "consent", "consent (Art. 6(1)(a))"
    CONTRACT = "contract", "contract with the person (Art. 6(1)(b))"
    LEGAL_OBLIGATION = "legal_obligation", "legal obligation (Art. 6(1)(c))"
    VITAL_INTERESTS = "vital_interests", "vital interests (Art. 6(1)(d))"
    PUBLIC_TASK = "public_task", "public task (Art. 6(1)(e))"
    LEGITIMATE_INTERESTS = "legitimate_interests", "legitimate interests (Art. 6(1)(f))"
    SCHOOL_INSTRUCTION = "school_instruction", "instruction of the school (Art. 28)"


class Kind(models.TextChoices):
    CORE = "core", "core operation"
    EDUCATION = "education", "education"
    IMPROVEMENT = "improvement", "improvement"
    COMMUNICATION = "communication", "communication"
    DISCLOSURE = "disclosure", "disclosure to others"
    MARKETING = "marketing", "direct marketing"
    SALE = "sale", "sale, or sharing for advertising"
    SECURITY = "security", "security"
    LEGAL = "legal", "legal duty"


class Assurance(models.TextChoices):
    """How sure we must be that a guardian is one before they may decide (16 CFR 312.5(b))."""

    NONE = "none", "none"
    EMAIL = "email", "a confirmed address"
    EMAIL_PLUS = "email_plus", "e-mail plus: only where nothing is disclosed"
    VERIFIED = "verified", "verified parental consent"


class Fulfilment(models.TextChoices):
    BY_HAND = "by_hand", "by hand"
    HTTP = "http", "over HTTP"
    DATABASE = "database", "in this database"


class Capacity(models.TextChoices):
    CONTROLLER = "controller", "as controller"
    PROCESSOR = "processor", "as processor of a school"


def are_roles(value: object) -> None:
    if not isinstance(value, list) or not value or not set(value) <= set(Role.values):
        raise ValidationError(f"Say whose data it is: at least one of {', '.join(Role.labels)}.")


def are_names(value: object) -> None:
    in_languages(value, LONGEST_NAME, "Names")


class Named(models.Model):
    """Has a name that people outside read (docs/decisions/0017)."""

    name = models.CharField(
        max_length=LONGEST_NAME, help_text="As shown to people, such as “Lesson answers”."
    )
    names = models.JSONField(
        "name in other languages",
        default=dict,
        db_default=Value({}, models.JSONField()),
        blank=True,
        validators=[are_names],
        help_text="For the public pages and for letters. A language left empty reads the English name, marked "
        "as English.",
    )

    class Meta:
        abstract = True


class DataCategory(Named):
    """A kind of personal data, in words a parent understands."""

    code = models.SlugField(unique=True, help_text="Stable short name, such as session-logs.")
    # Empty only where a list that was brought in does not say; staff choose it, and the forms insist.
    origin = models.CharField(max_length=16, choices=Origin, blank=True)
    sensitivity = models.CharField(max_length=16, choices=Sensitivity, default=Sensitivity.ORDINARY)
    examples = models.TextField(
        blank=True, max_length=1000, help_text="A few concrete fields, comma-separated."
    )
    whose = models.JSONField(default=list, validators=[are_roles], help_text="Whose data it can be.")
    is_never_held = models.BooleanField(
        "never held",
        default=False,
        help_text="Declared in public as something we do not keep, such as full card numbers. No activity may name it.",
    )
    revision = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name_plural = "data categories"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class DataElement(models.Model):
    """One item of a category, in the very words of the list that names it."""

    category = models.ForeignKey(DataCategory, on_delete=models.CASCADE, related_name="elements")
    name = models.CharField("element", max_length=200, help_text="As shown to people: “Date of birth”.")
    # Where staff have found better words, the list is still recognized by its own.
    as_listed = models.CharField(max_length=200, blank=True, editable=False)
    order = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["category", "name"],
                name="inventory_element_once",
                violation_error_message="This element stands there already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Purpose(Named):
    """Why data is used; what a person allows or refuses."""

    code = models.SlugField(unique=True)
    kind = models.CharField(max_length=16, choices=Kind)
    text = models.TextField(max_length=1000, help_text="For adults: what we do and what it is good for.")
    child_text = models.TextField(
        max_length=500,
        blank=True,
        help_text="For a nine-year-old: a verb and what happens to me. “Pick lessons that fit me.”",
    )
    is_optional = models.BooleanField(
        "optional", default=False, help_text="The service works without it, so it may be refused."
    )
    needs_consent = models.BooleanField("consent needed", default=False)
    minimum_assurance = models.CharField(
        max_length=16,
        choices=Assurance,
        default=Assurance.NONE,
        help_text="How sure we must be of a guardian who decides this for a child.",
    )
    ended_on = models.DateField(
        null=True, blank=True, help_text="From this day nothing is done for it any more."
    )
    revision = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["name"]
        permissions = [("end_purpose", "Can end purposes and take them up again")]
        constraints = [
            models.CheckConstraint(
                condition=Q(needs_consent=False) | Q(is_optional=True),
                name="inventory_purpose_consent_is_optional",
                violation_error_message="What needs consent can be refused, so it is optional (GDPR Art. 7(4)).",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_live(self, on: date) -> bool:
        return self.ended_on is None or self.ended_on > on


class PurposeBasis(models.Model):
    """The lawful basis of a purpose under one body of law."""

    purpose = models.ForeignKey(Purpose, on_delete=models.CASCADE, related_name="bases")
    regime = models.CharField(max_length=16, choices=Regime)
    basis = models.CharField(max_length=32, choices=Basis)

    class Meta:
        verbose_name_plural = "purpose bases"
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "regime"],
                name="inventory_basis_once_a_regime",
                violation_error_message="This purpose already has a basis under that law.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_regime_display()}: {self.get_basis_display()}"


class System(models.Model):
    """Where data lies."""

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True, max_length=1000)
    country = models.CharField(
        max_length=2, choices=country_choices, help_text="Where the data physically lies."
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        help_text="Who on the staff answers for it.",
    )  # fmt: skip
    owner_email = models.EmailField(blank=True, help_text="Or an owner without an account here.")
    fulfilment = models.CharField(
        max_length=16,
        choices=Fulfilment,
        default=Fulfilment.BY_HAND,
        help_text="How a rights request reaches it.",
    )
    ended_on = models.DateField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["name"]
        permissions = [("end_system", "Can end systems and take them up again")]

    def __str__(self) -> str:
        return self.name


WHOSE_AS_TEXT = Cast("whose", models.TextField())


class ProcessingActivityQuerySet(models.QuerySet["ProcessingActivity"]):
    def live(self, on: date) -> "ProcessingActivityQuerySet":
        return self.filter(
            Q(ended_on=None) | Q(ended_on__gt=on), Q(purpose__ended_on=None) | Q(purpose__ended_on__gt=on)
        )

    def with_whose_text(self) -> "models.QuerySet[Any, Any]":
        return self.annotate(whose_text=WHOSE_AS_TEXT)

    def whose_texts(self) -> Iterator[str]:
        """Each kind of people once, as text: a step along the index for each, however many activities."""
        rows, last = self.with_whose_text().order_by("whose_text").values_list("whose_text", flat=True), ""
        while (text := rows.filter(whose_text__gt=last).first()) is not None:
            yield text
            last = text


class ProcessingActivity(Automated):
    """One line of the record of processing: purpose × categories × systems × basis × whose."""

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=150, db_index=True)
    capacity = models.CharField(
        max_length=16,
        choices=Capacity,
        default=Capacity.CONTROLLER,
        help_text="Art. 30(1), or Art. 30(2) for a school.",
    )
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="activities")
    categories = models.ManyToManyField(DataCategory, related_name="activities", blank=True)
    systems = models.ManyToManyField(System, related_name="activities", blank=True)
    basis = models.CharField(
        max_length=32, choices=Basis, blank=True, help_text="Empty shows as a fault on the health page."
    )
    whose = models.JSONField(default=list, validators=[are_roles], help_text="Whose data is used.")
    description = models.TextField(blank=True, max_length=2000)
    ended_on = models.DateField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=0, editable=False)

    objects = ProcessingActivityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "processing activities"
        ordering = ["-id"]
        permissions = [
            ("export_processingactivity", "Can export the record of processing"),
            ("end_processingactivity", "Can end activities and take them up again"),
        ]
        # Lists filter by these and show the newest first, also at a million rows.
        indexes = [
            models.Index(fields=["capacity", "-id"], name="inventory_activity_capacity"),
            models.Index(fields=["basis", "-id"], name="inventory_activity_basis"),
            models.Index(fields=["automation", "-id"], name="inventory_activity_machine"),
            # The health page asks which kinds of people there are, and for one activity about each.
            models.Index(WHOSE_AS_TEXT, "purpose", name="inventory_activity_whose"),
            # The record of processing, a page at a time.
            models.Index(fields=["capacity", "purpose", "name", "id"], name="inventory_activity_record"),
        ]

    def __str__(self) -> str:
        return self.name


class Measure(models.Model):
    """A safeguard, technical or organizational (GDPR Art. 32)."""

    class Kind(models.TextChoices):
        TECHNICAL = "technical", "technical"
        ORGANIZATIONAL = "organizational", "organizational"

    name = models.CharField(max_length=150)
    kind = models.CharField(max_length=16, choices=Kind)
    description = models.TextField(blank=True, max_length=2000)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    evidence = models.TextField(
        blank=True, max_length=2000, help_text="What shows that it works, and where it is kept."
    )
    evidence_on = models.DateField(null=True, blank=True)
    next_review_on = models.DateField(null=True, blank=True)
    systems = models.ManyToManyField(System, related_name="measures", blank=True)
    activities = models.ManyToManyField(ProcessingActivity, related_name="measures", blank=True)
    revision = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from audit.evidence import evidence
from audit.personal import StartEvent, Then

from .calendar import Unit
from .transfers import ExportLaw

R = TypeVar("R", bound=models.Model)


def is_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(
            "“%(name)s” is not a time zone, such as America/New_York.", params={"name": name}
        )


def gdpr_only() -> list[str]:
    return [ExportLaw.EU_GDPR]


def are_transfer_laws(value: object) -> None:
    if not isinstance(value, list) or not value or not set(value) <= set(ExportLaw.values):
        raise ValidationError(f"Choose at least one of {', '.join(ExportLaw.labels)}.")


class Company(models.Model):
    """The house's own facts. One row; staff edit it, no number of days stands in code."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(max_length=100, help_text="As people know it, such as “Aloraoraex”.")
    service = models.CharField(
        max_length=100, help_text="What people use, as named in mails: “Using {service} is not a yes…”."
    )
    contact_email = models.EmailField(help_text="Where questions about privacy go.")
    contact_hours = models.CharField(max_length=100, blank=True)
    postal_address = models.CharField(max_length=200, help_text="Stands at the foot of every mail.")
    country = models.CharField(max_length=2, default="US", help_text="Two-letter code, such as US.")
    time_zone = models.CharField(
        max_length=64,
        default="America/New_York",
        validators=[is_time_zone],
        help_text="A day, such as an effective date, begins at midnight here.",
    )
    notice_days = models.PositiveSmallIntegerField(
        "notice period (days)",
        default=30,
        help_text="Days between telling people of a significant change and its effect. "
        "No law names a number; 30 is the house's. An earlier date needs a second person's reason.",
    )
    review_months = models.PositiveSmallIntegerField(
        "policy review (months)",
        default=12,
        validators=[MinValueValidator(1)],
        help_text="Each policy is looked at again after this long (Cal. Civ. Code 1798.130(a)(5): 12).",
    )
    review_warning_days = models.PositiveSmallIntegerField(
        "review warning (days)", default=60, help_text="How long before a review falls due the desk says so."
    )
    processor_notice_days = models.PositiveSmallIntegerField(
        "notice of changes to the list of companies (days)",
        default=30,
        db_default=30,
        validators=[MaxValueValidator(366)],
        help_text="Days between telling people that a company comes, goes or works elsewhere and the change. "
        "A rule of the house: GDPR Art. 28(2) wants objection possible and names no number. If a school's "
        "agreement asks for more, write the longest.",
    )
    unknown_age_europe = models.PositiveSmallIntegerField(
        "age where the law is not known, Europe", default=16, validators=[MaxValueValidator(21)]
    )
    unknown_age_elsewhere = models.PositiveSmallIntegerField(
        "age where the law is not known, elsewhere", default=18, validators=[MaxValueValidator(21)]
    )
    review_months_low = models.PositiveSmallIntegerField(
        "processor review, low risk (months)", default=24, validators=[MinValueValidator(1)]
    )
    review_months_medium = models.PositiveSmallIntegerField(
        "processor review, medium risk (months)", default=12, validators=[MinValueValidator(1)]
    )
    review_months_high = models.PositiveSmallIntegerField(
        "processor review, high risk (months)", default=6, validators=[MinValueValidator(1)]
    )
    listing_months = models.PositiveSmallIntegerField(
        "look at a Framework listing again (months)",
        default=12,
        validators=[MinValueValidator(1)],
        help_text="A transfer under the Data Privacy Framework or the UK bridge lapses with the listing.",
    )
    adequacy_warning_days = models.PositiveSmallIntegerField(
        "warning before an adequacy decision ends (days)", default=180
    )
    transfer_laws = models.JSONField(
        "laws that restrict our transfers",
        default=gdpr_only,
        validators=[are_transfer_laws],
        help_text="Every place of a processor needs a basis under each of these.",
    )
    large_audience = models.PositiveIntegerField(
        default=1000,
        help_text="Telling this many people or more asks staff to type the number first.",
    )
    hold_review_months = models.PositiveSmallIntegerField(
        "longest time between reviews of a legal hold (months)",
        default=12,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
        help_text="A hold keeps what should go, so somebody asks again whether it is still needed.",
    )
    order_days = models.PositiveSmallIntegerField(
        "time to answer a cut-off order (days)",
        default=30,
        validators=[MinValueValidator(1)],
        help_text="How long the owner of another system has to erase what a sweep orders, and to show it.",
    )
    choice_days = models.PositiveSmallIntegerField(
        "a cookie choice counts for (days)",
        default=182,
        db_default=182,
        validators=[MinValueValidator(1), MaxValueValidator(400)],
        help_text="Then the browser is asked anew. A house rule: half a year is what the French authority's "
        "guidance is said to advise, from memory and not checked. Browsers keep no cookie beyond 400 days.",
    )

    class Meta:
        verbose_name_plural = "company"
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="law_company_is_one")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> "Company":
        """The company's row; the unsaved defaults until staff have filled it in."""
        return cls.objects.filter(pk=1).first() or cls(pk=1, name="This company", service="our service")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def choice_lasts(self) -> timedelta:
        return timedelta(days=self.choice_days)

    def today(self) -> date:
        return timezone.localdate(timezone=self.zone)

    def end_of(self, day: date) -> datetime:
        """The midnight that ends this day where the company is."""
        return datetime.combine(day + timedelta(days=1), time.min, self.zone)


class LawQuerySet(models.QuerySet[R]):
    def in_force(self, on: date) -> "LawQuerySet[R]":
        """Switched-on rows that bind on that day."""
        return self.filter(is_on=True).filter(
            Q(in_force_from=None) | Q(in_force_from__lte=on),
            Q(in_force_until=None) | Q(in_force_until__gt=on),
        )


class LawManager(models.Manager[R]):
    def get_queryset(self) -> LawQuerySet[R]:
        return LawQuerySet(self.model, using=self._db)

    def in_force(self, on: date) -> LawQuerySet[R]:
        return self.get_queryset().in_force(on)


class LawRow(models.Model):
    """A dated, sourced fact. Never edited in place: a new fact is a new row, the old one ends."""

    in_force_from = models.DateField(null=True, blank=True, help_text="Empty: not known, applies already.")
    in_force_until = models.DateField(null=True, blank=True, help_text="The first day it no longer binds.")
    source = models.CharField(max_length=200, help_text="Statute or article.")
    checked = models.CharField(max_length=300, help_text="Where and how the fact was checked.")
    is_verified = models.BooleanField(
        default=False, help_text="A source was read. What stands from memory only stays switched off."
    )
    is_on = models.BooleanField("switched on", default=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        abstract = True


class Rule(models.TextChoices):
    CONSENT_ONLINE_SERVICE = "consent_online_service", "consent to online services"
    COPPA = "coppa", "COPPA: parental consent before collection"
    LGPD_CHILD = "lgpd_child", "LGPD: children"
    LINKED_ACCOUNT = "linked_account", "account linked to a guardian's"
    ALL_PROCESSING = "all_processing", "consent to all processing"
    CHILD_DATA_PROTECTION = "child_data_protection", "child data protection"
    SENSITIVE_DATA = "sensitive_data", "sensitive data"
    SALE_OR_SHARING = "sale_or_sharing", "sale or sharing"
    SALE_OR_TARGETED_ADS = "sale_or_targeted_ads", "sale or targeted advertising"
    GUIDANCE = "guidance", "regulator's guidance"
    NONE = "none", "no fixed age"


@evidence(frozen_once="approved_at", free=("is_on", "in_force_until"))
class AgeOfConsent(LawRow):
    """Below which age a guardian is needed, by place, rule and date."""

    place = models.CharField(
        max_length=6, help_text="Country, or country and region: FR, US-CA. EU is the default."
    )
    rule = models.CharField(max_length=32, choices=Rule)
    parent_needed_below = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="In years. Empty: the law names no number."
    )
    own_consent_from = models.PositiveSmallIntegerField(null=True, blank=True, help_text="In years.")

    objects = LawManager["AgeOfConsent"]()

    class Meta:
        verbose_name_plural = "ages of consent"
        permissions = [("approve_ageofconsent", "Can approve, switch and end law rows")]
        ordering = ["place", "rule", "in_force_from"]
        constraints = [
            models.UniqueConstraint(fields=["place", "rule", "in_force_from"], name="law_age_one_row_a_day"),
            models.CheckConstraint(
                condition=Q(in_force_until=None) | Q(in_force_until__gt=F("in_force_from")),
                name="law_age_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place}: {self.get_rule_display()}"


class RetentionSuggestion(models.Model):
    """How long a kind of data is usually kept. A number to think about: it binds nobody until the
    company adopts it as a rule of its own."""

    class Nature(models.TextChoices):
        MINIMUM = "minimum", "legal minimum"
        MAXIMUM = "maximum", "legal maximum"
        DUTY = "duty", "legal duty without a number"
        PRACTICE = "practice", "practice"

    data_class = models.SlugField("kind of data", unique=True)
    suggested_period = models.CharField(max_length=200)
    number = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: no number is known.")
    unit = models.CharField(max_length=8, choices=Unit, blank=True)
    start_event = models.CharField(max_length=16, choices=StartEvent)
    then = models.CharField(max_length=16, choices=Then)
    nature = models.CharField(max_length=16, choices=Nature)
    legal_anchor = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=200, blank=True)
    checked = models.CharField(max_length=300)
    is_verified = models.BooleanField("verified", default=False, help_text="A source was read.")
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["data_class"]

    def __str__(self) -> str:
        return self.data_class.replace("_", " ").replace("-", " ")


@evidence(frozen_once="approved_at", free=("is_on", "in_force_until"))
class Adequacy(LawRow):
    """A decision of one law that a territory protects data well enough. Valid for that law only."""

    granted_by = models.CharField(
        max_length=2,
        choices=[("EU", "EU"), ("GB", "United Kingdom"), ("CH", "Switzerland"), ("BR", "Brazil")],
    )
    territory = models.CharField(max_length=3, help_text="Country code; EPO for the patent organization.")
    instrument = models.CharField(max_length=150)
    adopted_on = models.DateField(null=True, blank=True)
    scope_limits = models.CharField(
        max_length=300, blank=True, help_text="Whom it covers. Empty: everybody in the territory."
    )
    needs_listing = models.BooleanField(
        default=False, help_text="Only organizations on a public list, such as the Data Privacy Framework's."
    )

    objects = LawManager["Adequacy"]()

    class Meta:
        verbose_name_plural = "adequacy decisions"
        verbose_name = "adequacy decision"
        permissions = [("approve_adequacy", "Can approve, switch and end adequacy decisions")]
        ordering = ["granted_by", "territory", "in_force_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["granted_by", "territory", "in_force_from"], name="law_adequacy_one_row_a_day"
            ),
            models.CheckConstraint(
                condition=Q(in_force_until=None) | Q(in_force_until__gt=F("in_force_from")),
                name="law_adequacy_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_granted_by_display()}: {self.territory}"


@evidence(frozen_once="approved_at", free=("is_on", "in_force_until"))
class TransferMechanism(LawRow):
    """A tool one law offers for a transfer, and what has to be on record with it."""

    code = models.CharField(max_length=16)
    regime = models.CharField(max_length=16, choices=ExportLaw)
    mechanism = models.CharField(max_length=100)
    when = models.CharField(max_length=200, blank=True)
    needs_assessment = models.BooleanField(
        "needs an assessment", default=False, help_text="A transfer impact assessment (in the UK: TRA)."
    )
    must_record = models.CharField(max_length=200, blank=True)

    objects = LawManager["TransferMechanism"]()

    class Meta:
        permissions = [("approve_transfermechanism", "Can approve, switch and end transfer mechanisms")]
        ordering = ["regime", "code", "in_force_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "regime", "in_force_from"], name="law_mechanism_one_row_a_day"
            ),
            models.CheckConstraint(
                condition=Q(in_force_until=None) | Q(in_force_until__gt=F("in_force_from")),
                name="law_mechanism_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_regime_display()}: {self.mechanism}"


@evidence(frozen_once="approved_at", free=("is_on", "in_force_until"))
class ChecklistItem(LawRow):
    """One thing that a contract, a record or a notice has to hold."""

    set = models.CharField(max_length=32, help_text="Which list it belongs to, such as gdpr28.")
    code = models.CharField(max_length=40)
    item = models.CharField(max_length=200)

    objects = LawManager["ChecklistItem"]()

    class Meta:
        permissions = [("approve_checklistitem", "Can approve, switch and end checklist items")]
        ordering = ["set", "code", "in_force_from"]
        constraints = [
            models.UniqueConstraint(fields=["code", "in_force_from"], name="law_checklist_one_row_a_day"),
            models.CheckConstraint(
                condition=Q(in_force_until=None) | Q(in_force_until__gt=F("in_force_from")),
                name="law_checklist_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} ({self.source})"

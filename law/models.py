from datetime import date
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from audit.evidence import evidence


def is_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(
            "“%(name)s” is not a time zone, such as America/New_York.", params={"name": name}
        )


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
    unknown_age_europe = models.PositiveSmallIntegerField(
        "age where the law is not known, Europe", default=16, validators=[MaxValueValidator(21)]
    )
    unknown_age_elsewhere = models.PositiveSmallIntegerField(
        "age where the law is not known, elsewhere", default=18, validators=[MaxValueValidator(21)]
    )
    large_audience = models.PositiveIntegerField(
        default=1000,
        help_text="Telling this many people or more asks staff to type the number first.",
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

    def today(self) -> date:
        return timezone.localdate(timezone=self.zone)


class LawQuerySet(models.QuerySet["AgeOfConsent"]):
    def in_force(self, on: date) -> "LawQuerySet":
        """Switched-on rows that bind on that day."""
        return self.filter(is_on=True).filter(
            Q(in_force_from=None) | Q(in_force_from__lte=on),
            Q(in_force_until=None) | Q(in_force_until__gt=on),
        )


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

    objects = LawQuerySet.as_manager()

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

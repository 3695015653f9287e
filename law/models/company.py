from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from law.calendar import months_after
from law.transfers import ExportLaw


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


# What a request has read of the company; None outside of requests, where each question is asked anew.
_read: ContextVar[list["Company"] | None] = ContextVar("company_read", default=None)


@contextmanager
def company_read_once() -> Iterator[None]:
    """A page asks for the company's days and zone for every row. Nothing outlives the block, and whoever
    saves the company in it reads the database again from then on."""
    token = _read.set([])
    try:
        yield
    finally:
        _read.reset(token)


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

    internal_target_days = models.PositiveSmallIntegerField(
        "our own target where the law says a month (days)",
        default=28,
        validators=[MinValueValidator(1), MaxValueValidator(28)],
        help_text="The ICO suggests 28 days to those who want one number for every month.",
    )
    house_response_days = models.PositiveSmallIntegerField(
        "our own target where the law names no number (business days)",
        default=10,
        validators=[MinValueValidator(1)],
        help_text="For COPPA, the Californian law on pupils and other laws that only say “without delay”.",
    )
    house_acknowledge_days = models.PositiveSmallIntegerField(
        "receipt confirmed where the law names no number (business days)",
        default=3,
        validators=[MinValueValidator(1)],
    )
    appeal_default_days = models.PositiveSmallIntegerField(
        "answer to an appeal where the number is not known (days)",
        default=45,
        validators=[MinValueValidator(1)],
        help_text="Some states say 60 days, some 45. Nothing shorter than 45 is known to us.",
    )
    fallback_regime = models.CharField(
        "law to follow where none is on record",
        max_length=32,
        default="eu_gdpr",
        db_default="eu_gdpr",
        help_text="The code of a regime. A person in a place without a law of its own, or whose place we do not "
        "know, is answered as if under this one, and the case says so.",
    )
    law_check_months = models.PositiveSmallIntegerField(
        "look at each law row again (months)",
        default=3,
        validators=[MinValueValidator(1)],
        help_text="Rows in use whose last check is older stand on the morning page.",
    )
    strict_from_utc = models.BooleanField(
        "strict date: take the earlier day of receipt",
        default=True,
        help_text="Late in the evening it is another day in UTC. Which day counts is a convention, not law: "
        "the legal date takes the day where we are, the strict date the earlier of the two.",
    )
    strict_counts_receipt_day = models.BooleanField(
        "strict date: count the day of receipt",
        default=True,
        help_text="UK GDPR Art. 12A says a month “beginning with” a day, and California is read so too; that would "
        "end a day before the regulators’ own examples.",
    )
    regional_holidays_count = models.BooleanField(
        "holidays of a region or nation move the last day",
        default=True,
        help_text="UK guidance does not say whose bank holidays count (St Andrew’s Day is Scotland’s only). "
        "Off: only days closed in the whole country move it.",
    )
    identity_pause_counts = models.BooleanField(
        "EU: asking who somebody is stops the clock",
        default=True,
        help_text="GDPR Art. 12(6) is silent; authorities accept it where the doubt is real and the question prompt. "
        "The strict date never counts it.",
    )
    identity_prompt_days = models.PositiveSmallIntegerField(
        "EU: such a question is prompt within (days)",
        default=7,
        help_text="Asked later than this after receipt, it stops nothing.",
    )
    pause_counts_both_days = models.BooleanField(
        "UK: the day of asking and the day of the answer do not count",
        default=True,
        help_text="UK GDPR Art. 12A stops the clock while we wait for a needed clarification. Off: only the days "
        "between the two stand still, as the strict date reads it.",
    )
    complaint_counts_receipt_day = models.BooleanField(
        "UK: a complaint’s day of receipt is the first of its 30",
        default=True,
        help_text="DPA 2018 s.164A says 30 days “beginning when” it is received. Off: the day after is the first.",
    )
    business_days_skip_holidays = models.BooleanField(
        "California: public holidays are no business days",
        default=True,
        help_text="The rules do not define a business day. The strict date leaves out weekends only.",
    )
    close_down_counts = models.BooleanField(
        "New Zealand: the summer close-down is no working time",
        default=True,
        help_text="25 December to 15 January, from memory: read Privacy Act 2020 s.7 before you rely on it. "
        "The strict date counts those days.",
    )

    unverified_days = models.PositiveSmallIntegerField(
        "a request nobody confirms is closed after (days)",
        default=21,
        db_default=21,
        validators=[MinValueValidator(7)],
        help_text="It can be sent again at any time. Peers wait 7 to 21 days.",
    )
    reminder_days = models.PositiveSmallIntegerField(
        "reminder to confirm, before that (days)",
        default=7,
        db_default=7,
        validators=[MinValueValidator(1)],
        help_text="How long before it would be closed the requester is reminded once.",
    )
    recovery_hours = models.PositiveSmallIntegerField(
        "wait when somebody says their address is lost (hours)",
        default=72,
        db_default=72,
        validators=[MinValueValidator(72)],
        help_text="The address on file is told, so that its owner can object. Then two colleagues decide.",
    )
    cool_off_hours = models.PositiveSmallIntegerField(
        "wait before an approved erasure (hours)",
        default=72,
        db_default=72,
        validators=[MinValueValidator(72)],
        help_text="Until then the requester, or whoever reads the address on file, can stop it.",
    )
    download_days = models.PositiveSmallIntegerField(
        "a copy can be fetched for (days)", default=7, db_default=7, validators=[MinValueValidator(1)]
    )
    download_count = models.PositiveSmallIntegerField(
        "a copy can be fetched (times)", default=5, db_default=5, validators=[MinValueValidator(1)]
    )
    message_days = models.PositiveSmallIntegerField(
        "messages after a case is closed (days)",
        default=30,
        db_default=30,
        help_text="So long the requester can still answer, and ask for a second look.",
    )
    pasted_days = models.PositiveSmallIntegerField(
        "a document pasted into a text is destroyed after (days)",
        default=7,
        db_default=7,
        validators=[MinValueValidator(1), MaxValueValidator(30)],
        help_text="Nobody asked for it (EDPB Guidelines 01/2022, 79). Only the passage goes; the other words stay.",
    )
    task_days = models.PositiveSmallIntegerField(
        "time for the owner of a system to answer (days)",
        default=10,
        db_default=10,
        validators=[MinValueValidator(1)],
        help_text="Never longer than the deadline of the case itself.",
    )

    class Meta:
        verbose_name_plural = "company"
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="law_company_is_one")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **options: Any) -> None:
        _read.set(None)  # not what was just saved either: it may yet be rolled back
        super().save(*args, **options)

    @classmethod
    def current(cls) -> "Company":
        """The company's row; the unsaved defaults until staff have filled it in."""
        read = _read.get()
        if read is None:
            return cls._now()
        if not read:
            read.append(cls._now())
        return read[0]

    @classmethod
    def _now(cls) -> "Company":
        return cls.objects.filter(pk=1).first() or cls(pk=1, name="This company", service="our service")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def choice_lasts(self) -> timedelta:
        return timedelta(days=self.choice_days)

    def today(self) -> date:
        return self.day_of(timezone.now())

    def day_of(self, at: datetime) -> date:
        """Which day it is for the company at that moment."""
        return timezone.localdate(at, self.zone)

    def last_day_of_copy(self, released_at: datetime) -> date:
        """A copy can be fetched on this day until it ends."""
        return self.day_of(released_at) + timedelta(days=self.download_days)

    def law_checked_since(self) -> date:
        """A law row last checked before this day is to be looked at again."""
        return months_after(self.today(), -self.law_check_months)

    def end_of(self, day: date) -> datetime:
        """The midnight that ends this day where the company is."""
        return datetime.combine(day + timedelta(days=1), time.min, self.zone)

from datetime import date, datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When

from audit.evidence import evidence
from law.calendar import months_after


class Audience(models.TextChoices):
    EVERYBODY = "everybody", "everybody"
    LEARNERS = "learners", "learners, or their guardians"
    GUARDIANS = "guardians", "guardians"
    SCHOOL_CONTACTS = "school_contacts", "school contacts"


class Policy(models.Model):
    """A document people can rely on: privacy, cookies, children's."""

    slug = models.SlugField(unique=True, help_text="Names it in web addresses: /policies/cookies/.")
    title = models.CharField(max_length=100)
    is_main = models.BooleanField(default=False, help_text="Shown on the front page. One policy at most.")
    language = models.CharField(
        "original language",
        max_length=8,
        choices=settings.LANGUAGES,
        default=settings.LANGUAGE_CODE,
        help_text="The text that binds; translations help to read it.",
    )
    audience = models.CharField(
        max_length=16,
        choices=Audience,
        default=Audience.EVERYBODY,
        help_text="Who is told of a significant change. For a learner under the age of consent in "
        "their place, the verified guardians are told instead.",
    )
    places = models.CharField(
        max_length=300,
        blank=True,
        help_text="Only people in these places, comma-separated: FR, US-CA. Empty: everywhere.",
    )
    reviewed_on = models.DateField(
        null=True, blank=True, editable=False, help_text="The day it was last looked at as a whole."
    )
    revision = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name_plural = "policies"
        ordering = ["-is_main", "title"]
        permissions = [("review_policy", "Can record the yearly review")]
        constraints = [
            models.UniqueConstraint(
                fields=["is_main"],
                condition=Q(is_main=True),
                name="policies_policy_one_main",
                violation_error_message="Another policy is on the front page already.",
            )
        ]

    def __str__(self) -> str:
        return self.title

    def review_due_on(self, months: int) -> date | None:
        """When it is to be looked at again; None before anything was published or reviewed."""
        return months_after(self.reviewed_on, months) if self.reviewed_on else None

    @property
    def place_list(self) -> list[str]:
        return [place.strip() for place in self.places.split(",") if place.strip()]


class Status(models.TextChoices):
    DRAFT = "draft", "draft"
    REVIEW = "review", "in review"
    APPROVED = "approved", "approved"
    PUBLISHED = "published", "published"
    WITHDRAWN = "withdrawn", "withdrawn before effect"


class Significance(models.TextChoices):
    EDITORIAL = "editorial", "editorial: nothing changes for people"
    SIGNIFICANT = "significant", "significant: people are told"


class PolicyVersionQuerySet(models.QuerySet["PolicyVersion"]):
    def published(self) -> "PolicyVersionQuerySet":
        return self.filter(status=Status.PUBLISHED)

    def with_stage(self, on: date) -> "PolicyVersionQuerySet":
        """Adds `stage`, where a version stands on that day: in force and superseded follow from dates."""
        return self.annotate(
            stage=Case(
                When(~Q(status=Status.PUBLISHED), then=F("status")),
                When(effective_on__gt=on, then=Value("coming")),
                When(Exists(_successors(on)), then=Value("superseded")),
                default=Value("in force"),
                output_field=models.CharField(),
            )
        )

    def in_force(self, on: date) -> "PolicyVersionQuerySet":
        """The version that binds on that day: at most one for each policy."""
        return self.published().filter(~Exists(_successors(on)), effective_on__lte=on)

    def coming(self, on: date) -> "PolicyVersionQuerySet":
        """Published, not yet in force, soonest first."""
        return self.published().filter(effective_on__gt=on).order_by("effective_on")

    def due(self, on: date) -> "PolicyVersionQuerySet":
        """Approved, and planned to be published on that day or before."""
        return self.filter(status=Status.APPROVED, publish_on__lte=on)

    def before(self, version: "PolicyVersion") -> "PolicyVersionQuerySet":
        """Published versions of the same policy that took effect earlier, latest first."""
        rows = self.published().filter(policy=version.policy_id).exclude(pk=version.pk)
        if version.effective_on:
            rows = rows.filter(effective_on__lt=version.effective_on)
        return rows.order_by("-effective_on")


def _successors(on: date) -> PolicyVersionQuerySet:
    """Versions that took the outer version's place by that day."""
    return PolicyVersion.objects.published().filter(
        policy=OuterRef("policy"), effective_on__gt=OuterRef("effective_on"), effective_on__lte=on
    )


@evidence(
    frozen_once="published_at",
    free=("status", "withdrawn_at", "withdrawn_by", "withdrawal_reason", "revision"),
)
class PolicyVersion(models.Model):
    """One version of a policy. Whether it is in force or superseded follows from the dates."""

    # What may happen to a version; `actions` is the only place that moves it.
    transitions: ClassVar[dict[str, tuple[str, ...]]] = {
        Status.DRAFT: (Status.REVIEW,),
        Status.REVIEW: (Status.DRAFT, Status.APPROVED),
        Status.APPROVED: (Status.DRAFT, Status.PUBLISHED),
        Status.PUBLISHED: (Status.WITHDRAWN,),
        Status.WITHDRAWN: (),
    }

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="versions")
    status = models.CharField(max_length=16, choices=Status, default=Status.DRAFT)
    note = models.CharField(
        "change note", max_length=300, blank=True, help_text="One line for the list of versions: what is new."
    )
    effective_on = models.DateField(
        null=True,
        blank=True,
        help_text="The first day this version binds us, from midnight in the company's time zone.",
    )
    significance = models.CharField(
        max_length=16,
        choices=Significance,
        blank=True,
        help_text="Significant: anything that matters to people, such as a new purpose, recipient, "
        "country or kind of data (GDPR Art. 13(3); WP260).",
    )
    rationale = models.TextField(
        blank=True,
        max_length=2000,
        help_text="Why it is editorial or significant, in words you would show an authority.",
    )
    significance_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    submitted_at = models.DateTimeField(null=True, blank=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    approved_at = models.DateTimeField(null=True, blank=True, editable=False)
    early_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        help_text="Who allowed an effective date before the notice period is over; not who submitted it.",
    )
    early_reason = models.TextField(blank=True, editable=False)
    despite_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        help_text="Who wrote why it may be published although a promise in it is broken; not who submitted "
        "or published it.",
    )
    despite_reason = models.TextField(blank=True, default="", db_default="", editable=False)
    despite_promises = models.JSONField(
        default=list,
        db_default=[],
        editable=False,
        help_text="The promises that were broken then, by code.",
    )
    publish_on = models.DateField(
        null=True, blank=True, editable=False, help_text="Publication is planned for this day."
    )
    planned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    is_history = models.BooleanField(
        default=False,
        editable=False,
        help_text="Brought in as it stood before this software; nobody was told by us.",
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    withdrawal_reason = models.TextField(blank=True, editable=False)
    revision = models.PositiveIntegerField(default=0, editable=False)

    objects = PolicyVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-effective_on", "-id"]
        permissions = [
            ("submit_policyversion", "Can put a version forward for approval"),
            ("approve_policyversion", "Can approve a version put forward by somebody else"),
            ("publish_policyversion", "Can publish, plan and withdraw a version"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("submitted_by")),
                name="policies_version_second_person_approves",
            ),
            models.CheckConstraint(
                condition=Q(early_by=None) | ~Q(early_by=F("submitted_by")),
                name="policies_version_second_person_hurries",
            ),
            models.CheckConstraint(
                condition=Q(despite_by=None)
                | (~Q(despite_by=F("submitted_by")) & ~Q(despite_by=F("published_by"))),
                name="policies_version_second_person_answers",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["published", "withdrawn"])
                | Q(published_at__isnull=False, effective_on__isnull=False),
                name="policies_version_published_is_dated",
            ),
            models.CheckConstraint(
                condition=~Q(status="published")
                | Q(is_history=True)
                | Q(approved_by__isnull=False, significance__gt=""),
                name="policies_version_published_is_approved",
            ),
            models.CheckConstraint(
                condition=Q(publish_on=None) | Q(planned_by__isnull=False),
                name="policies_version_plan_has_a_planner",
            ),
            models.UniqueConstraint(
                fields=["policy", "effective_on"],
                condition=Q(status="published"),
                name="policies_version_one_a_day",
                violation_error_message="Another version of this policy takes effect on that day.",
            ),
        ]

    def __str__(self) -> str:
        if self.effective_on is None:
            return f"{self.policy}, no date yet"
        return f"{self.policy} of {self.effective_on:%-d %B %Y}"

    @property
    def is_frozen(self) -> bool:
        return self.published_at is not None

    @property
    def is_significant(self) -> bool:
        return self.significance == Significance.SIGNIFICANT

    @property
    def original(self) -> "PolicyText | None":
        return self.text_in(self.policy.language)

    def text_in(self, language: str) -> "PolicyText | None":
        return next((text for text in self.texts.all() if text.language == language), None)


@evidence(frozen_once="frozen_at")
class PolicyText(models.Model):
    """The words of a version in one language."""

    version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="texts")
    language = models.CharField(max_length=8, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE)
    title = models.CharField(
        max_length=100, blank=True, help_text="The policy's name in this language. Empty: as in the original."
    )
    body = models.TextField("text", help_text="Markdown. HTML is shown as typed, not obeyed.")
    summary = models.TextField(
        "what changes",
        blank=True,
        max_length=1500,
        help_text="One plain sentence a line, five at most: before, after, for whom. Stands in every mail.",
    )
    sha256 = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    frozen_at: "models.DateTimeField[datetime | None, datetime | None]" = models.DateTimeField(
        null=True, blank=True, editable=False
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "language"],
                name="policies_text_once_a_language",
                violation_error_message="This version already has a text in that language.",
            )
        ]

    def __str__(self) -> str:
        return str(self.get_language_display())

    @property
    def points(self) -> list[str]:
        """The summary as separate sentences, in order."""
        return [line.strip(" -*•\t") for line in self.summary.splitlines() if line.strip(" -*•\t")]

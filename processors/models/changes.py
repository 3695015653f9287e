"""What changed on the public list of companies, whom we told, and who asked to be told."""

from datetime import date, datetime

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When

from audit.evidence import evidence

from .registry import Processor


class ChangeKind(models.TextChoices):
    ADDED = "added", "new company"
    REMOVED = "removed", "company gone"
    PLACE = "place", "other places"
    PURPOSE = "purpose", "other work"
    NAME = "name", "other name"
    SEAT = "seat", "other seat"
    DATA = "data", "other data"
    HELPERS = "helpers", "other sub-processors"
    LISTED = "listed", "on the list from its start"


class Stage(models.TextChoices):
    """Where a change stands on a day. It follows from dates and is stored nowhere."""

    GATHERED = "gathered", "gathered"
    ANNOUNCED = "announced", "announced"
    IN_EFFECT = "in effect", "in effect"
    WITHDRAWN = "withdrawn", "withdrawn"


@evidence()
class Announcement(models.Model):
    """One telling of one or several changes, dated. What was told stays told."""

    effective_on = models.DateField("takes effect on")
    announced_at = models.DateTimeField()
    announced_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    is_history = models.BooleanField(
        "history", default=False, help_text="Brought in from lists published earlier. Nobody was told by us."
    )
    is_short_notice = models.BooleanField(
        "at short notice",
        default=False,
        db_default=False,
        help_text="Told later than the house's notice period asks.",
    )
    is_correction = models.BooleanField(
        "correction",
        default=False,
        db_default=False,
        help_text="The list had a mistake. It stands in the history; no mail left.",
    )
    because = models.CharField(
        "reason told to the public",
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text="Shown as “At short notice, because …”. The reason for the record is in the audit log.",
    )

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("approve_announcement", "Can announce at short notice, and correct the list without a mail")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_short_notice=False) | Q(is_correction=False, is_history=False),
                name="processors_announcement_one_manner",
            ),
            models.CheckConstraint(
                condition=Q(because="") | Q(is_short_notice=True) | Q(is_correction=True),
                name="processors_announcement_explains_an_exception",
            ),
        ]

    def __str__(self) -> str:
        return f"Announcement {self.pk} for {self.effective_on}"


class SubprocessorChangeQuerySet(models.QuerySet["SubprocessorChange"]):
    def gathered(self) -> "SubprocessorChangeQuerySet":
        return self.filter(announcement=None, withdrawn_at=None)

    def standing(self) -> "SubprocessorChangeQuerySet":
        """Announced and not taken back: together they are the list as people were told."""
        return self.filter(announcement__isnull=False, withdrawn_at=None)

    def told(self) -> "SubprocessorChangeQuerySet":
        """What the public was ever shown as a change, withdrawn or not, latest first."""
        rows = self.filter(announcement__isnull=False).exclude(kind=ChangeKind.LISTED)
        rows = rows.select_related("announcement", "processor")
        return rows.order_by("-announcement__effective_on", "name", "pk")

    def coming(self, on: date) -> "SubprocessorChangeQuerySet":
        soonest = ("announcement__effective_on", "name", "pk")
        return self.told().filter(announcement__effective_on__gt=on, withdrawn_at=None).order_by(*soonest)

    def in_effect(self, on: date) -> "SubprocessorChangeQuerySet":
        return self.standing().filter(announcement__effective_on__lte=on)

    def with_stage(self, on: date) -> "SubprocessorChangeQuerySet":
        return self.annotate(
            stage=Case(
                When(withdrawn_at__isnull=False, then=Value(Stage.WITHDRAWN.value)),
                When(announcement=None, then=Value(Stage.GATHERED.value)),
                When(announcement__effective_on__gt=on, then=Value(Stage.ANNOUNCED.value)),
                default=Value(Stage.IN_EFFECT.value),
                output_field=models.CharField(),
            )
        )


@evidence(frozen_once="announcement", free=("withdrawn_at", "withdrawn_by", "withdrawal_reason"))
class SubprocessorChange(models.Model):
    """One difference between the public list and what it was; evidence once announced."""

    processor = models.ForeignKey(Processor, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=16, choices=ChangeKind)
    name = models.CharField("company", max_length=150, help_text="As it was called then.")
    # The columns of the list this is about (entries.Entry), as they were and as they become.
    was = models.JSONField(default=dict, db_default={}, blank=True, editable=False)
    becomes = models.JSONField(default=dict, db_default={}, blank=True, editable=False)
    # The same in English words, as staff and the record read them.
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)
    planned_on = models.DateField(
        null=True, blank=True, editable=False, help_text="The day staff have in mind; Announce proposes it."
    )
    gathered_at = models.DateTimeField()
    announcement = models.ForeignKey(
        Announcement, on_delete=models.PROTECT, null=True, related_name="changes", editable=False
    )
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    withdrawal_reason = models.CharField(max_length=2000, blank=True, editable=False)

    objects = SubprocessorChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = "sub-processor change"
        permissions = [
            (
                "publish_subprocessorchange",
                "Can announce changes to the list of companies, and withdraw them",
            )
        ]
        indexes = [models.Index(fields=["processor", "kind"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | ~Q(withdrawal_reason=""),
                name="processors_change_withdrawn_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"Change {self.pk}: {self.get_kind_display()}"

    @property
    def effective_on(self) -> date | None:
        return self.announcement.effective_on if self.announcement else None

    @property
    def announced_at(self) -> datetime | None:
        return self.announcement.announced_at if self.announcement else None

    def has_begun(self, on: date) -> bool:
        return self.effective_on is not None and self.effective_on <= on


class LinkPurpose(models.TextChoices):
    CONFIRM = "confirm", "confirm"
    STOP = "stop", "stop"


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def live(self) -> "SubscriptionQuerySet":
        return self.filter(ended_at=None)

    def confirmed(self) -> "SubscriptionQuerySet":
        """Those we may write to: nobody is told because somebody else typed their address."""
        return self.live().filter(confirmed_at__isnull=False)

    def link_due(self, at: datetime) -> "SubscriptionQuerySet":
        return self.live().filter(link_due_at__lte=at)


class Subscription(models.Model):
    """Somebody asked to be told of changes. An address and a language, nothing else."""

    address = models.EmailField(
        max_length=254, blank=True, help_text="Lower case. Emptied when the subscription ends."
    )
    language = models.CharField(max_length=8, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE)
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # One link at a time, for one purpose. Its token leaves in the mail only; here lies its hash.
    link_purpose = models.CharField(max_length=8, choices=LinkPurpose, blank=True, editable=False)
    link_due_at = models.DateTimeField(
        null=True, editable=False, help_text="A mail with a link waits to be sent since or until then."
    )
    link_hash = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    link_expires_at = models.DateTimeField(null=True, editable=False)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [("end_subscription", "Can end subscriptions for people who ask")]
        indexes = [
            models.Index(
                fields=["link_due_at"],
                condition=Q(link_due_at__isnull=False),
                name="processors_link_waiting",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["address"], condition=Q(ended_at=None), name="processors_one_live_subscription"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(address=""), name="processors_ended_keeps_no_address"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None) | Q(confirmed_at__gte=F("asked_at")),
                name="processors_confirmed_after_asked",
            ),
        ]

    def __str__(self) -> str:
        return f"Subscription {self.pk}"

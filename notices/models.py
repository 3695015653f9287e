from collections import Counter
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import Now

from audit.evidence import evidence


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def about(self, obj: models.Model) -> "CampaignQuerySet":
        return self.filter(object_type=obj._meta.label_lower, object_ref=str(obj.pk))

    def with_standing(self) -> "CampaignQuerySet":
        """Adds `has_waiting` and `has_parked`: a look into an index each, however many notices."""
        mine = Notice.objects.filter(campaign=OuterRef("pk"))
        return self.annotate(
            has_waiting=Exists(mine.filter(status=Status.WAITING)),
            has_parked=Exists(mine.filter(status=Status.PARKED)),
        )


@evidence()
class Campaign(models.Model):
    """One announcement to many people. What it is about is an opaque reference."""

    event = models.CharField(max_length=64, help_text="What happened, as app.event; names the mail template.")
    object_type = models.CharField(max_length=64)
    object_ref = models.CharField(max_length=64)
    opened_at = models.DateTimeField()

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "object_type", "object_ref"], name="notices_campaign_once"
            )
        ]
        permissions = [("cancel_campaign", "Can cancel what is still waiting")]

    def __str__(self) -> str:
        return f"Campaign {self.pk}: {self.news}"

    @property
    def news(self) -> str:
        """The event as people read it: `policies.significant_change` → “significant change”."""
        return self.event.rpartition(".")[2].replace("_", " ")

    def counts(self) -> dict[str, int]:
        """How many notices stood or stand in each state, the erased ones too; states without any are 0."""
        seen: Counter[str] = Counter(
            dict(self.notices.values_list("status").annotate(n=Count("pk")).order_by())
        )
        seen.update(dict(self.tallies.values_list("status", "count")))
        return {status.value: seen[status.value] for status in Status}


@evidence()
class Letter(models.Model):
    """The frozen words of a campaign, once for each language and variant, with `{greeting}` open.

    Stored once a campaign, not once a person; a notice points here to say what was told."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="letters")
    language = models.CharField(max_length=8, choices=settings.LANGUAGES)
    variant = models.CharField(max_length=32, help_text="Whom it speaks to: adult, guardian, school contact…")
    subject = models.CharField(max_length=120)
    body_text = models.TextField()
    body_html = models.TextField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "variant", "language"], name="notices_letter_once")
        ]

    def __str__(self) -> str:
        return f"Letter {self.pk}: {self.variant}, {self.get_language_display()}"


class Status(models.TextChoices):
    WAITING = "waiting", "waiting"
    SENT = "sent", "sent"
    POSTED = "posted", "shown as prominent notice"
    BOUNCED = "bounced", "refused, shown as prominent notice"
    PARKED = "parked", "parked for staff"
    CANCELLED = "cancelled", "cancelled"


class NoticeQuerySet(models.QuerySet["Notice"]):
    def due(self) -> "NoticeQuerySet":
        """Waiting, its time come, and in nobody's hands; by the database's clock alone."""
        return self.filter(status=Status.WAITING, due_at__lte=Now()).filter(
            Q(lease_until=None) | Q(lease_until__lt=Now())
        )

    def in_state(self, status: Status) -> "NoticeQuerySet":
        """Of every campaign: asked through them, for the index on the status begins with the campaign."""
        return self.filter(campaign__in=Campaign.objects.order_by().values("pk"), status=status)

    def unsent(self) -> "NoticeQuerySet":
        """What may still leave: by itself, or when staff try it again."""
        return self.filter(status__in=[Status.WAITING, Status.PARKED])

    def reached(self) -> "NoticeQuerySet":
        """Who was told, or may have been: a mail in doubt, or in a sender's hands when it was cancelled."""
        in_hand = Q(status=Status.CANCELLED, lease_token__isnull=False)
        told = Q(status__in=[Status.SENT, Status.POSTED, Status.BOUNCED])
        return self.filter(told | in_hand | Q(is_possible_duplicate=True))


class Notice(models.Model):
    """One person told, or to be told, of one campaign."""

    # What may happen to a notice; `queue` and `actions` are the only places that move it.
    transitions: ClassVar[dict[str, tuple[str, ...]]] = {
        Status.WAITING: (Status.SENT, Status.BOUNCED, Status.PARKED, Status.CANCELLED),
        Status.PARKED: (Status.WAITING, Status.CANCELLED),
        Status.SENT: (),
        Status.POSTED: (),
        Status.BOUNCED: (),
        # Cancelled while a sender had it in hand: what the mail server took was sent.
        Status.CANCELLED: (Status.SENT, Status.BOUNCED),
    }

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="notices", db_index=False)
    # Opaque on purpose, without a foreign key: this app lies below `people` and survives erasure.
    recipient_id = models.PositiveBigIntegerField("recipient", db_index=True)
    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="+", db_index=False)
    address = models.CharField(
        max_length=254, blank=True, help_text="Empty: told by prominent notice instead."
    )
    greeting = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="How often a sender has taken it in hand."
    )
    crashes = models.PositiveSmallIntegerField(
        default=0, help_text="How often a sender died while this notice was the next one in its hands."
    )
    due_at = models.DateTimeField(help_text="Not tried before.")
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)
    is_possible_duplicate = models.BooleanField(
        "possible duplicate",
        default=False,
        help_text="A sender died between the server's yes and our note: it may have arrived twice, "
        "with the same Message-ID.",
    )
    failure = models.CharField(
        max_length=64,
        blank=True,
        help_text="The mail server's answer, or the kind of error, at the last try.",
    )

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "recipient_id"], name="notices_notice_once_a_person")
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"], condition=Q(status="waiting"), name="notices_notice_waiting"
            ),
            models.Index(fields=["campaign", "status", "-id"], name="notices_notice_by_status"),
            models.Index(fields=["address"], name="notices_notice_by_address"),
            # What staff look for among a million: few rows, and no write when a mail is marked as sent.
            models.Index(
                fields=["status", "-id"],
                condition=Q(status__in=["posted", "bounced", "parked", "cancelled"]),
                name="notices_notice_apart",
            ),
            models.Index(
                fields=["-id"], condition=Q(is_possible_duplicate=True), name="notices_notice_doubtful"
            ),
        ]
        permissions = [("retry_notice", "Can put parked notices back into the queue")]

    def __str__(self) -> str:
        return f"Notice {self.pk}"

    @property
    def message_id(self) -> str:
        """The same for every try, so that a mail client can fold a duplicate (RFC 5322 §3.6.4)."""
        return f"<notice-{self.pk}@{settings.MESSAGE_ID_DOMAIN}>"


class Tally(models.Model):
    """What is left of a campaign's notices when their time is over: how many there were in each state."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="tallies")
    status = models.CharField(max_length=16, choices=Status)
    count = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [
            models.UniqueConstraint(fields=["campaign", "status"], name="notices_tally_once_a_state")
        ]

    def __str__(self) -> str:
        return f"Tally {self.pk}"


class MailStatus(models.TextChoices):
    WAITING = "waiting", "waiting"
    SENT = "sent", "sent"
    BOUNCED = "bounced", "refused by the mail server"
    PARKED = "parked", "parked for staff"
    CANCELLED = "cancelled", "cancelled"


class MailQuerySet(models.QuerySet["Mail"]):
    def about(self, obj: models.Model) -> "MailQuerySet":
        return self.filter(object_type=obj._meta.label_lower, object_ref=str(obj.pk))

    def due(self) -> "MailQuerySet":
        """Waiting, its time come, and in nobody's hands; by the database's clock alone."""
        return self.filter(status=MailStatus.WAITING, due_at__lte=Now()).filter(
            Q(lease_until=None) | Q(lease_until__lt=Now())
        )

    def at_rest(self) -> "MailQuerySet":
        return self.exclude(status__in=[MailStatus.WAITING, MailStatus.PARKED])


class Mail(models.Model):
    """One letter to one address about one thing, perhaps with a link that proves who opened it.

    The words are built when it is sent, from a template and a context in which nothing personal stands."""

    # What may happen to a mail; `mail` is the only module that moves it.
    transitions: ClassVar[dict[str, tuple[str, ...]]] = {
        MailStatus.WAITING: (
            MailStatus.SENT,
            MailStatus.BOUNCED,
            MailStatus.PARKED,
            MailStatus.CANCELLED,
        ),
        MailStatus.PARKED: (MailStatus.WAITING, MailStatus.CANCELLED),
        MailStatus.SENT: (),
        MailStatus.BOUNCED: (),
        # Cancelled while a sender had it in hand: what the mail server took was sent.
        MailStatus.CANCELLED: (MailStatus.SENT, MailStatus.BOUNCED),
    }

    event = models.CharField(max_length=64, help_text="What happened, as app.event; names the mail template.")
    object_type = models.CharField(max_length=64)
    object_ref = models.CharField(max_length=64)
    # Opaque, without a foreign key (docs/decisions/0005). Unknown when somebody typed a strange address.
    recipient_id = models.PositiveBigIntegerField("recipient", null=True, blank=True, db_index=True)
    address = models.CharField(max_length=254, blank=True, help_text="Emptied when its time is over.")
    greeting = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=8, choices=settings.LANGUAGES)
    variant = models.CharField(max_length=32, blank=True, help_text="Whom it speaks to.")
    context = models.JSONField(default=dict, blank=True, help_text="For the template. Nothing personal.")
    posted_at = models.DateTimeField()

    page = models.CharField(
        max_length=64, blank=True, help_text="Where its button leads: the name of an address."
    )
    page_args = models.JSONField(default=list, blank=True)
    purpose = models.CharField(
        max_length=32, blank=True, help_text="What its link may do. Empty: the link is an address like any."
    )
    lasts = models.DurationField(null=True, blank=True, help_text="How long its link works, from sending.")
    with_code = models.BooleanField(default=False, help_text="Holds six numbers too, for another device.")
    # Until the mail is out; with the site's key it gives the same link at every try.
    seed = models.CharField(max_length=43, blank=True, editable=False)
    token_hash = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)
    code_hash = models.CharField(max_length=64, blank=True, editable=False)
    wrong_codes = models.PositiveSmallIntegerField(default=0, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    used_at = models.DateTimeField(null=True, blank=True, editable=False)

    status = models.CharField(max_length=16, choices=MailStatus, default=MailStatus.WAITING)
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="How often a sender has taken it in hand."
    )
    crashes = models.PositiveSmallIntegerField(
        default=0, help_text="How often a sender died with this mail in its hands."
    )
    due_at = models.DateTimeField(db_default=Now(), help_text="Not tried before.")
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)
    is_possible_duplicate = models.BooleanField(
        "possible duplicate",
        default=False,
        help_text="A sender died between the server's yes and our note: it may have arrived twice, "
        "with the same Message-ID.",
    )
    failure = models.CharField(
        max_length=64,
        blank=True,
        help_text="The mail server's answer, or the kind of error, at the last try.",
    )

    objects = MailQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(purpose="") | Q(lasts__isnull=False), name="notices_mail_link_ends"
            )
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(status="waiting"), name="notices_mail_waiting"),
            models.Index(fields=["object_type", "object_ref", "-id"], name="notices_mail_about"),
            models.Index(fields=["address"], name="notices_mail_by_address"),
            models.Index(fields=["status", "-id"], name="notices_mail_by_status"),
        ]
        permissions = [("retry_mail", "Can put parked mails back into the queue")]

    def __str__(self) -> str:
        return f"Mail {self.pk}"

    @property
    def message_id(self) -> str:
        """The same for every try, so that a mail client can fold a duplicate (RFC 5322 §3.6.4)."""
        return f"<mail-{self.pk}@{settings.MESSAGE_ID_DOMAIN}>"

    @property
    def news(self) -> str:
        return self.event.rpartition(".")[2].replace("_", " ")

    def has_expired(self, at: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= at

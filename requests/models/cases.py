"""The case: who asks for what about whom, and how far it is. What happened to it stands in `ledger`."""

import secrets
from datetime import date, timedelta
from typing import ClassVar

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from people.models import Guardianship, Person

# Without letters that look like others: people read a reference out on the phone.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
REFERENCE_LENGTH = 15  # 30 signs, 15 places: 73 random bits, so that nobody guesses a status page


def new_reference() -> str:
    signs = "".join(secrets.choice(ALPHABET) for _ in range(REFERENCE_LENGTH))
    return "-".join(signs[start : start + 5] for start in range(0, REFERENCE_LENGTH, 5))


class Right(models.TextChoices):
    ACCESS = "access", "access"
    PORTABILITY = "portability", "portability"
    RECTIFICATION = "rectification", "rectification"
    ERASURE = "erasure", "erasure"
    RESTRICTION = "restriction", "restriction"
    OBJECTION = "objection", "objection"
    OPT_OUT = "opt_out", "opt-out of sale or sharing"
    COMPLAINT = "complaint", "complaint"
    INQUIRY = "inquiry", "inquiry"


# A copy leaves the house: reviewed before release.
COPIES = (Right.ACCESS, Right.PORTABILITY)
# Nothing about a person is given away or changed: no proof of identity is demanded (11 CCR 7026(d)
# forbids it for opt-outs).
WITHOUT_IDENTITY = (Right.OPT_OUT, Right.COMPLAINT, Right.INQUIRY)

# What they do is felt by everybody who looks after the same person.
FELT = (Right.RECTIFICATION, Right.ERASURE, Right.RESTRICTION, Right.OBJECTION, Right.OPT_OUT)


class RequesterKind(models.TextChoices):
    SELF = "self", "the data subject"
    GUARDIAN = "guardian", "a guardian"
    SCHOOL = "school", "a school"
    AGENT = "agent", "an authorized agent"


class Channel(models.TextChoices):
    PORTAL = "portal", "portal"
    EMAIL = "email", "e-mail"
    PHONE = "phone", "phone"
    POST = "post", "post"
    SCHOOL_API = "school_api", "school API"
    STAFF = "staff", "found by staff"


class Stage(models.TextChoices):
    UNVERIFIED = "unverified", "unverified"
    REVIEW = "review", "review"
    FULFILLING = "fulfilling", "fulfilling"
    RELEASE = "release", "release"
    CLOSED = "closed", "closed"


class Outcome(models.TextChoices):
    DONE = "done", "done"
    PARTLY = "partly", "partly done"
    DENIED = "denied", "refused"
    UNVERIFIED = "unverified", "not verified"
    WITHDRAWN = "withdrawn", "withdrawn"
    DUPLICATE = "duplicate", "answered in another case"
    SPAM = "spam", "spam"
    REROUTED = "rerouted", "passed to whom it concerns"


class DenialReason(models.TextChoices):
    """The Data Rights Protocol 1.0's words for a denial."""

    SUSPECTED_FRAUD = "suspected_fraud", "suspected fraud"
    INSUF_VERIFICATION = "insuf_verification", "identity not shown"
    NO_MATCH = "no_match", "nobody found under these particulars"
    CLAIM_NOT_COVERED = "claim_not_covered", "the law does not give this right here"
    OUTSIDE_JURISDICTION = "outside_jurisdiction", "no law of that place applies"
    TOO_MANY_REQUESTS = "too_many_requests", "excessive requests"
    OTHER = "other", "another reason"


class PauseReason(models.TextChoices):
    CLARIFICATION = "clarification", "waiting for the requester to clarify"
    HOLD = "hold", "legal hold"
    DISCUSSION = "discussion", "talked over in the house"


def _children_of(person: Person) -> models.QuerySet[Guardianship, int]:
    return Guardianship.objects.verified().filter(guardian=person).order_by().values_list("child", flat=True)


class RightsRequestQuerySet(models.QuerySet["RightsRequest"]):
    def open(self) -> "RightsRequestQuerySet":
        return self.exclude(stage=Stage.CLOSED)

    def overdue(self, on: date) -> "RightsRequestQuerySet":
        """Past the strict date: a question to the dates, never the work of a job."""
        return self.open().filter(strict_due_on__lt=on)

    def due_by(self, day: date) -> "RightsRequestQuerySet":
        return self.open().filter(strict_due_on__lte=day)

    def waiting_for_us(self) -> "RightsRequestQuerySet":
        """Somebody in the house has the next move."""
        ours = self.open().exclude(stage=Stage.UNVERIFIED).exclude(pause_reason=PauseReason.CLARIFICATION)
        return ours.exclude(self._asked_elsewhere()).exclude(self._can_still_be_stopped())

    def waiting_for_others(self) -> "RightsRequestQuerySet":
        """The requester, a system or a company has the next move."""
        theirs = Q(pause_reason=PauseReason.CLARIFICATION) | self._asked_elsewhere()
        return self.open().filter(theirs | self._can_still_be_stopped())

    @staticmethod
    def _asked_elsewhere() -> Q:
        asked = apps.get_model("requests", "Task").objects.filter(
            request__isnull=False, stage__in=["waiting", "asked"]
        )
        return Q(stage=Stage.FULFILLING, pk__in=asked.order_by().values("request"))

    @staticmethod
    def _can_still_be_stopped() -> Q:
        """An approved erasure that waits for the requester to think again."""
        orders = apps.get_model("requests", "ErasureOrder").objects.filter(
            done_at=None, stopped_at=None, approved_at__isnull=False, not_before__gt=Now()
        )
        return Q(stage=Stage.FULFILLING, pk__in=orders.order_by().values("request"))

    def visible_to(self, person: Person) -> "RightsRequestQuerySet":
        """The only door for somebody signed in: what they asked and, of an agent's requests, what is asked
        in their name (abuse A9). For a child only while they are its guardian (abuse A13).

        What another guardian asked about the same child is not theirs to open: see `felt_by`."""
        mine = Q(requester=person, requester_kind__in=[RequesterKind.SELF, RequesterKind.SCHOOL])
        for_child = Q(subject=None) | Q(subject__in=_children_of(person))
        mine |= Q(requester=person, requester_kind=RequesterKind.GUARDIAN) & for_child
        mine |= Q(subject=person, requester_kind=RequesterKind.AGENT)
        return self.filter(mine, Q(verified_at__isnull=False) | Q(right__in=WITHOUT_IDENTITY))

    def felt_by(self, person: Person) -> "RightsRequestQuerySet":
        """What a guardian or school asked that changes data of this person or of a child they look after.
        To be shown without who asked, when, or their words: parents part, and some had to flee
        (docs/decisions/0016). A copy or a question concerns nobody but whoever asked."""
        about = Q(subject=person) | Q(subject__in=_children_of(person))
        by_others = self.filter(about, requester_kind__in=[RequesterKind.GUARDIAN, RequesterKind.SCHOOL])
        live = by_others.exclude(requester=person).filter(verified_at__isnull=False, right__in=FELT)
        return live.filter(~Q(stage=Stage.CLOSED) | Q(outcome__in=[Outcome.DONE, Outcome.PARTLY]))


class RightsRequest(models.Model):
    """One right asked for, about one person. Holds nothing personal: what was typed lies in
    `Particulars` and goes when its time is over, while the case stays as proof."""

    # What may happen to a case; `actions` is the only place that moves it.
    transitions: ClassVar[dict[str, tuple[str, ...]]] = {
        Stage.UNVERIFIED: (Stage.REVIEW, Stage.CLOSED),
        # Back when the particulars change: whoever was verified asked for something else.
        Stage.REVIEW: (Stage.FULFILLING, Stage.UNVERIFIED, Stage.CLOSED),
        Stage.FULFILLING: (Stage.RELEASE, Stage.CLOSED),
        # Back when the review of the answer finds something missing.
        Stage.RELEASE: (Stage.CLOSED, Stage.FULFILLING),
        Stage.CLOSED: (),
    }

    reference = models.CharField(max_length=17, unique=True, default=new_reference, editable=False)
    submission = models.UUIDField(
        null=True,
        editable=False,
        help_text="The form it came from: pressing twice is one request, two rights asked for in it are two.",
    )
    right = models.CharField(max_length=16, choices=Right)
    channel = models.CharField(max_length=16, choices=Channel, default=Channel.PORTAL)
    requester_kind = models.CharField(
        "asked by", max_length=16, choices=RequesterKind, default=RequesterKind.SELF
    )
    # Without a constraint in the database: the number stays when the person's row goes.
    subject = models.ForeignKey(
        Person, on_delete=models.DO_NOTHING, db_constraint=False, null=True, blank=True,
        related_name="rights_requests",
        help_text="Whom it is about. Empty until we know whom the particulars fit.",
    )  # fmt: skip
    requester = models.ForeignKey(
        Person, on_delete=models.DO_NOTHING, db_constraint=False, null=True, blank=True, related_name="asked",
        help_text="Who asks, when they are on file.",
    )  # fmt: skip
    place = models.CharField(
        max_length=6, blank=True, help_text="Country, or country and region: FR, US-CA. Proposes the law."
    )
    language = models.CharField(max_length=8, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE)
    received_at = models.DateTimeField(
        help_text="When it reached us, by whatever way. Every date counts from here."
    )
    stage = models.CharField(max_length=16, choices=Stage, default=Stage.UNVERIFIED, editable=False)
    outcome = models.CharField(max_length=16, choices=Outcome, blank=True, editable=False)
    denial = models.CharField("reason", max_length=24, choices=DenialReason, blank=True, editable=False)
    pause_reason = models.CharField(
        "paused for", max_length=16, choices=PauseReason, blank=True, editable=False
    )
    verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rights_requests",
    )
    # What `clocks` derived from the rules and the events, kept for sorting; nobody types them.
    strict_due_on = models.DateField("strict date", null=True, blank=True, editable=False)
    legal_due_on = models.DateField("legal date", null=True, blank=True, editable=False)
    appeal_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="appeals", editable=False
    )
    comes_after = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="followers", editable=False,
        help_text="Waits for that one: a copy first, the erasure afterwards.",
    )  # fmt: skip
    duplicate_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="duplicates", editable=False,
        help_text="A link, not a state: a duplicate is verified like any other (Fides GHSA-qx5f-ghc2-7g5c).",
    )  # fmt: skip
    inquiry = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="requests_found", editable=False,
        help_text="The question it was found in; it keeps the day that arrived.",
    )  # fmt: skip
    revision = models.PositiveIntegerField(default=0, editable=False)

    objects = RightsRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            (
                "work_rightsrequest",
                "Can work on rights requests: verify, ask, extend, refuse, release, close",
            ),
            ("approve_erasure", "Can approve an erasure that somebody else proposed"),
            ("export_rightsrequest", "Can export rights requests"),
        ]
        constraints = [
            # On every path, whatever the code above forgets: nothing is given away or changed for
            # somebody who did not show who they are.
            models.CheckConstraint(
                condition=Q(verified_at__isnull=False)
                | Q(right__in=WITHOUT_IDENTITY)
                | Q(stage="unverified")
                | (Q(stage="closed") & ~Q(outcome__in=["done", "partly"])),
                name="requests_request_verified_before_work",
            ),
            models.CheckConstraint(
                condition=Q(stage="closed", closed_at__isnull=False) & ~Q(outcome="")
                | (~Q(stage="closed") & Q(closed_at=None, outcome="")),
                name="requests_request_closed_with_outcome",
            ),
            models.CheckConstraint(
                condition=Q(denial="") | Q(outcome__in=["denied", "partly", "unverified"]),
                name="requests_request_reason_of_a_denial",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="denied") | ~Q(denial=""), name="requests_request_denied_with_reason"
            ),
            models.CheckConstraint(
                condition=Q(subject__isnull=False)
                | ~Q(stage__in=["fulfilling", "release"])
                | Q(right__in=WITHOUT_IDENTITY),
                name="requests_request_about_somebody",
            ),
            models.UniqueConstraint(fields=["submission", "right"], name="requests_request_sent_once"),
            models.CheckConstraint(
                condition=Q(duplicate_of=None) | ~Q(duplicate_of=F("id")),
                name="requests_request_not_its_own_twin",
            ),
        ]
        indexes = [
            # The queue: open cases, the most urgent first, also at a million closed ones. With all that the
            # queue asks of them, so that they are counted and narrowed without a look at the rows.
            models.Index(
                fields=["strict_due_on", "id", "stage", "pause_reason", "owner", "place", "right"],
                condition=~Q(stage="closed"),
                name="requests_queue",
            ),
            models.Index(fields=["stage", "strict_due_on", "id"], name="requests_by_stage"),
            models.Index(fields=["right", "strict_due_on", "id"], name="requests_by_right"),
            models.Index(fields=["owner", "strict_due_on", "id"], name="requests_by_owner"),
            models.Index(fields=["place", "strict_due_on", "id"], name="requests_by_place"),
            models.Index(
                fields=["outcome", "closed_at"], condition=Q(stage="closed"), name="requests_closed"
            ),
        ]

    def __str__(self) -> str:
        return f"Request {self.reference}"

    @property
    def is_open(self) -> bool:
        return self.stage != Stage.CLOSED

    @property
    def needs_identity(self) -> bool:
        return self.right not in WITHOUT_IDENTITY

    def days_left(self, on: date) -> int | None:
        """To the strict date; negative when late, None when no number binds and no target is set."""
        return None if self.strict_due_on is None else (self.strict_due_on - on) // timedelta(days=1)


class Particulars(models.Model):
    """What the requester typed. Apart from the case, so that it can go while the case stays."""

    request = models.OneToOneField(RightsRequest, on_delete=models.CASCADE, primary_key=True, editable=False)
    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(
        "e-mail", max_length=254, blank=True, db_index=True,
        help_text="As typed. Never written to with anything personal: the address on file is.",
    )  # fmt: skip
    about = models.CharField(
        max_length=200,
        blank=True,
        help_text="Whom it is about, in the requester's words, when not themselves.",
    )
    details = models.TextField(blank=True, max_length=10_000)
    document_until = models.DateTimeField(
        null=True,
        editable=False,
        help_text="Something in the words looks like a document; that passage goes by then.",
    )
    authority = models.TextField(
        "authority",
        blank=True,
        max_length=2000,
        help_text="What shows that an agent may act, and who checked it.",
    )

    class Meta:
        verbose_name_plural = "particulars"
        indexes = [
            models.Index(
                fields=["document_until"],
                condition=Q(document_until__isnull=False),
                name="requests_typed_document",
            )
        ]

    def __str__(self) -> str:
        return f"Particulars of request {self.request_id}"

"""The copy put together for a requester, and the parts it is made of."""

from datetime import date
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Prefetch, Q

from audit.evidence import evidence
from law.models import Company, RefusalGround

from .cases import RightsRequest
from .work import TaskFile


@evidence(frozen_once="removed_at")
class Package(models.Model):
    """The copy put together for a requester: built, looked at, released, fetched, gone."""

    request = models.ForeignKey(RightsRequest, on_delete=models.PROTECT, related_name="packages")
    size = models.PositiveBigIntegerField(default=0, help_text="In bytes, before it is packed.")
    rows = models.PositiveIntegerField(default=0)
    contents = models.JSONField(
        default=list, help_text="What went out: names and numbers of rows, by system, and what was withheld."
    )
    told = models.JSONField(
        default=dict, help_text="What the law wants told with a copy, as the registers had it that day."
    )
    started_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    built_at = models.DateTimeField(null=True, blank=True, editable=False)
    failure = models.CharField(max_length=100, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    released_at = models.DateTimeField(null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    downloads = models.PositiveSmallIntegerField(default=0, editable=False)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(released_at=None) | Q(built_at__isnull=False, released_by__isnull=False),
                name="requests_package_looked_at",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"], condition=Q(removed_at=None), name="requests_package_expiring"
            )
        ]

    def __str__(self) -> str:
        return f"Package {self.pk}"

    @property
    def last_day(self) -> date | None:
        """The day it can still be fetched on, until that day ends."""
        return Company.current().day_of(self.expires_at) if self.expires_at else None


class Decision(models.TextChoices):
    REPLACED = "replaced", "replaced by a redacted file"
    LEFT_OUT = "left_out", "left out"


class Why(models.TextChoices):
    """What lets us keep something out of a copy. Each is told to the requester in their own language
    (`withheld.reasons`); where a law of the case has a row for it, that row is kept beside it."""

    OTHERS = "others", "data of other people"
    SECRETS = "secrets", "trade secrets or works of others"
    PRIVILEGE = "privilege", "advice of lawyers, or their preparation for court"
    CREDENTIALS = "credentials", "passwords, account numbers and the like"
    EXAM = "exam", "exam scripts and marks, which have a rule of their own"
    NOT_PORTABLE = (
        "not_portable",
        "not theirs to carry over: not given by them, or not on consent or contract",
    )


class CopyPartQuerySet(models.QuerySet["CopyPart"]):
    def unseen(self) -> "CopyPartQuerySet":
        """Nobody looked through them, and nobody decided that they do not go out as they are."""
        return self.filter(looked_at=None, decision="")

    def withheld(self) -> "CopyPartQuerySet":
        """Parts that do not go out as they are, the whole or something inside."""
        inside = Withholding.objects.filter(part=OuterRef("pk"))
        return self.filter(~Q(decision="") | Q(Exists(inside)))

    def with_places(self) -> "CopyPartQuerySet":
        """In the order of the copy: our own rows, then what others handed over."""
        rows = self.select_related(
            "file__task__system",
            "file__task__processor",
            "file__task__answered_by",
            "ground",
            "looked_by",
            "decided_by",
        )
        inside = Prefetch("withholdings", Withholding.objects.in_order())
        return rows.prefetch_related(inside).order_by(F("file").asc(nulls_first=True), "title", "pk")


class CopyPart(models.Model):
    """One part of a copy: the rows of one kind in this database, or one file somebody handed over.

    Sealed by itself, so that what a colleague looked through is what goes out, byte for byte. The original
    of what was withheld stays sealed for as long as the case is kept, to show an authority what it was."""

    # Rows of ours; a file carries its own name, and its bytes lie with the task.
    holding = models.CharField(
        max_length=100, blank=True, help_text="Model and category: people.person.account-details."
    )
    title = models.CharField(max_length=150, blank=True, help_text="What these rows are.")
    path = models.CharField(max_length=100, blank=True, editable=False)
    rows = models.PositiveIntegerField(null=True, blank=True)
    filled = models.JSONField(
        default=dict, editable=False, help_text="Each column, and in how many rows it says something."
    )
    size = models.PositiveBigIntegerField(help_text="In bytes.")

    request = models.ForeignKey(RightsRequest, on_delete=models.PROTECT, related_name="copy_parts")
    file = models.OneToOneField(
        TaskFile, on_delete=models.PROTECT, null=True, blank=True, related_name="copy_part"
    )
    looked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    looked_at = models.DateTimeField("looked through", null=True, blank=True, editable=False)
    decision = models.CharField(max_length=16, choices=Decision, blank=True, editable=False)
    why = models.CharField(max_length=16, choices=Why, blank=True, editable=False)
    ground = models.ForeignKey(
        RefusalGround, on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    redacted_name = models.CharField(max_length=100, blank=True, editable=False)
    redacted_path = models.CharField(max_length=100, blank=True, editable=False)
    redacted_size = models.PositiveBigIntegerField(null=True, blank=True, editable=False)

    objects = CopyPartQuerySet.as_manager()

    class Meta:
        verbose_name = "part of a copy"
        verbose_name_plural = "parts of copies"
        ordering = ["file", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=(Q(file=None) & ~Q(holding="")) | Q(file__isnull=False, holding="", path=""),
                name="requests_part_of_ours_or_a_file",
            ),
            models.CheckConstraint(
                condition=Q(looked_at=None, looked_by=None) | Q(looked_at__isnull=False, looked_by__isnull=False),
                name="requests_part_looked_at_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(decision="", why="", ground=None, decided_at=None, decided_by=None)
                | (~Q(decision="") & ~Q(why="") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="requests_part_withheld_for_a_reason",
            ),
            models.CheckConstraint(
                condition=(Q(decision="replaced") & ~Q(redacted_path=""))
                | (~Q(decision="replaced") & Q(redacted_path="", redacted_name="", redacted_size=None)),
                name="requests_part_replaced_by_a_file",
            ),
            models.UniqueConstraint(
                fields=["request", "holding"], condition=~Q(holding=""), name="requests_part_once"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Part {self.pk}"

    @property
    def is_ours(self) -> bool:
        return bool(self.holding)

    @property
    def is_seen(self) -> bool:
        return bool(self.looked_at or self.decision)

    @property
    def original(self) -> str:
        """Where it lies in the vault."""
        return self.file.path if self.file else self.path

    @property
    def what(self) -> str:
        return self.file.name if self.file else self.title

    @property
    def whence(self) -> str:
        return str(self.file.task.whose) if self.file else ""


class WithholdingQuerySet(models.QuerySet["Withholding"]):
    def in_order(self) -> "WithholdingQuerySet":
        """Columns first, then rows from the top, as letters name them."""
        return self.select_related("ground", "decided_by").order_by(
            F("row").asc(nulls_first=True), "column", "pk"
        )


class Withholding(models.Model):
    """A column, a row, or a column of one row that stays out of a part of ours; the rest of it goes out.

    A row is named by its place: what lies sealed never changes, and a part that is sealed anew is another one."""

    part = models.ForeignKey(CopyPart, on_delete=models.CASCADE, related_name="withholdings")
    column = models.CharField(
        max_length=64, blank=True, help_text="By its name in JSON. Empty: the whole row."
    )
    row = models.PositiveIntegerField(
        null=True, blank=True, help_text="Its place in the part, from 1. Empty: in every row."
    )
    rows = models.PositiveIntegerField(help_text="In how many rows something stays out.")
    why = models.CharField(max_length=16, choices=Why)
    ground = models.ForeignKey(
        RefusalGround, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    objects = WithholdingQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=~Q(column="") | Q(row__gte=1), name="requests_withholding_of_something"
            ),
            models.UniqueConstraint(
                fields=["part", "column"], condition=Q(row=None), name="requests_withholding_column_once"
            ),
            models.UniqueConstraint(
                fields=["part", "row", "column"],
                condition=Q(row__isnull=False),
                name="requests_withholding_row_once",
            ),
        ]

    def __str__(self) -> str:
        return f"Withholding {self.pk}"

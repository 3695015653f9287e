"""The work a case makes elsewhere: one task for each system and company."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from inventory.models import CutoffOrder, Objection, System
from processors.models import Processor

from .cases import RightsRequest

MOST_ROWS = 2**31 - 1  # what the column of a count holds


class Duty(models.TextChoices):
    GATHER = "gather", "find and hand over"
    CORRECT = "correct", "correct"
    ERASE = "erase", "erase"
    RESTRICT = "restrict", "keep, but do not use"
    STOP = "stop", "stop the use"
    TELL = "tell", "take note (GDPR Art. 19)"
    RESUME = "resume", "it is over, use it again"
    CUT_OFF = "cut_off", "erase what has run out"


class Way(models.TextChoices):
    BY_HAND = "by_hand", "by hand"
    HTTP = "http", "over HTTP"
    HERE = "here", "in this database"


class TaskStage(models.TextChoices):
    WAITING = "waiting", "to be asked"
    ASKED = "asked", "asked"
    PARKED = "parked", "parked for staff"
    ANSWERED = "answered", "answered"
    CANCELLED = "cancelled", "cancelled"


OPEN_STAGES = (TaskStage.WAITING, TaskStage.ASKED, TaskStage.PARKED)


class Answer(models.TextChoices):
    DONE = "done", "done"
    NOTHING = "nothing", "nothing found"
    EXCEPTION = "exception", "not done, for a reason"


class TaskQuerySet(models.QuerySet["Task"]):
    def open(self) -> "TaskQuerySet":
        return self.filter(stage__in=OPEN_STAGES)

    def owed(self) -> "TaskQuerySet":
        """What the answer of the case waits for. That something ended is told after the answer, mostly."""
        return self.open().exclude(duty=Duty.RESUME)

    def in_nobodys_hands(self) -> "TaskQuerySet":
        """Its time has come and no worker has it; by the database's clock alone."""
        return self.filter(next_try_at__lte=Now()).filter(Q(lease_until=None) | Q(lease_until__lt=Now()))

    def to_call(self) -> "TaskQuerySet":
        """Systems to be called, and those that said “accepted” and are asked how it went."""
        open_stages = [TaskStage.WAITING, TaskStage.ASKED]
        return self.in_nobodys_hands().filter(way=Way.HTTP, stage__in=open_stages)

    def to_ask(self) -> "TaskQuerySet":
        """Owners who have not been written to yet."""
        return self.in_nobodys_hands().filter(way=Way.BY_HAND, stage=TaskStage.WAITING)

    def to_do_here(self) -> "TaskQuerySet":
        return self.in_nobodys_hands().filter(way=Way.HERE, stage=TaskStage.WAITING)

    def late(self, at: datetime) -> "TaskQuerySet":
        return self.open().filter(due_at__lt=at)


class Task(models.Model):
    """One system or company asked to do one thing for one case, or for one cut-off order."""

    # What may happen to a task; `work` is the only place that moves it.
    transitions: ClassVar[dict[str, tuple[str, ...]]] = {
        TaskStage.WAITING: (TaskStage.ASKED, TaskStage.ANSWERED, TaskStage.PARKED, TaskStage.CANCELLED),
        TaskStage.ASKED: (TaskStage.ANSWERED, TaskStage.PARKED, TaskStage.CANCELLED),
        TaskStage.PARKED: (TaskStage.WAITING, TaskStage.ANSWERED, TaskStage.CANCELLED),
        # An answer may be corrected while the case is open: the former one stays in the ledger.
        TaskStage.ANSWERED: (TaskStage.ANSWERED,),
        TaskStage.CANCELLED: (),
    }

    request = models.ForeignKey(
        RightsRequest, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks"
    )
    order = models.OneToOneField(
        CutoffOrder, on_delete=models.PROTECT, null=True, blank=True, related_name="task",
        help_text="A cut-off order of a retention sweep rides on the same road.",
    )  # fmt: skip
    system = models.ForeignKey(System, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks")
    processor = models.ForeignKey(
        Processor, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks"
    )
    # Without a constraint in the database: an objection goes when its time is over, a task with its case.
    objection = models.ForeignKey(
        Objection, on_delete=models.DO_NOTHING, db_constraint=False, null=True, blank=True,
        related_name="tasks", editable=False,
        help_text="The one that ended, where that is what is told.",
    )  # fmt: skip
    duty = models.CharField(max_length=16, choices=Duty)
    way = models.CharField(max_length=16, choices=Way)
    stage = models.CharField(max_length=16, choices=TaskStage, default=TaskStage.WAITING, editable=False)
    due_at = models.DateTimeField(help_text="After this the desk shows it as late.")
    next_try_at = models.DateTimeField(help_text="Not tried before.")
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="Raised when taken in hand, before the work."
    )
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    failure = models.CharField(max_length=100, blank=True, help_text="What went wrong at the last try.")
    asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    reminded_at = models.DateTimeField(null=True, blank=True, editable=False)
    answer = models.CharField(max_length=16, choices=Answer, blank=True, editable=False)
    answer_text = models.TextField(blank=True, max_length=2000, editable=False)
    count_done = models.PositiveIntegerField("rows", null=True, blank=True, editable=False)
    answered_at = models.DateTimeField(null=True, blank=True, editable=False)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        editable=False, help_text="Empty: its owner, by a link in a mail, or the system itself.",
    )  # fmt: skip
    revision = models.PositiveIntegerField(default=0, editable=False)

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        permissions = [("answer_task", "Can answer tasks and try them again")]
        constraints = [
            models.CheckConstraint(
                condition=Q(request__isnull=False, order=None) | Q(request=None, order__isnull=False),
                name="requests_task_of_a_case_or_an_order",
            ),
            models.CheckConstraint(
                condition=Q(system__isnull=False, processor=None) | Q(system=None, processor__isnull=False),
                name="requests_task_of_a_system_or_a_company",
            ),
            models.CheckConstraint(
                condition=(Q(stage="answered", answered_at__isnull=False) & ~Q(answer=""))
                | (~Q(stage="answered") & Q(answered_at=None, answer="")),
                name="requests_task_answered",
            ),
            models.CheckConstraint(
                condition=~Q(answer="exception") | ~Q(answer_text=""), name="requests_task_exception_says_why"
            ),
            models.UniqueConstraint(
                fields=["request", "duty", "system"], condition=Q(system__isnull=False, objection=None),
                name="requests_task_of_a_system",
            ),
            models.UniqueConstraint(
                fields=["request", "duty", "processor"], condition=Q(processor__isnull=False, objection=None),
                name="requests_task_of_a_company",
            ),
            # A case may stop several uses, and each may end on a day of its own.
            models.UniqueConstraint(
                fields=["objection", "system"], condition=Q(system__isnull=False, objection__isnull=False),
                name="requests_task_end_system",
            ),
            models.UniqueConstraint(
                fields=["objection", "processor"], condition=Q(processor__isnull=False, objection__isnull=False),
                name="requests_task_end_company",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["way", "next_try_at", "id"],
                condition=Q(stage__in=["waiting", "asked"]),
                name="requests_task_to_ask",
            ),
            models.Index(
                fields=["due_at", "id"],
                condition=Q(stage__in=["waiting", "asked", "parked"]),
                name="requests_task_late",
            ),
            # Which cases wait for somebody else, answered for the whole queue from here.
            models.Index(
                fields=["request", "stage", "due_at"],
                condition=Q(stage__in=["waiting", "asked", "parked"]),
                name="requests_task_open",
            ),
        ]

    def __str__(self) -> str:
        return f"Task {self.pk}"

    @property
    def is_settled(self) -> bool:
        """Answered in a case that is closed by now. What is open there was asked after its end: all that was
        left at that time was cancelled."""
        return self.request is not None and not self.request.is_open and self.stage == TaskStage.ANSWERED

    @property
    def whose(self) -> System | Processor:
        return self.system or self.processor  # type: ignore[return-value]  # the database demands one


class TaskFile(models.Model):
    """What the owner of a system handed over, sealed in the vault."""

    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(
        max_length=100, help_text="As its owner called it, cleaned; never used as a path."
    )
    path = models.CharField(max_length=100, editable=False)
    size = models.PositiveBigIntegerField(help_text="In bytes.")
    sha256 = models.CharField(max_length=64, editable=False)
    received_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Task file {self.pk}"


class Connection(models.Model):
    """Where a system listens for our calls (Standard Webhooks 1.0.0)."""

    system = models.OneToOneField(System, on_delete=models.PROTECT, related_name="connection")
    url = models.URLField(max_length=300, help_text="https only, and no address inside our own network.")
    secret = models.BinaryField(editable=False, help_text="Sealed under the key of the vault.")
    secret_hint = models.CharField(max_length=8, editable=False)
    is_on = models.BooleanField("switched on", default=False)
    last_ok_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_failure = models.CharField(max_length=100, blank=True, editable=False)
    last_failure_at = models.DateTimeField(null=True, blank=True, editable=False)
    revision = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        permissions = [("switch_connection", "Can switch connections and renew their secret")]

    def __str__(self) -> str:
        return f"Connection of {self.system}"

"""Asking owners of systems and contacts of companies, who need no account here: a mail with a link.

The mail names a task, a system and a day, never a person: whom to look for is shown on the page behind the
link, after a button was pressed, and that is written down."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from law.models import Company
from notices import mail
from notices.mail import LinkSpec, Reader
from requests.models import Task, TaskStage, Way

from . import work

LINK_LASTS = timedelta(days=45)
REMIND_BEFORE = timedelta(days=3)
PURPOSE, PAGE = "task", "portal:task"
NOBODY = "nobody to ask: the register names no address"


def ask_due(*, at: datetime) -> int:
    """Write to whoever has not been asked yet; returns how many were. A second worker asks nobody twice."""
    asked = 0
    while (task := _next(at)) is not None:
        asked += task
    return asked


@transaction.atomic
def _next(at: datetime) -> bool | None:
    waiting = Task.objects.select_for_update(skip_locked=True, of=("self",)).to_ask()
    task = waiting.select_related("system__owner", "processor").order_by("next_try_at", "pk").first()
    if task is None:
        return None
    address = owner_address(task)
    if not address:
        work.park(task, failure=NOBODY, at=at)
        return False
    _write(task, "requests.task", address, at)
    work.mark_asked(task, at=at)
    return True


def remind_due(*, at: datetime) -> int:
    """Once, three days before the day (or at once for what is shorter), with a fresh link."""
    late = Task.objects.filter(
        way=Way.BY_HAND, stage=TaskStage.ASKED, reminded_at=None, due_at__lte=at + REMIND_BEFORE,
        asked_at__lte=at - timedelta(days=1),
    )  # fmt: skip
    return sum(_remind(task, at) for task in late.select_related("system__owner", "processor")[:500])


@transaction.atomic
def _remind(task: Task, at: datetime) -> bool:
    mine = Task.objects.filter(pk=task.pk, stage=TaskStage.ASKED, reminded_at=None)
    address = owner_address(task)
    if not address or not mine.update(reminded_at=at, revision=F("revision") + 1):
        return False
    _write(task, "requests.task_reminder", address, at)
    return True


def ask_anew(task: Task, *, at: datetime) -> bool:
    """The owner lost the link: another one, to the same address. False when nobody is on file."""
    address = owner_address(task)
    if address:
        _write(task, "requests.task", address, at)
    return bool(address)


def owner_address(task: Task) -> str:
    """Who answers for the system, or the company's contact; empty when the register names nobody."""
    if task.processor:
        return task.processor.contact_email
    system = task.system
    if system is None:
        return ""
    return system.owner.email if system.owner and system.owner.is_active else system.owner_email


def due_on(task: Task) -> date:
    """On the company's calendar: midnight in Berlin is the evening before in Greenwich."""
    return Company.current().day_of(task.due_at)


def _write(task: Task, event: str, address: str, at: datetime) -> None:
    mail.kill_links(task, PURPOSE, at=at)
    mail.post(
        event,
        task,
        to=Reader(address, settings.LANGUAGE_CODE),
        context={"where": str(task.whose), "due_on": due_on(task).isoformat(), "duty": task.duty},
        link=LinkSpec(PURPOSE, PAGE, LINK_LASTS),
        at=at,
    )

"""What is killed in the rounds of erasure: processes that do what workers and people do in production.

They come from a fork server that holds this module, so that a life begins in milliseconds."""

import django

django.setup()

import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from contextlib import suppress  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from datetime import timedelta  # noqa: E402
from pathlib import Path  # noqa: E402

from django.conf import settings  # noqa: E402
from django.db.models import QuerySet  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from audit.refusals import Refused  # noqa: E402
from audit.tasks import write_ledger  # noqa: E402
from notices import mail_sender  # noqa: E402
from notices.models import Mail, MailStatus  # noqa: E402
from people.models import User  # noqa: E402
from requests import tasks  # noqa: E402
from requests.erasing import erasure  # noqa: E402
from requests.models import Duty, ErasureOrder, RightsRequest, Stage, Task, Way  # noqa: E402
from requests.others import calls  # noqa: E402
from tests.requests import receiving_end  # noqa: E402

PAGE_OPEN = timedelta(milliseconds=150)
LETTER = "We erased what we held."


@dataclass(frozen=True)
class Press:
    """On the link of one mail, so many seconds after the wait ended (or before)."""

    reference: str
    token: str
    after: float


@dataclass(frozen=True)
class Around:
    """What a victim finds: the mail server, and the systems it calls."""

    mail_port: int
    ports: tuple[int, ...]
    certificate: Path


def work(around: Around, officer: int) -> None:
    """What beat rings each minute, and a colleague who erases here whatever everybody else has answered.
    Ends when nothing is left to do."""
    arrange(around)
    by = User.objects.get(pk=officer)
    while _is_something_left():
        tasks.go_on()
        tasks.call()
        for case in _answered():
            with suppress(Refused):  # somebody was quicker
                erasure.carry_out(case, by=by, at=timezone.now(), letter=LETTER)
        mail_sender.send_due()
        write_ledger()
        time.sleep(0.02)


def begin(around: Around) -> None:
    """Ask the systems of each erasure in the very moment in which its wait ends."""
    arrange(around)
    while RightsRequest.objects.filter(stage=Stage.FULFILLING, tasks=None).exists():
        erasure.begin_due(at=timezone.now())


def stop(around: Around, presses: Sequence[Press]) -> None:
    """Open the page behind each link and press its button, a breath before or after the wait ends: the
    wait is made to end when the page is open, however busy the machine is."""
    arrange(around)
    visitor = Client(headers={"host": "localhost"})
    for press in presses:
        page = reverse("portal:request_stop_link", args=[press.reference, press.token])
        visitor.get(page)
        ends = timezone.now() + PAGE_OPEN
        ErasureOrder.objects.filter(request__reference=press.reference).update(not_before=ends)
        time.sleep(max(0.0, ends.timestamp() + press.after - time.time()))
        answer = visitor.post(page)
        if answer.status_code not in (200, 409):
            sys.exit(f"the page behind the link answered {answer.status_code}")


def arrange(around: Around) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", around.mail_port
    settings.EMAIL_BACKEND, settings.EMAIL_USE_SSL = "notices.backends.Smtp", False
    receiving_end.allow(setattr, around.certificate)
    setattr(calls, "PORTS", around.ports)  # noqa: B010 (two in production, any here)


def _answered() -> "QuerySet[RightsRequest]":
    """Cases about which everybody else was asked and has answered."""
    others = Task.objects.filter(duty=Duty.ERASE).exclude(way=Way.HERE).open()
    asked = RightsRequest.objects.filter(stage=Stage.FULFILLING, tasks__duty=Duty.ERASE)
    return asked.exclude(pk__in=others.values("request")).distinct()


def _is_something_left() -> bool:
    is_open = RightsRequest.objects.filter(stage=Stage.FULFILLING).exists()
    return is_open or Mail.objects.filter(status=MailStatus.WAITING).exists()

"""Whom a cut-off order leaves out, told to the system that carries it out.

A hold wins over every order (GDPR Art. 17(3)(e), 18(1)(c)), also where the rows are not ours. A short list goes with
the call; a long one lies behind a link that only the signed call names and that works for a day."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.urls import reverse

from inventory.letting_go.orders import left_out, roles_left_out
from inventory.models import CutoffOrder
from requests.models import Task, TaskStage

MOST = 1_000  # ids that go with the call itself
LASTS = timedelta(days=1)
SALT, PAGE = "requests.leaving_out", "portal:task_leave_out"


def told(task: Task, order: CutoffOrder) -> Mapping[str, Any]:
    """`people` is null where they are too many for the call: then `list` leads to all of them."""
    named = list(left_out(order)[: MOST + 1])
    is_long = len(named) > MOST
    return {
        "roles": roles_left_out(order),
        "people": None if is_long else named,
        "list": _link(task) if is_long else None,
    }


def task_of(key: str) -> Task | None:
    """Whose list a link names, while the order is open and the link is young."""
    try:
        number = signing.loads(key, salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return None
    open_ones = Task.objects.exclude(stage__in=[TaskStage.ANSWERED, TaskStage.CANCELLED])
    return open_ones.select_related("order__category").filter(pk=number, order__isnull=False).first()


def _link(task: Task) -> str:
    """From SITE_URL alone: a forged Host header must not reach another system."""
    return f"{settings.SITE_URL}{reverse(PAGE, args=[signing.dumps(task.pk, salt=SALT)])}"

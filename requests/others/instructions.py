"""What exactly a system or company is asked to do, beyond whom: the same over HTTP and on an owner's page."""

from collections.abc import Mapping
from typing import Any

from inventory.models import Objection, Purpose
from law.models import Company
from requests.changing import correcting, limiting
from requests.models import Duty, Right, Task

ENDS = {Right.RESTRICTION: Duty.RESTRICT, Right.OBJECTION: Duty.STOP, Right.OPT_OUT: Duty.STOP}
SAYS_WHAT = (Duty.CORRECT, Duty.RESTRICT, Duty.STOP, Duty.TELL)


def of(task: Task) -> Mapping[str, Any]:
    """Codes and accepted values, as docs/reference/calls-to-systems.md lists them; empty where the duty says it all."""
    request = task.request
    if request is not None and task.duty == Duty.RESUME:
        return {"over": f"privacy.{ENDS[Right(request.right)]}", **_again(task)}
    if request is None or task.duty not in SAYS_WHAT:
        return {}
    match request.right:
        case Right.RECTIFICATION:
            return {"corrections": correcting.told(request)}
        case Right.RESTRICTION:
            return {"ground": limiting.ground_of(request)}
        case Right.OBJECTION | Right.OPT_OUT:
            uses = limiting.still_stopped(request, Company.current().day_of(task.due_at))
            return {"uses": list(map(_named, uses.stop)), "kinds": uses.kinds}
    return {}


def _again(task: Task) -> Mapping[str, Any]:
    """The one use that an ended objection was against."""
    if task.objection_id is None:
        return {}
    objection = Objection.objects.select_related("purpose").get(pk=task.objection_id)
    uses = [_named(objection.purpose)] if objection.purpose else []
    return {"uses": uses, "kinds": [objection.kind] if objection.kind else []}


def _named(purpose: Purpose) -> Mapping[str, str]:
    return {"code": purpose.code, "name": purpose.name}

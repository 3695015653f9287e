"""What exactly a system or company is asked to do, beyond whom: the same over HTTP and on an owner's page."""

from collections.abc import Mapping
from typing import Any

from law.models import Company

from . import correcting, limiting
from .models import Duty, Right, Task

SAYS_WHAT = (Duty.CORRECT, Duty.RESTRICT, Duty.STOP, Duty.TELL)


def of(task: Task) -> Mapping[str, Any]:
    """Codes and accepted values, as docs/reference/calls-to-systems.md lists them; empty where the duty says it all."""
    request = task.request
    if request is None or task.duty not in SAYS_WHAT:
        return {}
    match request.right:
        case Right.RECTIFICATION:
            return {"corrections": correcting.told(request)}
        case Right.RESTRICTION:
            return {"ground": limiting.ground_of(request)}
        case Right.OBJECTION | Right.OPT_OUT:
            uses = limiting.uses_of(request, Company.current().day_of(task.due_at))
            named = [{"code": purpose.code, "name": purpose.name} for purpose in uses.stop]
            return {"uses": named, "kinds": uses.kinds}
    return {}

"""An erasure: proposed by one, approved by another, waited for, then carried out."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from audit.buttons import Button, Consequences, says
from people.models import User
from requests.desk import forms
from requests.erasing import erasure, plans
from requests.models import ErasureOrder, LetterKind, Right, RightsRequest
from requests.saying import closing, letters

from .shown import APPROVE, TOLD, WORK, can_erase_here, is_in_review, of, order_of, waits_for_approval


def _approve(case: RightsRequest, *, by: User, at: datetime, reason: str) -> ErasureOrder:
    return erasure.approve(case.erasure_order, by=by, at=at, reason=reason)


def _stop(case: RightsRequest, *, by: User, at: datetime, reason: str) -> RightsRequest:
    return erasure.stop(case.erasure_order, by=by, at=at, reason=reason)


def _can_be_stopped(case: RightsRequest) -> bool:
    order = order_of(case) if case.is_open else None
    return order is not None and erasure.is_stoppable(order, timezone.now())


def _can_be_proposed(case: RightsRequest) -> bool:
    """Also when the plan that two people approved no longer holds."""
    if case.right != Right.ERASURE:
        return False
    return is_in_review(case) or erasure.is_to_decide_anew(case, at=timezone.now())


def _draft(case: RightsRequest) -> dict[str, Any]:
    return of(case, letter=letters.draft(case, LetterKind.ERASED, **closing.facts(case)))


def _proposal(case: RightsRequest, request: HttpRequest) -> Consequences:
    lines = erasure.preview(case, at=timezone.now())
    return Consequences(
        question="Propose to erase this?",
        happens=[*_going(lines), "A second colleague reads this plan and approves it, or not."],
        not_=[*_staying(lines), "Nothing is erased now."],
        submit="Propose erasure",
    )


def _approval(case: RightsRequest, request: HttpRequest) -> Consequences:
    lines = plans.from_json(case.erasure_order.plan)
    return Consequences(
        question="May this be erased?",
        happens=[
            *_going(lines),
            "The requester is told, and can stop it while it waits.",
            "Then the systems and companies are asked to erase; this database comes last.",
        ],
        not_=_staying(lines),
        irreversible=["Once others have been asked, it cannot be stopped."],
        submit="Approve erasure",
    )


def _last_step(case: RightsRequest, request: HttpRequest) -> Consequences:
    count = sum(line.count for line in erasure.preview(case, at=timezone.now()) if line.goes)
    return Consequences(
        question="Erase here and send the closing letter?",
        happens=[
            f"{_rows(count)} of this database go, and every copy we put together.",
            TOLD,
            "The case is closed.",
        ],
        irreversible=["What is erased cannot be brought back, from a backup neither."],
        submit="Erase here and close",
    )


def _going(lines: list[plans.Line]) -> list[str]:
    """What is here is counted; what only others hold is one sentence, not a line of “0 rows” each."""
    going = [line for line in lines if line.goes]
    here = [
        f"{line.name}: {_rows(line.count)} here, and in the systems that hold it."
        for line in going
        if line.count
    ]
    elsewhere = ", ".join(line.name for line in going if not line.count)
    return [*here, *([f"Only in the systems that hold it: {elsewhere}."] if elsewhere else [])]


def _staying(lines: list[plans.Line]) -> list[str]:
    return [f"{line.name}: stays. {line.why}" for line in plans.kept(lines)]


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


BUTTONS = (
    Button(
        verb="propose",
        label="Propose erasure…",
        action=erasure.propose,
        permission=WORK,
        shown=_can_be_proposed,
        consequences=_proposal,
        done=lambda case, result: "Proposed. A second colleague reads the plan now.",
    ),
    Button(
        verb="approve",
        label="Approve erasure…",
        action=_approve,
        permission=APPROVE,
        danger=True,
        fresh_login=True,
        shown=waits_for_approval,
        consequences=_approval,
        done=lambda case, result: "Approved. The requester is told and can still stop it.",
    ),
    Button(
        verb="stop",
        label="Stop erasure…",
        action=_stop,
        permission=WORK,
        shown=_can_be_stopped,
        consequences=says(
            "Does the requester not want it any more?",
            "Nothing is erased; the case is closed as withdrawn.",
            "To erase after all takes a new request.",
            submit="Stop erasure",
        ),
    ),
    Button(
        verb="erase",
        label="Erase here and close…",
        action=erasure.carry_out,
        permission=WORK,
        danger=True,
        fresh_login=True,
        needs_reason=False,
        form_class=forms.LetterForm,
        initial=_draft,
        shown=can_erase_here,
        consequences=_last_step,
        done=lambda case, result: "Erased. The closing letter is out.",
    ),
)

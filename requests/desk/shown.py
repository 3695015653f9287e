"""When a button is there: read from the case, with no word of its own to say."""

from typing import Any

from requests import deciding, guards
from requests.models import (
    ErasureOrder,
    Happened,
    IdentityCheck,
    Right,
    RightsRequest,
    Stage,
    Verdict,
    Way,
)

WORK, APPROVE = "requests.work_rightsrequest", "requests.approve_erasure"
TOLD = "The requester gets a mail that there is news; the letter itself stands on the status page."


def of(case: RightsRequest, **more: Any) -> dict[str, Any]:
    """What a form of this case begins with."""
    return {"case": case, **more}


def is_open(case: RightsRequest) -> bool:
    return case.is_open


def is_unverified(case: RightsRequest) -> bool:
    return case.stage == Stage.UNVERIFIED


def is_in_review(case: RightsRequest) -> bool:
    return case.stage == Stage.REVIEW and not case.pause_reason


def words_are_enough(case: RightsRequest) -> bool:
    return case.right in deciding.ANSWERED_WITH_WORDS


def open_check(case: RightsRequest) -> IdentityCheck | None:
    if not is_unverified(case):
        return None
    return case.identity_checks.filter(verdict=Verdict.OPEN).first()


def is_recovery(case: RightsRequest, *, vouched: bool) -> bool:
    check = open_check(case)
    return check is not None and check.is_recovery and (check.decided_by_id is not None) == vouched


def can_be_judged(case: RightsRequest) -> bool:
    """By one colleague; where the address was said to be lost, only by two (`identity.BY_TWO`)."""
    return is_unverified(case) and not guards.noted(case, Happened.ADDRESS_LOST).exists()


def order_of(case: RightsRequest) -> ErasureOrder | None:
    return ErasureOrder.objects.filter(request=case).first() if case.right == Right.ERASURE else None


def waits_for_approval(case: RightsRequest) -> bool:
    is_to_decide = case.stage in (Stage.REVIEW, Stage.FULFILLING) and not case.pause_reason
    order = order_of(case) if is_to_decide else None
    return order is not None and order.approved_at is None


def can_erase_here(case: RightsRequest) -> bool:
    if case.right != Right.ERASURE or case.stage != Stage.FULFILLING or case.pause_reason:
        return False
    order = order_of(case)
    if order is None or order.approved_at is None:
        return False
    was_asked = guards.noted(case, Happened.TASKS_OPENED).exists()
    return was_asked and not case.tasks.exclude(way=Way.HERE).open().exists()

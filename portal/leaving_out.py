"""Whom a cut-off order leaves out, as the owner of a system reads it; each look at the list is on record."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from audit.actions import record
from audit.actors import SYSTEM
from inventory.letting_go.orders import everybody_is_held, left_out, left_out_file, roles_left_out
from inventory.models import CutoffOrder
from inventory.spoken import whose
from requests.models import Task
from requests.others import leaving_out

from .limits import too_many, visitor_address, within

TRIES_AN_HOUR = 120  # of one network


@dataclass(frozen=True)
class Staying:
    """Everybody, some roles, some people; nobody at all is the usual case."""

    everybody: bool
    roles: list[str]
    people: int


def staying(order: CutoffOrder) -> Staying:
    if everybody_is_held(order.category, order.role):
        return Staying(True, [], 0)
    return Staying(False, [whose(role) for role in roles_left_out(order)], left_out(order).count())


def hand_over(task: Task) -> StreamingHttpResponse:
    """All platform ids as a file, a thousand in memory at a time. No file while everybody is on hold: who is not
    on it would be erased, also those we do not know of."""
    order = task.order
    if order is None or everybody_is_held(order.category, order.role):
        raise Http404
    rows = left_out(order, with_roles=True).count()
    record("requests.hand_over_left_out", task, by=SYSTEM, at=timezone.now(), details={"rows": rows})
    return StreamingHttpResponse(
        left_out_file(order),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="leave-out-{order.pk}.csv"',
            "Cache-Control": "no-store, private",
            "X-Robots-Tag": "noindex",
        },
    )


@require_safe
def by_key(request: HttpRequest, key: str) -> HttpResponseBase:
    """For the system itself: a signed call named the address, which reads and changes nothing."""
    if not within(TRIES_AN_HOUR, "leave-out", visitor_address(request)):
        return too_many(request)
    task = leaving_out.task_of(key)
    if task is None:
        raise Http404
    return HttpResponse(content_type="text/csv") if request.method == "HEAD" else hand_over(task)

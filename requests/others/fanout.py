"""Who has to do what for a case: asked of the inventory, so nobody keeps a list of systems by hand.

One task for each system where live activities keep data of the subject's role, and one for each company
that receives it; for an objection, only where the activity serves a purpose it is against. A company that decides for itself is not ours to instruct: it is told (GDPR Art. 19)."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from inventory.models import CutoffOrder, Fulfilment, ProcessingActivity, System
from law.models import Company
from processors.models import Processor, Role
from requests.changing import limiting
from requests.models import Connection, Duty, Right, RightsRequest, Task, Way

DUTIES: dict[str, Duty] = {
    Right.ACCESS: Duty.GATHER,
    Right.PORTABILITY: Duty.GATHER,
    Right.RECTIFICATION: Duty.CORRECT,
    Right.ERASURE: Duty.ERASE,
    Right.RESTRICTION: Duty.RESTRICT,
    Right.OBJECTION: Duty.STOP,
    Right.OPT_OUT: Duty.STOP,
}
# Art. 19 speaks of these; a copy changes nothing that others would have to know.
TOLD_OF = (Duty.CORRECT, Duty.ERASE, Duty.RESTRICT)
# What these do here is a mark on the person, or a change of their row (`here.HANDLERS`).
MARKS = (Duty.CORRECT, Duty.RESTRICT, Duty.STOP)
WAYS = {Fulfilment.BY_HAND: Way.BY_HAND, Fulfilment.HTTP: Way.HTTP, Fulfilment.DATABASE: Way.HERE}


@transaction.atomic
def open_tasks(request: RightsRequest, *, at: datetime) -> list[Task]:
    """Write down who has to do what, once: called again it adds only what the inventory names by now.

    Returns what is new. A case about nobody we know, and a question, make no work elsewhere."""
    if request.subject is None or request.right not in DUTIES:
        return []
    day = Company.current().day_of(at)
    known = set(request.tasks.values_list("duty", "system", "processor"))
    fresh = [
        task
        for task in _wanted(request, day, at)
        if (task.duty, task.system_id, task.processor_id) not in known
    ]
    return Task.objects.bulk_create(fresh)


def open_task_of(order: CutoffOrder, *, at: datetime) -> Task:
    """A cut-off order of a retention sweep rides on the same road; called again it gives the first task."""
    task = Task.objects.filter(order=order).first()
    if task:
        return task
    due_at = datetime.combine(order.due_on, time.max, Company.current().zone)
    try:
        with transaction.atomic():
            return Task.objects.create(
                order=order,
                system=order.system,
                duty=Duty.CUT_OFF,
                way=way(order.system, listening()),
                due_at=due_at,
                next_try_at=at,
            )
    except IntegrityError:  # another worker was quicker
        return Task.objects.get(order=order)


def asked_of(request: RightsRequest, day: date) -> tuple[list[System], list[Processor]]:
    """Whom a case concerns: where data of the subject's role is kept, and who receives it, by name.

    An objection concerns those alone who use data for what it is against. This database has its part in
    whatever leaves a mark on the person, also where no activity names it."""
    if request.subject is None or request.right not in DUTIES:
        return [], []
    uses = limiting.still_stopped(request, day) if request.right in limiting.USES else None
    return concerned(request.right, request.subject.role, uses, day)


def concerned(
    right: str, role: str, uses: limiting.Uses | None, day: date
) -> tuple[list[System], list[Processor]]:
    """`uses` only for an objection or opt-out: what they are against."""
    activities = _activities(role, uses, day)
    here = Q(fulfilment=Fulfilment.DATABASE) if DUTIES[right] in MARKS else Q(pk__in=[])
    systems = System.objects.filter(Q(ended_on=None) | Q(ended_on__gt=day))
    companies = Processor.objects.live().filter(receives__activity__in=activities)
    return (
        list(systems.filter(Q(activities__in=activities) | here).distinct().order_by("name")),
        list(companies.distinct().order_by("name")),
    )


def _activities(role: str, uses: limiting.Uses | None, day: date) -> list[int]:
    # `whose` is a JSON list, and SQLite cannot look into one by index: few activities, so we look here.
    live = ProcessingActivity.objects.live(day).order_by()
    if uses is not None:
        live = live.filter(Q(purpose__in=uses.stop) | Q(purpose__kind__in=uses.kinds))
    return [number for number, whose in live.values_list("pk", "whose") if role in whose]


def _wanted(request: RightsRequest, day: date, at: datetime) -> Iterator[Task]:
    duty = DUTIES[request.right]
    due_at = _due(request, at)
    connected = listening()
    systems, companies = asked_of(request, day)
    for system in systems:
        yield Task(
            request=request,
            system=system,
            duty=duty,
            way=way(system, connected),
            due_at=due_at,
            next_try_at=at,
        )
    for company in companies:
        if asked := duty_of(company, duty):
            yield Task(
                request=request, processor=company, duty=asked, way=Way.BY_HAND, due_at=due_at, next_try_at=at
            )


def duty_of(company: Processor, duty: Duty) -> Duty | None:
    """A processor does what we do; whoever decides for itself is told, where the law says so."""
    if company.role == Role.PROCESSOR:
        return duty
    return Duty.TELL if duty in TOLD_OF else None


def _due(request: RightsRequest, at: datetime) -> datetime:
    """The house's days for owners, but never past the day the answer itself is due."""
    company = Company.current()
    due_at = at + timedelta(days=company.task_days)
    if request.strict_due_on is None:
        return due_at
    return min(due_at, max(at, datetime.combine(request.strict_due_on, time.min, company.zone)))


def listening() -> set[int]:
    return set(Connection.objects.filter(is_on=True).values_list("system", flat=True))


def way(system: System, connected: set[int]) -> Way:
    """Over HTTP only where a connection is switched on; else its owner is asked."""
    way = WAYS[Fulfilment(system.fulfilment)]
    return Way.BY_HAND if way == Way.HTTP and system.pk not in connected else way

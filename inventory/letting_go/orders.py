"""What other systems have to let go of: their rows are not ours to delete, so their owners get an order."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from django.db.models import Q, QuerySet

from audit.exports import csv_lines
from audit.personal import StartEvent
from inventory.models import (
    CutoffOrder,
    DataCategory,
    Fulfilment,
    HoldPerson,
    HoldScope,
    LegalHold,
    ProcessingActivity,
    System,
)
from people.models import Person
from people.personal import PEOPLE

from .expiry import Slice
from .holds import is_held, is_restricted
from .schedule import Scheduled


def wanted(lines: Iterable[Scheduled], on: date) -> Iterator[tuple[Scheduled, CutoffOrder]]:
    """One order, not yet saved, for each settled line and outside system that holds its category."""
    systems = _systems(on)
    for line in lines:
        if line.ending.is_settled:
            for system in systems.get(line.category.pk, ()):
                yield line, _order(line, system, on)


def orders(lines: Iterable[Scheduled], on: date) -> Iterator[tuple[Scheduled, CutoffOrder]]:
    """Those to be given now: not while one like it is still open, or everybody is on hold."""
    still_open = set(CutoffOrder.objects.open().values_list("system", "category", "role"))
    for line, order in wanted(lines, on):
        is_open = (order.system_id, order.category_id, order.role) in still_open
        if not is_open and not everybody_is_held(line.category, line.role):
            yield line, order


def _order(line: Scheduled, system: System, on: date) -> CutoffOrder:
    earliest = min(line.ending.cutoffs(on).values())
    return CutoffOrder(
        system=system,
        category=line.category,
        role=line.role,
        then=line.ending.last.then,
        cutoffs=line.cutoffs,
        before=earliest + timedelta(days=1),
        explanation=line.words,
    )


def _systems(on: date) -> dict[int, list[System]]:
    """Category → the systems outside this database where live activities keep it."""
    found: dict[int, dict[int, System]] = {}
    live = ProcessingActivity.objects.live(on).order_by().filter(categories__isnull=False)
    outside = System.objects.filter(Q(ended_on=None) | Q(ended_on__gt=on)).exclude(
        fulfilment=Fulfilment.DATABASE
    )
    systems = {system.pk: system for system in outside}
    for category, system in live.values_list("categories", "systems").distinct():
        if system in systems:
            found.setdefault(category, {})[system] = systems[system]
    return {category: sorted(each.values(), key=lambda s: s.code) for category, each in found.items()}


def everybody_is_held(category: DataCategory, role: str) -> bool:
    covering = Q(scope=HoldScope.EVERYONE)
    if role:
        covering |= Q(scope=HoldScope.ROLE, role=role)
    return LegalHold.objects.over(category.code).filter(covering).exists()


def expected(line: Scheduled, on: date) -> int | None:
    """How many people we know of, less those on hold; None when only the system can know."""
    cutoffs = line.ending.cutoffs(on)
    if cutoffs.keys() != {StartEvent.LAST_ACTIVITY}:
        return None
    people = Slice(PEOPLE, line.role, line.apart, cutoffs).expired()
    return people.exclude(is_held("pk", line.category.code) | is_restricted("pk")).count()


def left_out(order: CutoffOrder, *, with_roles: bool = False) -> QuerySet[Person, str]:
    """Platform ids of the people on hold or restricted, as it stands now: their data stays whatever the order
    says. `with_roles`: those too whose whole role is on hold."""
    holds = LegalHold.objects.over(order.category.code).order_by()
    named = HoldPerson.objects.filter(hold__in=holds.filter(scope=HoldScope.PEOPLE).values("pk"))
    kept = Q(pk__in=named.values("person_id")) | is_restricted("pk")
    if with_roles:
        kept |= Q(role__in=roles_left_out(order))
    people = Person.objects.filter(kept, erased_at=None)
    if order.role:  # nobody learns of people the order is not about
        people = people.filter(role=order.role)
    return people.order_by("external_id").values_list("external_id", flat=True)


def left_out_file(order: CutoffOrder) -> Iterator[str]:
    """All of them as the lines of a CSV file, a thousand in memory at a time. Whoever reads it knows nothing of a
    role that came on hold after the order was given, so its people are named here."""
    people = left_out(order, with_roles=True)
    return csv_lines(["external_id"], ([one] for one in people.iterator(chunk_size=1_000)))


def roles_left_out(order: CutoffOrder) -> list[str]:
    """Roles that are on hold altogether."""
    holds = LegalHold.objects.over(order.category.code).order_by().filter(scope=HoldScope.ROLE)
    found = sorted(set(holds.values_list("role", flat=True)))
    return [role for role in found if order.role in ("", role)]

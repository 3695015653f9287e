"""Who begins to hold or receive somebody's data while a restriction or an objection stands is told of it too.

Each night, from what the inventory says by then: the mark stands for years, and the register changes."""

from collections.abc import Iterator
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from audit.actors import SYSTEM
from inventory.models import Objection
from law.models import Company
from people.models import Restriction
from requests import events, guards
from requests.models import Duty, Happened, Right, RightsRequest, RightsRequestQuerySet, Task
from requests.others import fanout

from . import limiting

AT_ONCE = 500  # cases looked at by the same few queries
Asked = tuple[str, int | None, int | None]  # duty, system, company


def tell_due(*, at: datetime) -> int:
    """Returns how many systems and companies are asked anew."""
    register = Register(Company.current().day_of(at))
    return sum(_tell(case, at) for case in _behind(register))


def _standing() -> RightsRequestQuerySet:
    """Cases whose work had begun and whose mark is in force: what is not accepted yet asks everybody anyway."""
    marks = Q(reference__in=Restriction.objects.in_force().values("case"))
    marks |= Q(reference__in=Objection.objects.in_force().values("case"))
    asked = (Right.RESTRICTION, *limiting.USES)
    return RightsRequest.objects.filter(marks, right__in=asked, subject__isnull=False)


def _behind(register: "Register") -> Iterator[RightsRequest]:
    cases, last = _standing().select_related("subject").order_by("pk"), 0
    while some := list(cases.filter(pk__gt=last)[:AT_ONCE]):
        last = some[-1].pk
        uses, known = _uses(some), _known(some)
        for case in some:
            if register.names(case, uses.get(case.reference)) - known.get(case.pk, set()):
                yield case


def _uses(cases: list[RightsRequest]) -> dict[str, limiting.Uses]:
    found: dict[str, limiting.Uses] = {}
    rows = Objection.objects.in_force().filter(case__in=[case.reference for case in cases])
    for row in rows.select_related("purpose").order_by("purpose", "kind"):
        mine = found.setdefault(row.case, limiting.Uses([], [], []))
        if row.purpose:
            mine.stop.append(row.purpose)
        else:
            mine.kinds.append(row.kind)
    return found


def _known(cases: list[RightsRequest]) -> dict[int | None, set[Asked]]:
    found: dict[int | None, set[Asked]] = {}
    rows = Task.objects.filter(request__in=cases).exclude(duty=Duty.RESUME)
    for case, duty, system, company in rows.values_list("request", "duty", "system", "processor"):
        found.setdefault(case, set()).add((duty, system, company))
    return found


class Register:
    """Whom the inventory names on one day; looked up once for all cases that are alike."""

    def __init__(self, day: date) -> None:
        self._day = day
        self._named: dict[object, set[Asked]] = {}

    def names(self, case: RightsRequest, uses: limiting.Uses | None) -> set[Asked]:
        if case.subject is None:
            return set()
        key = (case.right, case.subject.role, str(uses))
        if key not in self._named:
            self._named[key] = self._look_up(case.right, case.subject.role, uses)
        return self._named[key]

    def _look_up(self, right: str, role: str, uses: limiting.Uses | None) -> set[Asked]:
        duty = fanout.DUTIES[right]
        systems, companies = fanout.concerned(right, role, uses, self._day)
        asked = ((fanout.duty_of(company, duty), company.pk) for company in companies)
        return {(duty.value, system.pk, None) for system in systems} | {
            (told.value, None, number) for told, number in asked if told
        }


@transaction.atomic
def _tell(case: RightsRequest, at: datetime) -> int:
    """Unless it ended meanwhile."""
    guards.locked(case)
    if not _standing().filter(pk=case.pk).exists():
        return 0
    opened = fanout.open_tasks(case, at=at)
    if opened:
        events.note(case, Happened.NEWCOMERS_TOLD, by=SYSTEM, at=at, facts={"tasks": len(opened)})
    return len(opened)

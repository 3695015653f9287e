"""How a restriction or an objection ends: the person first, then this database, then all who were told of it.

Whoever was asked to keep data unused, or to stop a use, goes on doing so until somebody says that it is over
(GDPR Art. 18(3), 19). They hear it on the road by which they were asked."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from audit.actors import SYSTEM
from inventory.letting_go import holds
from inventory.models import WHOLE_KINDS, Objection, Purpose
from law.models import Company
from people import actions as people
from people.models import Restriction, User
from requests import events, guards, putting_forward
from requests.models import Duty, Happened, LetterKind, Right, RightsRequest, Task, Way
from requests.others import fanout, work
from requests.refusals import NotToldYet, TooSoon, WrongStage
from requests.saying import letters

from . import limiting

# --- Of a restriction --------------------------------------------------------------------------


@transaction.atomic
def tell_of_lifting(
    request: RightsRequest, *, letter: str, from_on: date, by: User, at: datetime, reason: str = ""
) -> RightsRequest:
    """The person reads that the restriction ends, and from when, before it does (GDPR Art. 18(3))."""
    guards.locked(request)
    _restriction_of(request)
    if from_on <= Company.current().day_of(at):
        raise TooSoon("Name a day to come: they are told before it ends (GDPR Art. 18(3)).")
    letters.send(request, LetterKind.LIFTING, letter, by=by, at=at)
    facts = {"from": from_on.isoformat()}
    events.deed(request, "tell_of_lifting", Happened.LIFTING_TOLD, by=by, at=at, reason=reason, facts=facts)
    return request


def lifted_from(request: RightsRequest) -> date | None:
    """The day the person was told; None before they were."""
    event = limiting.latest(request, Happened.LIFTING_TOLD)
    return date.fromisoformat(event.facts["from"]) if event else None


@transaction.atomic
def lift(request: RightsRequest, *, by: User, at: datetime, reason: str) -> RightsRequest:
    """The data may be used again, here and wherever it was kept apart. Never before the person was told, nor
    before the day they were told."""
    guards.locked(request)
    restriction = _restriction_of(request)
    told = lifted_from(request)
    if told is None:
        raise NotToldYet
    if Company.current().day_of(at) < told:
        raise TooSoon(f"The letter says that it ends on {told:%-d %B %Y}.")
    people.lift_restriction(restriction.person, case=request.reference, by=by, at=at, reason=reason)
    holds.refuse_under_sweep()
    events.deed(request, "lift_restriction", Happened.LIFTED, by=by, at=at, reason=reason)
    _tell_of_the_end_of_restrictions(request, at=at)
    return request


def _restriction_of(request: RightsRequest) -> Restriction:
    restriction = limiting.restriction_of(request)
    if restriction is None:
        raise WrongStage("No restriction of this case is in force.")
    return restriction


def _tell_of_the_end_of_restrictions(request: RightsRequest, *, at: datetime) -> None:
    """While another case restricts the same person, nobody may use the data: the last end is the one told."""
    _ask_no_more(request, at=at)
    if Restriction.objects.in_force().filter(person=request.subject_id).exists():
        return
    cases = RightsRequest.objects.filter(subject=request.subject_id, right=Right.RESTRICTION)
    _tell(_heard(Task.objects.filter(request__in=cases)), at=at)


# --- Of an objection or opt-out ----------------------------------------------------------------


def tell_of_the_end(objection: Objection, *, at: datetime) -> None:
    """The person took it back (`inventory.objections.end`): the use may go on wherever it was stopped."""
    day = Company.current().day_of(at)
    mine = RightsRequest.objects.filter(subject=objection.person_id, right__in=limiting.USES)
    cases = [case for case in mine.order_by("pk") if _is_about(case, objection)]
    for case in cases:
        guards.locked(case)  # before its tasks, as everybody holds them who answers one
        if limiting.is_over(case, day):
            _ask_no_more(case, at=at)
    told = Q(duty=Duty.STOP, request__in=cases)
    ended = Q(duty=Duty.RESUME, objection__person=objection.person_id,
              objection__purpose=objection.purpose_id, objection__kind=objection.kind)  # fmt: skip
    _tell(_heard(Task.objects.filter(told | ended)), at=at, objection=objection)


def _is_about(case: RightsRequest, objection: Objection) -> bool:
    uses = limiting.uses_of(case, Company.current().day_of(objection.since))
    return _covers(uses.stop, uses.kinds, objection)


def _covers(purposes: Iterable[Purpose], kinds: Iterable[str], objection: Objection) -> bool:
    if objection.kind:
        return objection.kind in {*kinds, *(one.kind for one in purposes if one.kind in WHOLE_KINDS)}
    return objection.purpose_id in {one.pk for one in purposes}


# --- Who is told -------------------------------------------------------------------------------


def _ask_no_more(request: RightsRequest, *, at: datetime) -> None:
    """Who has not answered yet need not; the case goes on without them."""
    work.cancel_all(request.pk)
    putting_forward.go_on_when_answered(request, at=at)


def _heard(tasks: QuerySet[Task]) -> list[Task]:
    """Of each system and company the last word it has from us, unless that said already that it is over."""
    was_told = Q(asked_at__isnull=False) | Q(attempts__gt=0) | ~Q(answer="") | Q(duty=Duty.RESUME)
    rows = tasks.filter(was_told).exclude(way=Way.HERE).select_related("request", "system", "processor")
    last = {(task.system_id, task.processor_id): task for task in rows.order_by("pk")}
    return [task for task in last.values() if task.duty != Duty.RESUME]


def _tell(heard: list[Task], *, at: datetime, objection: Objection | None = None) -> None:
    """On the case under which each was asked, so that they know which mark to take away."""
    listening, due_at = fanout.listening(), at + timedelta(days=Company.current().task_days)
    fresh = [
        Task(
            request=task.request, objection=objection, system=task.system, processor=task.processor,
            duty=Duty.RESUME, way=fanout.way(task.system, listening) if task.system else Way.BY_HAND,
            due_at=due_at, next_try_at=at,
        )
        for task in heard
        if task.system is None or task.system.ended_on is None
    ]  # fmt: skip
    Task.objects.bulk_create(fresh)
    for request in {task.request for task in fresh if task.request}:
        count = sum(task.request == request for task in fresh)
        events.note(request, Happened.END_TOLD, by=SYSTEM, at=at, facts={"tasks": count})

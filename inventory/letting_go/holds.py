"""Legal holds: what must stay for now, whatever its clock says.

A hold wins because every window asks anew which holds are in force, after it has locked the sweep, and
`place` waits for that lock: there is no moment between looking and deleting (GDPR Art. 17(3)(e), 18(1)(c)).
The statements then name those holds, and nothing when there are none: PostgreSQL took seven seconds to
compile one that asked again for each row."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from audit.actions import record
from audit.actors import Acts
from audit.personal import Holding
from audit.refusals import Refused
from inventory.models import HoldPerson, HoldScope, HoldStatus, LegalHold, Sweep
from law.calendar import months_after
from law.models import Company
from people.models import Person, Restriction


class HoldCannotMove(Refused):
    def __init__(self, now: str, wanted: str) -> None:
        super().__init__(f"This hold is {now}; it cannot become {wanted}.")


class ReviewTooFar(Refused):
    pass


class HoldsNobody(Refused):
    def __init__(self) -> None:
        super().__init__("This hold names nobody. Add the platform ids of the people it is about.")


class UnderHold(Refused):
    pass


class SweepUnderWay(Refused):
    def __init__(self, sweep: Sweep) -> None:
        super().__init__(
            f"{sweep} is open and has counted what this keeps as staying. Finish or cancel the sweep first."
        )


# --- What they cover -------------------------------------------------------------------------


NOBODY, EVERYBODY = Q(pk__in=[]), ~Q(pk__in=[])


def held_rows(holding: Holding) -> Q:
    """Rows of a holding about anybody on hold, or that would take a held row along."""
    if not holding.subjects:
        everyone = LegalHold.objects.over(holding.category).filter(scope=HoldScope.EVERYONE)
        return EVERYBODY if everyone.exists() else NOBODY
    held, holds = NOBODY, _over(holding.category)
    for subject in holding.subjects:
        held |= _named_by(holds, subject)
    for along in holding.along:
        if (beside_held := is_held(along.subject, along.category)) != NOBODY:
            beside = along.model._default_manager.order_by().filter(**{along.to: OuterRef("pk")})
            held |= Q(Exists(beside.filter(beside_held)))
    return held


def kept_rows(holding: Holding) -> Q:
    """Rows that no sweep takes: on hold, or about somebody whose data is kept and not used (Art. 18)."""
    kept = held_rows(holding)
    if not Restriction.objects.in_force().exists():
        return kept
    for subject in holding.subjects:
        kept |= is_restricted(subject)
    for along in holding.along:
        beside = along.model._default_manager.order_by().filter(**{along.to: OuterRef("pk")})
        kept |= Q(Exists(beside.filter(is_restricted(along.subject))))
    return kept


def is_restricted(subject: str) -> Q:
    """The person whose number stands in the column `subject` has asked us to keep their data, unused."""
    return Q(Exists(Restriction.objects.in_force().order_by().filter(person=OuterRef(subject))))


def is_held(subject: str, category: str) -> Q:
    """The person whose number stands in the column `subject` is on hold for this category."""
    return _named_by(_over(category), subject)


def _over(category: str) -> list[LegalHold]:
    return list(LegalHold.objects.over(category).order_by("pk").distinct())


def _named_by(holds: list[LegalHold], subject: str) -> Q:
    if any(hold.scope == HoldScope.EVERYONE for hold in holds):
        return EVERYBODY
    held = NOBODY
    if roles := {hold.role for hold in holds if hold.scope == HoldScope.ROLE}:
        held |= Q(Exists(Person.objects.order_by().filter(pk=OuterRef(subject), role__in=roles)))
    if named := [hold.pk for hold in holds if hold.scope == HoldScope.PEOPLE]:
        held |= Q(Exists(HoldPerson.objects.filter(person_id=OuterRef(subject), hold__in=named)))
    return held


def refuse_if_held(person: Person, *, category: str) -> None:
    """Raises UnderHold, naming the hold and whom to ask, when this may not be erased now."""
    rows = LegalHold.objects.over(category).select_related("owner").distinct()
    mine = rows.filter(
        Q(scope=HoldScope.EVERYONE)
        | Q(scope=HoldScope.ROLE, role=person.role)
        | Q(scope=HoldScope.PEOPLE, people__person_id=person.pk)
    )
    if found := list(mine):
        raise UnderHold(f"This must stay for now. {words(found)}")


def words(holds: Iterable[LegalHold]) -> str:
    """Which hold, who answers for it and when it is looked at again: a sentence each."""
    return " ".join(
        f"Hold {hold.pk} “{hold.title}” keeps it; {hold.owner.get_short_name()} answers for it and looks at it "
        f"again by {hold.review_on:%-d %B %Y}."
        for hold in holds
    )


# --- What may happen to them -----------------------------------------------------------------


def problem_with_review(review_on: date, today: date, company: Company) -> str:
    """Why this is no day for the next review; empty when it is one."""
    if review_on <= today:
        return "The next review has to lie in the future."
    latest = months_after(today, company.hold_review_months)
    if review_on > latest:
        return f"The next review is at most {company.hold_review_months} months away: by {latest:%-d %B %Y}."
    return ""


@transaction.atomic
def place(hold: LegalHold, *, by: Acts, at: datetime, reason: str = "") -> LegalHold:
    """From the next window of any sweep on, nothing it covers goes."""
    hold = _movable(hold, HoldStatus.IN_FORCE)
    _refuse_review(hold.review_on, at)
    if hold.scope == HoldScope.PEOPLE and not hold.people.exists():
        raise HoldsNobody
    wait_for_the_window()
    hold.status, hold.placed_at = HoldStatus.IN_FORCE, at
    hold.save(update_fields=["status", "placed_at"])
    details = {"scope": hold.scope, "people": hold.people.count()}
    record("inventory.place_hold", hold, by=by, at=at, reason=reason, fields=["status"], details=details)
    return hold


@transaction.atomic
def review(hold: LegalHold, *, by: Acts, at: datetime, reason: str, review_on: date) -> LegalHold:
    """Somebody looked, and it is still needed."""
    hold = LegalHold.objects.select_for_update().get(pk=hold.pk)
    if hold.status != HoldStatus.IN_FORCE:
        raise HoldCannotMove(hold.get_status_display(), "reviewed")
    _refuse_review(review_on, at)
    hold.review_on = review_on
    hold.save(update_fields=["review_on"])
    details = {"review_on": review_on.isoformat()}
    record("inventory.review_hold", hold, by=by, at=at, reason=reason, fields=["review_on"], details=details)
    return hold


@transaction.atomic
def release(hold: LegalHold, *, by: Acts, at: datetime, reason: str) -> LegalHold:
    """The clocks count again; what has run out meanwhile goes with the next sweep, not now.

    Raises SweepUnderWay where an open one was read, and confirmed, with these rows as staying."""
    hold = _movable(hold, HoldStatus.RELEASED)
    refuse_under_sweep()
    hold.status, hold.released_at = HoldStatus.RELEASED, at
    hold.save(update_fields=["status", "released_at"])
    record("inventory.release_hold", hold, by=by, at=at, reason=reason, fields=["status"])
    return hold


def wait_for_the_window() -> None:
    """Until our transaction ends no sweep takes anything; its next window sees what we wrote."""
    list(Sweep.objects.select_for_update().at_work())


def keep_all() -> None:
    """Until our transaction ends no hold is released and no restriction lifted: what we count as staying stays."""
    for keeping in (LegalHold.objects.in_force(), Restriction.objects.in_force()):
        list(keeping.select_for_update().order_by("pk").values_list("pk"))


def refuse_under_sweep() -> None:
    """Raises SweepUnderWay where an open sweep was read, and confirmed, with rows counted as staying. Asked
    by whoever holds what shall end, or a sweep that counts just now goes unseen."""
    if sweep := Sweep.objects.open().filter(items__held_count__gt=0, items__ended_at=None).first():
        raise SweepUnderWay(sweep)


def _movable(hold: LegalHold, wanted: HoldStatus) -> LegalHold:
    current = LegalHold.objects.select_for_update().get(pk=hold.pk)
    if wanted not in LegalHold.transitions[current.status]:
        raise HoldCannotMove(current.get_status_display(), wanted.label)
    return current


def _refuse_review(review_on: date, at: datetime) -> None:
    company = Company.current()
    if problem := problem_with_review(review_on, company.day_of(at), company):
        raise ReviewTooFar(problem)

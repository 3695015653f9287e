"""Which uses a person may object to, and what becomes of their word (GDPR Art. 21; Cal. Civ. Code 1798.120)."""

from collections.abc import Callable, Iterable
from datetime import date, datetime

from django.db import transaction

from audit.actions import record
from audit.actors import Acts
from audit.refusals import Refused
from people.models import Person

from .models import WHOLE_KINDS, Basis, Kind, Objection, ProcessingActivity, Purpose

# Art. 21(1): what rests on these may be objected to; direct marketing always (Art. 21(2)).
OPEN_TO_OBJECTION = (Basis.LEGITIMATE_INTERESTS, Basis.PUBLIC_TASK)
# Called as told(objection, at=) in the transaction that ends it: whoever had to stop hears that it is over.
on_end: list[Callable[..., None]] = []


class ObjectionOver(Refused):
    def __init__(self) -> None:
        super().__init__("This objection has ended already.")


def open_to_objection(role: str, on: date) -> list[Purpose]:
    """What data of this role is used for today and the person may object to, by name."""
    rows = ProcessingActivity.objects.live(on).select_related("purpose").order_by("purpose__name", "pk")
    return _once(
        row.purpose
        for row in rows
        if role in row.whose and (row.basis in OPEN_TO_OBJECTION or row.purpose.kind in WHOLE_KINDS)
    )


def sold(role: str, on: date) -> list[Purpose]:
    """What of it is a sale, or sharing for advertising."""
    return [purpose for purpose in open_to_objection(role, on) if purpose.kind == Kind.SALE]


def _once(purposes: Iterable[Purpose]) -> list[Purpose]:
    return list({purpose.pk: purpose for purpose in purposes}.values())


@transaction.atomic
def stop(
    person: Person, *, purposes: Iterable[Purpose], kinds: Iterable[str], case: str, by: Acts, at: datetime
) -> int:
    """From now on these uses of a person's data are over; returns how many were still going on.

    Of a kind that can only be refused as a whole, the kind is noted instead of the one purpose."""
    Person.objects.select_for_update().get(pk=person.pk)  # two cases of one person take turns
    chosen = list(purposes)
    whole = {*kinds, *(purpose.kind for purpose in chosen if purpose.kind in WHOLE_KINDS)}
    single = [purpose for purpose in chosen if purpose.kind not in WHOLE_KINDS]
    standing = Objection.objects.in_force().filter(person=person)
    known = set(standing.values_list("purpose", "kind"))
    rows = [Objection(person=person, kind=kind, case=case, since=at) for kind in sorted(whole)]
    rows += [Objection(person=person, purpose=purpose, case=case, since=at) for purpose in single]
    fresh = [row for row in rows if (row.purpose_id, row.kind) not in known]
    Objection.objects.bulk_create(fresh)
    uses = sorted([*whole, *(purpose.code for purpose in single)])
    record("inventory.object", person, by=by, at=at, details={"uses": uses, "case": case, "new": len(fresh)})
    return len(fresh)


@transaction.atomic
def end(objection: Objection, *, by: Acts, at: datetime, reason: str) -> Objection:
    """The person took it back, of their own accord: nobody but them can."""
    current = Objection.objects.select_for_update(of=("self",)).get(pk=objection.pk)
    if current.until is not None:
        raise ObjectionOver
    current.until = at
    current.save(update_fields=["until"])
    record("inventory.end_objection", current, by=by, at=at, reason=reason, fields=["until"])
    for tell in on_end:
        tell(current, at=at)
    return current

"""What a rights request changes on a person's own row: corrected, restricted, and free again."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import F

from audit.actions import record
from audit.actors import Acts
from law.ages import has_reached
from law.models import Company

from . import rows
from .models import ADULT, Authority, Person, Restriction, RestrictionGround
from .refusals import AlreadyRestricted, NothingCorrected, NotRestricted, WardsNeedAnAdult

CORRECTABLE = ("given_name", "family_name", "email", "birth_date", "country", "region", "language")


@transaction.atomic
def correct(
    person: Person, *, values: Mapping[str, object], by: Acts, at: datetime, reason: str
) -> list[str]:
    """Write what the person had corrected, clean already, and return which fields changed (GDPR Art. 16).

    A restriction does not stand in the way: it is there for the person, who asked for this. What was there
    before is forgotten, here and in the audit log. Raises NothingCorrected, AddressTaken, WardsNeedAnAdult."""
    current = rows.locked(person)
    changed = {name: value for name, value in values.items() if getattr(current, name) != value}
    if unknown := changed.keys() - set(CORRECTABLE):
        raise ValueError(f"No field of a correction: {sorted(unknown)}")
    if not changed:
        raise NothingCorrected
    if "email" in changed:
        rows.refuse_address_of_another(current, str(changed["email"]))
        changed["undeliverable_at"] = None
    if isinstance(born := changed.get("birth_date"), date):
        _refuse_young_guardian(current, born, at)
    rows.change(person, "people.correct", by=by, at=at, reason=reason, **changed)
    return sorted(changed.keys() & set(CORRECTABLE))


def _refuse_young_guardian(person: Person, born: date, at: datetime) -> None:
    wards = person.wardships.exclude(authority=Authority.ENDED)
    if not has_reached(born, ADULT, Company.current().day_of(at)) and wards.exists():
        raise WardsNeedAnAdult


@transaction.atomic
def restrict(
    person: Person, *, ground: RestrictionGround | str, case: str, by: Acts, at: datetime, reason: str = ""
) -> Restriction:
    """From now on the data is kept and not used (GDPR Art. 18(1)). What that stops: docs/how-to/handle-a-correction-a-restriction-an-objection.md."""
    rows.locked(person)
    try:
        with transaction.atomic():
            restriction = Restriction.objects.create(
                person=person, ground=RestrictionGround(ground), case=case, since=at
            )
    except IntegrityError:
        raise AlreadyRestricted from None
    _touch(person)
    record(
        "people.restrict", person, by=by, at=at, reason=reason, details={"ground": str(ground), "case": case}
    )
    return restriction


@transaction.atomic
def lift_restriction(person: Person, *, case: str, by: Acts, at: datetime, reason: str) -> Restriction:
    """The data may be used again. Whoever calls has told the person before (GDPR Art. 18(3))."""
    rows.locked(person)
    restriction = person.restrictions.in_force().select_for_update().filter(case=case).first()
    if restriction is None:
        raise NotRestricted
    restriction.until = at
    restriction.save(update_fields=["until"])
    _touch(person)
    record("people.lift_restriction", person, by=by, at=at, reason=reason, details={"case": case})
    return restriction


def _touch(person: Person) -> None:
    """Whoever has read this row, an import or a colleague with the page open, finds that it changed."""
    Person.objects.filter(pk=person.pk).update(revision=F("revision") + 1)
    person.refresh_from_db(fields=["revision"])

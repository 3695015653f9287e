"""How a person's row is held, judged and written: shared by everything that may change one."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from audit.actions import record
from audit.actors import Acts

from .models import Person, Role
from .refusals import AddressTaken, DataRestricted


def locked(person: Person) -> Person:
    return Person.objects.select_for_update().get(pk=person.pk)


def refuse_restricted(person: Person) -> None:
    """Kept, and not changed either: only the case of the person themselves may (GDPR Art. 16, 18(2))."""
    if person.is_restricted:
        raise DataRestricted


def refuse_address_of_another(person: Person, address: str) -> None:
    if person.role == Role.LEARNER or not address:
        return
    same_address = Person.objects.active().filter(~Q(role=Role.LEARNER), ~Q(pk=person.pk), email=address)
    if same_address.exists():
        raise AddressTaken


def change(person: Person, verb: str, *, by: Acts, at: datetime, reason: str, **values: object) -> None:
    """Write, with one audit line that holds the names of the fields and no value."""
    rows = Person.objects.filter(pk=person.pk)
    try:
        with transaction.atomic():
            rows.update(**values, revision=F("revision") + 1, updated_at=at)
    except IntegrityError:  # somebody else took the address in this very moment
        raise AddressTaken from None
    record(verb, person, by=by, at=at, reason=reason, fields=values)
    person.refresh_from_db(fields=[*values, "revision", "updated_at"])

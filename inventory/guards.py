"""What the registers refuse, said once: forms show the sentence beside the field, actions raise it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from audit.refusals import Refused

from .models import Basis, Capacity, DataCategory, ProcessingActivity, Purpose, Regime, System

NAMED = 5  # that many are named in a sentence; the rest is counted
EARLIEST = date(1990, 1, 1)
FURTHEST_YEARS = 10

# Laws under which every processing needs a basis (GDPR Art. 6, UK GDPR Art. 6, LGPD Art. 7).
# COPPA and FERPA ask for consent in their own cases, the Swiss law for none in general.
BASIS_FOR_EVERYTHING = (Regime.EU_GDPR, Regime.UK_GDPR, Regime.BR_LGPD)


class NeverHeld(Refused):
    pass


class StillActive(Refused):
    pass


class InUse(Refused):
    pass


class NotADay(Refused):
    pass


def never_held(categories: Iterable[DataCategory]) -> str:
    """Why these cannot be named by an activity; empty when they can.

    Holds the rows: nobody declares one as never held between our look and our write."""
    chosen = DataCategory.objects.select_for_update().filter(pk__in=[category.pk for category in categories])
    names = [f"“{category}”" for category in chosen if category.is_never_held]
    if not names:
        return ""
    verb = "is" if len(names) == 1 else "are"
    return f"{' and '.join(names)} {verb} declared in public as never held, so no activity may use it."


def still_held(category: DataCategory) -> str:
    """Why this cannot be declared as never held; empty when it can. Holds the row, as above."""
    list(DataCategory.objects.select_for_update().filter(pk=category.pk))
    users = (
        ProcessingActivity.objects.filter(categories=category)
        if category.pk
        else ProcessingActivity.objects.none()
    )
    return f"We do hold it: {named(users)}. Take it out there first." if users.exists() else ""


def ended_purpose(purpose: Purpose, on: date) -> str:
    """Why an activity cannot serve this purpose. Holds the purpose, so that it cannot end meanwhile."""
    held = Purpose.objects.select_for_update().get(pk=purpose.pk)
    if held.is_live(on):
        return ""
    return f"“{held}” ended on {held.ended_on:%-d %B %Y}. Choose a purpose that goes on, or take it up again."


def ended_systems(systems: Iterable[System], on: date) -> str:
    ended = [f"“{system}”" for system in systems if system.ended_on and system.ended_on <= on]
    return f"No longer in use: {', '.join(ended)}. Say where the data lies now." if ended else ""


def live_after(things: models.QuerySet[ProcessingActivity], on: date) -> models.QuerySet[ProcessingActivity]:
    return things.filter(Q(ended_on=None) | Q(ended_on__gt=on))


def wrong_basis(purpose: Purpose, basis: str, capacity: str) -> str:
    """Why this basis does not go with this purpose and our part in it; empty when it does."""
    for_school = capacity == Capacity.PROCESSOR
    if basis == Basis.SCHOOL_INSTRUCTION and not for_school:
        return "Only what we do as processor of a school rests on its instruction (GDPR Art. 28)."
    if basis and for_school and basis != Basis.SCHOOL_INSTRUCTION:
        return "As processor we act on the school’s instruction; any other basis would be our own (GDPR Art. 28)."
    if basis == Basis.CONSENT and not purpose.needs_consent:
        return f"“{purpose}” does not ask for consent, so consent cannot be its basis."
    if basis and not for_school and purpose.needs_consent and basis != Basis.CONSENT:
        return f"“{purpose}” asks for consent, so its basis is consent: one basis, not two (GDPR Art. 6)."
    return ""


def unasked_consent(purpose: Purpose, regime: str, basis: str) -> str:
    """Why consent cannot be the basis under this law; empty when it can.

    COPPA is apart: a parent consents to all collection from a child, refusable or not."""
    if basis != Basis.CONSENT or purpose.needs_consent or regime not in BASIS_FOR_EVERYTHING:
        return ""
    return "This purpose does not ask for consent: tick “needs consent” above."


def day(on: date, today: date) -> None:
    """Raises ValidationError for a day that must be a slip of the hand."""
    if not EARLIEST <= on <= today.replace(year=today.year + FURTHEST_YEARS, day=1):
        raise ValidationError(
            f"Write a day between {EARLIEST.year} and {today.year + FURTHEST_YEARS}.", code="far_off"
        )


def in_use(thing: models.Model) -> str:
    """Why this cannot be deleted, with what names it; empty when nothing does."""
    kinds: dict[type[models.Model], list[models.Model]] = defaultdict(list)
    for row in uses(thing):
        kinds[type(row)].append(row)
    users = "; ".join(_of_kind(model, rows) for model, rows in kinds.items())
    return f"In use, so it stays: {users}." if users else ""


def _of_kind(model: type[models.Model], rows: list[models.Model]) -> str:
    noun = model._meta.verbose_name if len(rows) == 1 else model._meta.verbose_name_plural
    return f"{noun} {_quoted(rows)}"


def uses(thing: models.Model) -> Iterator[models.Model]:
    """Rows of any app that name this one; its own parts, which go with it, are no use of it."""
    for relation in thing._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ManyToManyRel):
            yield from _linked(thing, relation)
        elif isinstance(relation, models.ManyToOneRel) and _is_guarded(relation):
            rows = cast(Any, relation.related_model)._base_manager
            yield from rows.filter(**{relation.field.name: thing})[: NAMED + 1]


def _is_guarded(relation: models.ManyToOneRel) -> bool:
    """A part goes with it, and a mere note of its number (a lead of the health page) is no use of it."""
    return relation.on_delete not in (models.CASCADE, models.DO_NOTHING)


def _linked(thing: models.Model, relation: models.ManyToManyRel) -> Iterator[models.Model]:
    rows = cast(Any, relation.related_model)._base_manager
    yield from rows.filter(**{relation.field.name: thing}).distinct()[: NAMED + 1]


def named(rows: models.QuerySet[Any]) -> str:
    """“A”, “B” and more: a sentence stays readable however many there are."""
    return _quoted(list(rows[: NAMED + 1]))


def _quoted(first: list[Any]) -> str:
    names = ", ".join(f"“{row}”" for row in first[:NAMED])
    return f"{names} and more" if len(first) > NAMED else names

"""Are the lists of removed evidence what two people approved and the windows recorded?"""

from collections.abc import Sequence

from django.db import models

from .disposing import APPROVE, DISPOSE, root
from .models import Disposal, DisposedRow, Event


class Broken(Exception):
    """The first thing that does not hold, in a sentence that names the event, the seal or the disposal."""


def check() -> None:
    """Raises Broken at the first list that differs from its record."""
    if DisposedRow.objects.exclude(disposal__in=Disposal.objects.order_by().values("pk")).exists():
        raise Broken("Rows of evidence are listed as removed under a disposal that does not exist.")
    for disposal in Disposal.objects.iterator():
        _check_approval(disposal)
        _check_windows(disposal)


def listed(model: type[models.Model], numbers: Sequence[int]) -> set[int]:
    """Which of these (ascending) stand on the list of a disposal of the model's table."""
    if not numbers:
        return set()
    rows = DisposedRow.objects.filter(
        disposal__table=model._meta.db_table, row__gte=numbers[0], row__lte=numbers[-1]
    )
    return set(rows.values_list("row", flat=True))


def _check_approval(disposal: Disposal) -> None:
    if [event.details for event in _events(disposal, APPROVE)] != [disposal.canonical()]:
        raise Broken(f"{disposal} is not what the record says was approved.")


def _check_windows(disposal: Disposal) -> None:
    total = 0
    for event in _events(disposal, DISPOSE).iterator():
        _check_window(disposal, event)
        total += event.details["rows"]
    if total != disposal.rows.count():
        raise Broken(f"{disposal} lists {disposal.rows.count():,} rows, but {total:,} are on record.")


def _check_window(disposal: Disposal, event: Event) -> None:
    said = event.details
    span = disposal.rows.filter(row__gte=said["first"], row__lte=said["last"]).order_by("row")
    numbers = list(span.values_list("row", flat=True))
    if len(numbers) != said["rows"] or root(numbers) != said["root"]:
        raise Broken(f"{disposal}: its list is not the one recorded by event {event.pk}.")


def _events(disposal: Disposal, verb: str) -> models.QuerySet[Event]:
    return Event.objects.about(disposal).filter(verb=verb).order_by("pk")

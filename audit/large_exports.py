"""A list beyond the ceiling leaves the house once, and only when a second person said so (abuse A26).

One credential took 62 million pupils out of PowerSchool in 2024; here it takes two, and everybody hears of it."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.http import QueryDict

from .actions import record
from .actors import Acts
from .models import LargeExport
from .refusals import Refused

LASTS = timedelta(hours=24)  # from the approval to the download
LONGEST = 500  # signs of a query; filters are shorter
# What does not decide which rows go: the page, the order, Django's own mark of a query it could not read.
ASIDE = frozenset({"p", "o", "e"})
SEARCH = "q"

# Joined by upper apps in `ready()`: called as f(export, verb) once it is on record and committed.
on_large_export: list[Callable[[LargeExport, str], None]] = []


class SecondPersonMissing(Refused):
    status_code = 403

    def __init__(self) -> None:
        super().__init__("You asked for this export yourself. A second person has to say yes.")


class NotToBePutForward(Refused):
    pass


class DecidedAlready(Refused):
    def __init__(self) -> None:
        super().__init__("This export has been decided already.")


class ApprovalOver(Refused):
    def __init__(self) -> None:
        super().__init__("This export was fetched already, or its time is over. Ask for it again.")


def filters(query: QueryDict) -> str:
    """The same filters are the same words, in whatever order somebody clicked them."""
    kept = sorted((name, value) for name, values in query.lists() if name not in ASIDE for value in values)
    plain = QueryDict(mutable=True)
    for name, value in kept:
        plain.appendlist(name, value)
    return plain.urlencode()


@transaction.atomic
def ask(
    model: str, query: QueryDict, *, columns: Iterable[str], rows: int, by: Acts, at: datetime, reason: str
) -> LargeExport:
    """Put it to a second person. Nothing leaves by this.

    Raises NotToBePutForward for a search word, which may be somebody's address and would be kept."""
    words = filters(query)
    if query.get(SEARCH) or len(words) > LONGEST:
        raise NotToBePutForward(
            "Take the search word away and filter the list: what is asked for stays on record."
        )
    export = LargeExport(
        model=model, query=words, columns=list(columns), rows=rows, reason=reason,
        requested_by=by.as_actor().ref, requested_at=at,
    )  # fmt: skip
    try:
        with transaction.atomic():
            export.save()
    except IntegrityError:
        raise NotToBePutForward("You have asked for this already; it waits for a second person.") from None
    _record("audit.ask_export", export, by=by, at=at, reason=reason)
    return export


@transaction.atomic
def approve(export: LargeExport, *, by: Acts, at: datetime, reason: str) -> LargeExport:
    """Whoever asked may now fetch it, once, for a day."""
    current = _undecided(export)
    if by.as_actor().ref == current.requested_by:
        raise SecondPersonMissing
    current.approved_by, current.approved_at, current.fetch_until = by.as_actor().ref, at, at + LASTS
    current.save(update_fields=["approved_by", "approved_at", "fetch_until"])
    _record("audit.approve_export", current, by=by, at=at, reason=reason)
    return current


@transaction.atomic
def refuse(export: LargeExport, *, by: Acts, at: datetime, reason: str) -> LargeExport:
    """Also whoever asked may take it back: one person is enough to keep data in the house."""
    current = _undecided(export)
    current.refused_at = at
    current.save(update_fields=["refused_at"])
    _record("audit.refuse_export", current, by=by, at=at, reason=reason)
    return current


@transaction.atomic
def fetch(export: LargeExport, *, by: Acts, at: datetime) -> LargeExport:
    """The one download. Raises ApprovalOver, also for whoever pressed twice."""
    current = LargeExport.objects.select_for_update().ready(by=by, at=at).filter(pk=export.pk).first()
    if current is None:
        raise ApprovalOver
    current.fetched_at = at
    current.save(update_fields=["fetched_at"])
    _record("audit.fetch_export", current, by=by, at=at, reason=current.reason)
    return current


def announce(export: LargeExport, verb: str) -> None:
    for listener in on_large_export:
        listener(export, verb)


def _undecided(export: LargeExport) -> LargeExport:
    current = LargeExport.objects.select_for_update().waiting().filter(pk=export.pk).first()
    if current is None:
        raise DecidedAlready
    return current


def _record(verb: str, export: LargeExport, *, by: Acts, at: datetime, reason: str) -> None:
    names = sorted(QueryDict(export.query))
    details = {"model": export.model, "rows": export.rows, "filters": names}
    record(verb, export, by=by, at=at, reason=reason, fields=export.columns, details=details)

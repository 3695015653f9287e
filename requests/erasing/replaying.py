"""After a backup was restored, whoever was erased since is erased again."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import transaction

from audit import outside
from audit.actions import record
from audit.actors import Acts
from people.models import Person

from .forgetting import forget

ERASURE = "erasure"
SCAN = 10_000  # people looked at in one query
WINDOW = 500  # people erased in one transaction

Kept = tuple[str, ...]


def replay_erasures(entries: Sequence[outside.Entry], *, by: Acts, at: datetime) -> int:
    """Everybody whose mark stands in the ledger, with what was kept at the time kept again; how many.

    The ledger names nobody, so everybody is looked at: a million people take seconds. Who came to us
    after the erasure of that mark is somebody else."""
    found: defaultdict[Kept, list[int]] = defaultdict(list)
    erased = {entry.ref: entry for entry in entries}
    for person, created_at in _people():
        entry = erased.get(outside.marker(str(person)))
        if entry and created_at <= entry.at:
            found[tuple(sorted(entry.details.get("keep", ())))].append(person)
    return sum(_erase(people, keep, by=by, at=at) for keep, people in sorted(found.items()))


def _people() -> Iterator[tuple[int, datetime]]:
    last = 0
    rows = Person.objects.filter(erased_at=None).order_by("pk").values_list("pk", "created_at")
    while window := list(rows.filter(pk__gt=last)[:SCAN]):
        yield from window
        last = window[-1][0]


def _erase(people: Sequence[int], keep: Kept, *, by: Acts, at: datetime) -> int:
    for start in range(0, len(people), WINDOW):
        window = list(people[start : start + WINDOW])
        with transaction.atomic():
            gone = forget(window, keep=keep, at=at)
            details = {"people": window, "keep": list(keep), "rows": gone}
            record("requests.erase_again", by=by, at=at, reason=outside.AFTER_RESTORE, details=details)
    return len(people)

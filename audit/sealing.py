"""Sealing: each minute the new events are bound into the chain; writers never wait for it.

A membership row says that an event is sealed. Ranges of ids would lose events: a lower id may
become visible after a higher one, and gaps are normal."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

from . import merkle
from .models import Event, Seal, SealedEvent

BATCH = 5_000
SETTLED = timedelta(days=1)  # no transaction of ours stays open this long
_SEALERS_QUEUE_HERE = 7_305_421_889  # any number, as long as it is always the same


def seal(*, at: datetime, after: int | None = None) -> Seal | None:
    """Seal the next batch of events in one link; None when there is nothing to seal.

    Looks above the event id `after`, by default above what was sealed a day ago; 0 looks everywhere."""
    with transaction.atomic():
        _one_sealer_at_a_time()
        floor = settled_event(at) if after is None else after
        events = list(Event.objects.unsealed(after=floor)[:BATCH])
        return _forge(events, at) if events else None


def seal_all(*, at: datetime, everywhere: bool = False) -> int:
    """Seal batch after batch; the number of events sealed. Memory holds one batch."""
    sealed, after = 0, 0 if everywhere else None
    while link := seal(at=at, after=after):
        sealed, after = sealed + link.size, link.high_event
    return sealed


def settled_event(at: datetime) -> int:
    """The highest event of a day-old seal: what has a lower id has been visible, and sealed, long since."""
    old = Seal.objects.filter(sealed_at__lte=at - SETTLED).order_by("-number").first()
    return old.high_event if old else 0


def _one_sealer_at_a_time() -> None:
    """PostgreSQL: a lock of their own, held to the end of the transaction, that no writer of events
    takes. SQLite needs none: an IMMEDIATE transaction is alone."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SEALERS_QUEUE_HERE])


def _forge(events: Sequence[Event], at: datetime) -> Seal:
    former = Seal.objects.order_by("-number").first()
    leaves = [merkle.leaf(event.canonical()) for event in events]
    new = Seal(
        number=former.number + 1 if former else 1,
        sealed_at=at,
        size=len(events),
        merkle_root=merkle.root(leaves),
        high_event=events[-1].pk,
    )
    new.chained_root = merkle.link(former.chained_root if former else merkle.START, new.canonical())
    new.save(force_insert=True)
    SealedEvent.objects.bulk_create(
        [
            SealedEvent(event_id=event.pk, seal_id=new.pk, leaf=leaf)
            for event, leaf in zip(events, leaves, strict=True)
        ],
        batch_size=1000,
    )
    return new

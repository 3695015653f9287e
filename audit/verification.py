"""Is the record whole? Recomputes every leaf, root and link, and compares with the anchors outside."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from . import disposals, merkle
from .anchors import Anchor
from .disposals import Broken
from .models import Event, Seal, SealedEvent

PATIENCE = timedelta(minutes=10)


@dataclass(frozen=True)
class Verified:
    seals: int
    events: int
    anchors: int
    waiting: int
    disposed: int = 0


def verify(*, at: datetime, anchors: Iterable[Anchor] = ()) -> Verified:
    """Count what holds. Raises Broken at the first event, seal or anchor that does not."""
    by_seal: dict[int, list[Anchor]] = {}
    for anchor in anchors:
        by_seal.setdefault(anchor.seal, []).append(anchor)
    disposals.check()
    former, number, events, gone = merkle.START, 0, 0, 0
    for seal in Seal.objects.order_by("number").iterator(chunk_size=200):
        number += 1
        _check_number(seal, number)
        gone += _check_members(seal)
        former = _check_link(seal, former)
        _check_anchors(seal, by_seal.get(seal.number, []))
        events += seal.size
    _check_tail(number, by_seal)
    return Verified(number, events, sum(map(len, by_seal.values())), _check_waiting(at), gone)


def _check_number(seal: Seal, number: int) -> None:
    if seal.number != number:
        raise Broken(f"Seal {number} is missing: after seal {number - 1} comes seal {seal.number}.")


def _check_members(seal: Seal) -> int:
    """How many of its events an approved disposal has removed; their leaves still give the root."""
    members = list(SealedEvent.objects.filter(seal=seal).order_by("event_id"))
    events = {event.pk: event for event in Event.objects.filter(membership__seal=seal)}
    gone = disposals.listed(Event, [member.event_id for member in members if member.event_id not in events])
    leaves = [_checked_leaf(seal, member, events.get(member.event_id), gone) for member in members]
    if len(leaves) != seal.size:
        raise Broken(f"{seal} covers {seal.size:,} events, but {len(leaves):,} are left{_span(members)}.")
    if merkle.root(leaves) != seal.merkle_root:
        raise Broken(f"{seal}: its events no longer give its root; some were replaced{_span(members)}.")
    return len(members) - len(events)


def _checked_leaf(seal: Seal, member: SealedEvent, event: Event | None, gone: set[int]) -> str:
    if event is None and member.event_id in gone:
        return member.leaf
    if event is None:
        raise Broken(f"Event {member.event_id} is missing: {seal} covers it, and no approved batch took it.")
    if merkle.leaf(event.canonical()) != member.leaf:
        raise Broken(f"Event {event.pk} was changed after {seal} was set.")
    return member.leaf


def _span(members: list[SealedEvent]) -> str:
    return f", events {members[0].event_id} to {members[-1].event_id}" if members else ""


def _check_link(seal: Seal, former: str) -> str:
    if merkle.link(former, seal.canonical()) != seal.chained_root:
        raise Broken(f"{seal} was changed, or does not follow from the seal before it.")
    return seal.chained_root


def _check_anchors(seal: Seal, anchors: list[Anchor]) -> None:
    for anchor in anchors:
        if anchor.chained_root != seal.chained_root:
            raise Broken(
                f"{seal} is not the one signed on {anchor.day}: the record was rewritten up to there."
            )


def _check_tail(number: int, by_seal: dict[int, list[Anchor]]) -> None:
    beyond = min((seal for seal in by_seal if seal > number), default=None)
    if beyond is not None:
        day = by_seal[beyond][0].day
        raise Broken(
            f"The end was cut off: seal {beyond} was signed on {day}, the last one here is {number}."
        )


def _check_waiting(at: datetime) -> int:
    """Fresh events wait for the next minute's seal; old ones mean that sealing has stopped."""
    waiting = Event.objects.unsealed()
    late = waiting.filter(at__lt=at - PATIENCE).first()
    if late is not None:
        raise Broken(f"Event {late.pk} is older than ten minutes and not sealed: is the worker running?")
    return waiting.count()

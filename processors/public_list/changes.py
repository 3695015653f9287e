"""How the public list of companies changes: differences gather by themselves, then staff announce them.

Nobody types a change. `gather` holds the register against what people were told and writes down the
difference, so an edit anywhere (a place here, an activity's categories in the inventory) is found,
whoever made it: by the verbs of the register at once, by the sweep for everything else."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.utils import translation

from audit.actions import record
from law.models import Company
from people.models import User
from processors.models import Announcement, ChangeKind, Processor, Status, SubprocessorChange

from . import entries, words
from .entries import Entry

# Who should stand on the list once everything has been told: those in use, and those about to be.
EXPECTED = (Status.APPROVED, Status.ACTIVE)


@transaction.atomic
def gather(processor: Processor, *, at: datetime, planned_on: date | None = None) -> list[SubprocessorChange]:
    """Write down what has to be told of this company; returns what is gathered now.

    Safe to call at any time, any number of times. What nobody was told and is undone leaves no trace."""
    processor = Processor.objects.select_for_update().get(pk=processor.pk)
    waiting = processor.changes.gathered()
    # Never wait for whoever is announcing one of them now: they hold it, and the sweep looks again.
    held = list(waiting.select_for_update(skip_locked=True, of=("self",)).order_by("pk"))
    if len(held) != waiting.count():
        return held
    wanted = entries.differences(_told(processor), expected(processor, Company.current().day_of(at)))
    for change in held:
        if change.kind not in wanted:
            change.delete()
    known = {change.kind: change for change in held}
    return [
        _gathered(known.get(kind), processor, kind, sides, at, planned_on) for kind, sides in wanted.items()
    ]


def _gathered(
    change: SubprocessorChange | None,
    processor: Processor,
    kind: str,
    sides: tuple[entries.Facts, entries.Facts],
    at: datetime,
    planned_on: date | None,
) -> SubprocessorChange:
    if change is None:
        change = SubprocessorChange(processor=processor, kind=kind, planned_on=planned_on)
    if change._state.adding or (change.was, change.becomes) != sides:
        _write(change, processor, *sides, at)
    return change


def _write(
    change: SubprocessorChange, processor: Processor, was: entries.Facts, becomes: entries.Facts, at: datetime
) -> None:
    change.name, change.was, change.becomes, change.gathered_at = processor.name, was, becomes, at
    with translation.override(words.OWN_LANGUAGE):
        change.before, change.after = words.said(change.kind, was), words.said(change.kind, becomes)
    change.save()


def _told(processor: Processor) -> Entry | None:
    return entries.told(processor.changes.standing()).get(processor.pk)


def expected(processor: Processor, on: date) -> Entry | None:
    """Its line, were everything told; None for one that is not to be on the list."""
    if processor.status not in EXPECTED:
        return None
    return entries.registered([processor], on)[processor.pk]


def drifting(on: date) -> list[Processor]:
    """Those whose line, as people were told, is not what the register says; a steady number of queries."""
    told = entries.told(SubprocessorChange.objects.standing())
    rows = Processor.objects.filter(status__in=EXPECTED) | Processor.objects.filter(pk__in=told)
    processors = list(rows.order_by("name", "pk"))
    now = entries.registered((row for row in processors if row.status in EXPECTED), on)
    return [row for row in processors if entries.differences(told.get(row.pk), now.get(row.pk))]


def is_drifting(processor: Processor, on: date) -> bool:
    return bool(entries.differences(_told(processor), expected(processor, on)))


def gather_all(*, at: datetime) -> int:
    """Every company that differs, each in its own transaction; how many have something to tell."""
    waiting = SubprocessorChange.objects.gathered().values("processor")
    found = {row.pk: row for row in Processor.objects.filter(pk__in=waiting)}
    found |= {row.pk: row for row in drifting(Company.current().day_of(at))}
    return sum(bool(gather(row, at=at)) for row in found.values())


@transaction.atomic
def gather_now(processor: Processor, *, by: User, at: datetime, reason: str) -> list[SubprocessorChange]:
    """The same by hand, for somebody who does not want to wait for the sweep."""
    rows = gather(processor, at=at)
    details = {"changes": [row.pk for row in rows]}
    record("processors.gather_now", processor, by=by, at=at, reason=reason, details=details)
    return rows


def hold(processor: Processor) -> None:
    """Until the end of this transaction nobody takes back what was announced of it."""
    list(processor.changes.standing().select_for_update(of=("self",)).order_by("pk"))


def list_as_history(
    processors: Iterable[Processor],
    announcement: Announcement,
    *,
    at: datetime,
    kind: str = ChangeKind.LISTED,
) -> None:
    """They stood on a list we published before: that is where each one's story begins here.

    LISTED is no news to anybody and stays out of the history; ADDED says that it came that day."""
    rows = list(processors)
    lines = entries.registered(rows, announcement.effective_on)
    for processor in rows:
        change = SubprocessorChange(processor=processor, kind=kind, announcement=announcement)
        _write(change, processor, {}, lines[processor.pk].facts, at)

"""Letting go, in two steps: proposed with numbers, confirmed by a person, then done in windows.

The promise: data is kept no longer than needed (GDPR Art. 5(1)(e)). The table is the truth, the task a
doorbell: a killed worker loses one window, which is rolled back, and the next one goes on from the
cursor that was written together with the last deed. Counts and numbers only; no personal value leaves
the rows (design, truth 7)."""

import logging
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from audit import disposing
from audit.actions import record
from audit.actors import SYSTEM, Acts
from audit.models import Disposal
from audit.personal import Holding, Then, holdings
from audit.refusals import Refused
from inventory.models import CutoffOrder, LegalHold, OrderAnswer, OrderStatus, Sweep, SweepItem, SweepStatus
from law.models import Company
from notices.actions import knock
from people.models import User

from . import holds, receipts
from .expiry import Slice, obstacles, slices
from .orders import expected, orders, wanted
from .receipts import fingerprint, totals
from .schedule import Scheduled, schedule

log = logging.getLogger(__name__)

MOST_ALONE = 10_000  # rows that go on the word of one person; an export has the same ceiling
WINDOW = 5_000  # rows in one transaction: enough for set-based work, short enough for everybody else


class SweepCannotMove(Refused):
    def __init__(self, now: str, wanted: str) -> None:
        super().__init__(f"This sweep is {now}; it cannot become {wanted}.")


class AnotherSweepIsOpen(Refused):
    def __init__(self) -> None:
        super().__init__("Another sweep is still open. Finish or cancel it first.")


class RulesChanged(Refused):
    def __init__(self) -> None:
        super().__init__(
            "The rules or the record of processing have changed since this was counted. Cancel it and propose again."
        )


class TakesEvidence(Refused):
    def __init__(self) -> None:
        super().__init__(
            "This sweep takes evidence, so a second person confirms it: “Confirm, with evidence…”."
        )


class SecondPersonMissing(Refused):
    status_code = 403

    def __init__(self) -> None:
        super().__init__(
            f"You proposed this yourself, and more than {MOST_ALONE:,} rows would go. A second person has to confirm it."
        )


class HoldingGone(Refused):
    def __init__(self, item: SweepItem) -> None:
        super().__init__(
            f"{item.holding} ({item.category}): this software has stopped keeping it since it was counted, so "
            "nothing of it went with this sweep."
        )


class NothingToDo(Refused):
    pass


class AnsweredAlready(Refused):
    def __init__(self) -> None:
        super().__init__("This order has been answered already.")


class EvidenceMissing(Refused):
    def __init__(self) -> None:
        super().__init__("Say what shows it: the log, the ticket or the query, and where it is kept.")


# --- Proposing -------------------------------------------------------------------------------


@transaction.atomic
def propose(*, by: User, at: datetime, reason: str = "") -> Sweep:
    """Count what has run out today, rule by rule. Nothing is erased."""
    today = Company.current().day_of(at)
    holds.keep_all()
    lines = schedule(today)
    sweep = _open(today, lines, by, at)
    items = [_counted(sweep, line, part) for line, part in slices(lines, today)]
    SweepItem.objects.bulk_create(items)
    sweep.needs_second = sum(item.going for item in items) > MOST_ALONE
    sweep.save(update_fields=["needs_second"])
    details = {"as_of": today.isoformat(), "expired": sum(item.proposed_count for item in items)}
    record("inventory.propose_sweep", sweep, by=by, at=at, reason=reason, details=details)
    return sweep


def _open(today: date, lines: list[Scheduled], by: User, at: datetime) -> Sweep:
    try:
        with transaction.atomic():
            return Sweep.objects.create(
                as_of=today,
                proposed_by=by,
                proposed_at=at,
                plan_sha256=fingerprint(_plan(lines, today)),
                notes=obstacles(lines),
            )
    except IntegrityError:
        raise AnotherSweepIsOpen from None


def _counted(sweep: Sweep, line: Scheduled, part: Slice) -> SweepItem:
    expired, held = part.counts()
    return SweepItem(
        sweep=sweep,
        rule_id=line.ending.last.pk,
        holding=part.holding.label,
        category=part.holding.category,
        role=part.role,
        other_roles=list(part.apart),
        then=line.ending.last.then,
        cutoffs={event: day.isoformat() for event, day in part.cutoffs.items()},
        explanation=line.words,
        proposed_count=expired,
        held_count=held,
        unknown_count=part.count_unknown(),
        samples=part.samples(),
    )


def _plan(lines: list[Scheduled], on: date) -> list[Any]:
    """Everything that decides what goes; two plans with one fingerprint take the same rows."""
    ours = [
        [
            part.holding.label,
            part.role,
            line.ending.last.then,
            sorted(part.cutoffs.items()),
            sorted(part.apart),
        ]
        for line, part in slices(lines, on)
    ]
    theirs = [
        [order.system.code, line.category.code, line.role, order.then, order.cutoffs]
        for line, order in wanted(lines, on)
    ]
    return [ours, theirs]


# --- Confirming and cancelling ---------------------------------------------------------------


@transaction.atomic
def confirm(sweep: Sweep, *, by: User, at: datetime, reason: str) -> Sweep:
    """A person has read the numbers: from now on the rows go, and other systems get their orders."""
    if sweep.takes_evidence:
        raise TakesEvidence
    return _confirm(sweep, by=by, at=at, reason=reason)


@transaction.atomic
def confirm_with_evidence(sweep: Sweep, *, by: User, at: datetime, reason: str) -> Sweep:
    """A second person lets evidence go too: without their word on record the database keeps it."""
    sweep = _confirm(sweep, by=by, at=at, reason=reason)
    for item in sweep.items.filter(disposal=None):
        if item.is_evidence and item.going:
            item.disposal = _approve(item, by=by, at=at, reason=reason)
            item.save(update_fields=["disposal"])
    return sweep


def _approve(item: SweepItem, *, by: User, at: datetime, reason: str) -> Disposal:
    terms = {
        "category": item.category, "role": item.role, "cutoffs": item.cutoffs, "counted": item.going,
    }  # fmt: skip
    proposer = item.sweep.proposed_by
    return disposing.approve(
        _holding(item).model, batch=item.sweep, terms=terms, proposed_by=proposer, by=by, at=at, reason=reason
    )


def _confirm(sweep: Sweep, *, by: User, at: datetime, reason: str) -> Sweep:
    sweep = _movable(sweep, SweepStatus.CONFIRMED)
    if sweep.needs_second and by.pk == sweep.proposed_by_id:
        raise SecondPersonMissing
    lines = schedule(sweep.as_of)
    if fingerprint(_plan(lines, sweep.as_of)) != sweep.plan_sha256:
        raise RulesChanged
    given = _give_orders(sweep, lines, at)
    _refuse_idle(sweep, given)
    sweep.confirmed_by, sweep.confirmed_at = by, at
    _move(sweep, SweepStatus.CONFIRMED, "confirmed_by", "confirmed_at")
    details = {"orders": given, **totals(sweep)}
    record("inventory.confirm_sweep", sweep, by=by, at=at, reason=reason, details=details)
    ring()
    return sweep


def _give_orders(sweep: Sweep, lines: list[Scheduled], at: datetime) -> int:
    company = Company.current()
    due_on = company.day_of(at) + timedelta(days=company.order_days)
    made = []
    for line, order in orders(lines, sweep.as_of):
        order.sweep, order.due_on = sweep, due_on
        order.count_expected = expected(line, sweep.as_of)
        made.append(order)
    return len(CutoffOrder.objects.bulk_create(made))


def _refuse_idle(sweep: Sweep, orders_given: int) -> None:
    """Nothing would go. If holds are why, they are named with their owners."""
    sums = totals(sweep)
    if orders_given or sums["expired"] > sums["held"]:
        return
    if sums["held"]:
        covering = LegalHold.objects.in_force().select_related("owner")
        kept = "Everything that has run out is on hold, or restricted at the person’s wish."
        raise holds.UnderHold(f"{kept} {holds.words(covering)}".strip())
    raise NothingToDo("Nothing has run out, and no other system has anything to do. Cancel this sweep.")


@transaction.atomic
def cancel(sweep: Sweep, *, by: User, at: datetime, reason: str) -> Sweep:
    """Stops after the window under way. What is gone stays gone, and the receipt says how much it was."""
    sweep = _movable(sweep, SweepStatus.CANCELLED)
    sha256 = _close(sweep, SweepStatus.CANCELLED, at)
    details = {**totals(sweep), "receipt_sha256": sha256}
    record("inventory.cancel_sweep", sweep, by=by, at=at, reason=reason, details=details)
    return sweep


# --- Running ---------------------------------------------------------------------------------


def run(sweep: Sweep, *, at: datetime, windows: int | None = None) -> bool:
    """Do up to `windows` windows, all of them if not said; True while something is left.

    Each window is a transaction of its own, so this may be killed anywhere and called again."""
    done = 0
    while windows is None or done < windows:
        if not _step(sweep, at):
            return False
        done += 1
    return True


@transaction.atomic
def _step(sweep: Sweep, at: datetime) -> bool:
    """One window. The sweep's row is the lock: two workers take turns, a new hold waits for its end."""
    current = Sweep.objects.select_for_update().at_work().filter(pk=sweep.pk).first()
    if current is None:
        return False
    if current.status == SweepStatus.CONFIRMED:
        _move(current, SweepStatus.RUNNING)
        record("inventory.start_sweep", current, by=SYSTEM, at=at)
    item = current.items.filter(ended_at=None).first()
    if item is None:
        _finish(current, at)
        return False
    try:
        _take_window(item, at)
    except HoldingGone as gone:
        _pass_over(item, gone, at)
    return True


def _pass_over(item: SweepItem, gone: HoldingGone, at: datetime) -> None:
    """The rest of the sweep goes on; whoever reads it sees what it left out."""
    log.error("%s", gone)
    item.ended_at = at
    item.save(update_fields=["ended_at"])
    item.sweep.notes = [*item.sweep.notes, str(gone)]
    item.sweep.save(update_fields=["notes"])


def _take_window(item: SweepItem, at: datetime) -> None:
    part = _slice(item)
    rows = part.free().filter(pk__gt=item.cursor)
    if item.is_evidence and item.disposal is None:
        rows = rows.none()  # there was none when it was counted, so nobody was asked
    last = rows.order_by("pk").values_list("pk", flat=True)[WINDOW - 1 : WINDOW].first()
    if last is not None:
        rows = rows.filter(pk__lte=last)
    if item.disposal:
        rows = disposing.enlist(item.disposal, rows, at=at)
    item.done_count += part.holding.ways[Then(item.then)](rows, at)
    item.cursor = last or item.cursor
    item.ended_at = None if last is not None else at
    item.save(update_fields=["done_count", "cursor", "ended_at"])


def _slice(item: SweepItem) -> Slice:
    cutoffs = {event: date.fromisoformat(day) for event, day in item.cutoffs.items()}
    return Slice(_holding(item), item.role, tuple(item.other_roles), cutoffs)


def _holding(item: SweepItem) -> Holding:
    """Raises HoldingGone where a newer release of this software no longer keeps it."""
    for holding in holdings():
        if (holding.label, holding.category) == (item.holding, item.category):
            return holding
    raise HoldingGone(item)


def _finish(sweep: Sweep, at: datetime) -> None:
    sha256 = _close(sweep, SweepStatus.DONE, at)
    details = {**totals(sweep), "receipt_sha256": sha256}
    record("inventory.finish_sweep", sweep, by=SYSTEM, at=at, details=details)


def _close(sweep: Sweep, status: SweepStatus, at: datetime) -> str:
    """From here on the database refuses to change the sweep (audit.evidence)."""
    sweep.ended_at = at
    sweep.receipt = receipts.of(sweep, status)
    sweep.receipt_sha256 = fingerprint(sweep.receipt)
    _move(sweep, status, "ended_at", "receipt", "receipt_sha256")
    return sweep.receipt_sha256


# --- Other systems ---------------------------------------------------------------------------


@transaction.atomic
def answer(
    order: CutoffOrder,
    *,
    by: Acts,
    at: datetime,
    reason: str = "",
    answer: str,
    evidence: str,
    count_done: int | None = None,
) -> CutoffOrder:
    """The owner of another system says what became of the order, and what shows it."""
    order = CutoffOrder.objects.select_for_update().get(pk=order.pk)
    if OrderStatus.ANSWERED not in CutoffOrder.transitions[order.status]:
        raise AnsweredAlready
    if not evidence.strip():
        raise EvidenceMissing
    order.status, order.answer = OrderStatus.ANSWERED, OrderAnswer(answer)
    order.evidence, order.count_done = evidence, count_done
    order.answered_by, order.answered_at = (by if isinstance(by, User) else None), at
    order.save()
    details = {"answer": answer, "count": count_done}
    record("inventory.answer_order", order, by=by, at=at, reason=reason, fields=["status"], details=details)
    return order


# --- The doorbell ----------------------------------------------------------------------------


def ring() -> None:
    """Ask a worker, after commit, to look. A dead broker costs nothing but time: the minute rings again."""
    transaction.on_commit(ring_now, robust=True)


def ring_now() -> None:
    from inventory import tasks

    knock(tasks.sweep)


def _movable(sweep: Sweep, wanted: SweepStatus) -> Sweep:
    current = Sweep.objects.select_for_update().get(pk=sweep.pk)
    if wanted not in Sweep.transitions[current.status]:
        raise SweepCannotMove(current.get_status_display(), wanted.label)
    return current


def _move(sweep: Sweep, status: SweepStatus, *fields: str) -> None:
    sweep.status = status
    sweep.save(update_fields=["status", *fields])

"""Every write with meaning about the law rows: a person answers for each."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import TypeVar

from django.db import transaction

from audit.actions import record
from audit.actors import Acts
from audit.refusals import Refused

from .models import Company, LawRow

L = TypeVar("L", bound=LawRow)


class AlreadyApproved(Refused):
    pass


class NotVerified(Refused):
    pass


class EndsBeforeItStarts(Refused):
    pass


@transaction.atomic
def approve(row: LawRow, *, by: Acts, at: datetime, reason: str) -> None:
    """A named person answers for the fact; from now on the database refuses to change it."""
    _approve(_locked(row), by=by, at=at, reason=reason)


@transaction.atomic
def approve_many(rows: Iterable[LawRow], *, by: Acts, at: datetime, reason: str) -> int:
    """All or none, each with an event of its own. A row from memory needs a look by itself."""
    locked = [_locked(row) for row in sorted(rows, key=lambda row: row.pk)]
    if unread := [row for row in locked if not row.is_verified]:
        raise NotVerified(
            f"“{unread[0]}” stands from memory only: approve it by itself, with its source before you."
        )
    for row in locked:
        _approve(row, by=by, at=at, reason=reason)
    return len(locked)


def _approve(row: LawRow, *, by: Acts, at: datetime, reason: str) -> None:
    if row.approved_at:
        raise AlreadyApproved(f"Somebody has approved “{row}” already.")
    _write(row, approved_by=by, approved_at=at, is_verified=True)
    record("law.approve", row, by=by, at=at, reason=reason, fields=["approved_by"])


@transaction.atomic
def switch_on(row: LawRow, *, by: Acts, at: datetime, reason: str) -> None:
    row = _locked(row)
    if not row.is_verified:
        raise NotVerified("This row stands from memory only. Approve it with a source first.")
    _switch(row, True, by=by, at=at, reason=reason)


@transaction.atomic
def switch_off(row: LawRow, *, by: Acts, at: datetime, reason: str) -> None:
    _switch(_locked(row), False, by=by, at=at, reason=reason)


@transaction.atomic
def end(row: LawRow, *, by: Acts, at: datetime, reason: str, in_force_until: date) -> None:
    """The fact no longer binds from that day; what follows it is a new row."""
    row = _locked(row)
    if row.in_force_from and in_force_until <= row.in_force_from:
        raise EndsBeforeItStarts(f"It began on {row.in_force_from:%-d %B %Y}; it cannot end before that.")
    _write(row, in_force_until=in_force_until)
    record("law.end", row, by=by, at=at, reason=reason, fields=["in_force_until"])


@transaction.atomic
def check_again(row: LawRow, *, by: Acts, at: datetime, reason: str) -> None:
    """Somebody has compared the row with its source and it still says so. Nothing else moves."""
    row = _locked(row)
    _write(row, checked_on=Company.current().day_of(at))
    record("law.check_again", row, by=by, at=at, reason=reason, fields=["checked_on"])


def _switch(row: LawRow, is_on: bool, *, by: Acts, at: datetime, reason: str) -> None:
    _write(row, is_on=is_on)
    verb = "law.switch_on" if is_on else "law.switch_off"
    record(verb, row, by=by, at=at, reason=reason, fields=["is_on"])


def _write(row: LawRow, **values: object) -> None:
    type(row)._base_manager.filter(pk=row.pk).update(**values)


def _locked(row: L) -> L:
    return type(row)._base_manager.select_for_update().get(pk=row.pk)

"""Writing what an import plan found to differ: windows of rows, each one short transaction.

A row that somebody touched between the plan and its window is not overwritten: it is rejected, and the
file may be imported again."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from . import actions
from .models import Person
from .staging import FIELDS, Staging

TOUCHED = "This person was changed by somebody else at the same time. Import the file again."
Rows = list[Any]


class _Touched(Exception):
    """Somebody else wrote to a row of this window."""


class Writer:
    def __init__(self, staging: Staging, at: datetime, progress: Callable[[str, int], object]) -> None:
        self.staging, self.at, self.progress = staging, at, progress
        self.done = 0

    def write(self) -> None:
        self._write_movers()
        for window in self.staging.windows(("new", "changed")):
            self._write_window(window)
        for links in self.staging.link_windows(("new", "verify")):
            self._write_links(links)

    def _write_movers(self) -> None:
        """Addresses that pass from one person to another change hands in one transaction."""
        movers = self.staging.run(
            "SELECT * FROM person WHERE verdict IN ('new', 'changed') AND (line IN (SELECT line FROM holder)"
            " OR external_id IN (SELECT external_id FROM holder))"
        ).fetchall()
        if movers:
            self._try(movers, self._let_go_and_write)

    def _let_go_and_write(self, movers: Rows) -> None:
        holders = [row["id"] for row in movers if row["id"] is not None]
        Person.objects.filter(pk__in=holders).update(email="")
        self._save(movers)

    def _write_window(self, window: Rows) -> None:
        if not self._try(window, self._save, reject=len(window) == 1):
            for row in window:  # find the row that does not fit
                self._try([row], self._save)

    def _try(self, window: Rows, save: Callable[[Rows], None], *, reject: bool = True) -> bool:
        try:
            with transaction.atomic():
                save(window)
        except (IntegrityError, _Touched):
            if reject:
                for row in window:
                    self.staging.reject(row["line"], TOUCHED)
            return False
        self.staging.run_many(
            "UPDATE person SET is_written = 1 WHERE line = ?", ((r["line"],) for r in window)
        )
        self.done += len(window)
        self.progress("written", self.done)
        return True

    def _save(self, window: Rows) -> None:
        Person.objects.bulk_create(_person(row) for row in window if row["verdict"] == "new")
        if changed := [row for row in window if row["verdict"] == "changed"]:
            self._save_changed(changed)

    def _save_changed(self, rows: Rows) -> None:
        locked = Person.objects.select_for_update().filter(pk__in=[row["id"] for row in rows])
        current = {person.pk: person for person in locked}
        if any(row["id"] not in current or current[row["id"]].revision != row["revision"] for row in rows):
            raise _Touched
        Person.objects.bulk_create(
            [_person(row, current[row["id"]]) for row in rows],
            update_conflicts=True,
            unique_fields=["external_id"],
            update_fields=[*FIELDS, "undeliverable_at", "revision", "updated_at"],
        )

    def _write_links(self, links: Rows) -> None:
        names = {link["child"] for link in links} | {link["guardian"] for link in links}
        ids = dict(Person.objects.filter(external_id__in=names).values_list("external_id", "pk"))
        new, verified = [], []
        for link in links:
            if link["child"] in ids and link["guardian"] in ids:
                pair = (ids[link["child"]], ids[link["guardian"]])
                new.append((*pair, bool(link["is_verified"]))) if link[
                    "verdict"
                ] == "new" else verified.append(pair)
        actions.take_over_guardianships(new, verified, source="import", at=self.at)


def _person(row: Any, current: Person | None = None) -> Person:
    values: dict[str, Any] = {name: row[name] for name in FIELDS}
    values["birth_date"] = date.fromisoformat(row["birth_date"]) if row["birth_date"] else None
    person = Person(external_id=row["external_id"], **values)
    if current is not None:
        person.revision = current.revision + 1
        if current.email == person.email:  # a corrected address starts afresh
            person.undeliverable_at = current.undeliverable_at
    return person

"""Bringing people in from a CSV file of the learning platform (`manage.py import_people`).

What the file says is true of the persons it names, blank cells included; persons it does not name
stay as they are, and so do those who left. Guardianships are only ever added or, from claimed to verified,
raised: no file lowers, revives or removes one. A row that is wrong is rejected with its line and
reason; all other rows come in. Decided with care:

- A guardian who stands neither in the file nor in our records: the child's row comes in, the link is left out
  and noted. Keeping the child out would hide that we hold their data.
- A guardian who is under age, or a learner of unknown age: the row is rejected, for somebody mistook one person for another.
- A person whose data is restricted (GDPR Art. 18): a row that would change it is rejected, and says so.
- A language we don't write in: the house's own is used, and noted. Nobody stays untold.

Memory is bounded: rows wait in `staging`, and go in windows, each a short transaction."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, BinaryIO

from audit.actions import record
from audit.actors import Acts
from law.ages import cutoff
from law.models import Company

from . import csv_files
from .import_rows import Reader
from .import_writing import Writer
from .models import Authority, Guardianship, Person, Role
from .staging import FIELDS, WINDOW, Staging, staged

COLUMNS = ("external_id", *FIELDS, "guardians")
Progress = Callable[[str, int], object]
TAKEN = """
SELECT mine.line AS line FROM holder JOIN person AS mine ON mine.line = holder.line
LEFT JOIN person AS theirs ON theirs.external_id = holder.external_id AND theirs.verdict <> 'rejected'
WHERE mine.line > ? AND (theirs.line IS NULL OR (theirs.email = mine.email AND theirs.role <> 'learner'))
ORDER BY holder.line LIMIT ?
"""
HEIRS = "SELECT line FROM holder WHERE external_id = (SELECT external_id FROM person WHERE line = ?)"


@dataclass(frozen=True)
class Counts:
    new: int
    changed: int
    unchanged: int
    rejected: int
    guardianships_new: int
    guardianships_verified: int
    notes: int

    @property
    def writes(self) -> int:
        return self.new + self.changed + self.guardianships_new + self.guardianships_verified


@contextmanager
def planned(file: BinaryIO, *, progress: Progress = lambda step, rows: None) -> Iterator["Plan"]:
    """Read the whole file and compare it with our records, writing nothing. Raises csv_files.FileRefused."""
    company = Company.current()
    today = company.today()
    with staged() as staging:
        plan = Plan(staging, csv_files.sha256(file), progress)
        plan.read(file, today)
        # The strictest age the company works with: a guardian is not a minor anywhere.
        plan.compare(cutoff(company.unknown_age_elsewhere, today).isoformat())
        yield plan


class Plan:
    def __init__(self, staging: Staging, sha256: str, progress: Progress) -> None:
        self.staging, self.sha256, self.progress = staging, sha256, progress
        self.remarks = staging.remarks

    def counts(self) -> Counts:
        return Counts(
            new=self.staging.count("new"),
            changed=self.staging.count("changed"),
            unchanged=self.staging.count("unchanged") + self.staging.repeated,
            rejected=self.staging.count_remarks("rejected"),
            guardianships_new=self.staging.count_links("new"),
            guardianships_verified=self.staging.count_links("verify"),
            notes=self.staging.count_remarks("note"),
        )

    def read(self, file: BinaryIO, today: date) -> None:
        for number, row in enumerate(csv_files.rows(file, COLUMNS), 1):
            reader = Reader(row, today)
            if entry := reader.entry():
                self.staging.add(entry)
            else:
                self.staging.reject(row.line, " ".join(reader.problems))
            if reader.note:
                self.staging.note(row.line, reader.note)
            if number % WINDOW == 0:
                self.progress("read", number)

    def compare(self, born_after: str) -> None:
        done = 0
        for window in self.staging.windows():
            current = _current_rows([row["external_id"] for row in window])
            self._compare_persons(window, current, born_after)
            self._note_holders(window, current)
            done += len(window)
            self.progress("compared", done)
        self._learn_guardians()
        self._refuse_unfit_guardians(born_after)
        self._refuse_taken_addresses()
        self._leave_out_links(born_after)
        for links in self.staging.link_windows():
            self._compare_links(links)

    def _compare_persons(self, window: list[Any], current: dict[str, "_Current"], born_after: str) -> None:
        verdicts = []
        changed: dict[int, int] = {}
        children: dict[int | None, int] = {}
        for row in window:
            known = current.get(row["external_id"], _NOBODY)
            verdict = known.verdict(row)
            verdicts.append((verdict, known.pk, known.revision, row["line"]))
            if verdict == "changed":
                changed[known.pk or 0] = row["line"]
                if _is_unfit(row, born_after):
                    children[known.pk] = row["line"]
        self.staging.run_many("UPDATE person SET verdict = ?, id = ?, revision = ? WHERE line = ?", verdicts)
        self._keep_guardians_grown_up(children)
        self._leave_restricted_alone(changed)

    def _leave_restricted_alone(self, changed: dict[int, int]) -> None:
        """Kept, and not changed: only the case of the person themselves may (GDPR Art. 18(2))."""
        for pk in Person.objects.restricted().filter(pk__in=changed).values_list("pk", flat=True):
            self.staging.reject(
                changed[pk], "This person’s data is restricted: it is kept, and no file changes it."
            )

    def _keep_guardians_grown_up(self, children: dict[int | None, int]) -> None:
        """Whoever looks after somebody in our records cannot become a learner or a minor by a file."""
        wards = Guardianship.objects.filter(guardian_id__in=children).exclude(authority=Authority.ENDED)
        for pk in set(wards.values_list("guardian_id", flat=True)):
            self.staging.reject(
                children[pk], "role: this person is somebody's guardian in our records, so not a child."
            )

    def _note_holders(self, window: list[Any], current: dict[str, "_Current"]) -> None:
        """Who holds, in our records, the address that a row would give to another adult."""
        wanted = {
            row["email"]: row
            for row in window
            if row["email"] and row["role"] != Role.LEARNER and not _has_left(current, row)
        }
        holders = Person.objects.active().exclude(role=Role.LEARNER).filter(email__in=list(wanted))
        self.staging.run_many(
            "INSERT INTO holder VALUES (?, ?)",
            (
                (wanted[email]["line"], holder)
                for email, holder in holders.values_list("email", "external_id")
                if holder != wanted[email]["external_id"]
            ),
        )

    def _refuse_taken_addresses(self) -> None:
        """A row may take an address from somebody who gives it up in the same file, from nobody else."""
        last = 0
        while taken := self.staging.run(TAKEN, last, WINDOW).fetchall():
            for (line,) in taken:
                self._refuse_taken(line)
            last = taken[-1]["line"]
        self.staging.run(
            "DELETE FROM holder WHERE line IN (SELECT line FROM person WHERE verdict = 'rejected')"
        )

    def _refuse_taken(self, line: int) -> None:
        """And then whoever counted on the address that this row no longer gives up, and so on."""
        waiting = [line]
        while waiting:
            line = waiting.pop()
            if not self.staging.is_rejected(line):
                self.staging.reject(line, "email: another person in our records has this address.")
                waiting += [heir for (heir,) in self.staging.run(HEIRS, line)]

    def _learn_guardians(self) -> None:
        for window in self.staging.link_windows():
            guardians = Person.objects.filter(external_id__in={link["guardian"] for link in window})
            self.staging.run_many(
                "INSERT OR IGNORE INTO known VALUES (?, ?, ?)",
                (
                    (external_id, role, _text(born))
                    for external_id, role, born in guardians.values_list("external_id", "role", "birth_date")
                ),
            )

    def _refuse_unfit_guardians(self, born_after: str) -> None:
        for window in self.staging.link_windows():
            for link in window:
                if _is_unfit(link, born_after) and not self.staging.is_rejected(link["line"]):
                    self.staging.reject(
                        link["line"],
                        f"guardians: guardian {link['place']} is under age, or a learner whose age nobody knows.",
                    )

    def _leave_out_links(self, born_after: str) -> None:
        """After the last rejection: links to nobody, and to those whose own row did not come in."""
        for window in self.staging.link_windows():
            for link in window:
                if link["guardian_known"] is None or _is_unfit(link, born_after):
                    self._leave_out(link)

    def _leave_out(self, link: Any) -> None:
        self.staging.run("DELETE FROM link WHERE child = ? AND guardian = ?", link["child"], link["guardian"])
        self.staging.note(
            link["line"], f"guardians: guardian {link['place']} is not in our records; the link was left out."
        )

    def _compare_links(self, window: list[Any]) -> None:
        existing = _current_links({link["child"] for link in window})
        verdicts = []
        for link in window:
            authority = existing.get((link["child"], link["guardian"]))
            verdicts.append((_link_verdict(authority, link["is_verified"]), link["child"], link["guardian"]))
            if authority in (Authority.DISPUTED, Authority.ENDED):
                self.staging.note(
                    link["line"],
                    f"guardians: guardian {link['place']} is {authority} in our records and stays so.",
                )
        self.staging.run_many("UPDATE link SET verdict = ? WHERE child = ? AND guardian = ?", verdicts)

    def apply(self, *, by: Acts, at: datetime) -> None:
        """Write what differs, and one audit event for the whole. Safe to repeat after a crash."""
        counts = self.counts()
        if not counts.writes:
            return
        details = {**vars(counts), "sha256": self.sha256}
        record("people.import_people", by=by, at=at, details=details)
        Writer(self.staging, at, self.progress).write()


@dataclass(frozen=True)
class _Current:
    """What our records say of one person of the file."""

    pk: int | None = None
    revision: int | None = None
    has_left: bool = False
    values: tuple[str, ...] = ()

    def verdict(self, row: Any) -> str:
        if self.pk is None:
            return "new"
        return "unchanged" if self.values == tuple(row[name] for name in FIELDS) else "changed"


_NOBODY = _Current()


def _current_rows(external_ids: list[str]) -> dict[str, _Current]:
    rows = Person.objects.filter(external_id__in=external_ids)
    return {
        external_id: _Current(pk, revision, left_at is not None, tuple(_text(value) for value in values))
        for external_id, pk, revision, left_at, *values in rows.values_list(
            "external_id", "pk", "revision", "left_at", *FIELDS
        )
    }


def _has_left(current: dict[str, _Current], row: Any) -> bool:
    return current.get(row["external_id"], _NOBODY).has_left


def _current_links(children: set[str]) -> dict[tuple[str, str], str]:
    links = Guardianship.objects.filter(child__external_id__in=children)
    rows = links.values_list("child__external_id", "guardian__external_id", "authority")
    return {(child, guardian): authority for child, guardian, authority in rows}


def _text(value: Any) -> str:
    return "" if value is None else value.isoformat() if isinstance(value, date) else str(value)


def _is_unfit(guardian: Any, born_after: str) -> bool:
    """Of a person's row or of a link's: a minor, or a learner of unknown age, is nobody's guardian."""
    if not guardian["birth_date"]:
        return bool(guardian["role"] == Role.LEARNER)
    return bool(guardian["birth_date"] > born_after)


def _link_verdict(authority: str | None, is_verified: bool) -> str:
    if authority is None:
        return "new"
    return "verify" if is_verified and authority == Authority.CLAIMED else "same"

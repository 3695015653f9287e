"""Bringing cookies in from a CSV file with the columns of the Open Cookie Database
(`manage.py import_cookies`).

What the file says of a cookie is taken over. Only its group is ours to decide: a cookie that stands in one
stays there, whatever the file calls it; a new one goes where its category belongs, or among the unsorted,
which nobody outside sees. Cookies the file does not name stay as they are."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from audit.actions import record
from audit.actors import Acts
from audit.text import clean_block, clean_line
from people import csv_files

from .models import UNSORTED, Cookie, CookieGroup
from .models.cookies import https_only

COLUMNS = (
    "id",
    "platform",
    "category",
    "name",
    "domain",
    "description",
    "lifetime",
    "controller",
    "portal",
    "wildcard",
)
OPTIONAL = ("id", "domain", "description", "controller", "portal", "wildcard")
ALIASES = {
    "cookie id": "id",
    "provider": "platform",
    "cookie / data key name": "name",
    "cookie/data key name": "name",
    "cookie name": "name",
    "cookie": "name",
    "data key name": "name",
    "retention period": "lifetime",
    "retention": "lifetime",
    "expiration": "lifetime",
    "expiry": "lifetime",
    "duration": "lifetime",
    "data controller": "controller",
    "user privacy & gdpr rights portals": "portal",
    "gdpr rights portals": "portal",
    "privacy policy": "portal",
    "wildcard match": "wildcard",
    "is wildcard": "wildcard",
    "purpose": "description",
    "group": "category",
}
# The categories of the Open Cookie Database. A group for one is made when a file brings the first of its
# cookies: never essential, and shown to nobody before staff publish it.
KNOWN = {
    "functional": "Remember what you set and let a tool of the page work.",
    "personalization": "Remember what you like, to show you more of it.",
    "analytics": "Count visits and see how pages are used.",
    "marketing": "Show advertising and measure it.",
    "security": "Keep forms and accounts safe from others.",
}
FROM_FILE = (
    "name", "is_wildcard", "provider", "controller", "domain", "description", "lifetime", "portal", "source_id",
)  # fmt: skip
WRITTEN = (*FROM_FILE, "group", "lifetime_kind", "lifetime_seconds", "is_flagged", "flag_reason", "revision")
YES, NO = {"1", "true", "yes", "y"}, {"", "0", "false", "no", "n"}
MOST_ROWS = 50_000  # more than there are cookies worth naming; a file is compared in memory
WINDOW = 500

Key = tuple[str, str, str]


class ChangedMeanwhile(Exception):
    """Somebody else wrote to the same cookies. What came before is in; the file may be imported again."""


@dataclass
class Entry:
    """A clean row of the file, and what it means for us."""

    line: int
    category: str
    values: dict[str, Any]
    notes: list[str]
    cookie: Cookie | None = None
    verdict: str = ""

    @property
    def key(self) -> Key:
        return (self.values["name"], self.values["provider"], self.values["domain"])


@dataclass(frozen=True)
class Counts:
    new: int
    changed: int
    unchanged: int
    rejected: int
    flagged: int

    @property
    def writes(self) -> int:
        return self.new + self.changed


def read(file: BinaryIO) -> "Plan":
    """The whole file compared with our rows, writing nothing. Raises csv_files.FileRefused."""
    plan = Plan(csv_files.sha256(file))
    for row in csv_files.rows(file, COLUMNS, aliases=ALIASES, optional=OPTIONAL):
        plan.take(row)
    plan.compare()
    return plan


@dataclass
class Plan:
    sha256: str
    entries: list[Entry] = field(default_factory=list)
    remarks: list[tuple[int, str, str]] = field(default_factory=list)
    repeated: int = 0
    by_key: dict[Key, Entry] = field(default_factory=dict)
    by_id: dict[str, Entry] = field(default_factory=dict)

    def counts(self) -> Counts:
        verdicts = [entry.verdict for entry in self.entries]
        return Counts(
            new=verdicts.count("new"),
            changed=verdicts.count("changed"),
            unchanged=verdicts.count("unchanged") + self.repeated,
            rejected=sum(kind == "rejected" for _line, kind, _why in self.remarks),
            flagged=sum(kind == "flagged" for _line, kind, _why in self.remarks),
        )

    def take(self, row: csv_files.Row) -> None:
        if len(self.entries) >= MOST_ROWS:
            raise csv_files.FileRefused(f"The file has more than {MOST_ROWS:,} rows. Split it.")
        entry, problems = _entry(row)
        if entry is None:
            self._reject(row.line, " ".join(problems))
        else:
            self._add(entry)

    def _add(self, entry: Entry) -> None:
        source = entry.values["source_id"]
        first = self.by_key.get(entry.key) or (self.by_id.get(source) if source else None)
        if first is None:
            self.entries.append(entry)
            self.by_key[entry.key] = entry
            self.by_id |= {source: entry} if source else {}
        elif first.values == entry.values:
            self.repeated += 1
        else:
            self._reject(
                entry.line, f"line {first.line} has this cookie or this ID already, with other values."
            )

    def _reject(self, line: int, why: str) -> None:
        self.remarks.append((line, "rejected", why))

    def compare(self) -> None:
        groups = Groups()
        for window in _windows(self.entries):
            known = _Known(window)
            for entry in window:
                self._compare(entry, known, groups)
        self.entries = [entry for entry in self.entries if entry.verdict]
        self.remarks.sort(key=lambda remark: remark[0])

    def _compare(self, entry: Entry, known: "_Known", groups: "Groups") -> None:
        cookie, holder = known.cookie(entry), known.by_key.get(entry.key)
        if holder is not None and cookie is not None and holder.pk != cookie.pk:
            self._reject(entry.line, "name: another cookie of ours has this name, provider and domain.")
            return
        entry.cookie = cookie or Cookie(group=groups.of(entry.category))
        before = _state(entry.cookie) if cookie else None
        _take_over(entry.cookie, entry, groups)
        after = _state(entry.cookie)
        entry.verdict = "new" if before is None else "changed" if before != after else "unchanged"
        if entry.verdict != "unchanged" and entry.cookie.is_flagged:
            self.remarks.append((entry.line, "flagged", entry.cookie.flag_reason))

    def apply(self, *, by: Acts, at: datetime) -> None:
        """Write what differs, and one audit event for the whole. Safe to repeat after a crash."""
        counts = self.counts()
        if not counts.writes:
            return
        record("inventory.import_cookies", by=by, at=at, details={**vars(counts), "sha256": self.sha256})
        for window in _windows([entry for entry in self.entries if entry.verdict in ("new", "changed")]):
            try:
                _write([entry.cookie for entry in window if entry.cookie])
            except IntegrityError:
                raise ChangedMeanwhile from None


class Groups:
    """Our groups by every name a file may give them. One that is missing is made when it is written."""

    def __init__(self) -> None:
        self.by_name: dict[str, CookieGroup] = {}
        for group in CookieGroup.objects.all():
            for name in (group.code, group.name, *group.categories.split(",")):
                self.by_name.setdefault(name.strip().casefold(), group)
        self.unsorted = self.by_name.get(UNSORTED) or CookieGroup(
            code=UNSORTED, name="Unsorted", text="Nobody has looked at these yet.", order=9_000
        )

    def of(self, category: str) -> CookieGroup:
        said = category.casefold()
        if said in KNOWN and said not in self.by_name:
            self.by_name[said] = CookieGroup(code=said, name=said.capitalize(), text=KNOWN[said])
        return self.by_name.get(said) or self.unsorted

    def is_unsorted(self, group: CookieGroup) -> bool:
        return group.code == UNSORTED


class _Known:
    """Those of our cookies that a window of the file may mean."""

    def __init__(self, window: list[Entry]) -> None:
        names = {entry.values["name"] for entry in window}
        ids = {entry.values["source_id"] for entry in window} - {""}
        rows = Cookie.objects.filter(Q(name__in=names) | Q(source_id__in=ids)).select_related("group")
        found = list(rows)
        self.by_key: dict[Key, Cookie] = {(row.name, row.provider, row.domain): row for row in found}
        self.by_id = {row.source_id: row for row in found if row.source_id}

    def cookie(self, entry: Entry) -> Cookie | None:
        """By the list's own id if we have it, else by what it is."""
        return self.by_id.get(entry.values["source_id"]) or self.by_key.get(entry.key)


def _take_over(cookie: Cookie, entry: Entry, groups: Groups) -> None:
    was_unsorted = groups.is_unsorted(cookie.group)
    is_known = not (cookie._state.adding or was_unsorted)
    is_same = is_known and all(getattr(cookie, name) == entry.values[name] for name in FROM_FILE)
    if is_same:
        return  # what somebody has looked at is not flagged anew
    for name in FROM_FILE:
        setattr(cookie, name, entry.values[name])
    if was_unsorted:
        cookie.group = groups.of(entry.category)
    is_unsorted = groups.is_unsorted(cookie.group)
    unsorted = [f"Its category “{entry.category}” is none of ours."] if is_unsorted else []
    cookie.read_lifetime(*unsorted, *entry.notes)


def _state(cookie: Cookie) -> tuple[Any, ...]:
    return (*(getattr(cookie, name) for name in (*FROM_FILE, "flag_reason")), cookie.group.code)


@transaction.atomic
def _write(cookies: list[Cookie]) -> None:
    _make_groups(cookies)
    new = [cookie for cookie in cookies if cookie._state.adding]
    changed = [cookie for cookie in cookies if not cookie._state.adding]
    _refuse_touched(changed)
    for cookie in changed:
        cookie.revision += 1
    Cookie.objects.bulk_create(new)
    Cookie.objects.bulk_update(changed, WRITTEN, batch_size=50)


def _refuse_touched(changed: list[Cookie]) -> None:
    """What somebody edited since we read it is not overwritten."""
    locked = Cookie.objects.select_for_update().filter(pk__in=[cookie.pk for cookie in changed])
    if dict(locked.values_list("pk", "revision")) != {cookie.pk: cookie.revision for cookie in changed}:
        raise ChangedMeanwhile


def _make_groups(cookies: list[Cookie]) -> None:
    for cookie in cookies:
        if cookie.group._state.adding:
            cookie.group.save(force_insert=True)
        cookie.group = cookie.group  # takes over the id of one that was just made


def _windows(entries: list[Entry]) -> Iterator[list[Entry]]:
    for start in range(0, len(entries), WINDOW):
        yield entries[start : start + WINDOW]


# --- One row ------------------------------------------------------------------------------


def _entry(row: csv_files.Row) -> tuple[Entry | None, list[str]]:
    """The clean row, or every reason why there is none."""
    if row.problem:
        return None, [row.problem]
    problems: list[str] = []
    cell = {name: _clean(name, row.cells.get(name, ""), problems) for name in COLUMNS}
    provider = cell["platform"] or cell["controller"]
    if not cell["name"]:
        problems.append("name: It is empty.")
    if not provider:
        problems.append("platform: Neither a platform nor a data controller is named.")
    if cell["wildcard"].lower() not in YES | NO:
        problems.append("wildcard: Write 1 or 0.")
    if problems:
        return None, problems
    portal, notes = _portal(cell["portal"])
    values = {
        "name": cell["name"],
        "is_wildcard": cell["wildcard"].lower() in YES,
        "provider": provider,
        "controller": cell["controller"],
        "domain": cell["domain"],
        "description": cell["description"],
        "lifetime": cell["lifetime"],
        "portal": portal,
        "source_id": cell["id"],
    }
    return Entry(row.line, cell["category"] or "(none)", values, notes), []


# As long as our columns are; `id` and `wildcard` as long as anything honest.
_LIMITS = {
    "id": 64, "platform": 150, "category": 100, "name": 200, "domain": 255, "description": 4000, "lifetime": 200,
    "controller": 150, "portal": 500, "wildcard": 10,
}  # fmt: skip


def _clean(name: str, text: str, problems: list[str]) -> str:
    try:
        clean = clean_block(text.strip(), 100_000) if name == "description" else clean_line(text)
    except ValidationError as error:
        problems.append(f"{name}: {' '.join(error.messages)}")
        return ""
    if len(clean) > _LIMITS[name]:
        problems.append(f"{name}: Use {_LIMITS[name]:,} characters at most; this has {len(clean):,}.")
    return clean


def _portal(address: str) -> tuple[str, list[str]]:
    """Only https: we send people there to use their rights."""
    try:
        if address:
            https_only(address)
    except ValidationError:
        return "", ["The address of its privacy page does not begin with https:// and was left out."]
    return address, []

"""The copy for a requester: put together as a stream, sealed, looked at, released, fetched, gone.

Nobody waits for it and nothing holds it whole: rows go from the database through the zip into the vault
in pieces. It leaves the house only through `fetch`, for whoever the portal has just recognized."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import timezone, translation

from audit.actions import record
from audit.actors import SYSTEM, Acts
from audit.refusals import Refused
from law.models import Company
from people.models import User

from . import events, files, gathering, guards, vault
from .models import COPIES, Duty, Happened, Package, RightsRequest, Stage, Task, TaskFile
from .zipping import Entry, zipped

LEASE = timedelta(minutes=30)
TRIES = 5
OURS = "this service"


class CopyNotReady(Refused):
    def __init__(self) -> None:
        super().__init__("The copy is not put together yet. Look again in a minute.")


class CopyOver(Refused):
    def __init__(self) -> None:
        super().__init__(
            "This copy can no longer be fetched: its days are over, or it was fetched often enough."
        )


@transaction.atomic
def start(request: RightsRequest, *, at: datetime) -> Package:
    """Have a copy put together; a worker does it. One that was not released gives way to a new one."""
    drop_unreleased(request, at=at)
    return Package.objects.create(request=request, started_at=at)


def start_if_owed(request: RightsRequest, *, at: datetime) -> None:
    if _is_owed(request):
        start(request, at=at)


def release_if_owed(request: RightsRequest, *, by: User, at: datetime) -> None:
    if _is_owed(request):
        release(request, by=by, at=at)


def _is_owed(request: RightsRequest) -> bool:
    """A second look is answered in words; a copy it brings about is asked for anew."""
    return request.right in COPIES and request.appeal_of_id is None


def drop_unreleased(request: RightsRequest, *, at: datetime) -> None:
    """The case ends otherwise: nobody is going to fetch it."""
    for package in request.packages.select_for_update().filter(removed_at=None, released_at=None):
        _remove(package, at)


def build_due(*, at: datetime) -> int:
    """Put together what waits, one at a time; returns how many are ready. Killed anywhere, the lease runs
    out and another worker begins anew: what was half sealed is swept from the vault."""
    built = 0
    while package := _claim():
        built += _build(package, at)
    return built


def _claim() -> Package | None:
    with transaction.atomic():
        waiting = (
            Package.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(built_at=None, removed_at=None, attempts__lt=TRIES)
            .filter(Q(lease_until=None) | Q(lease_until__lt=Now()))
        )
        package = waiting.order_by("pk").first()
        if package:
            Package.objects.filter(pk=package.pk).update(
                attempts=F("attempts") + 1, lease_until=Now() + LEASE, failure="the worker stopped"
            )
        return package


def _build(package: Package, at: datetime) -> bool:
    contents: list[dict[str, Any]] = []
    try:
        stored = vault.seal(package.request, zipped(_Copy(package.request, at, contents).entries(), at=at))
    except (vault.VaultFull, vault.NotInVault, vault.KeyShredded) as trouble:
        failure = type(trouble).__name__
        Package.objects.filter(pk=package.pk).update(failure=failure, lease_until=Now() + LEASE)
        return False
    with transaction.atomic():
        guards.locked(package.request)  # the case before its copy, as everybody holds them
        fresh = Package.objects.select_for_update().get(pk=package.pk)
        if fresh.built_at or fresh.removed_at:  # another worker was quicker, or the case is over
            vault.remove(stored.path)
            return False
        fresh.path, fresh.size, fresh.sha256 = stored.path, stored.size, stored.sha256
        fresh.contents, fresh.rows = contents, sum(part["rows"] for part in contents)
        fresh.built_at, fresh.failure, fresh.lease_until = at, "", None
        fresh.save()
        events.note(fresh.request, Happened.PACKED, by=SYSTEM, at=at, facts={"rows": fresh.rows})
    return True


@dataclass
class _Copy:
    """Everything that goes into one copy, in order; `contents` fills as it is read."""

    request: RightsRequest
    at: datetime
    contents: list[dict[str, Any]] = field(default_factory=list)

    def entries(self) -> Iterator[Entry]:
        with translation.override(self.request.language):
            yield from self._ours()
            yield from self._theirs()
            yield Entry("index.html", [self._index().encode()])

    def _ours(self) -> Iterator[Entry]:
        subject = guards.subject_of(self.request)
        for part in gathering.parts(subject):
            base = f"this-service/{part.slug}"
            yield Entry(f"{base}.json", gathering.as_json(part.rows()))
            table = gathering.as_table(
                part.rows(), part.holding.fields, part.holding.name, self.request.language
            )
            yield Entry(f"{base}.html", table)
            self._note(OURS, part.holding.name, f"{base}.html", part.count)

    def _theirs(self) -> Iterator[Entry]:
        rows = TaskFile.objects.filter(
            task__request=self.request, task__duty=Duty.GATHER, destroyed_at=None
        ).select_related("task__system", "task__processor")
        for number, file in enumerate(rows.order_by("task", "pk"), start=1):
            name = f"from-{number:03d}/{_safe(file.name)}"
            yield Entry(name, vault.open_sealed(self.request, file.path))
            self._note(str(file.task.whose), file.name, name, 0)

    def _note(self, source: str, what: str, name: str, rows: int) -> None:
        self.contents.append({"source": source, "what": what, "file": name, "rows": rows})

    def _index(self) -> str:
        subject = guards.subject_of(self.request)
        today = timezone.localdate(self.at, Company.current().zone)
        tasks = Task.objects.filter(request=self.request, duty=Duty.GATHER).select_related(
            "system", "processor"
        )
        return render_to_string(
            "requests/copy.html",
            {
                "company": Company.current(),
                "language": self.request.language,
                "made_on": today,
                "contents": self.contents,
                "tasks": tasks,
                "uses": gathering.uses(subject.role, today),
                "periods": gathering.periods(subject.role, today),
            },
        )


def _safe(name: str) -> str:
    """A name that is a name on every system: no path, no sign that means something to one."""
    return (
        "".join(
            sign if sign.isascii() and (sign.isalnum() or sign in ".-_") else "-" for sign in name
        ).lstrip(".-")
        or "file"
    )


# --- Out of the house --------------------------------------------------------------------------


def ready(request: RightsRequest) -> Package | None:
    """The copy that is built and may be looked at or released."""
    return request.packages.filter(built_at__isnull=False, removed_at=None).first()


@transaction.atomic
def release(request: RightsRequest, *, by: User, at: datetime) -> Package:
    """Somebody looked through it: from now on the requester may fetch it. A part of `actions.release`,
    which writes it down. Raises CopyNotReady."""
    package = request.packages.select_for_update().filter(built_at__isnull=False, removed_at=None).first()
    if package is None:
        raise CopyNotReady
    package.released_by, package.released_at = by, at
    package.expires_at = at + timedelta(days=Company.current().download_days)
    package.save(update_fields=["released_by", "released_at", "expires_at"])
    return package


def open_to(request: RightsRequest, at: datetime) -> Package | None:
    """The released copy that may still be fetched."""
    limit = Company.current().download_count
    return request.packages.filter(
        released_at__isnull=False, removed_at=None, expires_at__gt=at, downloads__lt=limit
    ).first()


def fetch(request: RightsRequest, *, by: Acts, at: datetime) -> tuple[Package, Iterator[bytes]]:
    """Count one download and give the bytes. Raises CopyOver when none is left, or its time is over."""
    package = open_to(request, at)
    if package is None:
        raise CopyOver
    try:
        pieces = vault.open_sealed(request, package.path)
    except (vault.KeyShredded, vault.NotInVault) as gone:  # an erasure was quicker
        raise CopyOver from gone
    with transaction.atomic():
        mine = Package.objects.filter(
            pk=package.pk, removed_at=None, downloads__lt=Company.current().download_count
        )
        if not mine.update(downloads=F("downloads") + 1):
            raise CopyOver
        events.note(request, Happened.DOWNLOADED, by=by, at=at)
        record("requests.fetch_copy", request, by=by, at=at)
    return package, pieces


def look(package: Package) -> Iterator[bytes]:
    """For the officer who reviews it; whoever calls this writes the read down."""
    return vault.open_sealed(package.request, package.path)


def remove_expired(*, at: datetime) -> int:
    """Past its day a copy goes, fetched or not."""
    over = Package.objects.filter(removed_at=None, expires_at__lte=at)
    return sum(_remove_locked(package, at) for package in over.order_by("pk")[:500])


@transaction.atomic
def remove_handed_over(*, at: datetime) -> int:
    """What others handed over goes with the copy that was made of it, or with the end of the case."""
    kept = Package.objects.filter(removed_at=None).values("request")
    over = TaskFile.objects.filter(task__request__stage=Stage.CLOSED).exclude(task__request__in=kept)
    return files.destroy(over, at=at)


def remove_all(request: RightsRequest, *, at: datetime) -> int:
    """Every copy and every file handed over for it, now: an erasure leaves no copy of what it erased."""
    while files.destroy(TaskFile.objects.filter(task__request=request), at=at):
        pass
    return sum(_remove_locked(package, at) for package in request.packages.filter(removed_at=None))


@transaction.atomic
def _remove_locked(package: Package, at: datetime) -> bool:
    current = Package.objects.select_for_update().get(pk=package.pk)
    if current.removed_at is None:
        _remove(current, at)
    return True


def _remove(package: Package, at: datetime) -> None:
    if package.path:
        vault.remove(package.path)
    package.path, package.removed_at = "", at
    package.contents = [_unnamed(part) for part in package.contents]
    package.save(update_fields=["path", "removed_at", "contents"])


def _unnamed(part: dict[str, Any]) -> dict[str, Any]:
    """People name files after people, and this row stays as proof."""
    return part if part["source"] == OURS else {**part, "what": "a file", "file": part["file"].split("/")[0]}

"""The copy for a requester: gathered and sealed part by part, looked through, released, fetched, gone.

Nobody waits for it and nothing holds it whole: rows go from the database into the vault, and from there
through the zip, in pieces. It leaves the house only through `fetch`, for whoever the portal has just
recognized. Parts belong to the case: when an answer is corrected, what did not change keeps its marks."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import translation

from audit.actions import record
from audit.actors import SYSTEM, Acts
from audit.refusals import Refused
from law.models import Company
from people.models import User
from requests import events, guards
from requests.erasing import letting_go
from requests.keeping import files, vault
from requests.models import COPIES, CopyPart, Duty, Happened, Package, RightsRequest, Stage, TaskFile

from . import copying, gathering, telling
from .zipping import zipped

LEASE = timedelta(minutes=30)
TRIES = 5


class CopyNotReady(Refused):
    def __init__(self) -> None:
        super().__init__("The copy is not put together yet. Look again in a minute.")


class NotLookedThrough(Refused):
    def __init__(self, left: int, of: int) -> None:
        super().__init__(
            f"{left} of {of} parts of the copy {'was' if left == 1 else 'were'} not looked through. Look at each, "
            "or replace it or leave it out and say why; then release."
        )


class CopyOver(Refused):
    def __init__(self) -> None:
        super().__init__(
            "This copy can no longer be fetched: its days are over, or it was fetched often enough."
        )


# --- Put together ------------------------------------------------------------------------------


@transaction.atomic
def start(request: RightsRequest, *, at: datetime) -> Package:
    """Have a copy put together; a worker does it. One that was not released gives way to a new one."""
    _remove_unreleased(request, at)
    return Package.objects.create(request=request, started_at=at)


def start_if_owed(request: RightsRequest, *, at: datetime) -> None:
    if _is_owed(request):
        start(request, at=at)


def _is_owed(request: RightsRequest) -> bool:
    """A second look is answered in words; a copy it brings about is asked for anew."""
    return request.right in COPIES and request.appeal_of_id is None


def build_due(*, at: datetime) -> int:
    """Put together what waits, one at a time; returns how many are ready. Killed anywhere, the lease runs
    out and another worker begins anew."""
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
    request, on = package.request, Company.current().day_of(at)
    try:
        with _sealed(request, telling.carried_over(request, on=on)) as fresh, transaction.atomic():
            guards.locked(request)  # the case before its copy, as everybody holds them
            current = Package.objects.select_for_update().get(pk=package.pk)
            if current.built_at or current.removed_at or _is_out(request):
                raise _Overtaken
            _lay_out(request, fresh)
            _finish(current, at)
    except _Overtaken:
        return False
    except (vault.VaultFull, vault.NotInVault, vault.KeyShredded) as trouble:
        failure = type(trouble).__name__
        Package.objects.filter(pk=package.pk).update(failure=failure, lease_until=Now() + LEASE)
        return False
    return True


def _is_out(request: RightsRequest) -> bool:
    """What was released is what somebody looked through: no part joins it any more."""
    return request.packages.filter(released_at__isnull=False).exists()


class _Overtaken(Exception):
    """Another worker was quicker, or the case is over."""


@dataclass(frozen=True)
class _Fresh:
    """Rows of ours, just sealed. `same_as` is the part that holds the very same already."""

    part: gathering.Part
    stored: vault.Stored
    rows: int
    same_as: CopyPart | None


@contextmanager
def _sealed(request: RightsRequest, found: Iterable[gathering.Part]) -> Iterator[list[_Fresh]]:
    """All of them in the vault, or none: should the caller fail, they are taken out again."""
    known = {part.holding: part for part in request.copy_parts.exclude(holding="")}
    fresh: list[_Fresh] = []
    try:
        for part in found:
            stored = vault.seal(request, gathering.as_json(part.rows()))
            former = known.get(part.key)
            same = former if former and _reads_the_same(request, former.path, stored.path) else None
            fresh.append(_Fresh(part, stored, part.count, same))
        yield fresh
    except BaseException:
        for one in fresh:
            vault.remove(one.stored.path)
        raise


def _reads_the_same(request: RightsRequest, one: str, other: str) -> bool:
    both = (vault.open_sealed(request, path) for path in (one, other))
    return all(first == second for first, second in zip_longest(*both))


def _lay_out(request: RightsRequest, fresh: Sequence[_Fresh]) -> None:
    """The parts as they are now: what is the same keeps its marks, what changed has to be looked at again."""
    for one in fresh:
        if one.same_as:
            vault.remove(one.stored.path)
            CopyPart.objects.filter(pk=one.same_as.pk).update(filled=dict(one.part.filled))
    kept = [one.same_as.pk for one in fresh if one.same_as]
    handed_over = TaskFile.objects.filter(
        task__request=request, task__duty=Duty.GATHER, destroyed_at=None
    ).order_by("pk")
    gone = request.copy_parts.exclude(pk__in=kept).exclude(file__in=handed_over)
    letting_go.parts(gone)
    CopyPart.objects.bulk_create(
        [_ours(request, one) for one in fresh if not one.same_as]
        + [
            CopyPart(request=request, file=file, size=file.size)
            for file in handed_over.filter(copy_part=None)
        ]
    )


def _ours(request: RightsRequest, one: _Fresh) -> CopyPart:
    with translation.override("en"):  # the desk's; a copy says it in its own
        title = str(one.part.holding.title)
    return CopyPart(
        request=request,
        holding=one.part.key,
        title=title,
        path=one.stored.path,
        rows=one.rows,
        filled=dict(one.part.filled),
        size=one.stored.size,
    )


def _finish(package: Package, at: datetime) -> None:
    request = package.request
    with translation.override(request.language):
        package.told = telling.told(request, on=Company.current().day_of(at))
    parts = list(request.copy_parts.all())
    package.rows, package.size = sum(part.rows or 0 for part in parts), sum(part.size for part in parts)
    package.built_at, package.failure, package.lease_until = at, "", None
    package.save()
    events.note(request, Happened.PACKED, by=SYSTEM, at=at, facts={"rows": package.rows})


# --- Out of the house --------------------------------------------------------------------------


def ready(request: RightsRequest) -> Package | None:
    """The copy that is built and may be looked at or released."""
    return request.packages.filter(built_at__isnull=False, removed_at=None).first()


def release_if_owed(request: RightsRequest, *, by: User, at: datetime) -> None:
    if _is_owed(request):
        release(request, by=by, at=at)


@transaction.atomic
def release(request: RightsRequest, *, by: User, at: datetime) -> Package:
    """Somebody looked through it: from now on the requester may fetch it. A part of `actions.release`,
    which writes it down. Raises CopyNotReady, NotLookedThrough."""
    package = request.packages.select_for_update().filter(built_at__isnull=False, removed_at=None).first()
    if package is None:
        raise CopyNotReady
    if left := request.copy_parts.unseen().count():
        raise NotLookedThrough(left, request.copy_parts.count())
    package.contents = copying.contents(request)
    package.released_by, package.released_at = by, at
    company = Company.current()
    # Its last second, so that every page and letter names the same day.
    package.expires_at = company.end_of(company.last_day_of_copy(at)) - timedelta(seconds=1)
    package.save(update_fields=["contents", "released_by", "released_at", "expires_at"])
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
    if package is None or not vault.holds(request, copying.sealed_paths(request)):  # an erasure was quicker
        raise CopyOver
    with transaction.atomic():
        mine = Package.objects.filter(
            pk=package.pk, removed_at=None, downloads__lt=Company.current().download_count
        )
        if not mine.update(downloads=F("downloads") + 1):
            raise CopyOver
        events.note(request, Happened.DOWNLOADED, by=by, at=at)
        record("requests.fetch_copy", request, by=by, at=at)
    return package, look(package)


def look(package: Package) -> Iterator[bytes]:
    """The zip as it goes out, or would. Who opens it on the desk, writes the read down."""
    return zipped(copying.entries(package.request, package), at=package.built_at or package.started_at)


# --- Gone --------------------------------------------------------------------------------------


def drop_unreleased(request: RightsRequest, *, at: datetime) -> None:
    """The case ends otherwise: nobody is going to fetch it."""
    if _remove_unreleased(request, at) and not request.packages.filter(released_at__isnull=False).exists():
        letting_go.parts(request.copy_parts.all())


def remove_expired(*, at: datetime) -> int:
    """Past its day a copy goes, fetched or not."""
    over = Package.objects.filter(removed_at=None, expires_at__lte=at)
    return sum(_remove_locked(package, at) for package in over.order_by("pk")[:500])


@transaction.atomic
def remove_handed_over(*, at: datetime) -> int:
    """What others handed over goes with the copy that was made of it, or with the end of the case. The
    original of what was withheld stays sealed for as long as the case is kept."""
    kept = Package.objects.filter(removed_at=None).values("request")
    over = TaskFile.objects.filter(task__request__stage=Stage.CLOSED).exclude(task__request__in=kept)
    return files.destroy(over.filter(copy_part=None), at=at)


def remove_all(request: RightsRequest, *, at: datetime) -> int:
    """Every copy and every file handed over for it, now: an erasure leaves no copy of what it erased."""
    letting_go.parts(request.copy_parts.all())
    while files.destroy(TaskFile.objects.filter(task__request=request), at=at):
        pass
    return sum(_remove_locked(package, at) for package in request.packages.filter(removed_at=None))


def _remove_unreleased(request: RightsRequest, at: datetime) -> bool:
    waiting = list(request.packages.select_for_update().filter(removed_at=None, released_at=None))
    for package in waiting:
        _remove(package, at)
    return bool(waiting)


@transaction.atomic
def _remove_locked(package: Package, at: datetime) -> bool:
    current = Package.objects.select_for_update().get(pk=package.pk)
    if current.removed_at is None:
        _remove(current, at)
        letting_go.parts(current.request.copy_parts.filter(decision=""))
    return True


def _remove(package: Package, at: datetime) -> None:
    package.removed_at = at
    package.save(update_fields=["removed_at"])

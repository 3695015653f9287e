"""The vault: identity documents, handed-over files and copies lie sealed on disk, a key for each case.

What protects what: the database holds locked keys, the disk sealed files, the environment the master
keys (VAULT_KEYS). Any two of the three without the third open nothing but what the third is about."""

import errno
import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit import outside
from audit.actions import record
from audit.actors import Acts
from audit.files import sync_folder
from audit.refusals import Refused
from requests.models import CaseKey, RightsRequest, SealedFile

from . import masters, streams

KEY_BYTES = 32
WINDOW = 500
LEFTOVER_AFTER = timedelta(days=1)  # no upload takes that long
SHRED = "shred"
_OURS = re.compile(r"[0-9a-f]{2}/[0-9a-f]{32}\.sealed")


class KeyShredded(Refused):
    def __init__(self) -> None:
        super().__init__("What was sealed for this request has been destroyed, and cannot be opened again.")


class VaultFull(Refused):
    def __init__(self) -> None:
        super().__init__("The vault's disk is full, so the file was not kept. Make room, then try again.")


class NotInVault(Refused):
    def __init__(self) -> None:
        super().__init__("This file is not in the vault any more.")


@dataclass(frozen=True)
class Stored:
    """`size` in bytes before sealing; `sha256` of the sealed file, which says nothing of its content."""

    path: str
    size: int
    sha256: str


def key_of(request: RightsRequest) -> CaseKey:
    """The request's key, made at first use."""
    key, _created = CaseKey.objects.get_or_create(
        request=request,
        defaults={
            "wrapped": masters.lock(secrets.token_bytes(KEY_BYTES), _about(request.pk)),
            "wrapped_by": masters.current(),
            "made_at": timezone.now(),
        },
    )
    return key


def seal(request: RightsRequest, source: BinaryIO | Iterable[bytes]) -> Stored:
    """Keep a stream of any length, sealed under the request's key, under a random name of ours.

    Slow work: call it outside `atomic`. Raises KeyShredded, VaultFull; then no half file is left."""
    path = _new_path()
    stored = _write(path, source, _unlocked(key_of(request)))
    try:
        _enter(request, stored)
    except BaseException:
        _unlink([path])
        raise
    return stored


@transaction.atomic
def _enter(request: RightsRequest, stored: Stored) -> None:
    key = _locked_row(request)
    if key.shredded_at:  # while we were writing
        raise KeyShredded
    SealedFile.objects.create(
        key=key, path=stored.path, size=stored.size, sha256=stored.sha256, sealed_at=timezone.now()
    )


def _locked_row(request: RightsRequest) -> CaseKey:
    return CaseKey.objects.select_for_update().get(pk=key_of(request).pk)


def open_sealed(request: RightsRequest, path: str) -> Iterator[bytes]:
    """The content, chunk by chunk, each proven before it is given.

    Raises KeyShredded, NotInVault or Tampered before the first byte; Tampered also later on, when
    a file of several chunks was changed or cut further back: then what was given is not all of it."""
    raw = _unlocked(key_of(request))
    try:
        file = _on_disk(path).open("rb")
    except FileNotFoundError:
        raise NotInVault from None
    chunks = _read(file, raw, path)
    return chain([next(chunks)], chunks)


def holds(request: RightsRequest, paths: Iterable[str]) -> bool:
    """Whether all of these can be opened: neither the key nor a file is gone."""
    return key_of(request).shredded_at is None and all(_on_disk(path).is_file() for path in paths if path)


def remove(path: str) -> None:
    """Forget one file, now; its bytes go with the commit. A crash between leaves a leftover to the sweep."""
    with transaction.atomic():
        SealedFile.objects.filter(path=path).delete()
        transaction.on_commit(partial(_unlink, [path]))


def shred(request: RightsRequest, *, by: Acts, at: datetime, reason: str = "") -> bool:
    """Destroy the request's key, and with it everything sealed for it; False when it was done before.

    Copies of the vault become unreadable with it, and a restored backup is told so by the ledger."""
    with transaction.atomic():
        if not _destroy(request, by=by, at=at, reason=reason):
            return False
        outside.note(SHRED, _about(request.pk), at=at)
    return True


def _destroy(request: RightsRequest, *, by: Acts, at: datetime, reason: str) -> bool:
    """A request without a key gets one first, so that nothing can be sealed for it from now on."""
    key = _locked_row(request)
    if key.shredded_at:
        return False
    actor = by.as_actor()
    key.wrapped, key.shredded_at, key.shredded_by = None, at, f"{actor.kind.value} {actor.ref}".strip()
    key.save()
    paths = list(key.files.values_list("path", flat=True))
    key.files.all().delete()
    transaction.on_commit(partial(_unlink, paths))
    record("requests.shred", request, by=by, at=at, reason=reason)
    return True


def replay_shreds(entries: Iterable[outside.Entry], *, by: Acts, at: datetime) -> int:
    """After a restore: keys that had been destroyed are destroyed again. A key made later belongs to
    another case, which got the number of one that the restore lost."""
    gone = {entry.ref: entry.at for entry in entries}
    whole = CaseKey.objects.filter(shredded_at=None).values_list("request_id", "made_at")
    back = [
        case
        for case, made_at in whole.iterator()
        if (destroyed_at := gone.get(outside.marker(_about(case)))) and made_at <= destroyed_at
    ]
    for request in RightsRequest.objects.filter(pk__in=back):
        with transaction.atomic():
            _destroy(request, by=by, at=at, reason=outside.AFTER_RESTORE)
    return len(back)


@transaction.atomic
def rewrap_window() -> int:
    """Lock some keys anew with the first master key, and say how many; 0 when all are. Raises CannotUnlock."""
    old = CaseKey.objects.select_for_update().filter(shredded_at=None).exclude(wrapped_by=masters.current())
    window = list(old.order_by("pk")[:WINDOW])
    for key in window:
        key.wrapped = masters.lock(_unlocked(key), _about(key.request_id))
        key.wrapped_by = masters.current()
    CaseKey.objects.bulk_update(window, ["wrapped", "wrapped_by"])
    return len(window)


def sweep_leftovers(*, at: datetime) -> int:
    """Delete files that no row knows: what a killed upload or removal left behind. At least a day old."""
    old = list(_files_before(at - LEFTOVER_AFTER))
    known: set[str] = set()
    for start in range(0, len(old), WINDOW):
        rows = SealedFile.objects.filter(path__in=old[start : start + WINDOW])
        known.update(rows.values_list("path", flat=True))
    leftovers = [path for path in old if path not in known]
    _unlink(leftovers)
    return len(leftovers)


def _files_before(moment: datetime) -> Iterator[str]:
    root = Path(settings.VAULT_DIR)
    for file in root.glob("??/*") if root.is_dir() else ():
        with suppress(FileNotFoundError):  # removed while we look
            if file.stat().st_mtime < moment.timestamp():
                yield f"{file.parent.name}/{file.name}"


def _about(request_id: int) -> str:
    return f"case key {request_id}"


def _unlocked(key: CaseKey) -> bytes:
    if key.wrapped is None:
        raise KeyShredded
    return masters.unlock(bytes(key.wrapped), _about(key.request_id))


def _new_path() -> str:
    name = secrets.token_hex(16)
    return f"{name[:2]}/{name}.sealed"


def _on_disk(path: str) -> Path:
    """Only names of our own making lead to the disk: no `..`, nothing a stranger typed."""
    if not _OURS.fullmatch(path):
        raise NotInVault
    return Path(settings.VAULT_DIR) / path


def _write(path: str, source: BinaryIO | Iterable[bytes], key: bytes) -> Stored:
    place = _on_disk(path)
    for folder in (place.parent.parent, place.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = place.with_suffix(".part")
    try:
        stored = _write_draft(draft, path, source, key)
        draft.rename(place)
        sync_folder(place.parent)
    except OSError as trouble:
        if trouble.errno in (errno.ENOSPC, errno.EDQUOT):
            raise VaultFull from trouble
        raise
    finally:
        draft.unlink(missing_ok=True)
    return stored


def _write_draft(draft: Path, path: str, source: BinaryIO | Iterable[bytes], key: bytes) -> Stored:
    counted = _Counted(streams.pieces_of(source))
    digest = hashlib.sha256()
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for block in streams.sealed(counted, key, path):
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return Stored(path, counted.size, digest.hexdigest())


class _Counted:
    """Passes bytes on and counts them."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces, self.size = pieces, 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            self.size += len(piece)
            yield piece


def _read(file: BinaryIO, key: bytes, path: str) -> Iterator[bytes]:
    with file:
        yield from streams.opened(file, key, path)


def _unlink(paths: Iterable[str]) -> None:
    for path in paths:
        (Path(settings.VAULT_DIR) / path).unlink(missing_ok=True)

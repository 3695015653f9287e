"""Files that owners of systems hand over: sealed before they count, stored as they are, never shown.

What is not asked for is refused (archives and programs hide what a person cannot look through), by what
the file says it is and by how it begins."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from audit.refusals import Refused
from audit.text import clean_line
from requests.models import RightsRequest, Task, TaskFile

from . import scanning, vault

log = logging.getLogger(__name__)

MOST_FILES = 20
AT_ONCE = 500
LARGEST = 50 * 1024 * 1024  # bytes
LONGEST_NAME = 80
# What a person can look through before it goes out, and how such a file begins (empty: any way).
KINDS: dict[str, tuple[bytes, ...]] = {
    ".csv": (), ".json": (), ".txt": (), ".xml": (),
    ".pdf": (b"%PDF-",),
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".jpg": (b"\xff\xd8\xff",), ".jpeg": (b"\xff\xd8\xff",),
}  # fmt: skip
DISGUISED = (b"PK\x03\x04", b"MZ", b"\x7fELF", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"\xd0\xcf\x11\xe0")


class FileRefused(Refused):
    pass


class Upload(Protocol):
    """What a form gives for a file, as far as we use it."""

    @property
    def name(self) -> str | None: ...
    @property
    def size(self) -> int | None: ...
    @property
    def file(self) -> Any: ...


@dataclass(frozen=True)
class Taken:
    name: str
    stored: vault.Stored


@contextmanager
def sealed(task: Task, uploads: Sequence[Upload]) -> Iterator[list[Taken]]:
    """All of them in the vault, or none: should the caller fail, they are taken out again."""
    _refuse(task, uploads)
    taken: list[Taken] = []
    try:
        for upload in uploads:
            assert task.request is not None  # noqa: S101 (refused above)
            _refuse_harmful(upload)
            taken.append(Taken(named(upload), vault.seal(task.request, upload.file)))
        yield taken
    except BaseException:
        for one in taken:
            vault.remove(one.stored.path)
        raise


@contextmanager
def sealed_alone(request: RightsRequest, upload: Upload) -> Iterator[Taken]:
    """One file for a case itself, by the same rules: should the caller fail, it is taken out again."""
    refuse_one(upload)
    _refuse_harmful(upload)
    taken = Taken(named(upload), vault.seal(request, upload.file))
    try:
        yield taken
    except BaseException:
        vault.remove(taken.stored.path)
        raise


def keep(task: Task, taken: Sequence[Taken], *, at: datetime) -> None:
    TaskFile.objects.bulk_create(
        TaskFile(
            task=task,
            name=one.name,
            path=one.stored.path,
            size=one.stored.size,
            sha256=one.stored.sha256,
            received_at=at,
        )
        for one in taken
    )


def destroy(found: QuerySet[TaskFile], *, at: datetime) -> int:
    """In the caller's transaction; the bytes go with its commit. Names go, too: people name files after people."""
    gone = list(found.filter(destroyed_at=None).select_for_update(of=("self",)).order_by("pk")[:AT_ONCE])
    for file in gone:
        vault.remove(file.path)
        file.name, file.path, file.destroyed_at = "", "", at
        file.save(update_fields=["name", "path", "destroyed_at"])
    return len(gone)


def _refuse(task: Task, uploads: Sequence[Upload]) -> None:
    if uploads and task.request is None:
        raise FileRefused("A cut-off order is answered in words: say what shows it and where that is kept.")
    if len(uploads) > MOST_FILES:
        raise FileRefused(f"At most {MOST_FILES} files at a time. These are {len(uploads)}.")
    for upload in uploads:
        refuse_one(upload)


def refuse_one(upload: Upload) -> None:
    """Raises FileRefused for what nobody could look through."""
    if problem := _problem(upload):
        raise FileRefused(f"“{named(upload)}”: {problem}")


def _refuse_harmful(upload: Upload) -> None:
    upload.file.seek(0)
    try:
        scanning.scan(upload.file)
    except scanning.Infected:
        raise FileRefused(
            f"“{named(upload)}”: the virus scanner found something in it. Nothing was kept."
        ) from None
    except scanning.ScannerSilent:
        log.exception("a file was refused, because the scanner cannot be asked")
        raise FileRefused(
            "The virus scanner cannot be asked now, so no file is taken. Try again in an hour."
        ) from None


def _problem(upload: Upload) -> str:
    size = upload.size or 0
    if not size:
        return "the file is empty."
    if size > LARGEST:
        return f"the file has {size // 2**20} MB; {LARGEST // 2**20} MB is the most. Split it."
    kind = PurePath(upload.name or "").suffix.lower()
    if kind not in KINDS:
        return f"send {', '.join(sorted(KINDS))}. Archives and other kinds cannot be looked through."
    upload.file.seek(0)
    head = upload.file.read(16)
    if head.startswith(DISGUISED) or (KINDS[kind] and not head.startswith(KINDS[kind])):
        return f"its name says {kind}, its content is something else."
    return ""


def named(upload: Upload) -> str:
    """As its owner called it, for people to read: never a path, never longer than a line."""
    name = PurePath((upload.name or "file").replace("\\", "/")).name
    try:
        name = clean_line("".join(sign for sign in name if sign.isprintable()))
    except ValidationError:
        name = ""
    stem, kind = PurePath(name or "file").stem, PurePath(name).suffix
    return stem[: LONGEST_NAME - len(kind)] + kind

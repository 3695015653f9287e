"""A zip written as a stream: memory holds one piece, however large the whole is."""

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from io import RawIOBase


@dataclass(frozen=True)
class Entry:
    """One file inside. `name` is made by us: letters, digits, dots, dashes, slashes."""

    name: str
    pieces: Iterable[bytes]


class _Drain(RawIOBase):
    """Takes what zipfile writes and gives it away at once; it cannot seek, so zipfile never tries."""

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._held += data
        return len(data)

    def emptied(self) -> bytes:
        held = bytes(self._held)
        self._held.clear()
        return held


def zipped(entries: Iterable[Entry], *, at: datetime) -> Iterator[bytes]:
    """The bytes of a zip (ZIP64 where needed), every entry stamped with one moment."""
    drain = _Drain()
    with zipfile.ZipFile(drain, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in entries:
            info = zipfile.ZipInfo(entry.name, date_time=at.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            with archive.open(info, "w", force_zip64=True) as file:
                for piece in entry.pieces:
                    file.write(piece)
                    if held := drain.emptied():
                        yield held
            yield drain.emptied()
    yield drain.emptied()

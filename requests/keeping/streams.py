"""Sealing a stream of any length in constant memory: AES-256-GCM, chunk by chunk.

Each file has a key of its own, derived from the case's key and a random salt, so a nonce may count.
A chunk is bound to its file's name, its place and whether it is the last one: a flipped bit, a chunk
that is missing, moved or taken from another file, and a cut-off end are all refused."""

import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"sealed-1"
SALT, TAG = 32, 16
CHUNK = 64 * 1024
_LAST, _MORE = b"\x01", b"\x00"


class Tampered(Exception):
    """The sealed file is not what was sealed under this name."""


def sealed(pieces: Iterable[bytes], key: bytes, name: str) -> Iterator[bytes]:
    """The bytes to write, for the bytes to keep."""
    salt = os.urandom(SALT)
    cipher = _cipher(key, salt)
    yield MAGIC + salt
    for place, (chunk, is_last) in enumerate(_with_end(_in_chunks(pieces))):
        yield cipher.encrypt(_nonce(place, is_last), chunk, _bound_to(name, place, is_last))


def opened(file: BinaryIO, key: bytes, name: str) -> Iterator[bytes]:
    """Gives a chunk only once it is proven. Raises Tampered, at a cut-off end after the last whole chunk."""
    head = file.read(len(MAGIC) + SALT)
    if len(head) < len(MAGIC) + SALT or not head.startswith(MAGIC):
        raise Tampered("The file has no head.")
    cipher = _cipher(key, head[len(MAGIC) :])
    blocks = iter(lambda: file.read(CHUNK + TAG), b"")
    place = -1
    for place, (block, is_last) in enumerate(_with_end(blocks)):
        try:
            yield cipher.decrypt(_nonce(place, is_last), block, _bound_to(name, place, is_last))
        except InvalidTag:
            raise Tampered(f"Part {place + 1} of the file is not what was sealed.") from None
    if place < 0:
        raise Tampered("The file has no content, not even a sealed nothing.")


def pieces_of(source: BinaryIO | Iterable[bytes]) -> Iterable[bytes]:
    """An open file is read chunk by chunk; anything else already comes in pieces."""
    read = getattr(source, "read", None)
    return source if read is None else iter(lambda: read(CHUNK), b"")


def _in_chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Cut to one size, whatever size they come in; at least one, if empty."""
    held = bytearray()
    for piece in pieces:
        for start in range(0, len(piece), CHUNK):
            held += piece[start : start + CHUNK]
            if len(held) >= CHUNK:
                yield bytes(held[:CHUNK])
                del held[:CHUNK]
    yield bytes(held)


def _with_end(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each chunk, and whether it is the last one."""
    former: bytes | None = None
    for chunk in chunks:
        if former is not None:
            yield former, False
        former = chunk
    if former is not None:
        yield former, True


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(hashes.SHA256(), 32, salt, b"vault file").derive(key))


def _nonce(place: int, is_last: bool) -> bytes:
    return place.to_bytes(11, "big") + (_LAST if is_last else _MORE)


def _bound_to(name: str, place: int, is_last: bool) -> bytes:
    return b"%s|%d|%s" % (name.encode(), place, _LAST if is_last else _MORE)

"""Master keys: they lie in the environment, never in the database, and lock the keys that do.

A stolen dump without them holds nothing that can be opened; a stolen environment without the
dump and the vault holds nothing at all."""

import hashlib
import os
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from audit.files import secret

NONCE = 12
MARK = 8  # bytes of fingerprint before the nonce: which master key locked this


class CannotUnlock(Exception):
    """No master key in VAULT_KEYS opens this: one is missing, or the bytes were changed."""


def current() -> str:
    """The fingerprint of the key that locks: the first in VAULT_KEYS."""
    return next(iter(_masters())).hex()


def lock(secret_bytes: bytes, about: str) -> bytes:
    """Locked for one purpose: what is locked about one thing does not open as another."""
    mark, master = next(iter(_masters().items()))
    nonce = os.urandom(NONCE)
    return mark + nonce + AESGCM(master).encrypt(nonce, secret_bytes, about.encode())


def unlock(locked: bytes, about: str) -> bytes:
    """Raises CannotUnlock."""
    mark, nonce, rest = locked[:MARK], locked[MARK : MARK + NONCE], locked[MARK + NONCE :]
    master = _masters().get(mark)
    if master is None:
        raise CannotUnlock(f"No key in VAULT_KEYS has the fingerprint {mark.hex()}.")
    try:
        return AESGCM(master).decrypt(nonce, rest, about.encode())
    except InvalidTag:
        raise CannotUnlock("A locked key was changed, or belongs to something else.") from None


def locked_by(locked: bytes) -> str:
    return locked[:MARK].hex()


def _masters() -> dict[bytes, bytes]:
    """Key by fingerprint; the first one locks, all unlock."""
    given = settings.VAULT_KEYS or [secret("VAULT_KEYS", "without it nothing can be sealed or opened.")]
    return _derived(tuple(given))


@lru_cache(maxsize=4)
def _derived(given: Sequence[str]) -> dict[bytes, bytes]:
    keys = (
        HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"vault master key").derive(one.encode())
        for one in given
    )
    return {hashlib.sha256(b"fingerprint" + key).digest()[:MARK]: key for key in keys}

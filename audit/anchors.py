"""A signed copy of the chain's last link, kept outside the database, one JSON file a day.

Whoever rewrites the database, chain and all, cannot rewrite these: a day's file, once written,
is never written again, and the key that signs it is not in the database."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from . import merkle
from .files import secret, write_once
from .models import Seal

PUBLIC_KEY_FILE = "public-key.txt"


class BadAnchor(Exception):
    """An anchor file that cannot be read, or whose signature does not hold."""


@dataclass(frozen=True)
class Anchor:
    day: str
    seal: int
    chained_root: str
    signed_at: str

    def signed_bytes(self) -> bytes:
        return merkle.canonical(asdict(self))


def anchor(*, at: datetime) -> Path | None:
    """Write the day's file (UTC) for the last seal; leave one that exists. None while nothing is sealed."""
    last = Seal.objects.order_by("-number").first()
    if last is None:
        return None
    folder = Path(settings.AUDIT_ANCHOR_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    key = signing_key()
    write_once(folder / PUBLIC_KEY_FILE, _public_text(key.public_key()))
    day = at.date().isoformat()
    link = Anchor(day, last.number, last.chained_root, at.isoformat(timespec="seconds"))
    path = folder / f"{day}.json"
    write_once(path, json.dumps({**asdict(link), "signature": _signature(key, link)}, indent=2) + "\n")
    return path


def read_anchors(folder: Path, public_key: Path | None = None) -> Iterator[Anchor]:
    """The anchors in a folder, by day. Raises BadAnchor at the first that does not hold."""
    files = sorted(folder.glob("????-??-??.json"))
    if not files:
        return
    key = _public_key(public_key or folder / PUBLIC_KEY_FILE)
    for path in files:
        yield _read(path, key)


def signing_key() -> Ed25519PrivateKey:
    """From AUDIT_SIGNING_KEY, whose SHA-256 is the seed; the demo makes itself a secret file."""
    words = secret("AUDIT_SIGNING_KEY", "without it the audit record cannot be signed.")
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(words.encode()).digest())


def _read(path: Path, key: Ed25519PublicKey) -> Anchor:
    try:
        content = json.loads(path.read_text())
        signature = base64.b64decode(content.pop("signature"), validate=True)
        link = Anchor(**content)
        key.verify(signature, link.signed_bytes())
    except InvalidSignature:
        raise BadAnchor(f"{path.name}: the signature does not hold. The file was changed.") from None
    except (ValueError, KeyError, TypeError, AttributeError) as trouble:
        raise BadAnchor(f"{path.name}: this is not an anchor file ({trouble}).") from trouble
    if link.day != path.stem:
        raise BadAnchor(f"{path.name}: this is the anchor of {link.day} under another name.")
    return link


def _public_key(path: Path) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(path.read_text().strip(), validate=True))
    except (OSError, ValueError) as trouble:
        raise BadAnchor(f"{path}: no public key to check the anchors with ({trouble}).") from trouble


def _public_text(key: Ed25519PublicKey) -> str:
    return base64.b64encode(key.public_bytes_raw()).decode() + "\n"


def _signature(key: Ed25519PrivateKey, link: Anchor) -> str:
    return base64.b64encode(key.sign(link.signed_bytes())).decode()

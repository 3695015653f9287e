"""Merkle trees and chained hashes: pure, so that anyone can check them with ten lines of their own.

Leaves and nodes carry the prefixes of RFC 6962 §2.1, so that no node can pass for a leaf;
a link of the chain has a prefix of its own. Hashes are SHA-256 in lower-case hex."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

LEAF, NODE, LINK = b"\x00", b"\x01", b"\x02"
START = "0" * 64  # the link before the first


def canonical(value: Any) -> bytes:
    """JSON with sorted keys, no spaces and ASCII only: the same value gives the same bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def leaf(value: Any) -> str:
    return hashlib.sha256(LEAF + canonical(value)).hexdigest()


def root(leaves: Sequence[str]) -> str:
    """The Merkle tree hash of RFC 6962 over leaf hashes, in order. Raises ValueError for no leaves."""
    if not leaves:
        raise ValueError("A seal covers at least one event.")
    return _root([bytes.fromhex(one) for one in leaves]).hex()


def _root(hashes: list[bytes]) -> bytes:
    """The largest full tree stands left: pairing neighbors and carrying the odd one up does just that."""
    while len(hashes) > 1:
        pairs = [
            hashlib.sha256(NODE + left + right).digest()
            for left, right in zip(hashes[::2], hashes[1::2], strict=False)
        ]
        hashes = pairs + hashes[2 * len(pairs) :]
    return hashes[0]


def link(former: str, seal: dict[str, Any]) -> str:
    """The chained root: binds a seal's own facts to everything sealed before it."""
    return hashlib.sha256(LINK + bytes.fromhex(former) + canonical(seal)).hexdigest()

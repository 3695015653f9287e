"""The fingerprint of a text."""

import hashlib
import unicodedata


def fingerprint(body: str) -> str:
    """SHA-256 of the NFC-normalised text in UTF-8, in hexadecimal: the same however it was typed."""
    return hashlib.sha256(unicodedata.normalize("NFC", body).encode()).hexdigest()

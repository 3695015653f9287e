"""Text as people may type it: one canonical form, the same for every form and importer.

What cannot be stored or would deceive the eye is refused in plain words; what nobody can see
is dropped; the rest (accents, emoji, any script) stays as it was typed."""

import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

BLOCK_LIMIT = 2_000_000  # characters; the comparison of two versions still answers in seconds

_FORBIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]"  # control characters; NUL breaks PostgreSQL
    r"|[\u202a-\u202e\u2066-\u2069]"  # bidi overrides: "gpj.exe" that reads as "exe.jpg"
    r"|[\ud800-\udfff]"  # half of a surrogate pair: cannot be encoded
)
_INVISIBLE = re.compile(
    r"[\u00ad\u061c\u180e\u200b\u200e\u200f\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
_JOINERS = re.compile(r"[\u200c\u200d]+")
_LINE_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
_FORMULA_STARTS = frozenset("=+-@")


def clean_line(text: str) -> str:
    """One line, trimmed, inner spaces single, NFC. Raises ValidationError in plain words."""
    line = _without_the_unseen(text.strip()).strip()
    if _LINE_BREAK.search(line):
        raise ValidationError("Write this on one line.", code="lines")
    return " ".join(line.split())


def clean_block(text: str, limit: int = BLOCK_LIMIT) -> str:
    """Several lines, ends trimmed, line breaks as \\n, NFC; indentation stays, for Markdown has a use for it.

    Raises ValidationError in plain words, also past `limit` characters."""
    if len(text) > 4 * limit:  # refuse before working on it
        raise _too_long(len(text), limit)
    block = _without_the_unseen(_LINE_BREAK.sub("\n", text)).rstrip().lstrip("\n")
    if len(block) > limit:
        raise _too_long(len(block), limit)
    return block


def safe_cell(value: Any) -> str:
    """A CSV cell no spreadsheet will run (OWASP: CSV injection). Numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if _could_be_formula(text) else text


def _could_be_formula(text: str) -> bool:
    # Excel skips leading spaces and reads full-width signs as their plain twins.
    first = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text).lstrip()[:1])
    return text[:1] in ("\t", "\r", "\n") or first in _FORMULA_STARTS


def _without_the_unseen(text: str) -> str:
    if found := _FORBIDDEN.search(text):
        raise _forbidden(found[0])
    return unicodedata.normalize("NFC", _JOINERS.sub(_joiner, _INVISIBLE.sub("", text)))


def _joiner(found: re.Match[str]) -> str:
    """Joiners shape letters in Persian and Hindi and build emoji; anywhere else they only hide."""
    text, start, end = found.string, found.start(), found.end()
    before, after = text[max(start - 1, 0) : start], text[end : end + 1]
    return found[0][0] if before and after and not after.isspace() and _may_join(before) else ""


def _may_join(character: str) -> bool:
    return (
        unicodedata.bidirectional(character) == "AL"
        or unicodedata.combining(character) == 9  # virama
        or character == "\ufe0f"
        or (character > "\u2000" and unicodedata.category(character) in ("So", "Sk"))
    )


def _forbidden(character: str) -> ValidationError:
    if "\ud800" <= character <= "\udfff":
        sentence = "This contains half a character, which cannot be stored. Delete it and type it again."
    elif character >= "\u202a":
        sentence = (
            "This contains a hidden character that turns the direction of writing. Type the text again."
        )
    else:
        sentence = "This contains a control character, which cannot be stored. Type the text again."
    return ValidationError(f"{sentence} (U+{ord(character):04X})", code="forbidden_character")


def _too_long(length: int, limit: int) -> ValidationError:
    return ValidationError(f"Use {limit:,} characters at most; this has {length:,}.", code="too_long")


class CleanLineField(forms.CharField):
    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return clean_line(text) if isinstance(text, str) else text


class CleanBlockField(forms.CharField):
    """Takes `max_length` as the limit on what remains after cleaning."""

    widget = forms.Textarea

    def __init__(self, *, max_length: int | None = None, **options: Any) -> None:
        super().__init__(**{"strip": False, **options})
        self.limit = max_length or BLOCK_LIMIT

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return clean_block(text, self.limit) if isinstance(text, str) else text

"""Identity documents, as strangers send them: the last resort, and the most dangerous file we take.

What a file is, its first bytes say, never its name. Pictures are drawn anew, so that neither the place
they were taken nor anything hidden behind the picture is kept; a PDF stays closed. Nothing is ever shown
inline: what comes out again is a download (OWASP file upload; EDPB Guidelines 01/2022, nos. 69–78)."""

import io
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.http import StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from audit.text import clean_line
from requests.keeping import scanning, vault
from requests.keeping.files import Upload
from requests.models import RightsRequest

log = logging.getLogger(__name__)

LARGEST = 10 * 1024 * 1024  # bytes
LONGEST_NAME = 100
# Before anything is decoded: what a phone's camera makes, and what our memory bears.
MOST_PIXELS = {"JPEG": 50_000_000, "PNG": 25_000_000}
# A card is legible at this size; larger JPEGs are read at half or a quarter.
LEGIBLE = (3000, 3000)
FORMATS = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG", b"%PDF-": "PDF"}
HEIC = (b"heic", b"heix", b"heif", b"hevc", b"hevx", b"mif1", b"msf1")
END_OF_PDF, END_OF_ZIP = b"%%EOF", b"PK\x05\x06"
LONGEST_TAIL = 70_000  # bytes; a zip's end lies within 65,557 of the file's

EMPTY = _("This file is empty. Please choose it again.")
TOO_LARGE = _("This file has %(megabytes)s MB. The most we can take is 10 MB.")
IS_HEIC = _(
    "This photo is in Apple's HEIC format, which we cannot open. Please send a JPEG, a PNG or a PDF; a screenshot "
    "of the photo will do."
)
WRONG_KIND = _(
    "We can take a JPEG or PNG picture, or a PDF. What is inside this file is something else, whatever its name says."
)
TOO_MANY_PIXELS = _(
    "This picture has too many points for us to open it. Please send a smaller one; a photo taken with a phone is fine."
)
HARMFUL = _("This file holds something that could harm a computer. Please send another one.")
UNCHECKED = _("We cannot check files now, so we took none. Please try again in an hour.")
DAMAGED = _("This file is damaged, or was cut off on its way. Please send it again.")


class DocumentRefused(ValidationError):
    """For the person who sent it, in their language."""


@dataclass(frozen=True)
class Taken:
    """`kind` as in `IdentityDocument.kind`; `name` as its owner called it, for people to read."""

    kind: str
    name: str
    stored: vault.Stored


def take(upload: Upload, request: RightsRequest) -> Taken:
    """Look at a document, clean it and seal it for the request. Slow work: call it outside `atomic`.

    Raises DocumentRefused, and what `vault.seal` raises; then nothing is kept."""
    kind, content = examine(upload)
    stored = vault.seal(request, [content])
    return Taken(kind, cleaned_name(upload.name or ""), stored)


def examine(upload: Upload) -> tuple[str, bytes]:
    """The kind, and the bytes that may be kept; what a form asks before anything is stored.

    Raises DocumentRefused."""
    _refuse_size(upload.size or 0)
    _refuse_harmful(upload.file)
    upload.file.seek(0)
    content = upload.file.read(LARGEST + 1)
    _refuse_size(len(content))  # whatever the browser said
    form = _format_of(content)
    if form == "PDF":
        _refuse_broken_pdf(content)
    else:
        content = _drawn_anew(content, form)
    return form.lower(), content


def cleaned_name(name: str) -> str:
    """One line without a path, and without what deceives the eye; empty when nothing is left."""
    last = PurePath(name.replace("\\", "/").replace("\0", "")).name
    return clean_line("".join(sign for sign in last if sign.isprintable()))[:LONGEST_NAME]


def as_download(chunks: Iterable[bytes], *, name: str, size: int | None = None) -> StreamingHttpResponse:
    """For whoever may see it: saved, never opened by the browser in our name, never kept by a proxy.

    `size` in bytes, where it is known before the last one is made."""
    return StreamingHttpResponse(
        chunks,
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            **({"Content-Length": str(size)} if size is not None else {}),
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store, private",
        },
    )


def _refuse_size(size: int) -> None:
    if not size:
        raise DocumentRefused(EMPTY, code="empty")
    if size > LARGEST:
        raise DocumentRefused(TOO_LARGE, code="too_large", params={"megabytes": f"{size / 2**20:.1f}"})


def _refuse_harmful(file: BinaryIO) -> None:
    try:
        scanning.scan(file)
    except scanning.Infected:
        log.warning("the scanner found something in a document; it was not kept")
        raise DocumentRefused(HARMFUL, code="harmful") from None
    except scanning.ScannerSilent:
        log.exception("a document was refused, because the scanner cannot be asked")
        raise DocumentRefused(UNCHECKED, code="unchecked") from None


def _format_of(content: bytes) -> str:
    for start, form in FORMATS.items():
        if content.startswith(start):
            return form
    if content[4:8] == b"ftyp" and content[8:12] in HEIC:
        raise DocumentRefused(IS_HEIC, code="heic")
    raise DocumentRefused(WRONG_KIND, code="wrong_kind")


def _refuse_broken_pdf(content: bytes) -> None:
    if END_OF_ZIP in content[-LONGEST_TAIL:]:  # an archive that begins like a PDF
        raise DocumentRefused(WRONG_KIND, code="wrong_kind")
    if END_OF_PDF not in content[-2048:]:
        raise DocumentRefused(DAMAGED, code="damaged")


def _drawn_anew(content: bytes, form: str) -> bytes:
    """The picture alone: no EXIF, no place, no comment, nothing behind its end."""
    try:
        with Image.open(io.BytesIO(content), formats=[form]) as picture:
            _refuse_flood(picture, form)
            picture.draft(None, LEGIBLE)
            picture.load()
            ImageOps.exif_transpose(picture, in_place=True)  # or the card lies on its side
            return _saved(picture, form)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DocumentRefused(TOO_MANY_PIXELS, code="too_many_pixels") from None
    except (OSError, SyntaxError, ValueError, EOFError) as trouble:  # what Pillow says of broken files
        raise DocumentRefused(DAMAGED, code="damaged") from trouble


def _refuse_flood(picture: Image.Image, form: str) -> None:
    if picture.width * picture.height > MOST_PIXELS[form]:
        raise Image.DecompressionBombError


def _saved(picture: Image.Image, form: str) -> bytes:
    plain = picture if picture.mode in ("L", "RGB", "RGBA") and form == "PNG" else picture.convert("RGB")
    plain.info = {}
    out = io.BytesIO()
    plain.save(out, format=form, **({"quality": 90} if form == "JPEG" else {}))
    return out.getvalue()

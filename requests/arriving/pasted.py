"""Documents nobody asked for, pasted into a text: marked when they come, and gone soon (EDPB Guidelines 01/2022, 78-79).

The page warns before it is sent. What comes all the same goes out of the text by itself; the rest of the words stay."""

import re
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from audit.actors import SYSTEM, Acts
from law.models import Company
from requests import events, guards
from requests.models import Happened, Message, Particulars, RightsRequest
from requests.refusals import NothingPasted

AT_ONCE = 200
# A picture as text; a passport's or a card's own lines (ICAO 9303). Looked for word by word: a word goes whole, and a
# long text costs no more than its length.
_SIGNS = re.compile(
    r"data:(?:image|application)/|[A-Za-z0-9+/]{200}|\b[PIAC][A-Z<][A-Z<]{3}[A-Z<]{10,}"
    r"|[A-Z0-9<]{9}[0-9][A-Z<]{3}[0-9]{7}|[A-Z0-9]<<[A-Z0-9<]{8,}"
)
# A picture in lines, as mail programs break it, each looked at from its beginning only; a number said to be a
# document's.
_PHRASES = re.compile(
    r"(?<![A-Za-z0-9+/=])(?:[A-Za-z0-9+/=]{60,}+\s+){2,}[A-Za-z0-9+/=]+"
    r"|(?i:\b(?:passport|pasaporte|passeport|reisepass|personalausweis|ausweis|dni|identity card|carte d.identité)\b)"
    r"\D{0,15}\b[A-Z]{0,3}[0-9]{6,9}[A-Z0-9]?\b"
)
# Which text of which row may hold one.
HELD: tuple[tuple[type[Particulars] | type[Message], str], ...] = (
    (Particulars, "details"),
    (Message, "body"),
)
Rows = QuerySet[Any]


def looks_like_a_document(text: str) -> bool:
    return bool(_SIGNS.search(text) or _PHRASES.search(text))


def goes_at(text: str, at: datetime) -> datetime | None:
    """When the passage of a text that came at this moment goes; None where it holds none."""
    if not looks_like_a_document(text):
        return None
    return at + timedelta(days=Company.current().pasted_days)


def without(text: str, language: str) -> str:
    """The same words, with a note in the place of each document."""
    with translation.override(language):
        note = _("[A document stood here. We destroyed it.]")
    words = re.sub(r"\S+", lambda word: note if _SIGNS.search(word[0]) else word[0], text)
    return _PHRASES.sub(lambda _found: note, words)


def until(request: RightsRequest) -> datetime | None:
    """When the first of what this case holds goes."""
    found = [row.document_until for rows, _name in _held(request) for row in rows]
    return min((at for at in found if at is not None), default=None)


def _held(request: RightsRequest) -> list[tuple[Rows, str]]:
    return [
        (model._default_manager.filter(request=request, document_until__isnull=False).order_by("pk"), name)
        for model, name in HELD
    ]


@transaction.atomic
def destroy(request: RightsRequest, *, by: Acts, at: datetime, reason: str = "") -> int:
    """Every passage of this case that looks like a document, at once. Raises NothingPasted."""
    guards.locked(request)
    gone = sum(_cut(row, name, request.language) for rows, name in _held(request) for row in rows)
    if not gone:
        raise NothingPasted
    facts = {"passages": gone}
    events.deed(
        request, "destroy_pasted", Happened.PASTED_DESTROYED, by=by, at=at, reason=reason, facts=facts
    )
    return gone


def _cut(row: Any, name: str, language: str) -> int:
    setattr(row, name, without(getattr(row, name), language))
    row.document_until = None
    row.save(update_fields=[name, "document_until"])
    return 1


def destroy_due(*, at: datetime) -> int:
    """Of every case where one's day has come. Found by question, so a missed run loses nothing."""
    due: set[int] = set()
    for model, _name in HELD:
        late = model._default_manager.filter(document_until__lte=at).order_by("document_until")
        due.update(late.values_list("request", flat=True)[:AT_ONCE])
    cases = RightsRequest.objects.filter(pk__in=due).order_by("pk")
    return sum(_destroyed(case, at) for case in cases)


def _destroyed(case: RightsRequest, at: datetime) -> int:
    with suppress(NothingPasted):  # a colleague was quicker
        return destroy(case, by=SYSTEM, at=at)
    return 0

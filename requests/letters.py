"""Letters: drafted from a template, edited by a colleague, frozen when sent."""

from datetime import datetime

from audit.actors import Acts

from . import mails, messages
from .models import LetterKind, Message, RightsRequest
from .refusals import LetterMissing


def reader_of(request: RightsRequest) -> mails.Whom | None:
    """Who would get the mail now."""
    return mails.whom(request)


def send(
    request: RightsRequest,
    kind: LetterKind | str,
    text: str,
    *,
    by: Acts,
    at: datetime,
    to: mails.Whom | None = None,
) -> Message:
    """The words go to the thread and stay as they are; a mail says that there is news.

    `to` for whoever has to be written to although nothing on file says so any more (after an erasure)."""
    if not text.strip():
        raise LetterMissing("The letter is empty.")
    return messages.say(request, text.strip(), by=by, at=at, letter=LetterKind(kind), to=to)

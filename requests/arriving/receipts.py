"""We tell whoever asked that their request is here, and by when we answer: once we know to whom to say it."""

from datetime import datetime

from audit.actors import SYSTEM
from requests import events, guards
from requests.models import Channel, Happened, RightsRequest
from requests.saying import mails


def confirm(request: RightsRequest, *, at: datetime) -> bool:
    """Some laws want this by a day of its own (11 CCR 7021(a)). False where there is nobody to tell."""
    if _was_only_typed(request) or not mails.post_news(request, mails.RECEIVED, at=at):
        return False
    if not guards.noted(request, Happened.ACKNOWLEDGED).exists():
        events.note(request, Happened.ACKNOWLEDGED, by=SYSTEM, at=at)
    return True


def _was_only_typed(request: RightsRequest) -> bool:
    """Anybody may type anybody's address into the public form, a thousand times: the page that took it has
    shown that it arrived, and no mail goes out."""
    to = mails.whom(request)
    return request.channel == Channel.PORTAL and to is not None and to.person_id is None

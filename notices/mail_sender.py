"""Single mails at work: take one, build it, hand it over, mark it."""

import logging
from collections.abc import Callable, Mapping
from datetime import date, datetime
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse
from django.utils import timezone

from . import announcements, delivery, links, mail
from .delivery import Answer, Mailer, Outcome, ServerUnavailable, check_values
from .letters import LetterDraft, compose
from .models import Mail
from .queue import POISON_TRIES
from .sender import RUN_SECONDS, is_behind_ledger

log = logging.getLogger(__name__)


def send_due(seconds: float = RUN_SECONDS, *, when_busy: Callable[[], object] | None = None) -> int:
    """Send what is due and return how many mails the server took.

    `when_busy` is called once, after the first mail: there may be more."""
    until, sent = monotonic() + seconds, 0
    with Mailer() as mailer:
        while monotonic() < until and not is_behind_ledger() and (taken := mail.claim()):
            if not _handle(taken, mailer):
                break
            sent += 1
            if when_busy:
                when_busy()
                when_busy = None
    return sent


def _handle(taken: Mail, mailer: Mailer) -> bool:
    """False when the mail server cannot be reached: the mail is given back."""
    try:
        message = build(taken, at=timezone.now())
    except Exception as error:
        _note(taken, Outcome(Answer.UNSENDABLE, type(error).__name__))
        return True
    try:
        outcome = mailer.send(message)
    except ServerUnavailable as error:
        mail.release(taken)
        log.error("the mail server cannot be reached (%s); the next sweep tries again", error)
        return False
    _note(taken, outcome)
    return True


def build(taken: Mail, *, at: datetime) -> EmailMultiAlternatives:
    """The message, and its link ready to be used: from here on its hash is in the database."""
    check_values(taken.address, taken.greeting)
    extra: dict[str, Any] = {}
    if taken.purpose:
        mail.prepare_link(taken, at=at)
        extra = {"code": links.code_of(taken) if taken.with_code else "", "expires_at": taken.expires_at}
    if taken.page:
        extra["link"] = address_of(taken, links.token_of(taken) if taken.purpose else "")
    return delivery.compose(words(taken, extra), taken.address, taken.greeting, taken.message_id)


def address_of(taken: Mail, token: str) -> str:
    """From SITE_URL alone: a forged Host header must not reach a mail."""
    path = reverse(taken.page, args=[*taken.page_args, *([token] if token else [])])
    return f"{settings.SITE_URL}{path}"


def words(taken: Mail, extra: Mapping[str, Any]) -> LetterDraft:
    return compose(taken.event, taken.variant, taken.language, {**_revived(taken.context), **extra})


def preview(shown: Mail) -> LetterDraft:
    """As staff may see it: what its link and code say is nobody's business."""
    extra: dict[str, Any] = {"code": "······" if shown.with_code else "", "expires_at": shown.expires_at}
    if shown.page:
        extra["link"] = address_of(shown, "secret" if shown.purpose else "")
    return words(shown, extra)


def _revived(context: Mapping[str, Any]) -> dict[str, Any]:
    """JSON knows no dates: a name in _on or _at says what a text is."""
    made: dict[str, Callable[[str], Any]] = {"_on": date.fromisoformat, "_at": datetime.fromisoformat}
    return {
        name: made[name[-3:]](value) if name[-3:] in made and value else value
        for name, value in context.items()
    }


def _note(taken: Mail, outcome: Outcome) -> None:
    if outcome.answer is not Answer.TAKEN:
        log.warning("mail %s: %s (%s)", taken.pk, outcome.answer.value, outcome.code)
    match outcome.answer:
        case Answer.TAKEN:
            mail.mark_sent(taken)
        case Answer.NO_SUCH_ADDRESS:
            if mail.mark_bounced(taken, outcome.code):
                announcements.tell_bounce(taken.address)
        case Answer.UNWANTED:
            mail.park(taken, outcome.code)
        case Answer.UNSENDABLE:
            mail.mark_failed(taken, outcome.code, tries=POISON_TRIES)
        case Answer.LATER:
            mail.mark_failed(taken, outcome.code, in_doubt=outcome.in_doubt)

"""What is said to the requester."""

from datetime import datetime

from audit.actions import record
from audit.buttons import Button, says
from people.models import User
from requests import actions
from requests.desk import forms
from requests.models import LetterKind, Message, RightsRequest, Stage
from requests.saying import letters

from .shown import TOLD, WORK, is_open, of


def _say(case: RightsRequest, *, by: User, at: datetime, reason: str = "", body: str) -> Message:
    """Whoever answers has read what came."""
    actions.mark_read(case, by=by, at=at)
    return actions.say(case, body, by=by, at=at, reason=reason)


def _read(case: RightsRequest, *, by: User, at: datetime, reason: str = "") -> int:
    count = actions.mark_read(case, by=by, at=at)
    record("requests.mark_read", case, by=by, at=at, reason=reason, details={"messages": count})
    return count


def has_unread(case: RightsRequest) -> bool:
    return case.messages.unread().exists()


BUTTONS = (
    Button(
        verb="message",
        label="Write a message…",
        action=_say,
        permission=WORK,
        needs_reason=False,
        form_class=forms.MessageForm,
        initial=of,
        shown=is_open,
        consequences=says("Write to the requester", TOLD, submit="Send message"),
    ),
    Button(
        verb="read",
        label="Mark messages as read",
        action=_read,
        permission=WORK,
        needs_reason=False,
        shown=has_unread,
        consequences=says(
            "Have you read what they wrote?",
            "The message no longer counts as unread, for anybody.",
            not_=("The requester is told nothing.",),
            submit="I have read it",
        ),
    ),
    Button(
        verb="ask",
        label="Ask what they mean…",
        action=actions.ask_clarification,
        permission=WORK,
        form_class=forms.LetterForm,
        needs_reason=False,
        initial=lambda c: of(c, letter=letters.draft(c, LetterKind.CLARIFICATION)),
        shown=lambda c: c.is_open and not c.pause_reason and c.stage != Stage.UNVERIFIED,
        consequences=says(
            "Ask the requester what they mean?",
            TOLD,
            "The case waits. Whether the clock waits too, the law says; the dates on the page show it.",
            submit="Ask and wait",
        ),
    ),
)

"""From a notice to a mail, and from a mail to an answer of the mail server."""

import enum
import smtplib
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from .letters import LetterDraft, greet_html, greet_text
from .models import Letter, Notice

MAILS_A_CONNECTION = 300


class UnsafeValue(ValueError):
    """A value that would change the mail around it: a second header, a second recipient."""


class ServerUnavailable(Exception):
    """No mail can be handed over now, whoever it is for. The message is the kind of error only."""


class Encoded:
    """Bytes that are ready, where Django's mail backends look for a message."""

    def __init__(self, message_id: str, lines: bytes) -> None:
        self.message_id = message_id
        self.lines = lines

    def __getitem__(self, name: str) -> str | None:
        return self.message_id if name.lower() == "message-id" else None

    def as_bytes(self, unixfrom: bool = False, linesep: str = "\n") -> bytes:
        return self.lines if linesep == "\r\n" else self.lines.replace(b"\r\n", linesep.encode())


class Message(EmailMultiAlternatives):
    """A mail; `encoded` where that was done before (`molds`)."""

    encoded: Encoded | None = None

    def message(self, **how: Any) -> Any:
        return self.encoded or super().message(**how)


def build(notice: Notice, letter: Letter) -> Message:
    """The mail this person gets, the same bytes' worth at every try but for the date.

    No List-Unsubscribe: the law asks us to tell people of changes, nobody can opt out of
    being told. Raises UnsafeValue."""
    check_values(notice.address, notice.greeting)
    return compose(letter, notice.address, notice.greeting, notice.message_id)


def compose(words: Letter | LetterDraft, address: str, greeting: str, message_id: str) -> Message:
    message = Message(
        words.subject,
        greet_text(words.body_text, greeting, words.language),
        settings.DEFAULT_FROM_EMAIL,
        [address],
        headers={
            "Message-ID": message_id,
            # Keeps absence notes from answering us (RFC 3834 §5).
            "Auto-Submitted": "auto-generated",
            "Content-Language": words.language,
        },
    )
    message.attach_alternative(greet_html(words.body_html, greeting, words.language), "text/html")
    return message


def check_values(address: str, greeting: str) -> None:
    """Raises UnsafeValue."""
    if any(mark in address for mark in "\r\n\0,;<> \t") or "@" not in address:
        raise UnsafeValue("address")
    if any(mark in greeting for mark in "\r\n\0"):
        raise UnsafeValue("greeting")


class Answer(enum.Enum):
    TAKEN = "the server has it"
    NO_SUCH_ADDRESS = "refused for good at the address"
    UNWANTED = "refused for good, but not for the address"
    LATER = "not now"
    UNSENDABLE = "we cannot hand this over at all"


@dataclass(frozen=True)
class Outcome:
    answer: Answer
    code: str = ""
    in_doubt: bool = False


class Mailer:
    """One connection kept for a run, opened again when the server dropped it or after some hundred
    mails. Use as a context manager."""

    def __init__(self) -> None:
        self.backend = get_connection()
        self.used = 0
        self.is_open = False

    def __enter__(self) -> "Mailer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Raises ServerUnavailable."""
        if self.used >= MAILS_A_CONNECTION:
            self.close()
        if self.is_open:
            return
        try:
            self.backend.open()
        except (smtplib.SMTPException, OSError) as error:
            raise ServerUnavailable(type(error).__name__) from error
        self.is_open, self.used = True, 0

    def close(self) -> None:
        if self.is_open:
            self.is_open = False
            # A goodbye may fail: every mail on this connection already has its answer.
            with suppress(smtplib.SMTPException, OSError):
                self.backend.close()

    def send(self, message: EmailMultiAlternatives) -> Outcome:
        """Hand one mail over. Raises ServerUnavailable only while the mail has not been begun."""
        self.open()
        was_kept = self.used > 0
        outcome = self._try(message)
        if was_kept and not self.is_open and outcome == Outcome(Answer.LATER, "disconnected"):
            # The server had hung up on a connection we kept: not this mail's fault.
            self.open()
            outcome = self._try(message)
        return outcome

    def _try(self, message: EmailMultiAlternatives) -> Outcome:
        self.used += 1
        try:
            if self.backend.send_messages([message]) != 1:
                return Outcome(Answer.LATER, "not accepted")
        except Exception as error:
            outcome = judge(error, in_doubt=self._in_doubt())
            if outcome.code in ("disconnected", "421"):
                self.close()
            return outcome
        return Outcome(Answer.TAKEN)

    def _in_doubt(self) -> bool:
        """Unless our own client tells, a broken-off mail may have arrived."""
        client = getattr(self.backend, "connection", None)
        return bool(getattr(client, "in_doubt", client is not None))


def judge(error: Exception, *, in_doubt: bool) -> Outcome:
    """What a failed hand-over means for the notice."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            code = next(iter(error.recipients.values()))[0]
            return Outcome(Answer.NO_SUCH_ADDRESS if code >= 500 else Answer.LATER, str(code))
        case smtplib.SMTPSenderRefused():
            # Our own standing, not the recipient's: mended here, then tried again.
            return Outcome(Answer.LATER, str(error.smtp_code))
        case smtplib.SMTPResponseException():
            unwanted = error.smtp_code >= 500
            return Outcome(Answer.UNWANTED if unwanted else Answer.LATER, str(error.smtp_code))
        case smtplib.SMTPServerDisconnected() | OSError():
            return Outcome(Answer.LATER, "disconnected", in_doubt)
    return Outcome(Answer.UNSENDABLE, type(error).__name__)

"""Where mails go: to a mail server that may be slow or hostile, or into a folder."""

import io
import os
import re
import smtplib
import tempfile
from collections import deque
from collections.abc import Sequence
from email.message import Message
from email.utils import parseaddr
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends import smtp
from django.core.mail.backends.base import BaseEmailBackend

DEADLINE = 60.0
"""Seconds for one mail, or for one greeting of the server, from first byte to last."""
GOODBYE = 5.0


class _Reader(io.RawIOBase):
    """Reads replies until a moment that no trickle of bytes can push back."""

    def __init__(self, client: "_Deadline") -> None:
        self.client = client

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return int(self.client.limited_socket().recv_into(buffer))


class _Deadline(smtplib.SMTP):
    """A client with an overall deadline: a peer that drips one byte at a time outlives every
    timeout of a single read. Knows, too, whether the server may have the mail (`in_doubt`)."""

    until = 0.0
    in_doubt = False

    def __init__(self, *args: Any, **options: Any) -> None:
        self.ahead: deque[str] = deque()
        super().__init__(*args, **options)

    def connect(self, *args: Any, **options: Any) -> tuple[int, bytes]:
        self.until = monotonic() + DEADLINE
        return super().connect(*args, **options)

    def sendmail(self, from_addr: str, to_addrs: str | Sequence[str], msg: Any, *_: Any, **__: Any) -> Any:
        self.in_doubt = False
        self.until = monotonic() + DEADLINE
        self.ehlo_or_helo_if_needed()
        # Our bodies hold bytes above 127; a server that can take them is told so (RFC 6152).
        options = ["BODY=8BITMIME"] if self.has_extn("8bitmime") else []
        if self.has_extn("pipelining") and len(to_addrs) == 1:
            self._send_ahead(from_addr, to_addrs[0], options)
        return super().sendmail(from_addr, to_addrs, msg, options)

    def _send_ahead(self, sender: str, recipient: str, options: Sequence[str]) -> None:
        """The three commands before a mail in one parcel, where the server takes that (RFC 2920): two ways
        there and back instead of four. Their answers are read by whoever would have sent them."""
        origin = " ".join([f"MAIL FROM:{smtplib.quoteaddr(sender)}", *options])
        self.send(f"{origin}\r\nRCPT TO:{smtplib.quoteaddr(recipient)}\r\nDATA\r\n".encode("ascii"))
        self.ahead.extend(("mail", "rcpt", "data"))

    def putcmd(self, cmd: str, args: str = "") -> None:
        if self.ahead and cmd == self.ahead[0]:
            self.ahead.popleft()
            return
        super().putcmd(cmd, args)

    def rset(self) -> tuple[int, bytes]:
        """After a refusal: first hear what becomes of the commands behind the refused one."""
        while self.ahead:
            command, (code, _answer) = self.ahead.popleft(), self.getreply()
            if command == "data" and code == 354:
                self.send(b".\r\n")  # it waits for a mail that would reach nobody
                self.getreply()
        return super().rset()

    def close(self) -> None:
        self.ahead.clear()
        super().close()

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.in_doubt = True
        try:
            answer = super().data(msg)
        except smtplib.SMTPDataError:
            # Refused before the mail. The server still holds its sender, and would refuse the next one's.
            self.in_doubt = False
            self._rset()  # type: ignore[attr-defined]
            raise
        self.in_doubt = False
        return answer

    def quit(self) -> tuple[int, bytes]:
        self.until = monotonic() + GOODBYE
        return super().quit()

    def send(self, s: Any) -> None:
        try:
            if self.sock:
                self.limited_socket()
        except TimeoutError as late:
            self.close()
            raise smtplib.SMTPServerDisconnected("out of time") from late
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None:
            self.file = io.BufferedReader(_Reader(self))
        return super().getreply()

    def limited_socket(self) -> Any:
        left = self.until - monotonic()
        if left <= 0:
            raise TimeoutError("out of time")
        sock: Any = self.sock
        sock.settimeout(min(left, settings.EMAIL_TIMEOUT))
        return sock


class _Plain(_Deadline):
    pass


class _Ssl(_Deadline, smtplib.SMTP_SSL):
    pass


class Smtp(smtp.EmailBackend):
    """Django's own, with a deadline for each mail."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _Ssl if self.use_ssl else _Plain

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """An encoded mail is handed over as it is: its address was looked at when it was encoded."""
        ready = [(mail.to, encoded) for mail in email_messages if (encoded := getattr(mail, "encoded", None))]
        if self.connection is None or len(ready) != len(email_messages):
            return super().send_messages(email_messages) or 0
        for recipients, encoded in ready:
            self.connection.sendmail(self.sender, recipients, encoded.as_bytes(linesep="\r\n"))
        return len(ready)

    @cached_property
    def sender(self) -> str:
        return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


class MailFolder(BaseEmailBackend):
    """Writes each message as one .eml into EMAIL_FILE_PATH, named by its Message-ID.

    A mail program opens them; the same notice sent twice is one file."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for email in email_messages:
            message = email.message()
            _write_whole(folder / _file_name(message), message.as_bytes())
        return len(email_messages)


def _file_name(message: Message) -> str:
    # The id may come from anywhere: no separator and no leading dot survives.
    safe = re.sub(r"[^A-Za-z0-9@_-]+", ".", str(message["Message-ID"])).strip(".")
    return f"{safe[:150] or 'message'}.eml"


def _write_whole(path: Path, content: bytes) -> None:
    """Readers see the whole file or none: written beside it, then renamed."""
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(unfinished).replace(path)

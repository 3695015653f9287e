"""The mail of a letter, encoded once for everybody who gets it.

Encoding a mail costs more than all the rest of sending it, and the mails of a letter differ in five places
only. A mold keeps the bytes between those. What does not fit (an address beyond plain ASCII, a letter whose
lines are so long that they must be wrapped) is encoded by itself; both ways say the same."""

import re
from email.utils import formatdate
from itertools import chain, zip_longest

from .delivery import Encoded, Message, build, compose
from .letters import GREETING, LetterDraft, greet_html, greet_text
from .models import Letter, Notice

# Needs no quoting, encoding or folding, in a header or in the envelope (RFC 5321 §4.1.2).
PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,40}@[A-Za-z0-9.-]{1,30}")
# Longer than any name with all its letters escaped; not ASCII, so that every name's letters may stand here.
ROOM = "é" * 300
ADDRESS, NUMBER, DATE = "place-of-address@mold.invalid", "place-of-number", "place-of-date"
TEXT, HTML = f"place-of-text{ROOM}", f"place-of-html{ROOM}"
PLACES = re.compile(f"({'|'.join((ADDRESS, NUMBER, DATE, TEXT, HTML))})".encode())


class Mold:
    def __init__(self, letter: Letter) -> None:
        self.letter = letter
        pieces = PLACES.split(_sample(letter))
        self.between = pieces[::2]
        self.places = [place.decode() for place in pieces[1::2]]
        # Each place once. Otherwise the words were wrapped or encoded, and nothing can be put in.
        self.is_whole = sorted(self.places) == sorted((ADDRESS, NUMBER, DATE, TEXT, HTML))

    def fill(self, notice: Notice) -> Message:
        """The mail of one person. Raises UnsafeValue."""
        message = build(notice, self.letter)
        if self.is_whole and PLAIN_ADDRESS.fullmatch(notice.address):
            message.encoded = Encoded(notice.message_id, self._filled(notice))
        return message

    def _filled(self, notice: Notice) -> bytes:
        greeting, language = notice.greeting, self.letter.language
        values = {
            ADDRESS: notice.address,
            NUMBER: notice.message_id,
            DATE: formatdate(),
            TEXT: greet_text(GREETING, greeting, language),
            HTML: greet_html(GREETING, greeting, language),
        }
        ready = [values[place].encode() for place in self.places]
        return b"".join(chain.from_iterable(zip_longest(self.between, ready, fillvalue=b"")))


def _sample(letter: Letter) -> bytes:
    words = LetterDraft(
        letter.variant,
        letter.language,
        letter.subject,
        letter.body_text.replace(GREETING, TEXT, 1),
        letter.body_html.replace(GREETING, HTML, 1),
    )
    sample = compose(words, ADDRESS, "", NUMBER)
    sample.extra_headers["Date"] = DATE
    lines: bytes = sample.message().as_bytes(linesep="\r\n")
    return lines

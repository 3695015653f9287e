"""Links in mails that prove who opened them: used once, for one purpose, about one thing.

*Scanners* open every link, so finding a link changes nothing; only `consume`, behind a POST, does.
*Thieves of the database* find hashes. A code has but a million values, so its hash needs the site's key.
*Guessers* get five tries at a code, counted before they are compared, so a burst counts too."""

import base64
import hashlib
import re
import secrets
from datetime import datetime, timedelta

from django.db import models
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac

from audit.refusals import Refused

from .models import Mail

WRONG_CODES = 5
CODES_AN_HOUR = 3
LONGEST_TOKEN = 100
TOKEN_LENGTH = 32
# Mail programs take the full stop or bracket behind an address along.
_AROUND = re.compile(r"^[^0-9A-Za-z]+|[^0-9A-Za-z]+$")


class CodeRefused(Refused):
    """The code does not open anything. `left` says how many tries remain."""

    def __init__(self, left: int) -> None:
        self.left = left
        super().__init__(
            f"That code is not right. {left} tries left." if left else "This code no longer works."
        )


class TooManyCodes(Refused):
    def __init__(self) -> None:
        super().__init__(f"{CODES_AN_HOUR} codes were sent in the last hour. Wait before you send another.")


def new_seed() -> str:
    return secrets.token_urlsafe(32)


def token_of(mail: Mail) -> str:
    """The same at every try, so that a mail which arrives twice holds one link, which works.

    160 bits in small letters and digits: a program that changes the case breaks nothing."""
    digest = _keyed(f"token:{mail.pk}:{mail.seed}")
    return base64.b32encode(digest[:20]).decode().lower()


def code_of(mail: Mail) -> str:
    """Six digits."""
    return f"{int.from_bytes(_keyed(f'code:{mail.pk}:{mail.seed}')[:8]) % 1_000_000:06}"


def _keyed(text: str) -> bytes:
    return salted_hmac("notices.links", text, algorithm="sha256").digest()


def hash_token(token: str) -> str:
    """What lies at rest. The token has 160 random bits, so a plain hash cannot be searched."""
    return hashlib.sha256(token.encode()).hexdigest()


def hash_code(mail: Mail, code: str) -> str:
    return _keyed(f"code at rest:{mail.pk}:{code}").hex()


def tidied(token: str) -> str:
    """Without what mail programs add, such as the end of a cut “=3D”."""
    bare = _AROUND.sub("", token[:LONGEST_TOKEN]).lower()
    return bare.removeprefix("3d") if len(bare) > TOKEN_LENGTH else bare


def trace(token: str, purpose: str) -> Mail | None:
    """The mail whose link this is, be it used or too old; None for another purpose."""
    return Mail.objects.filter(token_hash=hash_token(tidied(token)), purpose=purpose).first()


def find(token: str, purpose: str, *, at: datetime) -> Mail | None:
    """The mail whose link this is, used or not, as long as it works. Changes nothing."""
    mail = trace(token, purpose)
    return None if mail is None or mail.has_expired(at) else mail


def find_by_code(about: models.Model, purpose: str, code: str, *, at: datetime) -> Mail:
    """The newest mail about this that holds this code. Raises CodeRefused; five wrong ones void it."""
    mail = (
        Mail.objects.about(about)
        .filter(purpose=purpose, used_at=None, expires_at__gt=at)
        .exclude(code_hash="")
        .order_by("-pk")
        .first()
    )
    if mail is None or not _count_try(mail):
        raise CodeRefused(0)
    digits = "".join(filter(str.isdigit, code[:LONGEST_TOKEN]))
    if constant_time_compare(mail.code_hash, hash_code(mail, digits)):
        Mail.objects.filter(pk=mail.pk).update(wrong_codes=F("wrong_codes") - 1)
        return mail
    raise CodeRefused(max(WRONG_CODES - mail.wrong_codes - 1, 0))


def _count_try(mail: Mail) -> bool:
    """Counted as wrong until it is known to be right: two guesses at once are two guesses."""
    mine = Mail.objects.filter(pk=mail.pk, wrong_codes__lt=WRONG_CODES)
    return bool(mine.update(wrong_codes=F("wrong_codes") + 1))


def consume(mail: Mail, *, at: datetime) -> bool:
    """Use the link up; only ever behind a POST. True for the one who was first."""
    unused = Mail.objects.filter(pk=mail.pk, used_at=None, expires_at__gt=at)
    return bool(unused.update(used_at=at))


def may_send_code(about: models.Model, *, at: datetime) -> bool:
    lately = Mail.objects.about(about).filter(with_code=True, posted_at__gt=at - timedelta(hours=1))
    return lately.count() < CODES_AN_HOUR

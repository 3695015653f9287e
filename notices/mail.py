"""Single mails: post one, and the queue it then waits in (docs/decisions/0004 tells of leases).

A sender takes one mail at a time, so a token left under a run-out lease means one thing: its sender died
with this very mail in its hands, and it is flagged as a possible duplicate."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from audit.actions import record as audit
from audit.actors import Acts
from audit.refusals import Refused

from . import links
from .actions import knock
from .models import Mail, MailQuerySet, MailStatus
from .queue import LEASE, POISON_TRIES, TRIES, backoff

__all__ = ["LinkSpec", "Reader", "cancel", "claim", "kill_links", "post", "retry", "ring", "to_page"]


class MailNotParked(Refused):
    pass


@dataclass(frozen=True)
class Reader:
    """Who gets a mail. `greeting` is the one personal word a mail may hold."""

    address: str
    language: str
    recipient_id: int | None = None
    greeting: str = ""


@dataclass(frozen=True)
class LinkSpec:
    """Where the button leads. The address named `path` takes `args` and then the token.

    `purpose` binds the token: it opens nothing else. Without a purpose there is no token."""

    purpose: str
    path: str
    lasts: timedelta | None = None
    with_code: bool = False
    args: tuple[str, ...] = ()


def to_page(path: str, *args: str) -> LinkSpec:
    """A button that leads to a page anybody may open."""
    return LinkSpec("", path, args=args)


def post(
    event: str,
    about: models.Model,
    *,
    to: Reader,
    context: Mapping[str, Any],
    link: LinkSpec | None = None,
    at: datetime,
    variant: str = "",
) -> Mail:
    """Write a mail down, in the caller's transaction; it leaves after commit, off the request.

    `event` is app.event and names templates/notices/<app>/<event>.*; they get `context`, `link`, `code` and
    `expires_at`. ISO dates under names ending in _on and _at arrive as dates. Raises TooManyCodes past
    three mails with a code about one thing in an hour."""
    if link and link.with_code and not links.may_send_code(about, at=at):
        raise links.TooManyCodes
    mail = Mail.objects.create(
        event=event,
        object_type=about._meta.label_lower,
        object_ref=str(about.pk),
        recipient_id=to.recipient_id,
        address=to.address,
        greeting=to.greeting,
        language=to.language,
        variant=variant,
        context=dict(context),
        posted_at=at,
        **(_columns(link) if link else {}),
    )
    ring()
    return mail


def _columns(link: LinkSpec) -> dict[str, Any]:
    return {
        "page": link.path,
        "page_args": list(link.args),
        "purpose": link.purpose,
        "lasts": link.lasts,
        "with_code": link.with_code,
        "seed": links.new_seed() if link.purpose else "",
    }


def ring() -> None:
    """Ask a worker, after commit, to send what is due. The minute's sweep finds it anyway."""
    transaction.on_commit(ring_now, robust=True)


def ring_now() -> None:
    from . import tasks

    knock(tasks.send_mail)


def claim(lease: timedelta = LEASE) -> Mail | None:
    """Take one due mail into one's hands. Attempts are raised before the work, so that a mail which
    kills its sender is counted, and parked after five deaths."""
    while True:
        with transaction.atomic():
            mail = Mail.objects.due().select_for_update(skip_locked=True).order_by("due_at", "pk").first()
            if mail is None:
                return None
            if _is_fit(mail):
                return _lease(mail, lease)


def _is_fit(mail: Mail) -> bool:
    if mail.lease_token:
        mail.is_possible_duplicate = True
        mail.crashes += 1
    if mail.crashes < POISON_TRIES:
        return True
    _close(
        Mail.objects.filter(pk=mail.pk), MailStatus.PARKED, failure="its sender died", crashes=mail.crashes
    )
    return False


def _lease(mail: Mail, lease: timedelta) -> Mail:
    mail.attempts += 1
    mail.lease_token = uuid.uuid4()
    Mail.objects.filter(pk=mail.pk).update(
        attempts=mail.attempts,
        crashes=mail.crashes,
        is_possible_duplicate=mail.is_possible_duplicate,
        lease_token=mail.lease_token,
        lease_until=Now() + lease,
    )
    return mail


def prepare_link(mail: Mail, *, at: datetime) -> None:
    """Store the hashes of the link that is about to leave; older links for the same are replaced by it."""
    mail.token_hash = links.hash_token(links.token_of(mail))
    mail.code_hash = links.hash_code(mail, links.code_of(mail)) if mail.with_code else ""
    mail.expires_at = at + (mail.lasts or timedelta())
    with transaction.atomic():
        _older(mail).filter(expires_at__gt=at).update(expires_at=at)
        _wanted(mail).update(token_hash=mail.token_hash, code_hash=mail.code_hash, expires_at=mail.expires_at)


def _older(mail: Mail) -> MailQuerySet:
    same = Mail.objects.filter(
        object_type=mail.object_type, object_ref=mail.object_ref, purpose=mail.purpose, address=mail.address
    )
    return same.filter(pk__lt=mail.pk, used_at=None)


def mark_sent(mail: Mail) -> bool:
    """Also one that was cancelled while in hand: the server has it. The seed has done its work."""
    return _close(_held(mail), MailStatus.SENT, sent_at=Now(), failure="", seed="")


def mark_bounced(mail: Mail, failure: str) -> bool:
    return _close(_held(mail), MailStatus.BOUNCED, failure=failure, seed="")


def mark_failed(mail: Mail, failure: str, *, in_doubt: bool = False, tries: int = TRIES) -> None:
    """Try again later, or park it for staff once the tries are used up."""
    doubt = mail.is_possible_duplicate or in_doubt
    if mail.attempts >= tries:
        _close(_wanted(mail), MailStatus.PARKED, failure=failure, is_possible_duplicate=doubt)
        return
    _wanted(mail).update(
        failure=failure,
        due_at=Now() + backoff(mail.attempts),
        is_possible_duplicate=doubt,
        lease_token=None,
        lease_until=None,
    )


def park(mail: Mail, failure: str) -> None:
    _close(_wanted(mail), MailStatus.PARKED, failure=failure)


def release(mail: Mail) -> None:
    """Give it back as if it had never been taken."""
    _held(mail).update(attempts=F("attempts") - 1, lease_token=None, lease_until=None)


def cancel(mails: "QuerySet[Mail]") -> int:
    """What has not left yet shall not leave."""
    unsent = mails.filter(status__in=[MailStatus.WAITING, MailStatus.PARKED])
    return unsent.update(status=MailStatus.CANCELLED)


def _close(mails: "QuerySet[Mail]", status: MailStatus, **columns: Any) -> bool:
    return bool(mails.update(status=status, lease_token=None, lease_until=None, **columns))


def _held(mail: Mail) -> MailQuerySet:
    """Only while the lease is ours: a sender that slept through it may not mark (fencing)."""
    return Mail.objects.filter(pk=mail.pk, lease_token=mail.lease_token)


def _wanted(mail: Mail) -> MailQuerySet:
    return _held(mail).filter(status=MailStatus.WAITING)


def kill_links(about: models.Model, purpose: str = "", *, at: datetime) -> int:
    """End every open link about this (of one purpose), and stop those not yet sent. Returns how many."""
    open_links = Mail.objects.about(about).filter(used_at=None).exclude(purpose="")
    if purpose:
        open_links = open_links.filter(purpose=purpose)
    cancel(open_links)
    return open_links.exclude(expires_at__lte=at).update(expires_at=at, seed="")


def retry(mail: Mail, *, by: Acts, at: datetime, reason: str) -> None:
    """Put a parked mail back into the queue with a clean count. Raises MailNotParked."""
    with transaction.atomic():
        parked = Mail.objects.filter(pk=mail.pk, status=MailStatus.PARKED)
        if not parked.update(
            status=MailStatus.WAITING, attempts=0, crashes=0, failure="", due_at=Now(), lease_token=None
        ):
            raise MailNotParked("This mail is not parked any more.")
        audit("notices.retry_mail", mail, by=by, at=at, reason=reason)
    ring()


def empty(mails: "QuerySet[Mail]", *, at: datetime) -> int:
    """Forget whom and what: addresses and contexts go, open links end, what waits is cancelled.
    That a mail left, and when, stays."""
    cancel(mails)
    return mails.update(
        address="",
        greeting="",
        context={},
        recipient_id=None,
        seed="",
        token_hash=None,
        code_hash="",
        expires_at=at,
    )

"""Asking to be told by mail, confirming it, and ending it.

Three dangers shape this page. *Scanners* open every link in a mail, so a GET does nothing and only a
POST acts. *Strangers* type other people's addresses, so nobody is written to again before they confirm.
*The curious* try addresses, so every answer is the same, and no mail is sent while the visitor waits."""

import hashlib
import logging
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse

from audit.actions import record
from audit.actors import SYSTEM, Acts
from notices.actions import knock
from notices.delivery import Answer, Mailer, Outcome, ServerUnavailable
from notices.letters import compose, greet_html, greet_text
from processors.models import LinkPurpose, Subscription

log = logging.getLogger(__name__)

LINK_LASTS = timedelta(days=7)
GIVE_UP_AFTER = timedelta(days=30)  # no mail server was down so long
TRY_AGAIN_AFTER = timedelta(minutes=5)
EVENTS = {
    LinkPurpose.CONFIRM: "processors.confirm_subscription",
    LinkPurpose.STOP: "processors.stop_subscription",
}
PAGES = {LinkPurpose.CONFIRM: "portal:processor_mail_confirm", LinkPurpose.STOP: "portal:processor_mail_stop"}


def hashed(token: str) -> str:
    """What lies at rest. The token has 256 random bits, so a plain hash cannot be searched."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def ask(address: str, *, language: str, at: datetime) -> None:
    """A link will be mailed: to confirm, or, to somebody who gets our mails already, to stop.

    `address` is clean (people.cleaning.clean_email)."""
    subscription = _live(address) or _begin(address, language, at)
    if not subscription.confirmed_at:
        subscription.asked_at, subscription.language = at, language
        subscription.save(update_fields=["asked_at", "language"])
    _promise_link(subscription, LinkPurpose.STOP if subscription.confirmed_at else LinkPurpose.CONFIRM, at)
    ring()


@transaction.atomic
def ask_to_stop(address: str, *, at: datetime) -> None:
    """A link to stop will be mailed, if this address has asked for our mails."""
    if subscription := _live(address):
        _promise_link(subscription, LinkPurpose.STOP, at)
    ring()  # for strangers too: every address takes the same time


def _live(address: str) -> Subscription | None:
    return Subscription.objects.live().select_for_update().filter(address=address).first()


def _begin(address: str, language: str, at: datetime) -> Subscription:
    try:
        with transaction.atomic():
            return Subscription.objects.create(address=address, language=language, asked_at=at)
    except IntegrityError:  # somebody pressed twice: the other request was quicker
        return Subscription.objects.live().select_for_update().get(address=address)


def _promise_link(subscription: Subscription, purpose: LinkPurpose, at: datetime) -> None:
    if subscription.link_purpose == purpose and subscription.link_due_at:
        return  # one waits already
    subscription.link_purpose, subscription.link_due_at = purpose, at
    subscription.save(update_fields=["link_purpose", "link_due_at"])


def find(token: str, purpose: LinkPurpose, *, at: datetime) -> Subscription | None:
    """The subscription this link speaks for; None for an unknown, replaced or expired one, and for a
    link that was made for something else."""
    rows = Subscription.objects.filter(link_hash=hashed(token), link_purpose=purpose, link_expires_at__gt=at)
    # An ended subscription still knows its stop link ("it has ended already"), and nothing can revive it.
    return (rows.live() if purpose == LinkPurpose.CONFIRM else rows).first()


@transaction.atomic
def confirm(subscription: Subscription, *, at: datetime) -> bool:
    """True when this made the difference, False when it was confirmed before."""
    if not Subscription.objects.live().filter(pk=subscription.pk, confirmed_at=None).update(confirmed_at=at):
        return False
    record("processors.confirm_subscription", subscription, by=SYSTEM, at=at)
    return True


@transaction.atomic
def stop(subscription: Subscription, *, at: datetime, by: Acts = SYSTEM, reason: str = "") -> bool:
    """Ended, and the address forgotten at once. False when it had ended before."""
    ended = Subscription.objects.live().filter(pk=subscription.pk)
    if not ended.update(ended_at=at, address="", link_due_at=None):
        return False
    record("processors.stop_subscription", subscription, by=by, at=at, reason=reason)
    return True


def stop_bounced(address: str, at: datetime) -> None:
    """A mail server said that this address does not exist (joined to notices' `on_bounce`)."""
    for subscription in Subscription.objects.live().filter(address=address.lower()):
        stop(subscription, at=at, reason="The mail server refused the address for good.")


def send_links(*, at: datetime) -> int:
    """Mail every link that is due, and return how many the server took. Several may run at once.

    The token is made here and leaves in the mail only. A sender that dies between mail and mark sends
    another link five minutes later, which replaces the first."""
    sent = 0
    with Mailer() as mailer:
        for subscription in Subscription.objects.link_due(at).order_by("link_due_at"):
            if token := _claim(subscription, at):
                try:
                    outcome = mailer.send(_message(subscription, token))
                except ServerUnavailable as error:
                    log.error("the mail server cannot be reached (%s); the links wait", error)
                    break
                sent += _mark(subscription, token, outcome, at)
    return sent


def _claim(subscription: Subscription, at: datetime) -> str:
    """A fresh token, when nobody else took this row in hand; nothing otherwise."""
    token = secrets.token_urlsafe(32)
    mine = Subscription.objects.live().filter(
        pk=subscription.pk, link_due_at=subscription.link_due_at, link_purpose=subscription.link_purpose
    )
    taken = mine.update(
        link_hash=hashed(token), link_expires_at=at + LINK_LASTS, link_due_at=at + TRY_AGAIN_AFTER
    )
    return token if taken else ""


def _mark(subscription: Subscription, token: str, outcome: Outcome, at: datetime) -> bool:
    """Only “not now” is tried again; an address that does not exist ends the subscription."""
    if outcome.answer is not Answer.TAKEN:
        log.warning("the link of subscription %s did not leave (%s)", subscription.pk, outcome.code)
    if outcome.answer is Answer.NO_SUCH_ADDRESS:
        stop(subscription, at=at, reason="The mail server refused the address for good.")
    elif outcome.answer is not Answer.LATER:
        Subscription.objects.filter(pk=subscription.pk, link_hash=hashed(token)).update(link_due_at=None)
    return outcome.answer is Answer.TAKEN


def _message(subscription: Subscription, token: str) -> EmailMultiAlternatives:
    purpose = LinkPurpose(subscription.link_purpose)
    link = f"{settings.SITE_URL}{reverse(PAGES[purpose], args=[token])}"
    draft = compose(EVENTS[purpose], "subscriber", subscription.language, {"link": link})
    message = EmailMultiAlternatives(
        draft.subject,
        greet_text(draft.body_text, "", draft.language),
        settings.DEFAULT_FROM_EMAIL,
        [subscription.address],
        # RFC 3834 §5: absence notes do not answer.
        headers={"Auto-Submitted": "auto-generated", "Content-Language": draft.language},
    )
    message.attach_alternative(greet_html(draft.body_html, "", draft.language), "text/html")
    return message


def forget_unconfirmed(*, at: datetime) -> int:
    """Who never confirmed may never have asked: the row goes with its address once its link is dead.

    The link lives from the mail, which may have waited; who could not be written to is not kept for that."""
    dead = Q(link_due_at=None, link_expires_at__lte=at) | Q(asked_at__lte=at - GIVE_UP_AFTER)
    return Subscription.objects.live().filter(dead, confirmed_at=None).delete()[0]


def ring() -> None:
    """Ask a worker, after commit, to mail what is due. The minute's sweep finds it anyway."""
    transaction.on_commit(_ring_now, robust=True)


def _ring_now() -> None:
    from processors import tasks

    knock(tasks.send_links)

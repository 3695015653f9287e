"""Telling those who asked: one announcement, one campaign, one mail for each confirmed subscription.

The promise: partners are used only as we said. Art. 28(2) GDPR wants changes told before they take
effect, so that whoever disagrees can object; schools join `audiences` with their agreed days."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, F, QuerySet, TextField, Value, When
from django.urls import reverse
from django.utils import timezone

from audit.actions import record
from audit.refusals import Refused
from law.models import Company
from notices import actions as notices
from notices.actions import RECIPIENT_COLUMNS, LetterDraft
from notices.letters import compose
from notices.models import Campaign, Letter
from notices.models import Status as NoticeStatus
from people.models import User

from .models import Announcement, SubprocessorChange, Subscription

CHANGE = "processors.list_change"
WITHDRAWAL = "processors.change_withdrawn"
SUBSCRIBER = "subscriber"
# Recipients are opaque numbers to the notices, and a person may have the same one as a subscription:
# subscriptions count from here, so that nobody's record shows another's mail.
FIRST_RECIPIENT = 1 << 48

Recipients = QuerySet[Any, Any]
# Called with the campaign, its letters and the changes it tells of; gives rows for notices.actions.record.
Audience = Callable[[Campaign, Sequence[Letter], Sequence[SubprocessorChange]], Recipients]


class NothingToAnnounce(Refused):
    pass


class AlreadyAnnounced(Refused):
    pass


class TooLate(Refused):
    pass


class InThePast(Refused):
    pass


@transaction.atomic
def announce(
    changes: Iterable[SubprocessorChange], *, effective_on: date, by: User, at: datetime, reason: str
) -> Announcement:
    """Gathered → announced: frozen, shown at the top of the public page, and told to each subscriber once."""
    rows = _held(changes)
    if not rows:
        raise NothingToAnnounce("Choose at least one change.")
    if taken := [row for row in rows if row.announcement_id or row.withdrawn_at]:
        raise AlreadyAnnounced(f"{taken[0]} was announced or withdrawn meanwhile.")
    if effective_on < _today(at):
        raise InThePast("Choose today or a later day: a change is told before it takes effect.")
    announcement = Announcement.objects.create(effective_on=effective_on, announced_at=at, announced_by=by)
    for row in rows:
        row.announcement = announcement
        row.save(update_fields=["announcement"])
    told = _tell(CHANGE, announcement, rows, at)
    details = {"changes": [row.pk for row in rows], "effective_on": effective_on.isoformat(), "told": told}
    record("processors.announce", announcement, by=by, at=at, reason=reason, details=details)
    notices.ring()
    return announcement


@transaction.atomic
def withdraw(change: SubprocessorChange, *, by: User, at: datetime, reason: str) -> SubprocessorChange:
    """It will not come. Whoever was told hears so; a change that was only gathered is simply put away."""
    [change] = _held([change])
    if change.withdrawn_at:
        raise AlreadyAnnounced("This change was withdrawn meanwhile.")
    if change.has_begun(_today(at)):
        raise TooLate("It is in effect. Change the register instead: that gathers a new change.")
    change.withdrawn_at, change.withdrawn_by, change.withdrawal_reason = at, by, reason
    change.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawal_reason"])
    told = _take_back(change, by=by, at=at, reason=reason) if change.announcement else {}
    record("processors.withdraw", change, by=by, at=at, reason=reason, details=told)
    notices.ring()
    return change


def _held(changes: Iterable[SubprocessorChange]) -> list[SubprocessorChange]:
    """Locked, in one order for everybody, so that two announcements at once cannot share a change."""
    pks = [change.pk for change in changes]
    rows = SubprocessorChange.objects.select_for_update(of=("self",)).filter(pk__in=pks)
    return list(rows.select_related("processor", "announcement").order_by("pk"))


def _today(at: datetime) -> date:
    return timezone.localdate(at, Company.current().zone)


def _tell(event: str, about: models.Model, changes: Sequence[SubprocessorChange], at: datetime) -> int:
    campaign, _created = notices.open_campaign(event, about, letters=letters(event, changes), at=at)
    written = list(campaign.letters.all())
    return sum(
        notices.record(campaign, audience(campaign, written, changes), at=at) for audience in audiences
    )


def _take_back(change: SubprocessorChange, *, by: User, at: datetime, reason: str) -> dict[str, int]:
    """Mails that still wait are stopped once nothing they tell of is left."""
    campaign = Campaign.objects.about(_announcement(change)).filter(event=CHANGE).first()
    if campaign is None:
        return {"stopped": 0, "told": 0}
    stopped = 0
    if not _announcement(change).changes.filter(withdrawn_at=None).exists():
        try:
            stopped = notices.cancel_waiting(campaign, by=by, at=at, reason=reason)
        except notices.NothingWaiting:
            stopped = 0
    reached = campaign.notices.exclude(status=NoticeStatus.CANCELLED).values("recipient_id")
    news, _created = notices.open_campaign(WITHDRAWAL, change, letters=letters(WITHDRAWAL, [change]), at=at)
    written = list(news.letters.all())
    told = sum(
        notices.record(news, audience(news, written, [change]).filter(recipient_id__in=reached), at=at)
        for audience in audiences
    )
    return {"stopped": stopped, "told": told}


def _announcement(change: SubprocessorChange) -> Announcement:
    if change.announcement is None:
        raise NothingToAnnounce("This change was never announced.")
    return change.announcement


def letters(event: str, changes: Sequence[SubprocessorChange]) -> list[LetterDraft]:
    """The words in every language of the site; company names and places stand as on the list."""
    context = {
        "changes": changes,
        "effective_on": changes[0].effective_on,
        "link": _absolute("portal:processor_changes"),
        "stop_link": _absolute("portal:processor_mail"),
    }
    return [compose(event, SUBSCRIBER, language, context) for language, _name in settings.LANGUAGES]


def subscribers(
    campaign: Campaign, letters: Sequence[Letter], changes: Sequence[SubprocessorChange]
) -> Recipients:
    """Every confirmed subscription, with the letter in its language."""
    written = {letter.language: letter.pk for letter in letters if letter.variant == SUBSCRIBER}
    in_own_language = [When(language=code, then=Value(pk)) for code, pk in written.items()]
    return (
        Subscription.objects.confirmed()
        .annotate(
            recipient_id=F("pk") + FIRST_RECIPIENT,
            greeting=Value("", output_field=TextField()),
            letter_id=Case(*in_own_language, default=Value(written[settings.LANGUAGE_CODE])),
            status=Value(NoticeStatus.WAITING.value, output_field=TextField()),
        )
        .order_by()
        .values_list(*RECIPIENT_COLUMNS)
    )


# Upper apps add theirs in ready().
audiences: list[Audience] = [subscribers]


def _absolute(page: str) -> str:
    # From SITE_URL alone: a forged Host header must never reach a mail.
    return f"{settings.SITE_URL}{reverse(page)}"

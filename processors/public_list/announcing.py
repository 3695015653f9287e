"""Telling those who asked: one announcement, one campaign, one mail for each confirmed subscription.

The promise: partners are used only as we said. Art. 28(2) GDPR wants changes told before they take
effect, so that whoever disagrees can object; schools join `audiences` with their agreed days."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import OperationalError, models, transaction
from django.db.models import Case, F, QuerySet, TextField, Value, When
from django.urls import reverse

from audit.actions import record
from audit.refusals import Refused
from law.models import Company
from notices import actions as notices
from notices.actions import RECIPIENT_COLUMNS, LetterDraft
from notices.letters import compose
from notices.models import Campaign, Letter
from notices.models import Status as NoticeStatus
from people.models import User
from processors.models import (
    LIVE,
    Announcement,
    ChangeKind,
    Processor,
    Status,
    SubprocessorChange,
    Subscription,
)

CHANGE = "processors.list_change"
WITHDRAWAL = "processors.change_withdrawn"
SUBSCRIBER = "subscriber"
# A company that comes or goes, where the others are about one column of its line.
WHOLE = (ChangeKind.ADDED, ChangeKind.REMOVED)
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


class TooSoon(Refused):
    pass


class InGoodTime(Refused):
    pass


class Busy(Refused):
    pass


class OutOfOrder(Refused):
    pass


class NoMistake(Refused):
    pass


def announce(
    changes: Iterable[SubprocessorChange], *, effective_on: date, by: User, at: datetime, reason: str
) -> Announcement:
    """Gathered → announced: frozen, shown at the top of the public page, and told to each subscriber once.

    Raises TooSoon for a day within the house's notice period."""
    if effective_on < earliest(at):
        raise TooSoon(
            f"People get {Company.current().processor_notice_days} days’ notice, so it can take effect on "
            f"{earliest(at):%-d %B %Y} at the earliest. What cannot wait is announced at short notice."
        )
    return _publish(changes, Announcement(effective_on=effective_on), by=by, at=at, reason=reason)


def announce_at_short_notice(
    changes: Iterable[SubprocessorChange],
    *,
    effective_on: date,
    by: User,
    at: datetime,
    reason: str,
    because: str = "",
) -> Announcement:
    """It cannot wait. `reason` stays on record; `because` is what the public reads, if anything.

    Raises InGoodTime for a day that keeps the notice period: the page would call it short without need."""
    if effective_on >= earliest(at):
        raise InGoodTime(
            f"{effective_on:%-d %B %Y} keeps the notice period, so it is not short: use “Announce…”."
        )
    manner = Announcement(effective_on=effective_on, is_short_notice=True, because=because)
    return _publish(changes, manner, by=by, at=at, reason=reason)


def correct(
    changes: Iterable[SubprocessorChange], *, by: User, at: datetime, reason: str, because: str = ""
) -> Announcement:
    """The list was wrong and is put right today: in the history, without a mail.

    A company that comes or goes is no mistake of the list: NoMistake."""
    rows = list(changes)
    if real := [row for row in rows if not may_be_corrected(row)]:
        raise NoMistake(f"{real[0].name} comes or goes: announce that, at short notice if it cannot wait.")
    manner = Announcement(effective_on=Company.current().day_of(at), is_correction=True, because=because)
    return _publish(rows, manner, by=by, at=at, reason=reason)


def may_be_corrected(change: SubprocessorChange) -> bool:
    """A column of the list, or a line that named one company twice."""
    return change.kind not in WHOLE or change.processor.merged_into_id is not None


def earliest(at: datetime) -> date:
    """The first day a change may take effect that is announced now."""
    return Company.current().day_of(at) + timedelta(days=Company.current().processor_notice_days)


@transaction.atomic
def _publish(
    changes: Iterable[SubprocessorChange], announcement: Announcement, *, by: User, at: datetime, reason: str
) -> Announcement:
    wanted = {change.pk for change in changes}
    rows = _held(wanted)
    _may_be_announced(rows, wanted, announcement.effective_on, Company.current().day_of(at))
    announcement.announced_at, announcement.announced_by = at, by
    announcement.save()
    for row in rows:
        row.announcement = announcement
        row.save(update_fields=["announcement"])
    told = 0 if announcement.is_correction else _tell(CHANGE, announcement, rows, at)
    details = {
        "changes": [row.pk for row in rows],
        "effective_on": announcement.effective_on.isoformat(),
        "told": told,
    }
    record(f"processors.{_verb(announcement)}", announcement, by=by, at=at, reason=reason, details=details)
    notices.ring()
    return announcement


def _verb(announcement: Announcement) -> str:
    if announcement.is_correction:
        return "correct"
    return "announce_at_short_notice" if announcement.is_short_notice else "announce"


def _may_be_announced(
    rows: Sequence[SubprocessorChange], wanted: Collection[int], effective_on: date, today: date
) -> None:
    if not wanted:
        raise NothingToAnnounce("Choose at least one change.")
    if taken := [row for row in rows if row.announcement_id or row.withdrawn_at]:
        raise AlreadyAnnounced(f"{taken[0]} was announced or withdrawn meanwhile.")
    if len(rows) < len(wanted):
        raise AlreadyAnnounced("One of these changes was undone in the register meanwhile.")
    if effective_on < today:
        raise InThePast("Choose today or a later day: a change is told before it takes effect.")
    for row in rows:
        _keeps_the_order(row, effective_on)


def _keeps_the_order(change: SubprocessorChange, effective_on: date) -> None:
    """What was told later cannot take effect before what was told earlier of the same company."""
    before = SubprocessorChange.objects.standing().filter(processor=change.processor_id)
    if last := before.filter(announcement__effective_on__gt=effective_on).told().first():
        raise OutOfOrder(
            f"Another change of {change.name} takes effect on {last.effective_on:%-d %B %Y}. "
            "Choose that day or a later one, or withdraw that change."
        )


@transaction.atomic
def withdraw(change: SubprocessorChange, *, by: User, at: datetime, reason: str) -> SubprocessorChange:
    """It will not come, and whoever was told hears so."""
    [change] = _held([change.pk])
    _may_be_withdrawn(change, Company.current().day_of(at))
    change.withdrawn_at, change.withdrawn_by, change.withdrawal_reason = at, by, reason
    change.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawal_reason"])
    told = _take_back(change, by=by, at=at, reason=reason)
    record("processors.withdraw", change, by=by, at=at, reason=reason, details=told)
    notices.ring()
    return change


def _may_be_withdrawn(change: SubprocessorChange, today: date) -> None:
    if change.announcement is None:
        raise NothingToAnnounce(
            "Nobody was told of it. It goes by itself when the register says again what people know."
        )
    if change.withdrawn_at:
        raise AlreadyAnnounced("This change was withdrawn meanwhile.")
    # Whoever activates or ends the company on that day holds this row until that is written.
    status = Processor.objects.values_list("status", flat=True).get(pk=change.processor_id)
    acted_on = {ChangeKind.ADDED: LIVE, ChangeKind.REMOVED: (Status.ENDED,)}.get(ChangeKind(change.kind), ())
    if change.has_begun(today) or status in acted_on:
        raise TooLate("It is in effect. Change the register instead: that gathers a new change.")
    later = SubprocessorChange.objects.standing().filter(processor=change.processor_id)
    after_it = later.filter(announcement__effective_on__gte=change.effective_on, pk__gt=change.pk)
    if change.kind in WHOLE and after_it.exists():
        raise OutOfOrder(f"Withdraw what was announced of {change.name} after it first.")


def _held(pks: Collection[int]) -> list[SubprocessorChange]:
    """Locked, so that two announcements at once cannot share a change; or Busy. Nobody waits: the button
    holds the change it was pressed on, and two people with each other's would wait for ever."""
    rows = SubprocessorChange.objects.select_for_update(of=("self",), nowait=True).filter(pk__in=pks)
    try:
        with transaction.atomic():
            return list(rows.select_related("processor", "announcement").order_by("pk"))
    except OperationalError:
        raise Busy("Somebody else is at work on one of these changes. Try again.") from None


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
        "announcement": changes[0].announcement,
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

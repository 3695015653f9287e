"""The desk of the public list: what has changed, whom it is told, who follows it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin import Button, Consequences, ReadOnlyAdmin
from audit.choices import ManyRows
from audit.text import CleanLineField
from law.models import Company
from notices.models import Campaign
from notices.models import Status as NoticeStatus
from people.models import User
from processors.models import Announcement, SubprocessorChange, SubprocessorChangeQuerySet, Subscription
from processors.public_list import announcing, subscribing


class TogetherForm(forms.Form):
    together = ManyRows(
        SubprocessorChange.objects.gathered().order_by("name", "pk"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Together with",
        help_text="What is told in one mail need not be told in several.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        together: Any = self.fields["together"]
        together.queryset = together.queryset.exclude(pk=self.initial["change"])
        together.label_from_instance = in_a_line
        if not together.queryset.exists():
            del self.fields["together"]


def _because(exception: str) -> CleanLineField:
    return CleanLineField(
        max_length=300,
        required=False,
        label="Reason the public reads",
        help_text=f"Shown beside the change as “{exception}, because …”. Leave it empty and the page gives "
        "no reason. The reason below is for the record only.",
    )


class AnnounceForm(TogetherForm):
    effective_on = forms.DateField(
        label="Takes effect on",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="After the notice period of the house, so that whoever disagrees can say so before. Schools’ "
        "agreements may ask for more.",
    )
    field_order: Iterable[str] | None = ["effective_on", "because", "together"]


class ShortNoticeForm(AnnounceForm):
    because = _because("At short notice")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["effective_on"].help_text = "Any day from today, as late as it can be."


class CorrectForm(TogetherForm):
    because = _because("A correction")
    field_order: Iterable[str] | None = ["because", "together"]


def in_a_line(change: SubprocessorChange) -> str:
    return f"{change.name}: {change.get_kind_display()}"


def _initial(change: SubprocessorChange) -> dict[str, Any]:
    first = announcing.earliest(timezone.now())
    return {"change": change.pk, "effective_on": max(first, change.planned_on or first)}


def _last_short(change: SubprocessorChange) -> dict[str, Any]:
    """As late as it can be and still be short."""
    last = announcing.earliest(timezone.now()) - timedelta(days=1)
    wanted = min(last, change.planned_on or last)
    return {"change": change.pk, "effective_on": max(wanted, Company.current().today())}


Together = QuerySet[SubprocessorChange] | tuple[()]


def announce_together(change: SubprocessorChange, *, together: Together = (), **how: Any) -> Announcement:
    return announcing.announce([change, *together], **how)


def announce_soon_together(
    change: SubprocessorChange, *, together: Together = (), **how: Any
) -> Announcement:
    return announcing.announce_at_short_notice([change, *together], **how)


def correct_together(change: SubprocessorChange, *, together: Together = (), **how: Any) -> Announcement:
    return announcing.correct([change, *together], **how)


def announcement(change: SubprocessorChange, request: HttpRequest) -> Consequences:
    count = Subscription.objects.confirmed().count()
    told = f"{count:,} subscriber{'s' if count != 1 else ''}"
    return Consequences(
        question=f"Announce “{in_a_line(change)}” and tell {told}?",
        happens=[
            "The public page says at its top what will change and when; the history and the feed carry it.",
            f"{told} get one mail each, whatever number of changes goes with it.",
            "On its day the page shows it by itself. A new company may be activated from then on.",
        ],
        not_=["The register stays as it is: activate or end the company there, on the day."],
        irreversible=["What is announced cannot be edited. It can be withdrawn until it takes effect."],
        samples=[f"{change.before or 'nothing'} → {change.after or 'nothing'}"],
        count=count,
        must_type_count=count >= Company.current().large_audience,
        submit=f"Announce and tell {told}",
    )


def short_notice(change: SubprocessorChange, request: HttpRequest) -> Consequences:
    usual = announcement(change, request)
    days = Company.current().processor_notice_days
    return replace(
        usual,
        question=f"Announce “{in_a_line(change)}” with less than {days} days’ notice?",
        happens=["People have less time to object than our page lets them expect.", *usual.happens],
        submit=f"{usual.submit} at short notice",
    )


def correction(change: SubprocessorChange, request: HttpRequest) -> Consequences:
    return Consequences(
        question=f"Was the list wrong about “{in_a_line(change)}”?",
        happens=["The public page is put right today, and the history and the feed call it a correction."],
        not_=[
            "Nobody gets a mail. Use this only for what was never true, such as a misspelled name: a real "
            "change is announced."
        ],
        irreversible=["A correction cannot be edited or taken back."],
        samples=[f"{change.before or 'nothing'} → {change.after or 'nothing'}"],
        submit="Record as a correction",
    )


def withdrawal(change: SubprocessorChange, request: HttpRequest) -> Consequences:
    return Consequences(
        question=f"Withdraw “{in_a_line(change)}” before it takes effect?",
        happens=[
            "The page, the history and the feed say that it will not come.",
            "Whoever was told of it hears so; mails not sent yet are stopped if nothing else is in them.",
        ],
        not_=["The register stays as it is. Put it right too, or the same change gathers again."],
        irreversible=["A withdrawn change does not come back. The next one is gathered anew."],
        submit="Withdraw change",
    )


def is_gathered(change: SubprocessorChange) -> bool:
    return change.announcement_id is None and change.withdrawn_at is None


def is_coming(change: SubprocessorChange) -> bool:
    if change.announcement_id is None or change.withdrawn_at is not None:
        return False
    return not change.has_begun(Company.current().today())


MANNERS = {
    "is_history": "brought in from an earlier list",
    "is_short_notice": "at short notice",
    "is_correction": "as a correction",
}


@admin.register(SubprocessorChange)
class SubprocessorChangeAdmin(ReadOnlyAdmin):
    when_empty = "Nothing has changed. What differs from the public list is gathered here, to be announced."
    list_display = ("name", "kind", "stage_today", "takes_effect", "gathered_at")
    list_filter = ("kind",)
    list_select_related = ("announcement",)
    sortable_by = ("gathered_at",)
    fields = (
        "next_step", "stage_today", "name", "kind", "before", "after", "takes_effect", "manner", "told",
        "gathered_at", "withdrawal_reason",
    )  # fmt: skip
    readonly_fields = ("next_step", "stage_today", "takes_effect", "manner", "told")
    buttons = (
        Button(
            verb="announce",
            label="Announce…",
            action=announce_together,
            permission="processors.publish_subprocessorchange",
            form_class=AnnounceForm,
            initial=_initial,
            shown=is_gathered,
            consequences=announcement,
            done=lambda change, result: "Announced. Watch the mails leave under Notices › Campaigns.",
        ),
        Button(
            verb="announce-at-short-notice",
            label="Announce at short notice…",
            action=announce_soon_together,
            permission="processors.approve_announcement",
            form_class=ShortNoticeForm,
            initial=_last_short,
            shown=is_gathered,
            danger=True,
            consequences=short_notice,
            done=lambda change, result: "Announced. Watch the mails leave under Notices › Campaigns.",
        ),
        Button(
            verb="correct",
            label="Record as a correction…",
            action=correct_together,
            permission="processors.approve_announcement",
            form_class=CorrectForm,
            initial=_initial,
            shown=lambda change: is_gathered(change) and announcing.may_be_corrected(change),
            danger=True,
            consequences=correction,
            done=lambda change, result: "Put right. The public page shows it from now on.",
        ),
        Button(
            verb="withdraw",
            label="Withdraw…",
            action=announcing.withdraw,
            permission="processors.publish_subprocessorchange",
            danger=True,
            shown=is_coming,
            consequences=withdrawal,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[SubprocessorChange]:
        rows = cast(SubprocessorChangeQuerySet, super().get_queryset(request))
        return rows.with_stage(Company.current().today())

    @admin.display(description="stage")
    def stage_today(self, change: SubprocessorChange) -> str:
        return str(change.stage)  # type: ignore[attr-defined]  # from with_stage

    @admin.display(description="takes effect on")
    def takes_effect(self, change: SubprocessorChange) -> str:
        if change.effective_on:
            return f"{change.effective_on:%-d %B %Y}"
        return f"planned for {change.planned_on:%-d %B %Y}" if change.planned_on else "not announced yet"

    @admin.display(description="how it was told")
    def manner(self, change: SubprocessorChange) -> str:
        told = change.announcement
        if told is None:
            return "not yet"
        manner = next((words for name, words in MANNERS.items() if getattr(told, name)), "in time")
        return f"{manner}, because {told.because}" if told.because else manner

    @admin.display(description="next")
    def next_step(self, change: SubprocessorChange) -> str:
        if change.withdrawn_at:
            return "Nothing. It was withdrawn."
        if change.announcement is None:
            return "Announce it before it takes effect, together with what else has gathered."
        if not is_coming(change):
            return "Nothing. It is in effect."
        return "Nothing. It can be withdrawn until it takes effect."

    @admin.display(description="people told")
    def told(self, change: SubprocessorChange) -> SafeString | str:
        campaign = change.announcement and Campaign.objects.about(change.announcement).first()
        if not campaign:
            return "nobody"
        counts = campaign.counts()
        words = ", ".join(f"{n:,} {NoticeStatus(state).label}" for state, n in counts.items() if n)
        url = reverse("admin:notices_campaign_change", args=[campaign.pk])
        return format_html('<a href="{}">{}</a>', url, words or "nobody")


def end_subscription(subscription: Subscription, *, by: User, at: datetime, reason: str) -> None:
    subscribing.stop(subscription, at=at, by=by, reason=reason)


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    """Somebody asks on the telephone to be left alone: staff find the address, and end it."""

    when_empty = "Nobody follows the list. People subscribe on the public page of companies."
    list_display = ("number", "language", "asked", "standing")
    list_filter = ("language",)
    sortable_by = ()
    search_fields = ("address__exact",)
    lowered_search = ("address",)
    search_label = "Whole e-mail address"
    log_reads = True
    fields = ("address", "language", "asked_at", "confirmed_at", "ended_at")
    buttons = (
        Button(
            verb="end",
            label="End subscription",
            action=end_subscription,
            permission="processors.end_subscription",
            shown=lambda subscription: subscription.ended_at is None,
            consequences=lambda subscription, request: Consequences(
                question="Write to this address no more?",
                happens=["The subscription ends, and its address is forgotten here."],
                not_=["Mails already sent stay on record under Notices."],
                irreversible=["Only the person can subscribe again."],
                submit="End subscription",
            ),
        ),
    )

    @admin.display(description="subscription")
    def number(self, subscription: Subscription) -> str:
        return str(subscription)

    @admin.display(description="asked")
    def asked(self, subscription: Subscription) -> str:
        return date_format(timezone.localtime(subscription.asked_at), "j F Y")

    @admin.display(description="standing")
    def standing(self, subscription: Subscription) -> str:
        if subscription.ended_at:
            return "ended"
        return "confirmed" if subscription.confirmed_at else "not confirmed yet"

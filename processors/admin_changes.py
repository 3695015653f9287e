"""The desk of the public list: what has changed, whom it is told, who follows it."""

from datetime import date, datetime
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
from law.models import Company
from notices.models import Campaign
from notices.models import Status as NoticeStatus
from people.models import User

from . import announcing, subscribing
from .models import Announcement, SubprocessorChange, SubprocessorChangeQuerySet, Subscription


class AnnounceForm(forms.Form):
    effective_on = forms.DateField(
        label="Takes effect on",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Contracts with schools often ask for 30 days, so that whoever disagrees can say so before.",
    )
    together = forms.ModelMultipleChoiceField(
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


def in_a_line(change: SubprocessorChange) -> str:
    return f"{change.name}: {change.get_kind_display()}"


def announce_together(
    change: SubprocessorChange, *, by: User, at: datetime, reason: str, effective_on: date,
    together: "QuerySet[SubprocessorChange] | tuple[()]" = (),
) -> Announcement:  # fmt: skip
    rows = [change, *together]
    return announcing.announce(rows, effective_on=effective_on, by=by, at=at, reason=reason)


def announcement(change: SubprocessorChange, request: HttpRequest) -> Consequences:
    count = Subscription.objects.confirmed().count()
    told = f"{count:,} subscriber{'s' if count != 1 else ''}"
    return Consequences(
        question=f"Announce “{in_a_line(change)}” and tell {told}?",
        happens=[
            "The public page says at its top what will change and when; the history and the feed carry it.",
            f"{told} get one mail each, whatever number of changes goes with it.",
        ],
        not_=["The register stays as it is: activate or end the company there, on the day."],
        irreversible=["What is announced cannot be edited. It can be withdrawn until it takes effect."],
        samples=[f"{change.before or 'nothing'} → {change.after or 'nothing'}"],
        count=count,
        must_type_count=count >= Company.current().large_audience,
        submit=f"Announce and tell {told}",
    )


def withdrawal(change: SubprocessorChange, request: HttpRequest) -> Consequences:
    if change.announcement is None:
        return Consequences(
            question="Put this change away untold?",
            happens=["It leaves the list of changes that wait to be announced."],
            not_=["The register stays as it is. Do this only when there is nothing to tell."],
            submit="Put change away",
        )
    return Consequences(
        question=f"Withdraw “{in_a_line(change)}” before it takes effect?",
        happens=[
            "The page, the history and the feed say that it will not come.",
            "Whoever was told of it hears so; mails not sent yet are stopped if nothing else is in them.",
        ],
        irreversible=["A withdrawn change does not come back. The next one is gathered anew."],
        submit="Withdraw change",
    )


def is_open(change: SubprocessorChange) -> bool:
    return change.withdrawn_at is None and not change.has_begun(Company.current().today())


@admin.register(SubprocessorChange)
class SubprocessorChangeAdmin(ReadOnlyAdmin):
    list_display = ("name", "kind", "stage_today", "takes_effect", "gathered_at")
    list_filter = ("kind",)
    list_select_related = ("announcement",)
    sortable_by = ("gathered_at",)
    fields = (
        "next_step", "stage_today", "name", "kind", "before", "after", "takes_effect", "told", "gathered_at",
        "withdrawal_reason",
    )  # fmt: skip
    readonly_fields = ("next_step", "stage_today", "takes_effect", "told")
    buttons = (
        Button(
            verb="announce",
            label="Announce…",
            action=announce_together,
            permission="processors.publish_subprocessorchange",
            form_class=AnnounceForm,
            initial=lambda change: {"change": change.pk},
            shown=lambda change: change.announcement_id is None and change.withdrawn_at is None,
            consequences=announcement,
            done=lambda change, result: "Announced. Watch the mails leave under Notices › Campaigns.",
        ),
        Button(
            verb="withdraw",
            label="Withdraw…",
            action=announcing.withdraw,
            permission="processors.publish_subprocessorchange",
            danger=True,
            shown=is_open,
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
        return f"{change.effective_on:%-d %B %Y}" if change.effective_on else "not announced yet"

    @admin.display(description="next")
    def next_step(self, change: SubprocessorChange) -> str:
        if change.withdrawn_at:
            return "Nothing. It was withdrawn."
        if change.announcement is None:
            return "Announce it before it takes effect, together with what else has gathered."
        return "Nothing. It can be withdrawn until it takes effect." if is_open(change) else "Nothing."

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

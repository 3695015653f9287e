from datetime import datetime
from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from audit.admin import AuditedAdmin
from audit.buttons import Button, says
from audit.desk import page
from audit.lists import yes_or_dash
from law.models import Company
from notices.models import Campaign
from notices.models import Status as NoticeStatus

from . import actions, announcing, consequences, reading
from .forms import PlanForm, PolicyForm, SignificanceForm, TextForm, VersionForm
from .models import Policy, PolicyText, PolicyVersion, PolicyVersionQuerySet, Status


@admin.register(Policy)
class PolicyAdmin(AuditedAdmin):
    form = PolicyForm
    list_display = ("title", "on_front_page", "audience", "reviewed_on", "review_due")
    readonly_fields = ("reviewed_on", "review_due")
    buttons = (
        Button(
            verb="review",
            label="Record a review",
            action=actions.review,
            permission="policies.review_policy",
            consequences=says(
                "Have you read the whole policy, and does it still hold?",
                "Today is noted as the day of its review, with your name and your reason.",
                "The next review falls due as the company’s settings say.",
                not_=("The text stays as it is. If something no longer holds, write a new version instead.",),
                submit="Record review",
            ),
            done=lambda policy, result: "Recorded. The next review is on this page.",
        ),
    )

    @admin.display(description="on the front page", ordering="is_main")
    def on_front_page(self, policy: Policy) -> str:
        return yes_or_dash(policy.is_main)

    @admin.display(description="next review")
    def review_due(self, policy: Policy) -> str:
        day = policy.review_due_on(Company.current().review_months)
        if day is None:
            return "after the first publication"
        return f"{day:%-d %B %Y}" + (" – overdue" if day < Company.current().today() else "")

    def get_readonly_fields(self, request: HttpRequest, obj: Policy | None = None) -> tuple[str, ...]:
        # A slug is part of public addresses, and the original language of the texts already frozen.
        fixed = ("slug", "language") if obj and obj.versions.published().exists() else ()
        return (*super().get_readonly_fields(request, obj), *fixed)


class TextInline(admin.StackedInline):  # type: ignore[type-arg]
    model = PolicyText
    form = TextForm
    extra = 0
    min_num = 1

    def get_fieldsets(self, request: HttpRequest, obj: PolicyVersion | None = None) -> Any:
        # A text nobody can edit any more is folded: the page is about the version.
        if self.has_change_permission(request, obj):
            return ((None, {"fields": ("language", "title", "summary", "body")}),)
        return (
            (None, {"fields": ("language", "title", "summary")}),
            ("The whole text", {"fields": ("body",), "classes": ("collapse",)}),
        )

    def has_change_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return (obj is None or obj.status == Status.DRAFT) and super().has_change_permission(request, obj)

    has_add_permission = has_change_permission

    def has_delete_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return False


@admin.register(PolicyVersion)
class PolicyVersionAdmin(AuditedAdmin):
    form = VersionForm
    inlines = (TextInline,)
    list_display = ("version", "stage_today", "significance", "note")
    list_filter = ("status", "significance")
    # A draft without a date stands on top, in either database.
    ordering = (F("effective_on").desc(nulls_first=True), "-pk")
    readonly_fields = ("next_step", "stage_today", "significance", "rationale", "told", "people", "pages")
    fieldsets = (
        (None, {"fields": ("next_step", "stage_today", "policy", "effective_on", "note", "pages")}),
        ("The change", {"fields": ("significance", "rationale")}),
        ("Telling people", {"fields": ("told",)}),
        ("Who did what", {"fields": ("people",)}),
    )
    buttons = (
        Button(
            verb="decide-significance",
            label="Decide significance",
            action=actions.decide_significance,
            permission="policies.change_policyversion",
            form_class=SignificanceForm,
            initial=lambda version: {"significance": version.significance},
            shown=lambda version: version.status == Status.DRAFT,
            consequences=says(
                "Does this change matter to people?",
                "Your decision and its rationale are recorded with your name.",
                "A significant change is told to everyone it concerns, by mail or prominent notice.",
                submit="Record decision",
            ),
            done=lambda version, result: "Decided. The rationale stands below.",
        ),
        Button(
            verb="submit",
            label="Put forward for approval",
            action=actions.submit,
            permission="policies.submit_policyversion",
            shown=lambda version: version.status == Status.DRAFT,
            consequences=says(
                "Put this version forward?",
                "The text can no longer be edited while it is in review.",
                "A second person has to approve it; you cannot.",
                not_=("Nobody outside is told.",),
                submit="Put version forward",
            ),
            done=lambda version, result: "Put forward. A second person reads and approves it now.",
        ),
        Button(
            verb="approve",
            label="Approve",
            action=actions.approve,
            permission="policies.approve_policyversion",
            shown=lambda version: version.status == Status.REVIEW,
            consequences=says(
                "Have you read this version, and may it be published?",
                "It is marked as approved by you. You cannot approve what you put forward.",
                not_=("Publishing is a step of its own.",),
                submit="Approve version",
            ),
            done=lambda version, result: "Approved. It can be published.",
        ),
        Button(
            verb="publish",
            label="Publish…",
            action=actions.publish,
            permission="policies.publish_policyversion",
            fresh_login=True,
            shown=lambda version: version.status == Status.APPROVED,
            consequences=consequences.publication,
            done=lambda version, result: _published(version),
        ),
        Button(
            verb="plan",
            label="Plan publication…",
            action=actions.plan,
            permission="policies.publish_policyversion",
            form_class=PlanForm,
            fresh_login=True,
            shown=lambda version: version.status == Status.APPROVED,
            consequences=consequences.planning,
            done=lambda version, result: "Planned. The day stands below.",
        ),
        Button(
            verb="allow-early",
            label="Allow an early date…",
            action=actions.allow_early,
            permission="policies.approve_policyversion",
            shown=lambda version: (
                version.status in (Status.REVIEW, Status.APPROVED) and not version.early_by_id
            ),
            consequences=says(
                "May this change take effect before the notice period is over?",
                "Your reason is recorded and stays with the version.",
                not_=("People are still told; they only have less time.",),
                submit="Allow early date",
            ),
            done=lambda version, result: "Allowed. Your reason stays with the version.",
        ),
        Button(
            verb="answer-for-promises",
            label="Answer for a broken promise…",
            action=actions.answer_for_promises,
            permission="policies.approve_policyversion",
            shown=lambda version: version.status in (Status.REVIEW, Status.APPROVED),
            consequences=consequences.answer,
            done=lambda version, result: (
                "Answered. Your reason stays with the version; somebody else publishes it."
            ),
        ),
        Button(
            verb="send-back",
            label="Send back to draft",
            action=actions.send_back,
            permission="policies.submit_policyversion",
            shown=lambda version: version.status in (Status.REVIEW, Status.APPROVED),
            consequences=says(
                "Send this version back to draft?",
                "Its approval, any early date, any answer for a broken promise and any planned day are forgotten; "
                "it has to be put forward again.",
                submit="Send back to draft",
            ),
            done=lambda version, result: "Sent back. It is a draft again.",
        ),
        Button(
            verb="withdraw",
            label="Withdraw…",
            action=actions.withdraw,
            permission="policies.publish_policyversion",
            danger=True,
            fresh_login=True,
            shown=lambda version: version.status == Status.PUBLISHED and not _has_begun(version),
            consequences=consequences.withdrawal,
            done=lambda version, result: "Withdrawn. It never takes effect.",
        ),
        Button(
            verb="redraft",
            label="Make a new draft from this",
            action=actions.redraft,
            permission="policies.add_policyversion",
            shown=lambda version: version.is_frozen,
            consequences=says(
                "Start a new draft from these words?",
                "A new draft with the same texts is made. You edit that; this version stays as it is.",
                submit="Make new draft",
            ),
            done=lambda version, draft: format_html(
                'Made. <a href="{}">Open the new draft</a>', _page(draft)
            ),
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.reading_view)
        return [
            path("<int:version_id>/reading/", view, name="policies_policyversion_reading"),
            *super().get_urls(),
        ]

    def reading_view(self, request: HttpRequest, version_id: int) -> HttpResponse:
        """What people will read: the differences, the whole text and the mails, before anybody does."""
        version = self.get_object(request, str(version_id))
        if version is None:
            raise Http404
        if not self.has_view_or_change_permission(request, version):
            raise PermissionDenied
        return page(self, request, "admin/policies/policyversion/reading.html", reading.context(version))

    def get_buttons(self, request: HttpRequest, obj: PolicyVersion) -> list[Button]:
        """What is next stands first: a decision that was taken can be taken again, but is not next."""
        buttons = super().get_buttons(request, obj)
        return sorted(buttons, key=lambda b: b.verb == "decide-significance" and bool(obj.significance))

    def get_queryset(self, request: HttpRequest) -> QuerySet[PolicyVersion]:
        rows = cast(PolicyVersionQuerySet, super().get_queryset(request))
        # Not who did what: seven joins cost PostgreSQL more to plan than the rows to read.
        return rows.with_stage(Company.current().today()).select_related("policy")

    def has_change_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return (obj is None or obj.status == Status.DRAFT) and super().has_change_permission(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: PolicyVersion | None = None) -> Any:
        if obj is None:
            return ((None, {"fields": ("policy", "effective_on", "note")}),)
        return super().get_fieldsets(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: PolicyVersion | None = None) -> tuple[str, ...]:
        fixed = ("policy",) if obj else ()
        return (*super().get_readonly_fields(request, obj), *fixed)

    @admin.display(description="version", ordering="effective_on")
    def version(self, version: PolicyVersion) -> str:
        return str(version)

    @admin.display(description="stage")
    def stage_today(self, version: PolicyVersion) -> str:
        stage: str = version.stage  # type: ignore[attr-defined]  # from with_stage
        return Status(stage).label if stage in Status.values else stage

    @admin.display(description="next")
    def next_step(self, version: PolicyVersion) -> str:
        if version.status == Status.APPROVED and version.publish_on:
            day = f"{version.publish_on:%-d %B %Y}"
            return f"It is published by itself on {day}. You can also publish it now, or plan another day."
        return NEXT[version.stage]  # type: ignore[attr-defined]  # from with_stage

    @admin.display(description="people told")
    def told(self, version: PolicyVersion) -> SafeString | str:
        campaign = Campaign.objects.about(version).filter(event=announcing.CHANGE).first()
        if campaign is None:
            return "nobody"
        counts = ", ".join(
            f"{n:,} {NoticeStatus(state).label}" for state, n in campaign.counts().items() if n
        )
        url = reverse("admin:notices_campaign_change", args=[campaign.pk])
        return format_html('<a href="{}">{}</a>', url, counts or "nobody")

    @admin.display(description="on record")
    def people(self, version: PolicyVersion) -> SafeString:
        deeds = (
            ("Significance decided", version.significance_by, None),
            ("Put forward", version.submitted_by, version.submitted_at),
            ("Approved", version.approved_by, version.approved_at),
            ("Early date allowed", version.early_by, None),
            ("Broken promise answered for", version.despite_by, None),
            ("Publication planned", version.planned_by, None),
            ("Published", version.published_by, version.published_at),
            ("Withdrawn", version.withdrawn_by, version.withdrawn_at),
        )
        lines = [
            (what, who.get_short_name(), f", {_moment(at)}" if at else "") for what, who, at in deeds if who
        ]
        return format_html_join("", "<p>{} by {}{}</p>", lines) or SafeString("Nothing yet.")

    @admin.display(description="what people read")
    def pages(self, version: PolicyVersion) -> SafeString:
        url = reverse("admin:policies_policyversion_reading", args=[version.pk])
        link = format_html('<a href="{}">The differences, the text and the mails</a>', url)
        if version.status != Status.PUBLISHED:
            return link
        return format_html('{}, <a href="{}">the public page</a>', link, announcing.changes_link(version))


# What staff do next, by the stage a version is in today.
NEXT = {
    "draft": "Finish the text and its date, decide its significance, then put it forward.",
    "review": "A second person reads it and approves it, or sends it back.",
    "approved": "Publish it now, or plan the day.",
    "coming": "Nothing. It can be withdrawn until it takes effect.",
    "in force": "Nothing. To change the policy, make a new draft from it.",
    "superseded": "Nothing. A later version has taken its place.",
    "withdrawn": "Nothing. Start a new draft from it if it is needed after all.",
}


def _published(version: PolicyVersion) -> str:
    campaign = Campaign.objects.about(version).filter(event=announcing.CHANGE).first()
    if campaign is None:
        return "Published. Nobody gets a mail: the change is editorial."
    url = reverse("admin:notices_campaign_watch", args=[campaign.pk])
    return format_html('Published. <a href="{}">Watch the notices leave</a>', url)


def _page(version: PolicyVersion) -> str:
    return reverse("admin:policies_policyversion_change", args=[version.pk])


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")


def _has_begun(version: PolicyVersion) -> bool:
    return version.effective_on is not None and version.effective_on <= Company.current().today()

"""The desk of rights requests: the queue, and one screen for each case."""

from datetime import date
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin import AuditedAdmin, Button
from law.models import Company

from . import desk, screens
from .models import RightsRequest, RightsRequestQuerySet, Stage, Task
from .turns import next_move


class View(SimpleListFilter):
    """What somebody wants to see when they come to work: what waits for us, the most urgent first."""

    title = "what"
    parameter_name = "view"

    OURS, OTHERS, LATE, UNVERIFIED, OPEN, CLOSED = "ours", "others", "late", "unverified", "open", "closed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            (self.OURS, "Waiting for us"),
            (self.OTHERS, "Waiting for others"),
            (self.LATE, "Late"),
            (self.UNVERIFIED, "Not confirmed yet"),
            (self.OPEN, "Everything open"),
            (self.CLOSED, "Closed"),
        ]

    def choices(self, changelist: Any) -> Any:
        """Without “All”: the queue is what stands there when nothing is chosen."""
        chosen = self.value() or self.OURS
        for value, label in self.lookup_choices:
            yield {
                "selected": chosen == value,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": label,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = cast(RightsRequestQuerySet, queryset)
        today = Company.current().today()
        views = {
            self.OTHERS: rows.waiting_for_others(),
            self.LATE: rows.overdue(today),
            self.UNVERIFIED: rows.filter(stage=Stage.UNVERIFIED),
            self.OPEN: rows.open(),
            self.CLOSED: rows.filter(stage=Stage.CLOSED),
        }
        return views.get(self.value() or self.OURS, rows.waiting_for_us())


class Whose(SimpleListFilter):
    title = "owner"
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("mine", "Mine"), ("nobody", "Nobody’s")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "mine":
            return queryset.filter(owner=request.user.pk)
        return queryset.filter(owner=None) if self.value() == "nobody" else queryset


class Place(SimpleListFilter):
    """Places of open cases: a few hundred at most, read from the queue's own index."""

    title = "place"
    parameter_name = "place"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = RightsRequest.objects.open().order_by("place").values_list("place", flat=True).distinct()
        return [(place, place) for place in rows[:100] if place]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(place=self.value()) if self.value() else queryset


@admin.register(RightsRequest)
class RightsRequestAdmin(AuditedAdmin):
    list_display = ("due", "right", "stage_now", "turn", "place", "whose", "reference")
    list_display_links = ("due", "reference")
    list_filter = (View, "right", Whose, Place)
    linked_filters = ("stage",)
    list_select_related = ("owner",)
    search_fields = ("reference__startswith", "subject__external_id__exact", "particulars__email__exact")
    lowered_search = ("particulars__email",)
    search_label = "Reference, platform id or e-mail"
    sortable_by = ()
    log_reads = True
    buttons = desk.BUTTONS
    readonly_fields = (
        "next", "dates", "identity", "tasks", "copy", "plan", "thread", "timeline", "asked", "linked",
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": ("next", "dates")}),
        ("What is asked", {"fields": ("asked", "identity", "linked")}),
        ("The work", {"fields": ("tasks", "copy", "plan")}),
        ("Messages and letters", {"fields": ("thread",)}),
        ("What happened", {"fields": ("timeline",)}),
    )
    export_fields = (
        "id", "reference", "right", "channel", "requester_kind", "place", "received_at", "stage", "outcome",
        "denial", "strict_due_on", "legal_due_on", "closed_at",
    )  # fmt: skip

    class Media:
        css = {"all": ("admin_desk/requests.css",)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_ordering(self, request: HttpRequest) -> Any:
        if request.GET.get(View.parameter_name) == View.CLOSED:
            return ("-id",)
        return (F("strict_due_on").asc(nulls_last=True), "id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RightsRequest]:
        rows: QuerySet[RightsRequest] = super().get_queryset(request)
        return rows.select_related("owner").annotate(asked_count=_tasks(Q()), open_count=_tasks(_OPEN))

    def heading(self, obj: RightsRequest) -> str:
        return f"{obj.reference}: {obj.get_right_display()}"

    def get_buttons(self, request: HttpRequest, obj: RightsRequest) -> list[Button]:
        """What is next stands first; the rest in the order of the work."""
        following = next_move(obj, Company.current().today()).button
        return sorted(super().get_buttons(request, obj), key=lambda button: button.verb != following)

    # --- The queue -----------------------------------------------------------------------------

    @admin.display(description="due")
    def due(self, case: RightsRequest) -> SafeString | str:
        if not case.is_open:
            return f"closed {case.closed_at:%-d %B %Y}" if case.closed_at else "closed"
        words, kind = urgency(case, Company.current().today())
        return format_html('<span class="urgency {}">{}</span>', kind, words)

    @admin.display(description="stage")
    def stage_now(self, case: RightsRequest) -> str:
        if case.pause_reason:
            return f"{case.get_stage_display()}, paused"
        return case.get_outcome_display() or case.get_stage_display()

    @admin.display(description="whose turn")
    def turn(self, case: RightsRequest) -> str:
        """From the row alone: a list asks no question for each line."""
        asked, waiting = case.asked_count or 0, case.open_count or 0  # type: ignore[attr-defined]
        if not case.is_open:
            return "–"
        if case.stage == Stage.FULFILLING and waiting:
            return f"systems: {asked - waiting} of {asked} answered"
        return "them" if case.stage == Stage.UNVERIFIED or case.pause_reason == "clarification" else "us"

    @admin.display(description="owner")
    def whose(self, case: RightsRequest) -> str:
        return case.owner.get_short_name() if case.owner else "nobody"

    # --- The case ------------------------------------------------------------------------------

    @admin.display(description="next")
    def next(self, case: RightsRequest) -> SafeString:
        return screens.following(case)

    @admin.display(description="due")
    def dates(self, case: RightsRequest) -> SafeString:
        return screens.dates(case)

    @admin.display(description="request")
    def asked(self, case: RightsRequest) -> SafeString:
        return screens.asked(case)

    @admin.display(description="identity")
    def identity(self, case: RightsRequest) -> SafeString:
        return screens.identity(case)

    @admin.display(description="linked with")
    def linked(self, case: RightsRequest) -> SafeString:
        return screens.linked(case)

    @admin.display(description="systems and companies")
    def tasks(self, case: RightsRequest) -> SafeString:
        return screens.tasks(case)

    @admin.display(description="copy")
    def copy(self, case: RightsRequest) -> SafeString:
        return screens.copies(case)

    @admin.display(description="erasure")
    def plan(self, case: RightsRequest) -> SafeString:
        return screens.plan(case)

    @admin.display(description="thread")
    def thread(self, case: RightsRequest) -> SafeString:
        return screens.thread(case)

    @admin.display(description="timeline")
    def timeline(self, case: RightsRequest) -> SafeString:
        return screens.timeline(case)


_OPEN = Q(stage__in=["waiting", "asked", "parked"])


def _tasks(which: Q) -> Subquery:
    rows = Task.objects.filter(which, request=OuterRef("pk")).order_by().values("request")
    return Subquery(rows.annotate(n=Count("pk")).values("n"))


def urgency(case: RightsRequest, today: date) -> tuple[str, str]:
    """Days left in words, and a class for the color; the words say it too."""
    left = case.days_left(today)
    if left is None:
        return "no date", "calm"
    if left < 0:
        return f"late {-left} day{'' if left == -1 else 's'}", "late"
    if left == 0:
        return "today", "late"
    kind = "soon" if left <= 7 else "calm"
    return f"in {left} day{'' if left == 1 else 's'}", kind


def link_to(case: RightsRequest) -> str:
    return reverse("admin:requests_rightsrequest_change", args=[case.pk])


# The screens around a case register themselves.
from . import admin_work  # noqa: E402, F401

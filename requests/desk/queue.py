"""The desk of rights requests: the queue, and one screen for each case."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin import AuditedAdmin
from audit.text import clean_line
from law.models import Company
from requests import clocks, desk
from requests.models import PauseReason, RightsRequest, Stage, Task, TaskStage

from . import screens
from .filters import Place, View, Waiting, Whose, found
from .finding import Finding
from .intake import Intake
from .screens import urgency
from .walking import Walking


@admin.register(RightsRequest)
class RightsRequestAdmin(Walking, Intake, Finding, AuditedAdmin):
    list_display = ("due", "right", "stage_now", "turn", "place", "whose", "reference")
    list_display_links = ("due", "reference")
    list_filter = (View, Waiting, "right", Whose, Place)
    linked_filters = ("stage",)
    list_select_related = ("owner",)
    search_fields = ("reference__startswith",)
    search_label = "Reference, platform id or e-mail"
    sortable_by = ()
    log_reads = True
    buttons = desk.BUTTONS
    fields = ()  # the screen is put together in `screens`, part by part
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
        return rows.select_related("owner")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """An address is looked up only for those who may read it in the case."""
        try:
            term = clean_line(search_term)
        except ValidationError:
            return queryset.none(), False
        by_address = request.user.has_perm(screens.PARTICULARS)
        return (found(queryset, term, by_address=by_address) if term else queryset), False

    def heading(self, obj: RightsRequest) -> str:
        return f"{obj.reference}: {obj.get_right_display()}"

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Today and the tasks are asked for once a page, not once a row, nor for all that is counted."""
        page = super().get_changelist_instance(request)
        today, counts = Company.current().today(), _tasks_of([case.pk for case in page.result_list])
        for case in page.result_list:
            case.seen_on = today
            case.asked_count, case.open_count = counts.get(case.pk, (0, 0))
        return page

    # --- The queue -----------------------------------------------------------------------------

    @admin.display(description="due")
    def due(self, case: RightsRequest) -> SafeString | str:
        if not case.is_open:
            return f"closed {clocks.day(case.closed_at)}" if case.closed_at else "closed"
        words, kind = urgency(case, case.seen_on)  # type: ignore[attr-defined]
        return format_html('<span class="urgency {}">{}</span>', kind, words)

    @admin.display(description="stage")
    def stage_now(self, case: RightsRequest) -> str:
        if case.pause_reason:
            return f"{case.get_stage_display()}, paused"
        return case.get_outcome_display() or case.get_stage_display()

    @admin.display(description="whose turn")
    def turn(self, case: RightsRequest) -> str:
        """From the row alone: a list asks no question for each line."""
        asked, waiting = case.asked_count, case.open_count  # type: ignore[attr-defined]
        if not case.is_open:
            return "–"
        if case.stage == Stage.FULFILLING and waiting:
            return f"systems: {asked - waiting} of {asked} answered"
        return (
            "them"
            if case.stage == Stage.UNVERIFIED or case.pause_reason == PauseReason.CLARIFICATION
            else "us"
        )

    @admin.display(description="owner")
    def whose(self, case: RightsRequest) -> str:
        return case.owner.get_short_name() if case.owner else "nobody"

    # --- The case ------------------------------------------------------------------------------

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        case = context.get("original")
        if case is not None:
            moves = screens.moves(case, self.button_links(request, case))
            context |= {
                "head": screens.head(case, moves, self.ways_on(request, case)),
                "parts": [
                    (title, words, moves.beside(title)) for title, words in screens.parts(case, request.user)
                ],
            }
        return super().render_change_form(request, context, *args, **kwargs)


def _tasks_of(cases: list[int]) -> dict[int, tuple[int, int]]:
    """How many were asked, and how many have not answered."""
    rows = Task.objects.filter(request__in=cases).exclude(stage=TaskStage.CANCELLED).order_by()
    still_open = Count("pk", filter=~Q(stage=TaskStage.ANSWERED))
    counted = rows.values("request").annotate(asked=Count("pk"), waiting=still_open)
    return {row["request"]: (row["asked"], row["waiting"]) for row in counted}

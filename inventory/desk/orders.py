from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.actions import record
from audit.admin import ReadOnlyAdmin
from audit.buttons import Button, says
from audit.desk import page, staff
from audit.exports import ExportReason
from audit.pressing import fresh_login
from inventory.letting_go import sweeps
from inventory.letting_go.orders import everybody_is_held, left_out, left_out_file, roles_left_out
from inventory.letting_go.retention import starts
from inventory.models import CutoffOrder, OrderStatus
from law.models import Company
from people.models import Role

from .forms_retention import AnswerForm
from .screens import day_of

NAMED = 50


@admin.register(CutoffOrder)
class CutoffOrderAdmin(ReadOnlyAdmin):
    when_empty = "No system was asked to erase anything. A confirmed sweep writes the orders."
    list_display = ("__str__", "system", "category", "whose", "before", "count_expected", "due", "status")
    list_filter = ("status", "answer", "then")
    list_select_related = ("system", "category")
    sortable_by = ()
    fieldsets = (
        ("The order", {"fields": ("sweep", "system", "category", "whose", "then", "clocks", "explanation",
                                  "count_expected", "stays", "due_on")}),
        ("The answer", {"fields": ("status", "answer", "count_done", "evidence", "answered")}),
    )  # fmt: skip
    readonly_fields = ("whose", "clocks", "stays", "answered")
    export_fields = (
        "id", "sweep", "system", "category", "role", "then", "before", "count_expected", "due_on", "status",
        "answer", "count_done", "answered_at",
    )  # fmt: skip
    buttons = (
        Button(
            verb="answer",
            label="Answer…",
            action=sweeps.answer,
            permission="inventory.answer_cutofforder",
            form_class=AnswerForm,
            needs_reason=False,
            shown=lambda order: order.status == OrderStatus.OPEN,
            consequences=says(
                "What became of this order?",
                "Your answer and its evidence are kept with your name.",
                irreversible=("An answer cannot be changed.",),
                submit="Record answer",
            ),
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[CutoffOrder]:
        rows: QuerySet[CutoffOrder] = super().get_queryset(request)
        late = Q(status=OrderStatus.OPEN, due_on__lt=Company.current().today())
        return rows.select_related("system", "category", "sweep", "answered_by").annotate(is_late=late)

    @admin.display(description="whose")
    def whose(self, order: CutoffOrder) -> str:
        return order.get_role_display() or "everybody else"

    @admin.display(description="answer due", ordering="due_on")
    def due(self, order: Any) -> str:
        return f"{order.due_on:%-d %B %Y}" + (" – overdue" if order.is_late else "")

    @admin.display(description="what goes")
    def clocks(self, order: CutoffOrder) -> str:
        return starts(order.cutoffs)

    @admin.display(description="leave out")
    def stays(self, order: CutoffOrder) -> SafeString | str:
        """Platform ids are references; whoever answers has to know whom not to touch."""
        if everybody_is_held(order.category, order.role):  # since it was given: the hold wins
            return "everyone (on hold): nothing may go now"
        parts = [f"all {Role(role).label}s (on hold)" for role in roles_left_out(order)]
        if named := list(left_out(order)[: NAMED + 1]):
            parts.append(f"on hold: {', '.join(named[:NAMED])}")
        words = "; ".join(parts) or "nobody"
        return _and_the_rest(order, words) if len(named) > NAMED else words

    @admin.display(description="answered")
    def answered(self, order: CutoffOrder) -> str:
        if order.answered_at is None:
            return "not yet"
        who = order.answered_by.get_short_name() if order.answered_by else "its owner, by a link"
        return f"{day_of(order.answered_at)} by {who}"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.left_out_view)
        return [
            path("<int:number>/leave-out/", view, name="inventory_cutofforder_leave_out"),
            *super().get_urls(),
        ]

    def left_out_view(self, request: HttpRequest, number: int) -> HttpResponseBase:
        """The whole list as a file, for those who answer orders; no ceiling, since each of them has to stay."""
        order = get_object_or_404(self.get_queryset(request), pk=number)
        if not (
            self.has_view_permission(request, order) and request.user.has_perm("inventory.answer_cutofforder")
        ):
            raise PermissionDenied
        return fresh_login(self._left_out, request, order)

    def _left_out(self, request: HttpRequest, order: CutoffOrder) -> HttpResponseBase:
        form = ExportReason(request.POST if request.method == "POST" else None)
        count = left_out(order, with_roles=True).count()
        if not form.is_valid():
            return page(self, request, "admin/export.html", _asking(order, form, count))
        record(
            "inventory.export_left_out", order, by=staff(request), at=timezone.now(),
            reason=form.cleaned_data["reason"], fields=["external_id"], details={"rows": count},
        )  # fmt: skip
        return StreamingHttpResponse(
            left_out_file(order),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="leave-out-{order.pk}.csv"'},
        )


def _and_the_rest(order: CutoffOrder, words: str) -> SafeString:
    url = reverse("admin:inventory_cutofforder_leave_out", args=[order.pk])
    more = left_out(order).count() - NAMED
    return format_html('{} and {} more; <a href="{}">all of them as a file</a>', words, f"{more:,}", url)


def _asking(order: CutoffOrder, form: ExportReason, count: int) -> dict[str, Any]:
    """What the page that every export shows first needs to know."""
    return {
        "title": f"Export whom {order} leaves out?", "form": form, "count": count,
        "columns": ["platform id"], "back": reverse("admin:inventory_cutofforder_change", args=[order.pk]),
    }  # fmt: skip

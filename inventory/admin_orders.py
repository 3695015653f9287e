from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from audit.admin import ReadOnlyAdmin
from audit.buttons import Button, says
from law.models import Company

from . import sweeps
from .forms_retention import AnswerForm
from .models import (
    CutoffOrder,
    OrderStatus,
)
from .orders import everybody_is_held, roles_to_leave_out, to_leave_out
from .retention import starts
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
    def stays(self, order: CutoffOrder) -> str:
        """Platform ids are references; whoever answers has to know whom not to touch."""
        if everybody_is_held(order.category, order.role):  # since it was given: the hold wins
            return "everyone (on hold): nothing may go now"
        named, roles = to_leave_out(order), roles_to_leave_out(order)
        shown = ", ".join(named[:NAMED]) + (f" and {len(named) - NAMED:,} more" if len(named) > NAMED else "")
        parts = [f"all {role}s (on hold)" for role in roles] + ([f"on hold: {shown}"] if named else [])
        return "; ".join(parts) or "nobody"

    @admin.display(description="answered")
    def answered(self, order: CutoffOrder) -> str:
        if order.answered_at is None:
            return "not yet"
        who = order.answered_by.get_short_name() if order.answered_by else "its owner, by a link"
        return f"{day_of(order.answered_at)} by {who}"

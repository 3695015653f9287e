from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from audit.admin import AuditedAdmin, ReadOnlyAdmin
from audit.buttons import Button, says
from audit.desk import page
from inventory.letting_go import adopting, expiry
from inventory.letting_go.schedule import schedule
from inventory.models import RetentionRule
from law.models import Company, RetentionSuggestion

from .forms_retention import AdoptForm, RetentionRuleForm


@admin.register(RetentionRule)
class RetentionRuleAdmin(AuditedAdmin):
    form = RetentionRuleForm
    list_display = ("what", "purpose", "whose", "kept", "then", "is_protected_by_law")
    list_filter = ("then", "start_event", "role", "is_protected_by_law")
    linked_filters = ("category",)
    list_select_related = ("category", "purpose")
    sortable_by = ()
    may_delete = True
    readonly_fields = ("taken_together",)
    fieldsets = (
        (None, {"fields": ("category", "purpose", "role")}),
        ("How long", {"fields": ("start_event", "number", "unit", "then")}),
        ("Why", {"fields": ("legal_anchor", "is_protected_by_law", "note")}),
        ("With the other rules", {"fields": ("taken_together",)}),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.schedule_view)
        return [path("schedule/", view, name="inventory_retentionrule_schedule"), *super().get_urls()]

    def schedule_view(self, request: HttpRequest) -> HttpResponse:
        """How long everything is kept and why, with all purposes taken together."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        today = Company.current().today()
        lines = schedule(today)
        context = {
            "title": "How long we keep what, and why",
            "lines": lines,
            "obstacles": expiry.obstacles(lines),
            "today": today,
        }
        return page(self, request, "admin/inventory/schedule.html", context)

    @admin.display(description="category", ordering="category__name")
    def what(self, rule: RetentionRule) -> str:
        return rule.category.name

    @admin.display(description="whose")
    def whose(self, rule: RetentionRule) -> str:
        return rule.get_role_display() or "everybody without a rule of their own"

    @admin.display(description="kept")
    def kept(self, rule: RetentionRule) -> str:
        if rule.number is None:
            return "without an end"
        return f"{rule.period} after {rule.get_start_event_display()}"

    @admin.display(description="what all rules of this category say")
    def taken_together(self, rule: RetentionRule) -> SafeString | str:
        if not rule.category_id:
            return "Save the rule to see."
        lines = schedule(Company.current().today(), category=rule.category)
        return format_html_join("", "<p>{}</p>", ((line.words,) for line in lines))


@admin.register(RetentionSuggestion)
class RetentionSuggestionAdmin(ReadOnlyAdmin):
    list_display = ("kind", "suggested_period", "start_event", "then", "nature", "is_verified")
    list_filter = ("nature", "is_verified", "then")
    fields = (
        "kind", "suggested_period", "start_event", "then", "nature", "legal_anchor", "source", "checked",
        "is_verified", "note",
    )  # fmt: skip
    readonly_fields = ("kind",)
    buttons = (
        Button(
            verb="adopt",
            label="Adopt as a rule…",
            action=adopting.adopt,
            permission="inventory.add_retentionrule",
            form_class=AdoptForm,
            initial=AdoptForm.initial_of,
            consequences=says(
                "For which category and purpose, and how long?",
                "A rule of the company is made, with your number. It counts from the next sweep on.",
                not_=("The suggestion binds nobody: answer for the number with your reason.",),
                submit="Adopt rule",
            ),
        ),
    )

    @admin.display(description="kind of data", ordering="data_class")
    def kind(self, suggestion: RetentionSuggestion) -> str:
        return str(suggestion)

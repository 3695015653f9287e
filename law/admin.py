from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from audit.admin import AuditedAdmin
from audit.buttons import Button, Consequences

from . import actions
from .models import AgeOfConsent, Company

OLDEST = 21  # years; no law asks a guardian for longer


class EndForm(forms.Form):
    in_force_until = forms.DateField(
        label="First day it no longer binds", widget=forms.DateInput(attrs={"type": "date"})
    )


def _age(hint: Any) -> forms.IntegerField:
    return forms.IntegerField(required=False, min_value=0, max_value=OLDEST, help_text=hint)


class AgeForm(forms.ModelForm):  # type: ignore[type-arg]
    """A place no person can be in, or an age nobody lives to, would break or silence the audience."""

    place = forms.RegexField(
        r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$",
        help_text=AgeOfConsent._meta.get_field("place").help_text,
        error_messages={"invalid": "Write a country, or country and region, in capitals: FR, US-CA."},
    )
    parent_needed_below = _age(AgeOfConsent._meta.get_field("parent_needed_below").help_text)
    own_consent_from = _age(AgeOfConsent._meta.get_field("own_consent_from").help_text)


def _says(question: str, *happens: str, submit: str) -> Any:
    page = Consequences(question=question, happens=list(happens), submit=submit)
    return lambda row, request: page


@admin.register(Company)
class CompanyAdmin(AuditedAdmin):
    fieldsets = (
        (None, {"fields": ("name", "service", "contact_email", "contact_hours", "postal_address")}),
        ("Where it is", {"fields": ("country", "time_zone")}),
        (
            "House periods",
            {
                "fields": ("notice_days", "review_months", "review_warning_days", "large_audience"),
                "description": "Numbers the law leaves to us. Every change is recorded with your name.",
            },
        ),
        ("Where the law names no age", {"fields": ("unknown_age_europe", "unknown_age_elsewhere")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not Company.objects.exists() and super().has_add_permission(request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """There is one company, so its page instead of a list of one."""
        company = Company.objects.filter(pk=1).first()
        if company and self.has_view_or_change_permission(request, company):
            return redirect("admin:law_company_change", company.pk)
        return super().changelist_view(request, extra_context)


class SourceRead(admin.BooleanFieldListFilter):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "source read"


@admin.register(AgeOfConsent)
class AgeOfConsentAdmin(AuditedAdmin):
    """Rows are never edited: a new fact is a new row, and the old one ends."""

    form = AgeForm
    list_display = (
        "place",
        "rule",
        "parent_needed_below",
        "in_force_from",
        "in_force_until",
        "is_on",
        "standing",
    )
    list_filter = ("is_on", ("is_verified", SourceRead), "rule")
    search_fields = ("place__startswith",)
    search_label = "Place, such as FR or US-CA"
    fields = (
        "place", "rule", "parent_needed_below", "own_consent_from", "in_force_from", "in_force_until",
        "source", "checked", "source_read", "note", "is_on", "approver", "approved_at",
    )  # fmt: skip
    readonly_fields = ("is_on", "source_read", "approver", "approved_at", "in_force_until")
    buttons = (
        Button(
            verb="approve",
            label="Approve",
            action=actions.approve,
            permission="law.approve_ageofconsent",
            shown=lambda row: row.approved_at is None,
            consequences=_says(
                "Have you read the source, and does it say this?",
                "Your name stands under this fact. From then on the database refuses to change it.",
                submit="Approve row",
            ),
            done=lambda row, result: "Approved. Your name stands under this fact.",
        ),
        Button(
            verb="switch-on",
            label="Switch on",
            action=actions.switch_on,
            permission="law.approve_ageofconsent",
            shown=lambda row: not row.is_on,
            consequences=_says(
                "Apply this row from now on?",
                "Who counts as under age in this place is decided with it from the next decision on.",
                submit="Switch row on",
            ),
            done=lambda row, result: "Switched on. The next decision is made with it.",
        ),
        Button(
            verb="switch-off",
            label="Switch off",
            action=actions.switch_off,
            permission="law.approve_ageofconsent",
            danger=True,
            shown=lambda row: row.is_on,
            consequences=_says(
                "Stop applying this row?",
                "Its place falls back to the country’s row, or to the company’s cautious number.",
                submit="Switch row off",
            ),
            done=lambda row, result: "Switched off. It decides nothing any more.",
        ),
        Button(
            verb="end",
            label="End…",
            action=actions.end,
            permission="law.approve_ageofconsent",
            form_class=EndForm,
            shown=lambda row: row.in_force_until is None,
            consequences=_says(
                "From which day does this row no longer bind?",
                "It stays on record and goes on explaining what was decided before that day.",
                submit="End row",
            ),
            done=lambda row, result: "Ended from that day on.",
        ),
    )

    def get_fields(self, request: HttpRequest, obj: AgeOfConsent | None = None) -> Any:
        fixed = () if obj else self.get_readonly_fields(request, obj)
        return [name for name in self.fields if name not in fixed]

    @admin.display(description="source read", boolean=True)
    def source_read(self, row: AgeOfConsent) -> bool:
        return row.is_verified

    @admin.display(description="approved by")
    def approver(self, row: AgeOfConsent) -> str:
        return row.approved_by.get_short_name() if row.approved_by else "nobody yet"

    @admin.display(description="standing")
    def standing(self, row: AgeOfConsent) -> str:
        if row.approved_at:
            return f"approved {row.approved_at:%-d %B %Y}"
        return "shipped, not yet approved" if row.is_verified else "from memory: check before use"

    def has_change_permission(self, request: HttpRequest, obj: AgeOfConsent | None = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

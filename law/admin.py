from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from audit.admin import AuditedAdmin
from audit.buttons import Button, Consequences

from . import actions
from .models import Adequacy, AgeOfConsent, ChecklistItem, Company, LawRow, TransferMechanism, gdpr_only
from .transfers import ExportLaw


class EndForm(forms.Form):
    in_force_until = forms.DateField(
        label="First day it no longer binds", widget=forms.DateInput(attrs={"type": "date"})
    )


def _says(question: str, *happens: str, submit: str) -> Any:
    page = Consequences(question=question, happens=list(happens), submit=submit)
    return lambda row, request: page


class CompanyForm(forms.ModelForm):  # type: ignore[type-arg]
    transfer_laws = forms.MultipleChoiceField(
        label="Laws that restrict our transfers",
        choices=ExportLaw.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=gdpr_only,
        help_text=Company._meta.get_field("transfer_laws").help_text,
    )


@admin.register(Company)
class CompanyAdmin(AuditedAdmin):
    form = CompanyForm
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
        (
            "Processors",
            {
                "fields": (
                    ("review_months_low", "review_months_medium", "review_months_high"),
                    "listing_months",
                    "adequacy_warning_days",
                    "transfer_laws",
                ),
                "description": "How often processors are reviewed, and which laws restrict where data may go.",
            },
        ),
        ("Where the law names no age", {"fields": ("unknown_age_europe", "unknown_age_elsewhere")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not Company.objects.exists() and super().has_add_permission(request)


def law_buttons(model: str, when_on: str, when_off: str) -> tuple[Button, ...]:
    """The four deeds of every law row; the sentences say what follows from a switch."""
    permission = f"law.approve_{model}"
    return (
        Button(
            verb="approve",
            label="Approve",
            action=actions.approve,
            permission=permission,
            shown=lambda row: row.approved_at is None,
            consequences=_says(
                "Have you read the source, and does it say this?",
                "Your name stands under this fact. From then on the database refuses to change it.",
                submit="Approve row",
            ),
        ),
        Button(
            verb="switch-on",
            label="Switch on",
            action=actions.switch_on,
            permission=permission,
            shown=lambda row: not row.is_on,
            consequences=_says("Apply this row from now on?", when_on, submit="Switch row on"),
        ),
        Button(
            verb="switch-off",
            label="Switch off",
            action=actions.switch_off,
            permission=permission,
            danger=True,
            shown=lambda row: row.is_on,
            consequences=_says("Stop applying this row?", when_off, submit="Switch row off"),
        ),
        Button(
            verb="end",
            label="End…",
            action=actions.end,
            permission=permission,
            form_class=EndForm,
            shown=lambda row: row.in_force_until is None,
            consequences=_says(
                "From which day does this row no longer bind?",
                "It stays on record and goes on explaining what was decided before that day.",
                submit="End row",
            ),
        ),
    )


class LawRowAdmin(AuditedAdmin):
    """Rows are never edited: a new fact is a new row, and the old one ends."""

    list_filter: ClassVar[Any] = ("is_on", "is_verified")
    readonly_fields = ("is_on", "is_verified", "approved_by", "approved_at", "in_force_until")

    @admin.display(description="standing")
    def standing(self, row: LawRow) -> str:
        if row.approved_at:
            return f"approved {row.approved_at:%-d %B %Y}"
        return "shipped, not yet approved" if row.is_verified else "from memory: check before use"

    def has_change_permission(self, request: HttpRequest, obj: LawRow | None = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)


@admin.register(AgeOfConsent)
class AgeOfConsentAdmin(LawRowAdmin):
    list_display = (
        "place",
        "rule",
        "parent_needed_below",
        "in_force_from",
        "in_force_until",
        "is_on",
        "standing",
    )
    list_filter = ("is_on", "is_verified", "rule")
    search_fields = ("place__startswith",)
    buttons = law_buttons(
        "ageofconsent",
        "Who counts as under age in this place is decided with it from the next decision on.",
        "Its place falls back to the country’s row, or to the company’s cautious number.",
    )


@admin.register(Adequacy)
class AdequacyAdmin(LawRowAdmin):
    list_display = (
        "territory",
        "granted_by",
        "instrument",
        "in_force_from",
        "in_force_until",
        "is_on",
        "standing",
    )
    list_filter = ("is_on", "is_verified", "granted_by")
    search_fields = ("territory__exact",)
    search_label = "Country code"
    buttons = law_buttons(
        "adequacy",
        "Transfers to this territory may rely on it from now on.",
        "Every transfer that relies on it is without a basis at once; the health page of the registers lists them.",
    )


@admin.register(TransferMechanism)
class TransferMechanismAdmin(LawRowAdmin):
    list_display = (
        "mechanism",
        "regime",
        "needs_assessment",
        "in_force_from",
        "in_force_until",
        "is_on",
        "standing",
    )
    list_filter = ("is_on", "is_verified", "regime")
    search_fields = ("code__startswith",)
    buttons = law_buttons(
        "transfermechanism",
        "Transfers under this law may use it from now on.",
        "Every transfer that uses it is without a basis at once; the health page of the registers lists them.",
    )


@admin.register(ChecklistItem)
class ChecklistItemAdmin(LawRowAdmin):
    list_display = ("item", "set", "source", "is_on", "standing")
    list_filter = ("is_on", "is_verified")
    search_fields = ("set__exact", "code__startswith")
    buttons = law_buttons(
        "checklistitem",
        "It is asked in every checklist that is filled in from now on.",
        "It is no longer asked. Answers already given stay.",
    )

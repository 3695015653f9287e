from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from audit.admin import AuditedAdmin
from audit.buttons import Button, says
from law import actions
from law.models import (
    Adequacy,
    AgeOfConsent,
    ChecklistItem,
    Company,
    LawRow,
    Protects,
    Regime,
    TransferMechanism,
    gdpr_only,
)
from law.transfers import ExportLaw

from .approving import ApprovesMany

OLDEST = 21  # years; no law asks a guardian for longer


class EndForm(forms.Form):
    in_force_until = forms.DateField(
        label="First day it no longer binds", widget=forms.DateInput(attrs={"type": "date"})
    )


def _age(hint: Any) -> forms.IntegerField:
    return forms.IntegerField(required=False, min_value=0, max_value=OLDEST, help_text=hint)


def place_field(hint: Any) -> forms.RegexField:
    return forms.RegexField(
        r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$",
        help_text=hint,
        error_messages={"invalid": "Write a country, or country and region, in capitals: FR, US-CA."},
    )


class AgeForm(forms.ModelForm):  # type: ignore[type-arg]
    """A place no person can be in, or an age nobody lives to, would break or silence the audience."""

    place = place_field(AgeOfConsent._meta.get_field("place").help_text)
    parent_needed_below = _age(AgeOfConsent._meta.get_field("parent_needed_below").help_text)
    own_consent_from = _age(AgeOfConsent._meta.get_field("own_consent_from").help_text)


class CompanyForm(forms.ModelForm):  # type: ignore[type-arg]
    transfer_laws = forms.MultipleChoiceField(
        label="Laws that restrict our transfers",
        choices=ExportLaw.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=gdpr_only,
        help_text=Company._meta.get_field("transfer_laws").help_text,
    )

    def clean_fallback_regime(self) -> str:
        code = str(self.cleaned_data["fallback_regime"])
        if not Regime.objects.filter(code=code, is_on=True, protects=Protects.EVERYONE).exists():
            raise forms.ValidationError("No switched-on regime has this code. Look it up under Regimes.")
        return code


@admin.register(Company)
class CompanyAdmin(AuditedAdmin):
    form = CompanyForm
    fieldsets = (
        (None, {"fields": ("name", "service", "contact_email", "contact_hours", "postal_address")}),
        ("Where it is", {"fields": ("country", "time_zone")}),
        (
            "House periods",
            {
                "fields": (
                    "notice_days",
                    "review_months",
                    "review_warning_days",
                    "large_audience",
                    "choice_days",
                    "hold_review_months",
                    "order_days",
                ),
                "description": "Numbers the law leaves to us. Every change is recorded with your name.",
            },
        ),
        (
            "Processors",
            {
                "fields": (
                    ("review_months_low", "review_months_medium", "review_months_high"),
                    "processor_notice_days",
                    "listing_months",
                    "adequacy_warning_days",
                    "transfer_laws",
                ),
                "description": "How often processors are reviewed, and which laws restrict where data may go.",
            },
        ),
        (
            "Rights requests",
            {
                "fields": (
                    ("unverified_days", "reminder_days"),
                    ("recovery_hours", "cool_off_hours"),
                    ("download_days", "download_count"),
                    ("message_days", "task_days"),
                    "pasted_days",
                ),
                "description": "How long requesters, owners of systems and we ourselves wait for each other.",
            },
        ),
        (
            "Deadlines",
            {
                "fields": (
                    ("internal_target_days", "house_response_days"),
                    ("house_acknowledge_days", "appeal_default_days"),
                    "fallback_regime",
                    "law_check_months",
                ),
                "description": "Our own targets, and what we follow where the law names no number.",
            },
        ),
        (
            "Where the law can be read in two ways",
            {
                "fields": (
                    "strict_from_utc",
                    "strict_counts_receipt_day",
                    "regional_holidays_count",
                    "identity_pause_counts",
                    "identity_prompt_days",
                    "pause_counts_both_days",
                    "complaint_counts_receipt_day",
                    "business_days_skip_holidays",
                    "close_down_counts",
                ),
                "description": "Each switch names its dispute. Those called “strict date” say how careful it is; the "
                "others move the legal date, and the strict date keeps to the careful reading.",
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


class ToCheck(admin.SimpleListFilter):
    title = "last check"
    parameter_name = "check"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("due", "in use, to be checked again")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.to_check(Company.current().law_checked_since()) if self.value() == "due" else queryset


def law_buttons(model: str, when_on: str, when_off: str) -> tuple[Button, ...]:
    """The deeds of every law row; the sentences say what follows from a switch."""
    permission = f"law.approve_{model}"
    switches = _switches(permission, when_on, when_off)
    return _approve(permission), *switches, _end(permission), _check_again(permission)


def _approve(permission: str) -> Button:
    return Button(
        verb="approve",
        label="Approve",
        action=actions.approve,
        permission=permission,
        shown=lambda row: row.approved_at is None,
        consequences=says(
            "Have you read the source, and does it say this?",
            "Your name stands under this fact. From then on the database refuses to change it.",
            submit="Approve row",
        ),
        done=lambda row, result: "Approved. Your name stands under this fact.",
    )


def _switches(permission: str, when_on: str, when_off: str) -> tuple[Button, Button]:
    switch_on = Button(
        verb="switch-on",
        label="Switch on",
        action=actions.switch_on,
        permission=permission,
        shown=lambda row: not row.is_on,
        consequences=says("Apply this row from now on?", when_on, submit="Switch row on"),
        done=lambda row, result: "Switched on. The next decision is made with it.",
    )
    switch_off = Button(
        verb="switch-off",
        label="Switch off",
        action=actions.switch_off,
        permission=permission,
        danger=True,
        shown=lambda row: row.is_on,
        consequences=says("Stop applying this row?", when_off, submit="Switch row off"),
        done=lambda row, result: "Switched off. It decides nothing any more.",
    )
    return switch_on, switch_off


def _end(permission: str) -> Button:
    return Button(
        verb="end",
        label="End…",
        action=actions.end,
        permission=permission,
        form_class=EndForm,
        shown=lambda row: row.in_force_until is None,
        consequences=says(
            "From which day does this row no longer bind?",
            "It stays on record and goes on explaining what was decided before that day.",
            submit="End row",
        ),
        done=lambda row, result: "Ended from that day on.",
    )


def _check_again(permission: str) -> Button:
    return Button(
        verb="check-again",
        label="Checked again",
        action=actions.check_again,
        permission=permission,
        shown=lambda row: row.is_on,
        consequences=says(
            "Have you read the source again, and does it still say this?",
            "Today is noted as the day this row was last checked. If the law has changed, end this row and add "
            "a new one instead.",
            submit="Note the check",
        ),
        done=lambda row, result: "Noted. The row is asked about again after the time the company set.",
    )


class LawRowAdmin(ApprovesMany, AuditedAdmin):
    """Rows are never edited: a new fact is a new row, and the old one ends."""

    list_filter: ClassVar[Any] = ("is_on", ("is_verified", SourceRead))
    # What the row says; where it comes from and how it stands follow on every page.
    facts: ClassVar[tuple[str, ...]] = ()
    readonly_fields = ("is_on", "source_read", "approver", "approved_at", "in_force_until")

    def get_list_filter(self, request: HttpRequest) -> Any:
        return [*super().get_list_filter(request), ToCheck]

    def get_fields(self, request: HttpRequest, obj: LawRow | None = None) -> Any:
        shown = (
            *self.facts,
            "in_force_from",
            "in_force_until",
            "source",
            "checked",
            "checked_on",
            "source_read",
            "note",
        )
        fixed = () if obj else self.get_readonly_fields(request, obj)
        return [name for name in (*shown, "is_on", "approver", "approved_at") if name not in fixed]

    @admin.display(description="source read")
    def source_read(self, row: LawRow) -> str:
        return "yes" if row.is_verified else "no: from memory"

    @admin.display(description="approved by")
    def approver(self, row: LawRow) -> str:
        return row.approved_by.get_short_name() if row.approved_by else "nobody yet"

    @admin.display(description="standing")
    def standing(self, row: LawRow) -> str:
        if row.approved_at:
            return f"approved {row.approved_at:%-d %B %Y}"
        return "shipped, not yet approved" if row.is_verified else "from memory: check before use"

    def has_change_permission(self, request: HttpRequest, obj: LawRow | None = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)


@admin.register(AgeOfConsent)
class AgeOfConsentAdmin(LawRowAdmin):
    form = AgeForm
    grouped_by = "rule"
    facts = ("place", "rule", "parent_needed_below", "own_consent_from")
    search_label = "Place, such as FR or US-CA"
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
    buttons = law_buttons(
        "ageofconsent",
        "Who counts as under age in this place is decided with it from the next decision on.",
        "Its place falls back to the country’s row, or to the company’s cautious number.",
    )


@admin.register(Adequacy)
class AdequacyAdmin(LawRowAdmin):
    grouped_by = "granted_by"
    facts = ("granted_by", "territory", "instrument", "adopted_on", "scope_limits", "needs_listing")
    list_display = (
        "territory",
        "granted_by",
        "instrument",
        "in_force_from",
        "in_force_until",
        "is_on",
        "standing",
    )
    list_filter = ("is_on", ("is_verified", SourceRead), "granted_by")
    search_fields = ("territory__exact",)
    search_label = "Country code"
    buttons = law_buttons(
        "adequacy",
        "Transfers to this territory may rely on it from now on.",
        "Every transfer that relies on it is without a basis at once; the health page of the registers lists them.",
    )


@admin.register(TransferMechanism)
class TransferMechanismAdmin(LawRowAdmin):
    grouped_by = "regime"
    facts = ("code", "regime", "mechanism", "when", "needs_assessment", "must_record")
    list_display = (
        "mechanism",
        "regime",
        "needs_assessment",
        "in_force_from",
        "in_force_until",
        "is_on",
        "standing",
    )
    list_filter = ("is_on", ("is_verified", SourceRead), "regime")
    search_fields = ("code__startswith",)
    buttons = law_buttons(
        "transfermechanism",
        "Transfers under this law may use it from now on.",
        "Every transfer that uses it is without a basis at once; the health page of the registers lists them.",
    )


@admin.register(ChecklistItem)
class ChecklistItemAdmin(LawRowAdmin):
    grouped_by = "set"
    facts = ("set", "code", "item")
    list_display = ("item", "set", "source", "is_on", "standing")
    search_fields = ("set__exact", "code__startswith")
    buttons = law_buttons(
        "checklistitem",
        "It is asked in every checklist that is filled in from now on.",
        "It is no longer asked. Answers already given stay.",
    )

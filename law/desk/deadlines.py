"""The desk's screens for what deadlines are counted with, and the calculator."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from audit.admin import AuditedAdmin
from audit.desk import page
from audit.refusals import Refused
from law import applying
from law.asking import answer, ask
from law.counting import long
from law.deadlines import Deadline
from law.models import ClosedDay, RefusalGround, Regime, StateLaw

from .rows import LawRowAdmin, SourceRead, law_buttons, place_field

KIND_LABELS = {
    "respond": "the answer",
    "acknowledge": "confirming the receipt",
    "notify_extension_by": "telling of an extension",
    "tell_refusal_by": "telling of a refusal",
    "opt_out": "carrying out an opt-out",
    "appeal": "deciding an appeal",
    "complaint_acknowledge": "acknowledging a complaint",
    "breach_authority": "telling the authority of a breach",
    "breach_people": "telling the people of a breach",
}


MAIN = ("law", "place", "received_at", "kind")


def _day(label: str) -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}))


class CalculatorForm(forms.Form):
    """Fields named after events become events."""

    law = forms.ChoiceField()
    place = place_field("Whose holidays and clock count: DE, DE-BE, GB-SCT, US-CA.")
    received_at = forms.DateTimeField(
        label="Received",
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="By the clock of that place. For a breach: when we knew of it.",
    )
    kind = forms.ChoiceField(label="What is due", choices=[*KIND_LABELS.items()])
    id_requested = _day("Proof of identity asked for")
    id_received = _day("Identity shown")
    clarification_requested = _day("Clarification asked for")
    clarification_received = _day("Clarification given")
    extension_notified = _day("Extension told")
    extended_to = _day("New day told with it")
    appeal_received = _day("Appeal received")
    people_notified = _day("People told of the breach")
    affected = forms.IntegerField(label="People affected", required=False, min_value=0)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["law"] = forms.ChoiceField(label="Law", choices=[*_laws()], initial="eu_gdpr")

    def clean_received_at(self) -> str:
        """The hour as typed: the place's own clock reads it, not the site's."""
        moment = self.cleaned_data["received_at"]
        return f"{moment:%Y-%m-%dT%H:%M}"

    def main_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in MAIN]

    def event_fields(self) -> list[forms.BoundField]:
        return [field for field in self if field.name not in MAIN]

    def events_open(self) -> bool:
        """What was typed or refused there stays in sight."""
        return any(field.errors or field.value() for field in self.event_fields())

    def events(self) -> list[str]:
        names = [field.name for field in self.event_fields()]
        return [
            f"{name}={self.cleaned_data[name]}" for name in names if self.cleaned_data.get(name) is not None
        ]

    def result(self) -> Deadline:
        """Raises Refused for what cannot have happened."""
        told = self.cleaned_data
        return answer(ask(told["law"], told["place"], told["received_at"], self.events(), told["kind"]))


def _laws() -> Iterator[tuple[str, str]]:
    """Each law once, by its newest row; states by their own names."""
    names = {row.code: row.name for row in Regime.objects.order_by("code", "in_force_from")}
    states = {row.code: f"US-{row}" for row in StateLaw.objects.order_by("state", "in_force_from")}
    both = {code: name for code, name in (states | names).items() if code != applying.STATES}
    yield from sorted(both.items(), key=lambda law: law[1])


def _dates(found: Deadline) -> Iterator[tuple[str, str]]:
    yield "Strict date", _in_words(found.strict_due)
    yield "Legal date", _in_words(found.legal_due)
    if found.target_due:
        yield "House target", _in_words(found.target_due)


def _in_words(due: date | datetime | None) -> str:
    """A moment keeps the clock of its place; a template would turn it to the site's."""
    if due is None:
        return "no legal number"
    return f"{long(due)}, {due:%H:%M %Z}" if isinstance(due, datetime) else long(due)


@admin.register(Regime)
class RegimeAdmin(LawRowAdmin):
    grouped_by = "protects"
    facts = (
        "code", "name", "places", "protects", "rights", "clock_start", "response_n", "response_unit",
        "is_receipt_day_disputed", "last_day", "identity_effect", "is_identity_pause_disputed",
        "clarification_effect", "acknowledge_n", "acknowledge_unit", "opt_out_n", "opt_out_unit", "extension_n",
        "extension_unit", "is_extension_open", "extension_condition", "appeal_n", "appeal_unit",
        "complaint_acknowledge_n", "complaint_acknowledge_unit", "breach_authority_n", "breach_authority_unit",
        "is_breach_authority_after_people", "breach_authority_above", "breach_authority", "breach_people_n",
        "breach_people_unit", "breach_people", "refusal_duty", "fee_rule", "trust",
    )  # fmt: skip
    list_display = ("name", "code", "answer_within", "in_force", "is_on", "standing")
    list_filter = ("is_on", ("is_verified", SourceRead), "protects", "trust")
    search_fields = ("code__startswith",)
    search_label = "Code, such as uk_gdpr"
    buttons = law_buttons(
        "regime",
        "People in its places are answered under it, and their dates are counted by it, from the next case on.",
        "New cases no longer fall under it. Cases that do keep the row they were judged by.",
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.calculator_view)
        return [path("calculate/", view, name="law_regime_calculate"), *super().get_urls()]

    @admin.display(description="answer within", empty_value="no number in the law")
    def answer_within(self, row: Regime) -> str | None:
        period = row.period("response")
        return str(period) if period else None

    @admin.display(description="in force", ordering="in_force_from", empty_value="first day not known")
    def in_force(self, row: Regime) -> str | None:
        first = f"{row.in_force_from:%-d %B %Y}" if row.in_force_from else None
        return f"{first} to {row.in_force_until:%-d %B %Y}" if row.in_force_until else first

    def calculator_view(self, request: HttpRequest) -> HttpResponse:
        """When something is due, and why. Reads only: its address may be kept and shared."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = CalculatorForm(request.GET or None)
        context: dict[str, Any] = {"title": "When is it due?", "form": form}
        if form.is_valid():
            try:
                found = form.result()
                context |= {"found": found, "dates": [*_dates(found)]}
            except Refused as refusal:
                context["refusal"] = str(refusal)
        return page(self, request, "admin/law/calculator.html", context)


@admin.register(StateLaw)
class StateLawAdmin(LawRowAdmin):
    facts = (
        "state", "law", "response_days", "extension_days", "has_appeal", "appeal_days", "has_correction",
        "has_profiling_opt_out", "has_browser_signal", "has_authorized_agent", "sensitive_data",
    )  # fmt: skip
    list_display = ("state", "law", "response_days", "in_force_from", "in_force_until", "is_on", "standing")
    search_fields = ("state__exact",)
    search_label = "Two letters of the state"
    buttons = law_buttons(
        "statelaw",
        "People who live there are answered under it from the next case on.",
        "People who live there are answered as if under the company’s fallback law.",
    )


@admin.register(RefusalGround)
class RefusalGroundAdmin(LawRowAdmin):
    grouped_by = "regimes"
    facts = ("code", "regimes", "rights", "rights_never", "ground", "effect", "tell_person")
    list_display = ("ground", "regimes", "rights", "source", "is_on", "standing")
    search_fields = ("code__startswith",)
    search_label = "Code, such as gdpr_"
    buttons = law_buttons(
        "refusalground",
        "Staff may rest a refusal, whole or in part, on it from now on.",
        "No refusal can rest on it any more. Letters already sent stay as they are.",
    )


class ClosedDayForm(forms.ModelForm):  # type: ignore[type-arg]
    place = place_field(ClosedDay._meta.get_field("place").help_text)


@admin.register(ClosedDay)
class ClosedDayAdmin(AuditedAdmin):
    """No law row: staff correct it, and the audit record keeps who did."""

    form = ClosedDayForm
    list_display = ("day", "place", "name", "is_closed", "kind", "written_by")
    list_filter = ("is_closed", "kind")
    search_fields = ("place__startswith",)
    search_label = "Place, such as DE or US-CA"
    fields = ("place", "day", "name", "is_closed", "kind", "source", "checked")

    @admin.display(description="written by")
    def written_by(self, day: ClosedDay) -> str:
        return "staff" if day.is_corrected else "import"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """From now on no import touches this day."""
        obj.is_corrected = True
        super().save_model(request, obj, form, change)

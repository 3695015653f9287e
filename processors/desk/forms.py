"""Forms of the processors' desk: shape, and every contradiction as an error beside its field."""

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.utils.html import format_html

from audit.choices import ManyRows
from audit.placing import PlacedErrors
from audit.text import CleanBlockField, CleanLineField
from inventory.desk.screens import page_of
from inventory.models import DataCategory, Purpose
from law.models import Company
from law.readings import transfer_rules
from law.transfers import HOME, LISTED, ExportLaw, Mechanism, decision_for
from processors.clauses import Lists
from processors.models import Contract, Processor, Review, Standing, Transfer, Verdict
from processors.models.registry import is_https
from processors.questions import questions_for

DAY = {"type": "date"}
YES_NO = [("", "–"), ("yes", "yes"), ("no", "no"), ("not_applicable", "does not apply")]


def _day_input() -> forms.DateInput:
    return forms.DateInput(attrs=DAY, format="%Y-%m-%d")


FACTS = (
    "name", "service", "kind", "role", "description", "website", "contact_email", "security_email", "seat_country",
    "risk_tier",
)  # fmt: skip


class ProcessorForm(PlacedErrors):
    beside: ClassVar = {
        "processors_name_once": "name",
        "processors_website_https": "website",
        "processors_ends_after_it_starts": "ended_on",
    }
    website = forms.URLField(
        required=False,
        assume_scheme="https",
        validators=[is_https],
        widget=forms.URLInput(attrs={"class": "vURLField"}),
        help_text="Begins with https://.",
    )

    class Meta:
        model = Processor
        fields = FACTS


class PlaceForm(PlacedErrors):
    beside: ClassVar = {"processors_place_country_or_words": "country"}


class LeaveForm(forms.Form):
    planned_on = forms.DateField(
        required=False,
        label="Planned for",
        widget=_day_input(),
        help_text="The day it should be gone. The announcement proposes it; nothing happens by itself.",
    )

    def clean_planned_on(self) -> date | None:
        day: date | None = self.cleaned_data["planned_on"]
        if day and day < Company.current().today():
            raise forms.ValidationError("Choose today or a later day.")
        return day


class ContractForm(PlacedErrors):
    beside: ClassVar = {
        "processors_contract_ends_after_it_starts": "ends_on",
        "processors_contract_ends_after_it_is_signed": "ends_on",
        "processors_contract_in_force_is_signed": "signed_on",
        "processors_contract_renewal_has_an_end": "renewal_notice_days",
        "processors_contract_days_need_a_rule": "subprocessor_days",
        "processors_contract_general_rule_has_days": "subprocessor_days",
    }
    purposes = ManyRows(
        Purpose.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Authorized purposes",
        help_text="What it may use our data for. Anything else shows as a fault.",
    )
    categories = ManyRows(
        DataCategory.objects.filter(is_never_held=False),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Authorized categories of data",
    )

    class Meta:
        model = Contract
        fields = (
            "kind", "reference", "signed_on", "in_force_on", "ends_on", "renewal_notice_days", "file", "purposes",
            "categories", "subprocessor_rule", "subprocessor_days", "breach_hours", "deletion_at_end",
        )  # fmt: skip
        field_classes = {"reference": CleanLineField}
        # A plain input: Django's own would link to the file, which nothing serves but the download.
        widgets = {
            "file": forms.FileInput(),
            **{name: _day_input() for name in ("signed_on", "in_force_on", "ends_on")},
        }


# What makes one transfer another; the end comes first, for taking it away is what brings the twin back.
TOLD_APART = ("ended_on", "mechanism", "destination", "exporter_regime")


def _stands(twin: Transfer) -> forms.ValidationError:
    sentence = format_html(
        'This stands there already, as <a href="{}">{}</a>, {}. Change that one, or end it first.',
        page_of(twin), twin, twin.get_mechanism_display(),
    )  # fmt: skip
    return forms.ValidationError(sentence, code="unique")


class TransferForm(PlacedErrors):
    """`initial["processor"]` names whose contracts may hold the clauses."""

    beside: ClassVar = {
        "processors_transfer_scc_module": "scc_module",
        "processors_transfer_mechanism_of_its_law": "mechanism",
        "processors_transfer_assessment_first": "tia_review_on",
        "processors_transfer_listing_checked": "dpf_checked_on",
        "processors_transfer_clauses_in_a_contract": "contract",
    }

    class Meta:
        model = Transfer
        fields = (
            "exporter_regime", "destination", "mechanism", "scc_module", "contract", "tia_on", "tia_review_on",
            "dpf_checked_on", "scope_checked_on",
        )  # fmt: skip
        days = ("tia_on", "tia_review_on", "dpf_checked_on", "scope_checked_on")
        widgets = {name: _day_input() for name in days}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        processor = self.initial.get("processor")
        if processor and "contract" in self.fields:
            contracts: Any = self.fields["contract"]
            contracts.queryset = Contract.objects.filter(processor=processor)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        law, place, mechanism = (data.get(name) for name in ("exporter_regime", "destination", "mechanism"))
        if law and place in HOME[ExportLaw(law)]:
            self.add_error("destination", "This law itself applies there: no transfer has to be recorded.")
        elif law and place and mechanism and (Mechanism(mechanism) in LISTED or mechanism == "adequacy"):
            self._needs_decision(ExportLaw(law), place, Mechanism(mechanism))
        self._stands_once(law, place, mechanism)
        if mechanism == Mechanism.SCC and data.get("scc_module") is None and "scc_module" not in self.errors:
            self.add_error("scc_module", "Choose the module of the clauses.")
        today = Company.current().today()
        for name in ("tia_on", "dpf_checked_on", "scope_checked_on"):
            if data.get(name) and data[name] > today:
                self.add_error(name, "This day has not come yet.")
        return data

    def _stands_once(self, law: Any, place: Any, mechanism: Any) -> None:
        """The constraint names the company too, which no field of the form does, so it would speak too late."""
        company = self.initial.get("processor") or self.instance.processor_id
        if not (company and law and place and mechanism) or self.cleaned_data.get("ended_on"):
            return
        rows = Transfer.objects.filter(
            processor=company, exporter_regime=law, destination=place, ended_on=None
        )
        if twin := rows.filter(mechanism=mechanism).exclude(pk=self.instance.pk).first():
            changed = [name for name in TOLD_APART if name in self.changed_data and name in self.fields]
            self.add_error(changed[0] if self.instance.pk and changed else "mechanism", _stands(twin))

    def _needs_decision(self, law: ExportLaw, place: str, mechanism: Mechanism) -> None:
        decision = decision_for(law, place, transfer_rules(), Company.current().today())
        if decision is None:
            self.add_error("mechanism", f"The {law.label} has no adequacy decision for this country.")
        elif decision.needs_listing and mechanism == Mechanism.ADEQUACY:
            self.add_error("mechanism", "That decision covers listed organizations only: choose the list.")
        elif mechanism in LISTED and not decision.needs_listing:
            self.add_error("mechanism", "That list is for another country.")


class VerdictForm(forms.Form):
    verdict = forms.ChoiceField(choices=Verdict, widget=forms.RadioSelect)
    conditions = CleanBlockField(
        max_length=2000,
        required=False,
        help_text="Only for “fit with conditions”: what has to happen, and by when.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AnswersForm(forms.Form):
    """One field a question. `initial["review"]` says whose; cleaned, it is what `actions.answer` takes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        review: Review = self.initial["review"]
        for question in questions_for(review.processor):
            field = _answer_field(question.kind, f"{question.section}: {question.question}")
            field.initial = review.answers.get(question.code, "")
            self.fields[f"q_{question.code}"] = field
        self.fields["evidence"] = CleanBlockField(
            max_length=4000, required=False, initial=review.evidence, widget=forms.Textarea(attrs={"rows": 4}),
            help_text="What was seen, one a line: “SOC 2 report, period to June 2026”.",
        )  # fmt: skip
        self.fields["evidence_on"] = forms.DateField(
            required=False, initial=review.evidence_on, label="Evidence from", widget=_day_input(),
            help_text="The day of the oldest piece.",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        answers = {
            name.removeprefix("q_"): data[name] for name in data if name.startswith("q_") and data[name]
        }
        return {
            "answers": answers,
            "evidence": data.get("evidence", ""),
            "evidence_on": data.get("evidence_on"),
        }


def _answer_field(kind: str, label: str) -> forms.Field:
    if kind == "yes_no":
        return forms.ChoiceField(label=label, choices=YES_NO, required=False)
    return CleanBlockField(
        label=label, max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class ClausesForm(forms.Form):
    """Two fields a clause. `initial["contract"]` says whose; cleaned: {"found": {item: (standing, where)}}."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        contract: Contract = self.initial["contract"]
        known = {clause.item_id: clause for clause in contract.clauses.all()}
        self.items = Lists.of(Company.current().today()).contract(contract)
        for item in self.items:
            clause = known.get(item.pk)
            self.fields[f"standing_{item.pk}"] = forms.ChoiceField(
                label=str(item), choices=[("", "not looked for yet"), *Standing.choices], required=False,
                initial=clause.standing if clause else "",
            )  # fmt: skip
            self.fields[f"where_{item.pk}"] = CleanLineField(
                label="Clause or page", max_length=200, required=False, initial=clause.where if clause else ""
            )

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        found = {
            item: (data[f"standing_{item.pk}"], data.get(f"where_{item.pk}", ""))
            for item in self.items
            if data.get(f"standing_{item.pk}")
        }
        return {"found": found}

"""What a colleague decides before work begins, and when a restriction ends: shape only."""

from typing import Any

from django import forms
from django.utils import timezone

from audit.choices import ManyRows
from audit.text import CleanLineField
from inventory.models import Kind, Purpose
from law.models import Company, RefusalGround
from people.models import RestrictionGround
from requests.changing import correcting, limiting
from requests.deciding import grounds
from requests.models import Correctable, Correction, Judgment, Right
from requests.refusals import CorrectionNotClean

from .forms import CaseForm, LetterForm

VALUE_HELP = {
    Correctable.BIRTH_DATE: "Year-month-day: 2012-09-01.",
    Correctable.PLACE: "FR, or US-OH with the region.",
    Correctable.LANGUAGE: "A language we write in: en, es, fr, de.",
    Correctable.OTHER: "What the systems are asked to write.",
}


class AddCorrectionForm(CaseForm):
    field = forms.ChoiceField(choices=Correctable, widget=forms.RadioSelect, label="What it is about")
    what = CleanLineField(
        max_length=300,
        required=False,
        label="What is wrong",
        help_text="In their words. Needed for something else: where it stands and what it says now.",
    )
    wanted = CleanLineField(max_length=500, label="What it should say", help_text="As they gave it.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("field") == Correctable.OTHER and not cleaned.get("what"):
            self.add_error("what", "Say where it stands, or nobody finds it.")
        return cleaned


class CorrectionsForm(CaseForm):
    """Three fields for each point: yes or no, what is written, why not."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.points: list[Correction] = list(self.case.corrections.all()) if self.case else []
        for point in self.points:
            self._ask(point)

    def _ask(self, point: Correction) -> None:
        label = point.get_field_display().capitalize()
        self.fields[f"judgment_{point.pk}"] = forms.ChoiceField(
            choices=[(Judgment.ACCEPTED.value, "correct it"), (Judgment.REFUSED.value, "leave it")],
            widget=forms.RadioSelect,
            label=label,
            initial="" if point.judgment == Judgment.OPEN else point.judgment,
        )
        self.fields[f"value_{point.pk}"] = CleanLineField(
            max_length=500,
            required=False,
            label=f"{label}: what is written",
            initial=point.value or point.wanted,
            help_text=VALUE_HELP.get(Correctable(point.field), ""),
        )
        self.fields[f"why_{point.pk}"] = CleanLineField(
            max_length=500,
            required=False,
            label=f"{label}: why not",
            initial=point.why,
            help_text="If you leave it. The requester reads this.",
        )

    def clean(self) -> dict[str, Any]:
        super().clean()
        return {"decisions": {point.pk: self._decision(point) for point in self.points}}

    def _decision(self, point: Correction) -> correcting.Decision:
        judgment, value, why = (
            self.cleaned_data.get(f"{name}_{point.pk}", "") for name in ("judgment", "value", "why")
        )
        if judgment == Judgment.REFUSED and not why:
            self.add_error(f"why_{point.pk}", "Say why: the requester reads it.")
        if judgment == Judgment.ACCEPTED:
            try:
                value = correcting.clean(point.field, value, Company.current().day_of(timezone.now()))
            except CorrectionNotClean as refusal:
                self.add_error(f"value_{point.pk}", str(refusal))
        return correcting.Decision(judgment, value, why)


class GroundForm(CaseForm):
    ground = forms.ChoiceField(choices=RestrictionGround, widget=forms.RadioSelect, label="Ground")


class UsesForm(CaseForm):
    stop = ManyRows(
        Purpose.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="What stops",
        help_text="All that they may object to is ticked. Take away what they did not mean.",
    )
    kept = ManyRows(
        Purpose.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="What goes on all the same",
        help_text="Only for compelling grounds. Never direct marketing, and never after an opt-out.",
    )
    ground = forms.ModelChoiceField(
        RefusalGround.objects.none(),
        required=False,
        empty_label="nothing goes on",
        help_text="What the law accepts against an objection.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.case is None:
            return
        at = timezone.now()
        uses = limiting.uses_of(self.case, Company.current().day_of(at))
        offered = {
            purpose.pk
            for purpose in (*limiting.candidates(self.case, Company.current().day_of(at)), *uses.stop)
        }
        rows = Purpose.objects.filter(pk__in=offered)
        if self.case.right == Right.OPT_OUT:  # a state's “sale” may be what we call disclosure
            rows = rows | Purpose.objects.filter(kind=Kind.DISCLOSURE)
            del self.fields["kept"], self.fields["ground"]
        self._offer("stop", rows, uses.stop)
        self._offer("kept", rows, uses.kept)
        if "ground" in self.fields:
            fitting = [row.pk for row in grounds(self.case, at=at)]
            self.fields["ground"].queryset = RefusalGround.objects.filter(pk__in=fitting)  # type: ignore[attr-defined]

    def _offer(self, name: str, rows: Any, chosen: list[Purpose]) -> None:
        if name in self.fields:
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
            self.fields[name].initial = [purpose.pk for purpose in chosen]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        stop, kept = list(cleaned.get("stop") or []), list(cleaned.get("kept") or [])
        if set(stop) & set(kept):
            self.add_error("kept", "A use stops or goes on, not both.")
        if kept and not cleaned.get("ground"):
            self.add_error("ground", "Say what the law lets us put above the objection.")
        if not stop and kept:
            self.add_error("stop", "Nothing stops? Then refuse the request, with its letter.")
        return {"stop": stop, "kept": kept, "ground": cleaned.get("ground")}


class LiftingForm(LetterForm):
    from_on = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}),
        label="Ends on",
        help_text="A day to come. Name it in the letter too.",
    )

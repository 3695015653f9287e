"""The form of an impact assessment: one item after the other, each error beside its field."""

from typing import Any

from django import forms

from audit.text import CleanBlockField
from inventory.desk.forms import DayField
from law.calendar import months_after
from law.models import Company
from processors.clauses import Lists
from processors.models import Outcome, Transfer

USUAL_MONTHS = 12


class AssessmentForm(forms.Form):
    """Two fields an item. `initial["transfer"]` says whose; cleaned, it is what `papers.assess` takes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.transfer: Transfer = self.initial["transfer"]
        self.today = Company.current().today()
        self.items = Lists.of(self.today).assessment
        known = {answer.item_id: answer for answer in self.transfer.answers.all()}
        for item in self.items:
            answer = known.get(item.pk)
            self.fields[f"outcome_{item.pk}"] = forms.ChoiceField(
                label=str(item), choices=[("", "not answered yet"), *Outcome.choices], required=False,
                initial=answer.outcome if answer else "",
            )  # fmt: skip
            self.fields[f"finding_{item.pk}"] = CleanBlockField(
                label="What was found", max_length=2000, required=False,
                initial=answer.finding if answer else "", widget=forms.Textarea(attrs={"rows": 3}),
            )  # fmt: skip
        self.fields["review_on"] = DayField(
            label="Looked at again on", initial=months_after(self.today, USUAL_MONTHS)
        )
        self.fields["reopens"] = CleanBlockField(
            label="What reopens it sooner", max_length=1000, initial=self.transfer.tia_reopens,
            help_text=Transfer._meta.get_field("tia_reopens").help_text,
            widget=forms.Textarea(attrs={"rows": 2}),
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("review_on") and data["review_on"] <= self.today:
            self.add_error("review_on", "This day has to be still to come.")
        found = {}
        for item in self.items:
            outcome, finding = data.get(f"outcome_{item.pk}", ""), data.get(f"finding_{item.pk}", "")
            self._is_whole(item.pk, outcome, finding)
            if outcome:
                found[item] = (outcome, finding)
        return {"found": found, "review_on": data.get("review_on"), "reopens": data.get("reopens", "")}

    def _is_whole(self, item: int, outcome: str, finding: str) -> None:
        if finding and not outcome:
            self.add_error(f"outcome_{item}", "Say whether this is in order.")
        if outcome and outcome != Outcome.NOT_APPLICABLE and not finding:
            self.add_error(f"finding_{item}", "Write what was found.")

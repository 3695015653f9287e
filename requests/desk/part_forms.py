"""What the buttons of a copy ask for: which part, which file, why."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from audit.choices import ManyRows
from requests.copies import withheld
from requests.desk.forms import CaseForm
from requests.keeping import files
from requests.models import CopyPart, CopyPartQuerySet


def label_of(part: CopyPart) -> str:
    rows = f", {part.rows} row{'' if part.rows == 1 else 's'}" if part.rows is not None else ""
    where = part.whence or "This service"
    return f"{where}: {part.what}{rows}, {filesizeformat(part.size)}"


class PartsField(ManyRows):
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> str:
        return label_of(obj)


class PartField(forms.ModelChoiceField):  # type: ignore[type-arg]
    widget = forms.RadioSelect

    def label_from_instance(self, obj: Any) -> str:
        return label_of(obj)


class PartsForm(CaseForm):
    """Only the parts of its case, in the order of the copy."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.case:
            for name in {"part", "parts"} & set(self.fields):
                self.fields[name].queryset = self.among(self.case.copy_parts.with_places())  # type: ignore[attr-defined]

    def among(self, parts: CopyPartQuerySet) -> CopyPartQuerySet:
        return parts


class LookForm(PartsForm):
    which = forms.ChoiceField(widget=forms.RadioSelect, label="Looked through")
    parts = PartsField(CopyPart.objects.none(), required=False, label="Only these")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        count = self.case.copy_parts.unseen().count() if self.case else 0
        every = "The one that is left" if count == 1 else f"All {count} that are left"
        self.fields["which"].choices = [("all", every), ("some", "Only those I tick below")]  # type: ignore[attr-defined]

    def among(self, parts: CopyPartQuerySet) -> CopyPartQuerySet:
        return parts.unseen()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        which = cleaned.pop("which", "")
        if which == "all":
            cleaned["parts"] = self.fields["parts"].queryset  # type: ignore[attr-defined]
        elif which and not cleaned.get("parts"):
            self.add_error("parts", "Tick the parts you looked through.")
        return cleaned


class WhyForm(PartsForm):
    why = forms.ChoiceField(
        widget=forms.RadioSelect,
        label="Why",
        help_text="The requester reads it in their own language, in the letter and in the copy.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.case:
            found = withheld.accepted(self.case, at=timezone.now())
            self.fields["why"].choices = [  # type: ignore[attr-defined]
                (why.value, f"{why.label[:1].upper()}{why.label[1:]}{f' ({row.source})' if row else ''}")
                for why, row in found.items()
            ]


class WithholdForm(WhyForm):
    """The ticks of one page of a part; the table shows them, this form only reads them."""

    columns = forms.MultipleChoiceField(required=False, label="Columns")
    rows = forms.TypedMultipleChoiceField(
        coerce=int,
        required=False,
        label="Rows",
        error_messages={"invalid_choice": "Row %(value)s is not on this page."},
    )

    def __init__(self, *args: Any, places: Sequence[int], columns: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rows"].choices = [(place, place) for place in places]  # type: ignore[attr-defined]
        self.fields["columns"].choices = [(name, name) for name in columns]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not cleaned.get("columns") and not cleaned.get("rows"):
            raise forms.ValidationError("Tick the columns or the rows that stay out.")
        return cleaned


class ReplaceForm(WhyForm):
    part = PartField(CopyPart.objects.none(), label="Which part", empty_label=None)
    upload = forms.FileField(
        label="The redacted file",
        allow_empty_file=True,  # an empty one is refused with the other kinds (requests.files)
        help_text="What goes out instead. Black out for good: text under a black bar can be copied out of a PDF. "
        "CSV, JSON, text, XML, PDF, PNG or JPEG, 50 MB at most.",
        widget=forms.FileInput(attrs={"accept": ",".join(files.KINDS)}),
    )
    field_order = ("part", "upload", "why")


class LeaveOutForm(WhyForm):
    parts = PartsField(CopyPart.objects.none(), label="Which parts")
    field_order = ("parts", "why")


class TakeBackForm(PartsForm):
    parts = PartsField(CopyPart.objects.none(), label="Which parts")

    def among(self, parts: CopyPartQuerySet) -> CopyPartQuerySet:
        return parts.exclude(looked_at=None, decision="")

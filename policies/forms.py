from typing import ClassVar

from django import forms

from audit.text import CleanBlockField, CleanLineField
from law.places import place
from people.cleaning import clean_country, clean_region

from .markdown import check_limits, clean_markdown, find_placeholders
from .models import Policy, PolicyText, PolicyVersion, Significance


def refuse_placeholders(text: str) -> None:
    """Found at save, not when 100,000 mails are under way."""
    if found := find_placeholders(text):
        raise forms.ValidationError(
            "Nobody would fill in %(found)s. Write it out.", params={"found": ", ".join(found)}
        )


class SignificanceForm(forms.Form):
    """The rationale is the reason every button asks for."""

    significance = forms.ChoiceField(
        choices=Significance,
        widget=forms.RadioSelect,
        help_text="A new purpose, recipient, country or kind of data is significant, and so is whatever "
        "matters to people. Give the rationale below.",
    )


class PlanForm(forms.Form):
    publish_on = forms.DateField(
        label="Publish on",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="It is published shortly after midnight of that day, company time.",
    )


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    title = CleanLineField(max_length=100, validators=[refuse_placeholders])
    places = CleanLineField(
        max_length=300, required=False, help_text=Policy._meta.get_field("places").help_text
    )

    class Meta:
        model = Policy
        fields = ("title", "slug", "is_main", "language", "audience", "places")
        labels: ClassVar = {"is_main": "On the front page"}

    def clean_places(self) -> str:
        return ", ".join(clean_place(name) for name in self.cleaned_data["places"].split(",") if name.strip())


def clean_place(name: str) -> str:
    country, _, region = name.strip().partition("-")
    country = clean_country(country)
    return place(country, clean_region(country, region))


class VersionForm(forms.ModelForm):  # type: ignore[type-arg]
    note = CleanLineField(
        label="Change note",
        max_length=300,
        required=False,
        help_text=PolicyVersion._meta.get_field("note").help_text,
    )

    class Meta:
        model = PolicyVersion
        fields = ("policy", "effective_on", "note")


class TextForm(forms.ModelForm):  # type: ignore[type-arg]
    title = CleanLineField(
        max_length=100,
        required=False,
        help_text=PolicyText._meta.get_field("title").help_text,
        validators=[refuse_placeholders],
    )
    summary = CleanBlockField(
        max_length=1500,
        required=False,
        label="What changes",
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=PolicyText._meta.get_field("summary").help_text,
        validators=[refuse_placeholders],
    )

    class Meta:
        model = PolicyText
        fields = ("language", "title", "summary", "body")
        widgets: ClassVar = {"body": forms.Textarea(attrs={"rows": 24})}

    def clean_body(self) -> str:
        body = clean_markdown(self.cleaned_data["body"])
        check_limits(body)
        refuse_placeholders(body)
        return body

"""Forms about people: shape only, by the rules of `cleaning`."""

from datetime import date
from typing import Any

from django import forms

from law.models import Company

from . import cleaning
from .models import Person, User


class BirthDateField(forms.CharField):
    """Strictly year-month-day: Django's DateField would guess what 03/04/2015 means."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})

    def to_python(self, value: Any) -> date | None:  # type: ignore[override]
        return cleaning.clean_birth_date(value or "", Company.current().today())


class PersonForm(forms.ModelForm[Person]):
    birth_date = BirthDateField(
        required=False, help_text="Without it the person counts as under every age of consent."
    )
    # Longer than what is stored, so that US-CA may be typed.
    region = forms.CharField(
        max_length=6, required=False, help_text="State or province, as in ISO 3166-2: CA for US-CA."
    )

    class Meta:
        model = Person
        fields = (
            "external_id",
            "given_name",
            "family_name",
            "email",
            "birth_date",
            "country",
            "region",
            "language",
            "role",
        )

    def clean_external_id(self) -> str:
        return cleaning.clean_external_id(self.cleaned_data["external_id"])

    def clean_given_name(self) -> str:
        return cleaning.clean_name(self.cleaned_data["given_name"])

    def clean_family_name(self) -> str:
        return cleaning.clean_name(self.cleaned_data["family_name"])

    def clean_email(self) -> str:
        return cleaning.clean_email(self.cleaned_data["email"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        try:
            cleaned["region"] = cleaning.clean_region(cleaned.get("country", ""), cleaned.get("region", ""))
        except forms.ValidationError as error:
            self.add_error("region", error)
        return cleaned


class AddressField(forms.CharField):
    """One e-mail address, cleaned. Not Django's EmailField: that one keeps capitals and quotes."""

    widget = forms.EmailInput

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return cleaning.clean_email(text) if isinstance(text, str) else text


class NewStaffForm(forms.ModelForm[User]):
    email = AddressField(help_text="Their own work address; it cannot be changed later.")

    class Meta:
        model = User
        fields = ("email", "name")

    def clean_name(self) -> str:
        return cleaning.clean_name(self.cleaned_data["name"])

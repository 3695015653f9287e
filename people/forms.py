"""Forms about people: shape only, by the rules of `cleaning`."""

from datetime import date
from typing import Any

from django import forms
from django.contrib.auth.models import Group

from law.models import Company

from . import cleaning
from .models import Person, Relationship, Role, User

SUPERUSER = "superuser"


class BirthDateField(forms.CharField):
    """Strictly year-month-day: Django's DateField would guess what 03/04/2015 means."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})

    def to_python(self, value: Any) -> date | None:  # type: ignore[override]
        return cleaning.clean_birth_date(value or "", Company.current().today())


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
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
        self._refuse_shared_address(cleaned)
        try:
            cleaned["region"] = cleaning.clean_region(cleaned.get("country", ""), cleaned.get("region", ""))
        except forms.ValidationError as error:
            self.add_error("region", error)
        return cleaned

    def _refuse_shared_address(self, cleaned: dict[str, Any]) -> None:
        """A learner may share an address, an adult may not. The database holds that too, but Django
        skips a constraint on columns that a form does not show (`left_at`)."""
        field = "email" if "email" in self.fields else "role"
        address = cleaned.get("email", "") if field == "email" else self.instance.email
        if not address or cleaned.get("role") == Role.LEARNER or self.instance.left_at:
            return
        others = Person.objects.active().exclude(role=Role.LEARNER).exclude(pk=self.instance.pk)
        if others.filter(email=address).exists():
            self.add_error(
                field, "Another person already has this address. Find out which of the two is right."
            )


class AddressField(forms.CharField):
    """One e-mail address, cleaned. Not Django's EmailField: that one keeps capitals and quotes."""

    widget = forms.EmailInput

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return cleaning.clean_email(text) if isinstance(text, str) else text


class NewStaffForm(forms.ModelForm):  # type: ignore[type-arg]
    email = AddressField(help_text="Their own work address; it cannot be changed later.")

    class Meta:
        model = User
        fields = ("email", "name")

    def clean_name(self) -> str:
        return cleaning.clean_name(self.cleaned_data["name"])


class CorrectAddressForm(forms.Form):
    email = AddressField(
        label="New address", required=False, help_text="Empty: we have no address. The old one is forgotten."
    )


class AdulthoodForm(forms.Form):
    on = forms.DateField(
        label="Stated on",
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text="The day the person said or wrote that they are an adult.",
    )


class AddGuardianForm(forms.Form):
    guardian = forms.CharField(
        label="Guardian’s platform id", max_length=64, help_text="They must be in our records already."
    )
    relationship = forms.ChoiceField(choices=Relationship.choices, initial=Relationship.UNKNOWN)

    def clean_guardian(self) -> Person:
        person = Person.objects.filter(external_id=self.cleaned_data["guardian"].strip()).first()
        if person is None:
            raise forms.ValidationError("Nobody in our records has this platform id.")
        return person


def _powers() -> list[tuple[str, str]]:
    groups = Group.objects.order_by("name").values_list("name", flat=True)
    return [*((name, name) for name in groups), (SUPERUSER, "superuser: every power, only to give powers")]


class PowerForm(forms.Form):
    """Ends as what `actions.request_access` takes: a group, or superuser."""

    power = forms.ChoiceField(choices=_powers, widget=forms.RadioSelect)

    def clean(self) -> dict[str, Any]:
        power = (super().clean() or {}).get("power")
        return {
            "group": Group.objects.filter(name=power).first() if power != SUPERUSER else None,
            "is_superuser": power == SUPERUSER,
        }

"""What staff type to name a row: a person, a case, a place. Each answers with what it names."""

from typing import Any

from django import forms
from django_countries import countries

from audit.text import CleanLineField
from people.models import Person
from people.regions import KNOWN
from requests.models import RightsRequest


class PersonField(CleanLineField):
    """A platform id, answered with the person it belongs to."""

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        if not typed:
            return None
        person = Person.objects.filter(external_id=typed, erased_at=None).first()
        if person is None:
            raise forms.ValidationError("Nobody on file has this platform id.")
        return person


class CaseField(CleanLineField):
    def clean(self, value: Any) -> Any:
        found = RightsRequest.objects.filter(reference=str(super().clean(value)).upper()).first()
        if found is None:
            raise forms.ValidationError("There is no case with this reference.")
        return found


class PlaceField(CleanLineField):
    """FR, or US-CA where the law differs by region."""

    def clean(self, value: Any) -> str:
        place = str(super().clean(value) or "").upper().replace(" ", "")
        country, _, region = place.partition("-")
        if place and (country not in countries or (region and region not in KNOWN.get(country, ()))):
            raise forms.ValidationError("Not a place we know. Write FR, or US-CA with the region.")
        return place

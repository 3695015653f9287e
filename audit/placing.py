"""Where a rule of the database speaks on a form: beside the field that has to change."""

from collections.abc import Mapping
from typing import ClassVar

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError


class PlacedErrors(forms.ModelForm):  # type: ignore[type-arg]
    """`beside`: constraint → field. A constraint without one, or whose field is only read, speaks above the form."""

    beside: ClassVar[Mapping[str, str]] = {}

    def _update_errors(self, errors: ValidationError) -> None:
        """Django's own door for what the model says, constraints included."""
        if hasattr(errors, "error_dict"):
            errors = ValidationError(self._placed(errors.error_dict))
        super()._update_errors(errors)  # type: ignore[misc]  # the stubs leave it out

    def _placed(self, found: Mapping[str, list[ValidationError]]) -> dict[str, list[ValidationError]]:
        placed = {name: list(errors) for name, errors in found.items() if name != NON_FIELD_ERRORS}
        fields = self._fields_of_constraints()
        for error in found.get(NON_FIELD_ERRORS, ()):
            placed.setdefault(fields.get(str(error.message), NON_FIELD_ERRORS), []).append(error)
        return placed

    def _fields_of_constraints(self) -> dict[str, str]:
        """By their sentences: all that a broken constraint leaves behind."""
        return {
            str(rule.violation_error_message): self.beside[rule.name]
            for rule in self._meta.model._meta.constraints
            if self.beside.get(rule.name) in self.fields
        }

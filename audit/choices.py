"""Several rows at once, chosen in a form."""

from typing import Any

from django import forms


class ManyRows(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """A number too long for any key is no choice. Django asks the database for it, and SQLite breaks down."""

    def clean(self, value: Any) -> Any:
        try:
            return super().clean(value)
        except OverflowError:
            refused, said = self.error_messages["invalid_choice"], {"value": "That number"}
            raise forms.ValidationError(refused, code="invalid_choice", params=said) from None

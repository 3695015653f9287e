from typing import Any

from django import forms, template
from django.utils.safestring import SafeString

register = template.Library()

AUTOCOMPLETE = {"email": "email", "name": "name", "country": "country", "code": "one-time-code"}


@register.filter
def first_field(form: forms.Form) -> forms.BoundField:
    return next(iter(form))


@register.filter
def told(field: forms.BoundField) -> SafeString:
    """The field's tag, joined to its hint and error for those who hear the page; written in any direction."""
    many = len(field.form.fields) > 1
    error = f"{field.auto_id}_error" if many else "_error"
    hint = "" if many else "_hint"
    described = " ".join(part for part in (hint, error if field.errors else "") if part)
    attrs: dict[str, Any] = {"dir": "auto"} if not isinstance(field.field.widget, forms.Select) else {}
    if field.name in AUTOCOMPLETE:
        attrs["autocomplete"] = AUTOCOMPLETE[field.name]
    if isinstance(field.field.widget, forms.Textarea):
        attrs["rows"] = 8
    if described:
        attrs["aria-describedby"] = described
    if field.errors:
        attrs["aria-invalid"] = "true"
    return field.as_widget(attrs=attrs)

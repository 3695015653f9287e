"""Fields of the public forms: the rules of audit.text and people.cleaning, in the visitor's language."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.text import clean_block, clean_line
from people.cleaning import EARLIEST_BIRTH, clean_email

MISSING = {"required": gettext_lazy("Write something here.")}


def spoken_here(clean: Callable[[str], str], text: str, limit: int) -> str:
    """Clean a text, and say what is wrong in words of this page. Staff forms say it in English."""
    try:
        cleaned = clean(text)
    except ValidationError as error:
        raise ValidationError(_sentence(error.code or "", text, limit), code=error.code) from None
    if len(cleaned) > limit:
        raise ValidationError(_sentence("too_long", text, limit), code="too_long")
    return cleaned


def _sentence(code: str, text: str, limit: int) -> str:
    if code == "too_long":
        return _("Use %(limit)s characters at most. This has %(length)s.") % {
            "limit": f"{limit:,}", "length": f"{len(text):,}",
        }  # fmt: skip
    if code == "lines":
        return _("Write this on one line.")
    return _("This contains a hidden or control character that we can't store. Type the text again.")


class Raw(forms.CharField):
    """Text as it came. Django's own NUL check would answer first, in other words than ours."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"strip": False, "max_length": None, **options})
        self.validators = []


class LineField(Raw):
    def __init__(self, *, limit: int, **options: Any) -> None:
        super().__init__(**options)
        self.limit = limit

    def to_python(self, value: Any) -> str:
        return spoken_here(clean_line, super().to_python(value) or "", self.limit)


class BlockField(Raw):
    widget = forms.Textarea

    def __init__(self, *, limit: int, **options: Any) -> None:
        super().__init__(**options)
        self.limit = limit

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return spoken_here(lambda typed: clean_block(typed, self.limit), text, self.limit)


class AddressField(Raw):
    widget = forms.EmailInput

    def to_python(self, value: Any) -> str:
        return clean_email(super().to_python(value) or "")


def birth_date(day: str, month: str, year: str, *, today: date) -> date:
    """From three boxes. Raises ValidationError."""
    parts = [part.strip() for part in (day, month, year)]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise ValidationError(_("Write day, month and year in numbers, such as 3 4 1987."), code="incomplete")
    if len(parts[2]) != 4:
        raise ValidationError(_("Write the year with four digits, such as 1987."), code="year")
    try:
        born = date(int(parts[2]), int(parts[1]), int(parts[0]))
    except ValueError:
        raise ValidationError(_("There is no such day. Write it like 3 4 1987."), code="day") from None
    if born > today:
        raise ValidationError(_("This day has not come yet. Write it like 3 4 1987."), code="future")
    if born < EARLIEST_BIRTH:
        raise ValidationError(_("This day lies before 1900. Write it like 3 4 1987."), code="past")
    return born

"""Six numbers instead of a link, for another device. Known and unknown addresses get the same words."""

from typing import Any

from django import forms
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from notices import links
from notices.models import Mail
from portal.limits import forget_tries, tries_left

from .fields import Raw

NO_CODE = gettext_lazy("Enter the 6 numbers from our mail.")


class CodeForm(forms.Form):
    code = Raw(error_messages={"required": NO_CODE})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.heading = _("Enter the 6 numbers.")

    def clean_code(self) -> str:
        digits = "".join(sign for sign in self.cleaned_data["code"] if sign.isdigit())
        if not digits:
            raise forms.ValidationError(str(NO_CODE))
        return digits

    def refuse(self, left: int) -> None:
        self.add_error(
            "code",
            ngettext(
                "That code is not right. %d try left.", "That code is not right. %d tries left.", left
            ) % left
            if left
            else _("This code no longer works. We can send a new one."),
        )  # fmt: skip


def opened(form: CodeForm, about: models.Model | None, purpose: str, *, who: str) -> Mail | None:
    """The mail whose code was typed. Otherwise the form says how many tries are left, counted for whoever
    was named, known or not."""
    if about is not None:
        try:
            mail = links.find_by_code(about, purpose, form.cleaned_data["code"], at=timezone.now())
        except links.CodeRefused:
            pass
        else:
            forget_tries(purpose, who)
            return mail
    form.refuse(tries_left(purpose, who))
    return None

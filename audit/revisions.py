"""Two people with one page open: the second is told, nothing is overwritten in silence."""

from typing import Any, cast

from django import forms
from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format

from .desk import DeskAdmin, has_revision
from .models import Event
from .naming import actor_name


class Stale(Exception):
    """Somebody else saved between our look and our write."""


def who_changed(obj: models.Model) -> str:
    """“by Dov on 2 March 2026 at 14:05” for the last deed on record; empty without one."""
    event = Event.objects.about(obj).deeds().first()
    if event is None:
        return ""
    at = timezone.localtime(event.at)
    when = f"{date_format(at, 'j F Y')} at {date_format(at, 'H:i')}"
    return f"by {actor_name(event.actor)} on {when}"


def changed_meanwhile(obj: models.Model) -> str:
    return ", ".join(filter(None, ("Changed since you opened it", who_changed(obj)))) + "."


def bump(obj: models.Model, opened: int | None = None) -> bool:
    """Raise the row's revision, only from `opened` when given; False when the row has moved on."""
    rows = cast(Any, type(obj))._base_manager.filter(pk=obj.pk)
    if opened is not None:
        rows = rows.filter(revision=opened)
    return bool(rows.update(revision=F("revision") + 1))


class OpenedRevision(forms.BaseModelForm):  # type: ignore[type-arg]
    """Carries the revision the page was opened with. Mixed into a change form."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["opened_revision"] = forms.IntegerField(
            widget=forms.HiddenInput,
            initial=cast(Any, self.instance).revision,
            error_messages={"required": "Open this page again: it does not say what you had seen."},
        )

    def clean(self) -> Any:
        cleaned = super().clean()
        opened = self.cleaned_data.get("opened_revision")
        if opened is not None and opened != cast(Any, self.instance).revision:
            self.add_error(
                None,
                f"{changed_meanwhile(self.instance)} Your entries are kept below; reload to see the other change.",
            )
        return cleaned


class Revised(DeskAdmin):
    """For models with an integer `revision`; others pass through."""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if change and has_revision(self.model) and self.has_change_permission(request, obj):
            return cast(Any, type(form))(form.__name__, (OpenedRevision, form), {})
        return form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        try:
            return self._save_or_nothing(request, object_id, form_url, extra_context)
        # Lost the race by a moment, to another page or to a constraint: the second look says so in the form.
        except (Stale, IntegrityError):
            return self._save_or_nothing(request, object_id, form_url, extra_context)

    def _save_or_nothing(self, request: HttpRequest, *args: Any) -> HttpResponse:
        with transaction.atomic():
            response = super().changeform_view(request, *args)
            if response.status_code == 200:  # the form came back: what it wrote on the way is undone
                transaction.set_rollback(True)
            return response

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        obj = super().save_form(request, form, change)
        if change and has_revision(self.model):
            opened = form.cleaned_data["opened_revision"]
            if not bump(obj, opened):
                raise Stale
            obj.revision = opened + 1
        return obj

"""What the desk writes down: each change, each look at a person, and nobody's data."""

import json
from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from .actions import record
from .desk import DeskAdmin, page, staff
from .models import Event
from .naming import actor_name

HISTORY_PAGE = 50
LONGEST_NUMBER = 20  # digits; Python refuses to read thousands of them
READ = "read"


class Traced(DeskAdmin):
    # Pages that show a person: each look is an event.
    log_reads = False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        obj = super().get_object(request, object_id, from_field)
        if obj and self.log_reads and request.method == "GET":
            self._note_read(request, obj)
        return obj

    def _note_read(self, request: HttpRequest, obj: models.Model) -> None:
        if self.has_view_or_change_permission(request, obj):
            record(self._verb(READ), obj, by=staff(request), at=timezone.now())

    def _verb(self, word: str) -> str:
        return f"{self.opts.app_label}.{word}"

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Field names only; Django's own words would carry the names of related rows."""
        return sorted({*_changed(form), *_changed_inlines(formsets or [])})

    def log_addition(self, request: HttpRequest, obj: models.Model, message: list[str]) -> LogEntry:
        record(self._verb("add"), obj, by=staff(request), at=timezone.now(), fields=message)
        return _log(request, obj, ADDITION, {"added": {}})

    def log_change(self, request: HttpRequest, obj: models.Model, message: list[str]) -> LogEntry:
        record(self._verb("change"), obj, by=staff(request), at=timezone.now(), fields=message)
        return _log(request, obj, CHANGE, {"changed": {"fields": message}})

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Any]) -> list[LogEntry]:
        at = timezone.now()
        gone = list(queryset)
        for obj in gone:
            record(self._verb("delete"), obj, by=staff(request), at=at)
        return [_log(request, obj, DELETION, {"deleted": {}}) for obj in gone]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined, no-any-return]
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        return page(self, request, "admin/object_history.html", history(request, obj) | (extra_context or {}))


def history(request: HttpRequest, obj: models.Model) -> dict[str, Any]:
    """One page of what was done to a row, newest first; looks at it only when asked for."""
    with_reads = request.GET.get("reads") == "1"
    events = Event.objects.about(obj) if with_reads else Event.objects.about(obj).deeds()
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < LONGEST_NUMBER:
        events = events.filter(pk__lt=int(before))
    rows = list(events[: HISTORY_PAGE + 1])
    shown = rows[:HISTORY_PAGE]
    names = {actor: actor_name(actor) for actor in {event.actor for event in shown}}
    return {
        "title": f"History of {obj}",
        "object": obj,
        "lines": [(event, names[event.actor]) for event in shown],
        "with_reads": with_reads,
        "older": shown[-1].pk if len(rows) > HISTORY_PAGE else None,
    }


def _log(request: HttpRequest, obj: models.Model, flag: int, change: dict[str, Any]) -> LogEntry:
    """Django's admin log, kept for its own pages: a reference, never what `str()` may one day say."""
    return LogEntry.objects.create(
        user_id=cast(int, request.user.pk),
        content_type=ContentType.objects.get_for_model(obj, for_concrete_model=False),
        object_id=obj.pk,
        object_repr=f"{obj._meta.verbose_name} {obj.pk}"[:200],
        action_flag=flag,
        change_message=json.dumps([change]),
    )


def _changed(form: forms.BaseForm) -> list[str]:
    return [name for name in form.changed_data if name != "opened_revision"]


def _changed_inlines(formsets: Iterable[Any]) -> Iterable[str]:
    """`guardianships.authority` for a changed cell, `guardianships` for a row that came or went."""
    for formset in formsets:
        prefix = formset.model._meta.model_name
        if formset.new_objects or formset.deleted_objects:
            yield prefix
        for _, names in formset.changed_objects:
            yield from (f"{prefix}.{name}" for name in names)

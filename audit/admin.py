"""The base of every staff screen, and the screens of the audit record itself."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from .buttons import Button, Consequences
from .exports import Exportable
from .lists import QuickLists
from .models import Event, Seal
from .pressing import Pressable
from .revisions import Revised
from .text import CleanBlockField, CleanLineField
from .traces import Traced

__all__ = ["AuditedAdmin", "Button", "Consequences", "ReadOnlyAdmin"]


class AuditedAdmin(Pressable, Exportable, Revised, Traced, QuickLists):
    """Every change leaves an event, every verb a confirmation page, no row goes without leave.

    Subclasses say `buttons`, `export_fields`, `log_reads`, `may_delete`, `linked_filters`,
    `search_fields` (…__exact or …__startswith) and `lowered_search`."""

    may_delete = False
    formfield_overrides: Any = {
        models.CharField: {"form_class": CleanLineField},
        models.TextField: {"form_class": CleanBlockField},
        # These keep Django's own fields, which check more than the text.
        models.EmailField: {},
        models.SlugField: {},
        models.URLField: {},
        models.DateTimeField: {
            "form_class": forms.DateTimeField,
            "widget": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        },
        models.DateField: {"widget": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")},
    }

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_delete and super().has_delete_permission(request, obj)


class ReadOnlyAdmin(AuditedAdmin):
    """Evidence: looked at, searched, exported, never touched."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("at", "verb", "who", "what", "reason")
    list_filter = ("actor_kind",)
    search_label = "Event number, or a model and its number (people.person 12)"
    search_fields = ("id__exact",)
    export_fields = (
        "id", "at", "verb", "actor_kind", "actor_ref", "object_type", "object_ref", "reason", "request_id",
    )  # fmt: skip

    @admin.display(description="actor")
    def who(self, event: Event) -> str:
        return f"{event.actor.kind.label} {event.actor_ref}".strip()

    @admin.display(description="object")
    def what(self, event: Event) -> str:
        return f"{event.object_type} {event.object_ref}".strip() or "–"

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        kind, _, ref = search_term.strip().partition(" ")
        if "." in kind and ref and "\0" not in search_term:
            return queryset.filter(object_type=kind.lower(), object_ref=ref.strip()), False
        return super().get_search_results(request, queryset, search_term)


@admin.register(Seal)
class SealAdmin(ReadOnlyAdmin):
    list_display = ("number", "sealed_at", "size", "merkle_root")

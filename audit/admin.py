"""The base of every staff screen, and the screens of the audit record itself."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format

from .actors import Actor, ActorKind
from .buttons import Button, Consequences
from .desk import link_to
from .exports import Exportable
from .lists import QuickLists
from .models import Disposal, Event, Seal, SealedEvent
from .naming import actor_name, object_names
from .pressing import Pressable
from .revisions import Revised
from .sealing import settled_event
from .text import CleanBlockField, CleanLineField
from .traces import Traced
from .verification import PATIENCE

__all__ = ["AuditedAdmin", "Button", "Consequences", "ReadOnlyAdmin"]


class AuditedAdmin(Pressable, Exportable, Revised, Traced, QuickLists):
    """Every change leaves an event, every verb a confirmation page, no row goes without leave.

    Subclasses say `buttons`, `export_fields`, `log_reads`, `may_delete`, `linked_filters`,
    `search_fields` (…__exact or …__startswith) and `lowered_search`."""

    may_delete = False
    formfield_overrides = {
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


class RecordAdmin(ReadOnlyAdmin):
    """The audit record is its own history."""

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        return super().render_change_form(request, context | {"without_history": True}, *args, **kwargs)


def _name_all(events: Any) -> None:
    """Each actor of a page is asked for once, and the objects once for each kind."""
    actors = {actor: actor_name(actor) for actor in {event.actor for event in events}}
    objects = object_names((event.object_type, event.object_ref) for event in events)
    for event in events:
        event.who_acted = actors[event.actor]
        event.acted_on = objects[event.object_type, event.object_ref]


@admin.register(Event)
class EventAdmin(RecordAdmin):
    list_display = ("number", "when", "verb", "who", "what", "reason")
    list_filter = ("actor_kind",)
    sortable_by = ()  # at a million rows only the newest-first order is quick
    search_label = "Event number, or people.person 12"
    search_fields = ("id__exact",)
    fields = ("when", "verb", "who", "what", "reason", "changed", "details", "request_id", "sealed")
    readonly_fields = ("when", "who", "what", "changed", "sealed")
    export_fields = (
        "id", "at", "verb", "actor_kind", "actor_ref", "object_type", "object_ref", "reason", "request_id",
    )  # fmt: skip

    @admin.display(description="event")
    def number(self, event: Event) -> str:
        return str(event.pk)

    @admin.display(description="when")
    def when(self, event: Event) -> str:
        return date_format(timezone.localtime(event.at), "j F Y, H:i:s")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        _name_all(page.result_list)
        return page

    @admin.display(description="who")
    def who(self, event: Event) -> str:
        return str(getattr(event, "who_acted", "")) or actor_name(event.actor)

    @admin.display(description="about")
    def what(self, event: Event) -> str:
        """By name in the list; on the event's page as it is written, which is what is sealed."""
        words = getattr(event, "acted_on", "") or f"{event.object_type} {event.object_ref}".strip()
        return link_to(event.object_type, event.object_ref, words, self.admin_site.name)

    @admin.display(description="fields changed")
    def changed(self, event: Event) -> str:
        return ", ".join(event.fields) or "none"

    @admin.display(description="sealed in")
    def sealed(self, event: Event) -> str:
        member = SealedEvent.objects.filter(event=event).select_related("seal").first()
        return f"Seal {member.seal.number}" if member else "not yet: each minute seals what has come"

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        kind, _, ref = search_term.strip().partition(" ")
        if "." in kind and ref and "\0" not in search_term:
            return queryset.filter(object_type=kind.lower(), object_ref=ref.strip()), False
        return super().get_search_results(request, queryset, search_term)


@admin.register(Seal)
class SealAdmin(RecordAdmin):
    list_display = ("name", "when", "size", "chained_root")
    sortable_by = ()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        now = timezone.now()
        waiting = Event.objects.unsealed(after=settled_event(now))
        context = {"waiting": waiting.count(), "oldest": waiting.first(), "overdue_since": now - PATIENCE}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    @admin.display(description="seal")
    def name(self, seal: Seal) -> str:
        return f"Seal {seal.number}"

    @admin.display(description="sealed")
    def when(self, seal: Seal) -> str:
        return date_format(timezone.localtime(seal.sealed_at), "j F Y, H:i")


@admin.register(Disposal)
class DisposalAdmin(RecordAdmin):
    list_display = ("number", "when", "batch", "table", "rows_gone")
    sortable_by = ()
    fields = ("when", "batch", "table", "terms", "proposer", "approver", "rows_gone")
    readonly_fields = ("when", "proposer", "approver", "rows_gone")

    @admin.display(description="disposal")
    def number(self, disposal: Disposal) -> str:
        return str(disposal)

    @admin.display(description="approved")
    def when(self, disposal: Disposal) -> str:
        return date_format(timezone.localtime(disposal.approved_at), "j F Y, H:i")

    @admin.display(description="proposed by")
    def proposer(self, disposal: Disposal) -> str:
        return actor_name(Actor(ActorKind.STAFF, disposal.proposed_by))

    @admin.display(description="approved by")
    def approver(self, disposal: Disposal) -> str:
        return actor_name(Actor(ActorKind.STAFF, disposal.approved_by))

    @admin.display(description="rows removed")
    def rows_gone(self, disposal: Disposal) -> str:
        return f"{disposal.rows.count():,}"


# Screens of their own module register themselves.
from . import admin_exports  # noqa: E402, F401

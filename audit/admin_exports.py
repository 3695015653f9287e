"""The screen of exports beyond the ceiling: who asked for what, and the second person's word."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from . import large_exports
from .actors import Actor, ActorKind
from .admin import ReadOnlyAdmin
from .buttons import Button, Consequences, says
from .desk import staff
from .exports import column_name
from .models import LargeExport
from .naming import actor_name


def _waits(export: LargeExport) -> bool:
    return export.approved_at is None and export.refused_at is None


def _approval(export: LargeExport, request: HttpRequest) -> Consequences:
    hours = large_exports.LASTS.total_seconds() // 3600
    return Consequences(
        question=f"Let {export.rows_of} leave the house?",
        happens=[
            f"{actor_name(export.requester)} can fetch one file, once, for {hours:.0f} hours.",
            f"Its columns: {_columns(export)}.",
            f"Their reason: {export.reason}",
        ],
        irreversible=["The file leaves this system: nothing here can correct, delete or protect it."],
        submit="Approve export",
    )


def _columns(export: LargeExport) -> str:
    return ", ".join(map(column_name, export.columns))


def _address(export: LargeExport, page: str) -> str:
    """Of the list or its export page, filtered as when it was asked for; empty where that list is gone."""
    try:
        url = reverse(f"admin:{export.model.replace('.', '_')}_{page}")
    except NoReverseMatch:
        return ""
    return f"{url}?{export.query}" if export.query else url


@admin.register(LargeExport)
class LargeExportAdmin(ReadOnlyAdmin):
    when_empty = "Nobody has asked to take a list beyond the ceiling out of the house."
    list_display = ("number", "what", "asked_by", "requested_at", "standing")
    sortable_by = ()
    fields = (
        "what", "filtered", "columns_of", "reason", "asked_by", "requested_at", "given_by", "approved_at", "standing",
    )  # fmt: skip
    readonly_fields = ("what", "filtered", "columns_of", "asked_by", "given_by", "standing")
    buttons = (
        Button(
            verb="approve",
            label="Approve…",
            action=large_exports.approve,
            permission="audit.approve_largeexport",
            danger=True,
            fresh_login=True,
            shown=_waits,
            consequences=_approval,
            done=lambda export, result: "Approved. Whoever asked finds it on their morning page.",
        ),
        Button(
            verb="refuse",
            label="Refuse…",
            action=large_exports.refuse,
            permission="audit.approve_largeexport",
            shown=_waits,
            consequences=says(
                "Refuse this export?",
                "No file is made. Whoever asked can ask again, with another reason or fewer rows.",
                submit="Refuse export",
            ),
            done=lambda export, result: "Refused. No file is made.",
        ),
    )

    def heading(self, obj: LargeExport) -> str:
        return f"Export of {obj.rows_of}"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["fetch"] = self._fetch_address(request, context.get("original"))
        return super().render_change_form(request, context, *args, **kwargs)

    def _fetch_address(self, request: HttpRequest, export: LargeExport | None) -> str:
        if export is None:
            return ""
        ready = LargeExport.objects.ready(by=staff(request), at=timezone.now()).filter(pk=export.pk)
        return _address(export, "export") if ready.exists() else ""

    @admin.display(description="export")
    def number(self, export: LargeExport) -> str:
        return str(export)

    @admin.display(description="rows")
    def what(self, export: LargeExport) -> str:
        return export.rows_of

    @admin.display(description="list")
    def filtered(self, export: LargeExport) -> SafeString | str:
        """The very rows that would go, to look at before saying yes."""
        words = export.query.replace("&", ", ") or "not filtered"
        url = _address(export, "changelist")
        return format_html('<a href="{}">Look at the list</a>, {}', url, words) if url else words

    @admin.display(description="columns")
    def columns_of(self, export: LargeExport) -> str:
        return _columns(export)

    @admin.display(description="asked for by")
    def asked_by(self, export: LargeExport) -> str:
        return actor_name(export.requester)

    @admin.display(description="approved by")
    def given_by(self, export: LargeExport) -> str:
        return actor_name(Actor(ActorKind.STAFF, export.approved_by)) if export.approved_by else "nobody yet"

    @admin.display(description="standing")
    def standing(self, export: LargeExport) -> str:
        return standing(export)


def standing(export: LargeExport) -> str:
    if export.refused_at:
        return f"refused on {_moment(export.refused_at)}"
    if export.fetched_at:
        return f"fetched on {_moment(export.fetched_at)}"
    if export.fetch_until is None:
        return "waits for a second person"
    if export.fetch_until <= timezone.now():
        return "approved, never fetched in time"
    return f"to be fetched until {_moment(export.fetch_until)}"


def _moment(at: Any) -> str:
    return f"{timezone.localtime(at):%-d %B %Y, %H:%M}"

"""Taking a list out of the house: who may, why, how much, and written down."""

import csv
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from . import large_exports
from .actions import record
from .actors import Actor, ActorKind, Acts
from .desk import DeskAdmin, page, staff
from .models import LargeExport, LargeExportQuerySet
from .naming import actor_name
from .pressing import fresh_login
from .refusals import Refused
from .text import CleanBlockField, safe_cell

# Joined by upper apps in `ready()`: called as f(model_label, count, by=), after the refusal is on record.
on_export_refused: list[Callable[..., None]] = []


class TooMany(Refused):
    status_code = 403


class ExportReason(forms.Form):
    reason = CleanBlockField(
        max_length=2000,
        label="Reason",
        error_messages={"required": "Write why."},
        help_text="Kept for good in the audit record. Say what the file is for and when it will be deleted.",
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )


class _Line:
    """A file that hands back each line the CSV writer gives it."""

    def write(self, line: str) -> str:
        return line


class Exportable(DeskAdmin):
    # Columns of the file, as `values_list` takes them. Empty: this list cannot be exported.
    export_fields: tuple[str, ...] = ()
    export_note = ""  # what the file leaves out, in a sentence for whoever asks for it

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name=name), *super().get_urls()]

    def exportable(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Of the rows of the list, those that may leave the house."""
        return rows

    def get_export_ceiling(self) -> int:
        """Past so many rows a list does not leave the house. One without people may allow more."""
        return int(settings.EXPORT_CEILING)

    def has_export_permission(self, request: HttpRequest) -> bool:
        opts = self.opts
        return bool(self.export_fields) and request.user.has_perm(
            f"{opts.app_label}.export_{opts.model_name}"
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {**(extra_context or {}), "export_url": self._export_url(request)}
        return super().changelist_view(request, context)

    def _export_url(self, request: HttpRequest) -> str:
        if not self.has_export_permission(request):
            return ""
        url = reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_export", current_app=self.admin_site.name
        )
        query = request.GET.copy()
        query.pop("p", None)
        return f"{url}?{query.urlencode()}" if query else url

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        if not (self.has_view_or_change_permission(request) and self.has_export_permission(request)):
            raise PermissionDenied
        return fresh_login(self._export, request)

    def _export(self, request: HttpRequest) -> HttpResponseBase:
        try:
            rows = self.exportable(self.get_changelist_instance(request).get_queryset(request))
        except IncorrectLookupParameters:
            return HttpResponseRedirect(request.path)
        count = rows.order_by()[: self.get_export_ceiling() + 1].count()
        form = ExportReason(request.POST if request.method == "POST" else None)
        if count > self.get_export_ceiling():
            return self._export_many(request, rows, form)
        if request.method != "POST" or not form.is_valid():
            return self._ask_export(request, form, count)
        self._note_export(request, "export", form.cleaned_data["reason"], count)
        return self._file(rows[: self.get_export_ceiling()])

    def _export_many(
        self, request: HttpRequest, rows: models.QuerySet[Any], form: ExportReason
    ) -> HttpResponseBase:
        """Past the ceiling: refused, or put to a second person, or, once approved, fetched."""
        approved = self._asked(request).ready(by=staff(request), at=timezone.now()).first()
        if approved and request.method == "POST":
            return self._fetch(request, rows, approved)
        count = rows.order_by().count()
        if request.method != "POST" or not form.is_valid():
            return self._ask_export(request, form, count, approved=approved)
        if "ask" not in request.POST:
            return self._refuse_export(request, form, count)
        try:
            export = large_exports.ask(
                self.opts.label_lower, request.GET, columns=self.export_fields, rows=count, by=staff(request),
                at=timezone.now(), reason=form.cleaned_data["reason"],
            )  # fmt: skip
        except Refused as refusal:
            return self._ask_export(request, form, count, refusal=refusal)
        large_exports.announce(export, "ask")
        messages.success(request, "Asked. Once a second person has approved it, your morning page says so.")
        return HttpResponseRedirect(self._back(request))

    def _fetch(
        self, request: HttpRequest, rows: models.QuerySet[Any], approved: LargeExport
    ) -> HttpResponseBase:
        try:
            export = large_exports.fetch(approved, by=staff(request), at=timezone.now())
        except Refused as refusal:
            return self._ask_export(request, ExportReason(), rows.order_by().count(), refusal=refusal)
        large_exports.announce(export, "fetch")
        return self._file(rows[: export.rows])

    def _asked(self, request: HttpRequest) -> LargeExportQuerySet:
        mine = LargeExport.objects.filter(requested_by=staff(request).as_actor().ref)
        return mine.filter(model=self.opts.label_lower, query=large_exports.filters(request.GET))

    def _note_export(self, request: HttpRequest, verb: str, reason: str, count: int) -> None:
        """Which list, which filters (by name: a search term may be an address), how many rows."""
        record(
            f"{self.opts.app_label}.{verb}",
            by=staff(request),
            at=timezone.now(),
            reason=reason,
            fields=self.export_fields,
            details={"model": self.opts.label_lower, "rows": count, "filters": sorted(request.GET)},
        )

    def _refuse_export(self, request: HttpRequest, form: ExportReason, count: int) -> HttpResponse:
        self._note_export(request, "export_refused", form.cleaned_data["reason"], count)
        announce_refusal(self.opts.label_lower, count, by=staff(request))
        words = "No file was made. The attempt is on record."
        return self._ask_export(request, form, count, refusal=TooMany(words))

    def _ask_export(
        self,
        request: HttpRequest,
        form: ExportReason,
        count: int,
        *,
        approved: LargeExport | None = None,
        refusal: Refused | None = None,
    ) -> HttpResponse:
        is_over = count > self.get_export_ceiling() and approved is None
        context = {
            "title": f"Export {self.opts.verbose_name_plural}?",
            "form": form,
            "count": min(count, approved.rows) if approved else count,
            "ceiling": self.get_export_ceiling(),
            "over": is_over,
            "approved": approved,
            "approver": actor_name(Actor(ActorKind.STAFF, approved.approved_by)) if approved else "",
            "waiting": self._asked(request).waiting().first() if is_over else None,
            "hours": large_exports.LASTS // timedelta(hours=1),
            "refusal": str(refusal) if refusal else "",
            "columns": [column_name(name) for name in self.export_fields],
            "note": self.export_note,
            "is_filtered": bool(request.GET),
            "back": self._back(request),
        }
        return page(self, request, "admin/export.html", context, refusal.status_code if refusal else 200)

    def _back(self, request: HttpRequest) -> str:
        """The list, as it was filtered."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
        url = reverse(name, current_app=self.admin_site.name)
        return f"{url}?{request.GET.urlencode()}" if request.GET else url

    def get_export_lines(self, rows: models.QuerySet[Any]) -> Iterator[str]:
        """The lines of the file, a thousand rows in memory at a time."""
        return csv_lines(self.export_fields, rows.values_list(*self.export_fields).iterator(chunk_size=1000))

    def _file(self, rows: models.QuerySet[Any]) -> StreamingHttpResponse:
        day = timezone.localdate().isoformat()
        name = f"{self.opts.app_label}-{self.opts.model_name}-{day}.csv"
        return StreamingHttpResponse(
            self.get_export_lines(rows),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


def column_name(name: str) -> str:
    return name.replace("__", " ").replace("_", " ")


def csv_lines(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Every cell quoted and neutralized, as fast as the rows come."""
    writer = csv.writer(_Line(), quoting=csv.QUOTE_ALL)
    # Without the mark a spreadsheet reads the accents wrongly.
    yield "\ufeff" + writer.writerow(columns)
    for row in rows:
        yield writer.writerow([safe_cell(value) for value in row])


def announce_refusal(model_label: str, count: int, *, by: Acts) -> None:
    for listener in on_export_refused:
        listener(model_label, count, by=by)

"""The copy and its parts, as colleagues look them through: what leaves the house is what a colleague saw."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from requests.copies import copying, packages, withheld
from requests.keeping import vault
from requests.models import CopyPart, Decision, Package, Why

from .around import Downloads, Served
from .rows import RowsScreen

WORK = "requests.work_rightsrequest"


@admin.register(Package)
class PackageAdmin(Downloads):
    download_permission = WORK
    list_display = ("__str__", "request", "built_at", "released_at", "downloads", "removed_at")
    list_select_related = ("request",)
    sortable_by = ()
    fields = ("request", "contents_list", "rows", "size", "built_at", "released_by", "released_at", "expires_at",
              "downloads", "removed_at", "file")  # fmt: skip
    readonly_fields = ("contents_list", "file")

    def is_there(self, row: Package) -> bool:
        return row.built_at is not None and row.removed_at is None

    def served(self, row: Package, request: HttpRequest) -> Served:
        return packages.look(row), f"copy-{row.request.reference}.zip", None

    @admin.display(description="went out")
    def contents_list(self, row: Package) -> str:
        if row.released_at is None:
            return "nothing yet"
        return "; ".join(map(_said, row.contents)) or "nothing but the index"


def _said(part: dict[str, Any]) -> str:
    decided = (
        f" ({Decision(part['decision']).label}: {Why(part['why']).label})" if part.get("decision") else ""
    )
    inside = "".join(map(_kept_out, part.get("inside", [])))
    return f"{part['source']}: {part['what']}{decided}{inside}"


def _kept_out(line: dict[str, Any]) -> str:
    what = f"column {line['column']} in {line['rows']}" if line["column"] else str(line["rows"])
    return f" (without {what} row{'' if line['rows'] == 1 else 's'}: {Why(line['why']).label})"


@admin.register(CopyPart)
class CopyPartAdmin(RowsScreen, Downloads):
    """Rows of ours as a table, page by page; as it was gathered, to download; `?as=data` gives rows of ours for programs, `?as=redacted` what goes out instead."""

    download_permission = WORK
    list_display = ("__str__", "case", "decision", "looked_at")
    list_select_related = ("request",)
    sortable_by = ()
    fields = ("case", "title", "rows", "size", "looked_by", "looked_at", "decision", "why", "ground", "decided_by",
              "decided_at", "redacted_name", "inside", "file_of_it")  # fmt: skip
    readonly_fields = ("case", "inside", "file_of_it")

    def is_there(self, row: CopyPart) -> bool:
        return bool(row.original)

    def served(self, row: CopyPart, request: HttpRequest) -> Served:
        wanted = request.GET.get("as", "")
        if wanted == "redacted":
            return self._redacted(row)
        if row.file:
            return copying.whole(row), f"file-{row.file.pk}", row.size
        if wanted == "data":
            return copying.whole(row), f"part-{row.pk}.json", row.size
        return copying.as_gathered(row), f"part-{row.pk}.html", None

    def _redacted(self, row: CopyPart) -> Served:
        if not row.redacted_path:
            raise Http404
        pieces = vault.open_sealed(row.request, row.redacted_path)
        return pieces, copying.safe(f"redacted-{row.pk}-{row.redacted_name}"), row.redacted_size

    @admin.display(description="case")
    def case(self, row: CopyPart) -> SafeString:
        url = reverse("admin:requests_rightsrequest_change", args=[row.request_id])
        return format_html('<a href="{}">{}</a>', url, row.request.reference)

    @admin.display(description="stays out of it")
    def inside(self, row: CopyPart) -> str:
        return "; ".join(f"{line.how}. {line.why}" for line in withheld.inside(row)) or "nothing"

    @admin.display(description="file")
    def file_of_it(self, row: CopyPart) -> SafeString | str:
        return self.file(row)

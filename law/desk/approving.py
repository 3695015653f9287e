"""Approving many law rows at once: choose, read what they rest on, write why. One by one stays what nobody read."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from audit.choices import ManyRows
from audit.desk import DeskAdmin, page, staff
from audit.refusals import Refused
from audit.text import CleanBlockField
from law import actions, lines
from law.models import LawRow

MOST = 500  # on one page


class Choice(forms.Form):
    """Which rows. None is chosen beforehand: approving is reading."""

    rows = ManyRows(
        queryset=None,
        label="Rows",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one row.",
            "invalid_choice": "Somebody has approved one of these rows meanwhile, or its source was not read. Choose again.",
        },
    )

    def __init__(self, waiting: QuerySet[LawRow], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rows"].queryset = waiting  # type: ignore[attr-defined]


class Why(forms.Form):
    reason = CleanBlockField(
        max_length=2000,
        label="Reason",
        error_messages={"required": "Write why."},
        help_text="Kept for good in the audit record of every row. Write what you read, and when.",
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )


class ApprovesMany(DeskAdmin):
    facts: ClassVar[tuple[str, ...]] = ()
    grouped_by: ClassVar[str] = ""  # the field whose values part the rows on the page

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.approve_view)
        return [path("approve/", view, name=f"law_{self.opts.model_name}_approve"), *super().get_urls()]

    def has_approve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"law.approve_{self.opts.model_name}")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"approve_url": self._approve_url(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def _approve_url(self, request: HttpRequest) -> str:
        if not self.has_approve_permission(request) or not _waiting(self.model._default_manager).exists():
            return ""
        query = request.GET.copy()
        query.pop("p", None)
        url = reverse(f"admin:law_{self.opts.model_name}_approve")
        return f"{url}?{query.urlencode()}" if query else url

    def approve_view(self, request: HttpRequest) -> HttpResponse:
        """Choose on the first page, read and write why on the second."""
        if not (self.has_view_or_change_permission(request) and self.has_approve_permission(request)):
            raise PermissionDenied
        listed = self.get_changelist_instance(request).get_queryset(request)
        unread = _waiting(listed).filter(is_verified=False)
        posted = request.POST if request.method == "POST" else None
        choice = Choice(_waiting(listed).filter(is_verified=True), posted)
        if not choice.is_valid():
            return self._choose(request, choice, unread, status=422 if posted else 200)
        return self._confirm_many(request, choice, unread)

    def _choose(
        self, request: HttpRequest, choice: Choice, unread: QuerySet[LawRow], status: int
    ) -> HttpResponse:
        waiting = list(choice.fields["rows"].queryset[:MOST])  # type: ignore[attr-defined]
        context = {
            "title": f"Approve several {self.opts.verbose_name_plural}",
            "groups": self._groups(waiting, request.POST.getlist("rows")),
            "count": len(waiting),
            "errors": choice.errors.get("rows", []),
            "unread": unread[:MOST],
            "back": self._list(request),
        }
        return page(self, request, "admin/law/approve_choose.html", context, status)

    def _confirm_many(self, request: HttpRequest, choice: Choice, unread: QuerySet[LawRow]) -> HttpResponse:
        rows = list(choice.cleaned_data["rows"])
        why, refusal = Why(request.POST if "reason" in request.POST else None), ""
        if why.is_valid():
            try:
                actions.approve_many(
                    rows, by=staff(request), at=timezone.now(), reason=why.cleaned_data["reason"]
                )
                messages.success(request, f"Approved: {_counted(len(rows))}. Your name stands under each.")
                return HttpResponseRedirect(self._list(request))
            except Refused as refused:
                refusal = str(refused)
        context = {
            "title": f"Approve {_counted(len(rows))}: have you read the sources, and do they say this?",
            "groups": self._groups(rows),
            "rows": rows,
            "sources": sorted(Counter(row.source for row in rows).items()),
            "unread": unread.count(),
            "form": why,
            "refusal": refusal,
            "submit": f"Approve {_counted(len(rows))}",
            "back": self._list(request),
        }
        return page(self, request, "admin/law/approve_confirm.html", context, 409 if refusal else 200)

    def _groups(self, rows: list[LawRow], chosen: Sequence[str] = ()) -> list[lines.Group]:
        """All that each row says: whoever approves it answers for this."""
        facts = [name for name in self.facts if name != self.grouped_by]
        return lines.groups(lines.lines(rows, facts, chosen), self.grouped_by)

    def _list(self, request: HttpRequest) -> str:
        url = reverse(f"admin:law_{self.opts.model_name}_changelist")
        return f"{url}?{request.GET.urlencode()}" if request.GET else url


def _waiting(rows: Any) -> QuerySet[LawRow]:
    waiting: QuerySet[LawRow] = rows.filter(approved_at=None)
    return waiting


def _counted(number: int) -> str:
    return "1 row" if number == 1 else f"{number:,} rows"

"""Rows of ours as a colleague looks them through: a table, fifty rows to a page, with ticks for what stays out."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone, translation

from audit.actions import record
from audit.desk import page, staff
from audit.pressing import Confirmation, Pressable, fresh_login
from audit.refusals import Refused
from requests import guards
from requests.copies import copying, cutting, packages, reading, reviewing
from requests.models import CopyPart, Stage, Withholding

from .part_forms import WithholdForm

PER_PAGE = 50
WITHHOLD, GIVE_BACK = "withhold", "give_back"


@dataclass(frozen=True)
class Cell:
    words: str
    is_out: bool


@dataclass(frozen=True)
class Line:
    place: int
    is_out: bool
    is_ticked: bool
    cells: list[Cell]


@dataclass(frozen=True)
class Sheet:
    """One page of a part. It costs the memory of its own rows, wherever in the part it lies."""

    part: CopyPart
    number: int

    @property
    def count(self) -> int:
        return max(1, -(-(self.part.rows or 0) // PER_PAGE))

    @property
    def before(self) -> int:
        return self.number - 1

    @property
    def after(self) -> int:
        return self.number + 1

    @property
    def places(self) -> range:
        after = (self.number - 1) * PER_PAGE
        return range(after + 1, min(after + PER_PAGE, self.part.rows or 0) + 1)

    def headings(self) -> list[reading.Heading]:
        with translation.override("en"):
            return reading.headings(self.part.holding, cutting.columns(self.part))

    def lines(
        self, headings: list[reading.Heading], cuts: cutting.Cuts, ticked: Collection[str]
    ) -> list[Line]:
        rows = islice(copying.rows(self.part, after=self.places.start - 1), PER_PAGE)
        with translation.override("en"):
            return [
                Line(
                    place,
                    place in cuts.rows,
                    str(place) in ticked,
                    [_cell(one, place, row, cuts) for one in headings],
                )
                for place, row in zip(self.places, rows, strict=False)
            ]


def _cell(heading: reading.Heading, place: int, row: dict[str, Any], cuts: cutting.Cuts) -> Cell:
    return Cell(heading.said(row.get(heading.name)), cuts.is_out(place, heading.name))


class RowsScreen(Pressable):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.rows_view)
        return [path("<int:pk>/rows/", view, name="requests_copypart_rows"), *super().get_urls()]

    def rows_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm("requests.work_rightsrequest"):
            raise PermissionDenied
        return fresh_login(self._rows, request, pk)

    def _rows(self, request: HttpRequest, pk: int) -> HttpResponse:
        part = CopyPart.objects.select_related("request").filter(pk=pk).first()
        if part is None:  # put together anew since the page was opened
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))  # type: ignore[attr-defined, no-any-return]
        if not part.path:
            raise Http404
        sheet = Sheet(part, _number(request.GET.get("page", ""), part))
        if request.method == "POST":
            return self._decide(request, sheet)
        return self._show(request, sheet, _forms(sheet))

    def _decide(self, request: HttpRequest, sheet: Sheet) -> HttpResponse:
        verb = request.POST.get("verb", "")
        asked = _forms(sheet, verb, request.POST)
        if verb not in asked:
            raise Http404
        valid = [form.is_valid() for form in asked[verb]]  # each form says what it misses
        if not all(valid):
            return self._show(request, sheet, asked)
        try:
            done = self._press_rows(request, sheet, verb, asked)
        except Refused as refusal:
            return self._show(request, sheet, asked, refusal)
        messages.success(request, done)
        return HttpResponseRedirect(f"{request.path}?page={sheet.number}")

    def _press_rows(self, request: HttpRequest, sheet: Sheet, verb: str, asked: dict[str, list[Any]]) -> str:
        """Holding the case: of two who decide at once, the second is told that the page changed."""
        *_others, confirmation = asked[verb]
        reason, at = confirmation.cleaned_data["reason"], timezone.now()
        with transaction.atomic():
            case = guards.locked(sheet.part.request)
            self._refuse_stale(case, confirmation.cleaned_data["opened_revision"])
            how: dict[str, Any] = {"part": sheet.part, "by": staff(request), "at": at, "reason": reason}
            if verb == GIVE_BACK:
                chosen = [
                    one.pk
                    for one in sheet.part.withholdings.all()
                    if str(one.pk) in request.POST.getlist("chosen")
                ]
                count = reviewing.give_back(case, chosen=chosen, **how)
                return f"{count} taken back. Look the part through again."
            typed = asked[verb][0].cleaned_data
            spots = reviewing.Spots(columns=typed["columns"], rows=typed["rows"])
            reviewing.withhold(case, spots=spots, why=typed["why"], **how)
            return "That stays out, and the letter says so. Look the part through when nothing more has to."

    def _show(
        self, request: HttpRequest, sheet: Sheet, asked: dict[str, list[Any]], refusal: Refused | None = None
    ) -> HttpResponse:
        """The rows; also beside a refused form they are read, so that is on record too."""
        by, at = staff(request), timezone.now()
        record("requests.open_copypart", sheet.part, by=by, at=at, details={"page": sheet.number})
        part, cuts, headings = sheet.part, cutting.of(sheet.part), sheet.headings()
        context = {
            "title": part.title,
            "part": part,
            "case": part.request,
            "sheet": sheet,
            "headings": [(one, one.name in cuts.columns, part.filled[one.name]) for one in headings],
            "lines": sheet.lines(headings, cuts, request.POST.getlist("rows")),
            "withholdings": _told(part, headings),
            "may_decide": _may_decide(part),
            "forms": asked,
            "has_errors": any(form.errors for forms in asked.values() for form in forms),
            "ticked_columns": request.POST.getlist("columns"),
            "refusal": str(refusal) if refusal else "",
            "back": reverse("admin:requests_rightsrequest_change", args=[part.request_id]),
            "look": reverse("admin:requests_rightsrequest_do", args=[part.request_id, "look-through"]),
        }
        status = refusal.status_code if refusal else 200
        return page(self, request, "admin/requests/copypart/rows.html", context, status)


def _number(typed: str, part: CopyPart) -> int:
    """A page that is not there is the nearest one."""
    return min(max(1, int(typed)), Sheet(part, 1).count) if typed.isdecimal() and len(typed) < 8 else 1


def _may_decide(part: CopyPart) -> bool:
    case = part.request
    return case.stage == Stage.RELEASE and not part.decision and packages.ready(case) is not None


def _forms(sheet: Sheet, verb: str = "", data: Any = None) -> dict[str, list[Any]]:
    """Of the two, the one that was pressed holds what was typed. Another verb finds none."""
    part = sheet.part
    asked: dict[str, list[Any]] = {}
    for name in (WITHHOLD, GIVE_BACK):
        typed = data if name == verb else None
        confirmation = Confirmation(
            typed,
            needs_reason=name == WITHHOLD,
            count=None,
            revision=part.request.revision,
            auto_id=f"id_{name}_%s",
        )
        asked[name] = [confirmation]
    form = WithholdForm(
        data if verb == WITHHOLD else None,
        initial={"case": part.request},
        places=sheet.places,
        columns=cutting.columns(part),
    )
    return {**asked, WITHHOLD: [form, *asked[WITHHOLD]]}


def _told(part: CopyPart, headings: list[reading.Heading]) -> list[tuple[Withholding, str]]:
    words = {one.name: one.words for one in headings}
    return [(one, _where(one, words.get(one.column, one.column))) for one in part.withholdings.in_order()]


def _where(one: Withholding, column: str) -> str:
    if not one.column:
        return f"Row {one.row}"
    return f"Column “{column}”, {f'row {one.row}' if one.row else f'all {one.rows} rows that say something'}"

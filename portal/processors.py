"""The companies that work for us, as the public reads them: page, history, feed, table to download."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from audit.text import safe_cell
from law.models import Company
from processors.models import Processor, SubprocessorChange, Transfer
from processors.public_list import entries, words

from .dates import spoken
from .links import absolute
from .views import public_page

LATEST = 50  # in the feed
ON_A_PAGE = 50  # of the history
COLUMNS = ("name", "purpose", "kind", "data", "places", "seat", "safeguard", "subprocessors")


@dataclass(frozen=True)
class Line:
    """One company as a row of the public table; staff's own words stay the English they are."""

    name: str
    purpose: str
    kind: str
    data: list[str]
    places: list[str]
    seat: str
    safeguards: list[str]
    subprocessors: list[str]


def listed(today: date) -> list[Line]:
    """Every company that holds data of ours today, as people were told: what was only entered in the
    register waits for its announcement. One that was never told is shown all the same, as it is."""
    rows = list(
        Processor.objects.live()
        .order_by("name", "pk")
        .prefetch_related(Prefetch("transfers", Transfer.objects.live(today).order_by("pk")))
    )
    told = entries.told(SubprocessorChange.objects.in_effect(today))
    untold = entries.registered((row for row in rows if row.pk not in told), today)
    return [_line(processor, (told | untold)[processor.pk]) for processor in rows]


def _line(processor: Processor, entry: entries.Entry) -> Line:
    mechanisms = dict.fromkeys(transfer.mechanism for transfer in processor.transfers.all())
    return Line(
        name=entry.name,
        purpose=", ".join(entry.work),
        kind=processor.kind,
        data=list(entry.data),
        places=[words.place(*place, words.HTML) for place in entry.places],
        seat=words.country_name(entry.seat) if entry.seat else "",
        safeguards=[words.safeguard(mechanism) for mechanism in mechanisms],
        subprocessors=list(entry.helpers),
    )


@public_page
def processors(request: HttpRequest) -> HttpResponse:
    today = Company.current().today()
    lines = listed(today)
    context = {
        "lines": lines,
        "companies": len({line.name for line in lines}),
        "last_change": _last_change(today),
        "coming": SubprocessorChange.objects.coming(today),
        "notice_days": Company.current().processor_notice_days,
        "next_page": reverse("portal:processor_mail"),
    }
    return render(request, "portal/processors.html", context)


def _last_change(today: date) -> date | None:
    change = SubprocessorChange.objects.told().filter(
        withdrawn_at=None, announcement__effective_on__lte=today
    )
    last = change.first()
    return last.effective_on if last else None


@public_page
def changes(request: HttpRequest) -> HttpResponse:
    """Every change the public was ever shown, those to come first, a page at a time."""
    told = SubprocessorChange.objects.told().with_stage(Company.current().today())
    shown = Paginator(told, ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "portal/processor_changes.html", {"changes": shown})


@public_page
def feed(request: HttpRequest) -> HttpResponse:
    atom = Atom1Feed(
        title=_("Changes to our list of companies"),
        link=absolute(reverse("portal:processor_changes")),
        feed_url=absolute(reverse("portal:processor_feed")),
        description="",
        language=get_language(),
    )
    for change in SubprocessorChange.objects.told().order_by("-announcement__announced_at", "-pk")[:LATEST]:
        atom.add_item(**_entry(change))
    return HttpResponse(atom.writeString("utf-8"), content_type=Atom1Feed.content_type)


def _entry(change: SubprocessorChange) -> dict[str, Any]:
    link = absolute(reverse("portal:processor_changes")) + f"#change-{change.pk}"
    return {
        "title": _title(change),
        "link": link,
        "unique_id": link,
        # HTML, as Atom's summary is read.
        "description": render_to_string("portal/_processor_change.html", {"change": change}),
        "pubdate": change.announced_at or _midnight(change),
        "updateddate": change.withdrawn_at or change.announced_at or _midnight(change),
    }


def _title(change: SubprocessorChange) -> str:
    facts = {"name": change.name, "date": spoken(change.effective_on) if change.effective_on else ""}
    if change.withdrawn_at:
        return _("%(name)s: the change of %(date)s will not come") % facts
    if change.announcement and change.announcement.is_correction:
        return _("%(name)s: correction of %(date)s") % facts
    return _("%(name)s: change on %(date)s") % facts


def _midnight(change: SubprocessorChange) -> datetime:
    company = Company.current()
    return datetime.combine(change.effective_on or company.today(), time(), tzinfo=company.zone)


@public_page
def table(request: HttpRequest) -> HttpResponse:
    """The list as CSV, in English, so that it can be compared and brought in elsewhere."""
    with translation.override("en"):
        lines = listed(Company.current().today())
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="companies.csv"'
    writer = csv.writer(response)
    writer.writerow(COLUMNS)
    writer.writerows(map(_cells, lines))
    return response


def _cells(line: Line) -> Iterator[str]:
    for value in vars(line).values():
        yield safe_cell(", ".join(value) if isinstance(value, list) else value)

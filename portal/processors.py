"""The companies that work for us, as the public reads them: page, history, feed, table to download."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django_countries import countries

from audit.text import safe_cell
from inventory.models import ProcessingActivity
from law.models import Company
from law.transfers import Mechanism
from processors.models import (
    Processor,
    ProcessorActivity,
    ProcessorPlace,
    Subprocessor,
    SubprocessorChange,
    Transfer,
)

from .dates import spoken
from .links import absolute
from .views import public_page

LATEST = 50
COLUMNS = ("name", "purpose", "kind", "data", "places", "seat", "safeguard", "subprocessors")


@dataclass(frozen=True)
class Line:
    """One company as a row of the public table."""

    name: str
    purpose: str
    kind: str
    data: list[str]
    places: list[str]
    seat: str
    safeguards: list[str]
    subprocessors: list[str]


def listed(today: date) -> list[Line]:
    """Every company that holds data of ours today; drafts and those that left do not exist here."""
    receives = ProcessorActivity.objects.filter(activity__in=ProcessingActivity.objects.live(today))
    rows = Processor.objects.live().order_by("name", "pk")
    return [
        _line(processor)
        for processor in rows.prefetch_related(
            Prefetch("places", ProcessorPlace.objects.order_by("pk")),
            Prefetch("receives", receives.select_related("activity__purpose")),
            "receives__activity__categories",
            Prefetch("transfers", Transfer.objects.live(today).order_by("pk")),
            Prefetch("subprocessors", Subprocessor.objects.select_related("company")),
        )
    ]


def _line(processor: Processor) -> Line:
    activities = [link.activity for link in processor.receives.all()]
    purposes = dict.fromkeys(activity.purpose.name for activity in activities)
    categories = {category.name for activity in activities for category in activity.categories.all()}
    mechanisms = dict.fromkeys(transfer.mechanism for transfer in processor.transfers.all())
    return Line(
        name=processor.name,
        purpose=processor.description or ", ".join(purposes),
        kind=processor.kind,
        data=sorted(categories),
        places=[place.named_as or country_name(place.country) for place in processor.places.all()],
        seat=country_name(processor.seat_country),
        safeguards=[safeguard(mechanism) for mechanism in mechanisms],
        subprocessors=[link.company.name for link in processor.subprocessors.all()],
    )


def country_name(code: str) -> str:
    """As people say it: “United States”, where the standard has “United States of America”."""
    return _("United States") if code == "US" else str(countries.name(code))


def safeguard(mechanism: str) -> str:
    """What protects data that leaves its country, in a visitor's words (GDPR Art. 13(1)(f))."""
    words = {
        Mechanism.ADEQUACY: _("The country’s law protects data well enough (adequacy decision)"),
        Mechanism.DPF: _("Data Privacy Framework"),
        Mechanism.SCC: _("Standard contractual clauses"),
        Mechanism.CH_SCC: _("Standard contractual clauses"),
        Mechanism.UK_ADDENDUM: _("Standard contractual clauses with the UK addendum"),
        Mechanism.UK_IDTA: _("UK transfer agreement"),
        Mechanism.UK_BRIDGE: _("UK–US data bridge"),
        Mechanism.BCR: _("Binding corporate rules"),
        Mechanism.CODE: _("Approved code of conduct or certificate"),
        Mechanism.CONSENT: _("Explicit consent"),
    }
    return words.get(Mechanism(mechanism), _("An exception the law allows"))


@public_page
def processors(request: HttpRequest) -> HttpResponse:
    today = Company.current().today()
    lines = listed(today)
    context = {
        "lines": lines,
        "companies": len({line.name for line in lines}),
        "last_change": _last_change(today),
        "coming": SubprocessorChange.objects.coming(today),
        "next_page": reverse("portal:processor_mail"),
    }
    return render(request, "portal/processors.html", context)


def _last_change(today: date) -> date | None:
    change = SubprocessorChange.objects.in_effect(today).first()
    return change.effective_on if change else None


@public_page
def changes(request: HttpRequest) -> HttpResponse:
    """Every change the public was ever shown, those to come first."""
    shown = SubprocessorChange.objects.told().with_stage(Company.current().today())
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
        "description": render_to_string("notices/processors/_change.txt", {"change": change}),
        "pubdate": change.announced_at or _midnight(change),
        "updateddate": change.withdrawn_at or change.announced_at or _midnight(change),
    }


def _title(change: SubprocessorChange) -> str:
    words = {"name": change.name, "date": spoken(change.effective_on) if change.effective_on else ""}
    if change.withdrawn_at:
        return _("%(name)s: the change of %(date)s will not come") % words
    return _("%(name)s: change on %(date)s") % words


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

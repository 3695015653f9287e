"""Public figures about requests, counted at most once an hour."""

from dataclasses import dataclass

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from portal.views import public_page
from requests import figures

from .words import RIGHTS

HOUR = 3600


@dataclass(frozen=True)
class Line:
    name: str
    figures: figures.Figures


@public_page
def shown(request: HttpRequest) -> HttpResponse:
    tables = cache.get("request-figures")
    if tables is None:
        now = timezone.now()
        tables = [(year, figures.of_year(year)) for year in figures.years(at=now)]
        cache.set("request-figures", tables, HOUR)
    named = [(year, [Line(str(RIGHTS[row.right]), row) for row in rows]) for year, rows in tables]
    return render(request, "portal/rights/figures.html", {"tables": named})

"""What the queue can be narrowed to, and how a case is found in it."""

import re
from collections.abc import Iterator
from typing import Any, cast

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from law.models import Company
from people.models import Person
from people.regions import called
from requests import waiting
from requests.models import Particulars, RightsRequest, RightsRequestQuerySet, Stage, TaskQuerySet, TaskStage

REFERENCE = re.compile(r"[2-9A-HJ-NP-Z]{1,5}(-[2-9A-HJ-NP-Z]{0,5}){0,2}")
MOST_MATCHES = 50


def _choices(filtered: Any, changelist: Any, default: str) -> Iterator[dict[str, Any]]:
    chosen = filtered.value() or default
    for value, label in filtered.lookup_choices:
        yield {
            "selected": chosen == value,
            "query_string": changelist.get_query_string({filtered.parameter_name: value}),
            "display": label,
        }


class View(SimpleListFilter):
    """What somebody wants to see when they come to work: what waits for us, the most urgent first."""

    title = "where it stands"
    parameter_name = "view"

    OURS, OTHERS, LATE, UNVERIFIED, OPEN, CLOSED = "ours", "others", "late", "unverified", "open", "closed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            (self.OURS, "Waiting for us"),
            (self.OTHERS, "Waiting for others"),
            (self.LATE, "Late"),
            (self.UNVERIFIED, "Not confirmed yet"),
            (self.OPEN, "Everything open"),
            (self.CLOSED, "Closed"),
        ]

    def choices(self, changelist: Any) -> Any:
        """Without “All”: the queue is what stands there when nothing is chosen."""
        return _choices(self, changelist, self.OURS)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = cast(RightsRequestQuerySet, queryset)
        if self.value() is None and (request.GET.get("q") or request.GET.get(Waiting.parameter_name)):
            return rows  # whoever looks for one case means it wherever it is
        match self.value():
            case self.OTHERS:
                return rows.waiting_for_others()
            case self.LATE:
                return rows.overdue(Company.current().today())
            case self.UNVERIFIED:
                return rows.filter(stage=Stage.UNVERIFIED)
            case self.OPEN:
                return rows.open()
            case self.CLOSED:
                return rows.filter(stage=Stage.CLOSED)
        return rows & waiting.ours(timezone.now())


class Standing(SimpleListFilter):
    """Of tasks: what still waits for an answer, unless somebody asks for more."""

    title = "stage"
    parameter_name = "standing"

    OPEN, ALL = "open", "all"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        stages = [(stage.value, stage.label.capitalize()) for stage in TaskStage]
        return [(self.OPEN, "Everything that waits"), *stages, (self.ALL, "All")]

    def choices(self, changelist: Any) -> Any:
        return _choices(self, changelist, self.OPEN)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in TaskStage.values:
            return queryset.filter(stage=self.value())
        return queryset if self.value() == self.ALL else cast(TaskQuerySet, queryset).open()


class Whose(SimpleListFilter):
    title = "owner"
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("mine", "Mine"), ("nobody", "Nobody’s")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "mine":
            return queryset.filter(owner=request.user.pk)
        return queryset.filter(owner=None) if self.value() == "nobody" else queryset


class Place(SimpleListFilter):
    """Places of open cases: a few hundred at most, read from the queue's own index."""

    title = "place"
    parameter_name = "place"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = RightsRequest.objects.open().order_by("place").values_list("place", flat=True).distinct()
        return [(place, f"{place}: {called(place)}") for place in rows[:100] if place]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(place=self.value()) if self.value() else queryset


class Waiting(SimpleListFilter):
    """What the morning page counts; each leads here."""

    title = "what it waits for"
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("reading", "Unread message"),
            ("erasure", "Erasure to approve"),
            ("recovery", "Lost address: second look"),
            ("task", "A late or parked task"),
            ("today", "Due today"),
            ("week", "Due within 7 days"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        question = waiting.QUESTIONS.get(self.value() or "")
        return queryset.filter(pk__in=question(timezone.now()).values("pk")) if question else queryset


def found(rows: QuerySet[Any], term: str, *, by_address: bool) -> QuerySet[Any]:
    """By the beginning of a reference, a platform id or a whole address. The other tables are asked first:
    an OR across them would read every row of a million."""
    if "@" in term:
        typed = Particulars.objects.filter(email=term.lower()) if by_address else Particulars.objects.none()
        return rows.filter(pk__in=typed.values("pk"))
    people = list(Person.objects.filter(external_id=term).values_list("pk", flat=True)[:MOST_MATCHES])
    wanted = Q(subject__in=people) | Q(requester__in=people) if people else Q(pk__in=[])
    if REFERENCE.fullmatch(term.upper()):
        wanted |= Q(reference__startswith=term.upper())
    return rows.filter(wanted)

"""Lists that stay quick at a million rows and answer no question they were not built for."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.contrib import admin
from django.contrib.admin import ShowFacets
from django.contrib.admin.checks import ModelAdminChecks
from django.contrib.admin.filters import SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.core import checks
from django.core.exceptions import BadRequest, FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from .desk import DeskAdmin
from .paging import EstimatedPaginator
from .text import clean_line

# What Django's own filters write into an address; nothing that could spell out a hidden value.
_FILTER_ENDINGS = ("", "__exact", "__isnull", "__id__exact", "__pk__exact")
_ONE_ROW = ("__id__exact", "__pk__exact")
_DATE_ENDINGS = ("__gte", "__lt", "__year", "__month", "__day")
# What an address of a list holds besides its filters: page, order, mistake.
_NO_FILTERS = ("p", "o", "e")
LONGEST_NUMBER = 19  # digits; longer ones fit no column
_SEARCHES = ("__exact", "__startswith")


class ListChecks(ModelAdminChecks):
    def check(self, admin_obj: Any, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*super().check(admin_obj, **kwargs), *_quick(admin_obj), *_no_bulk(admin_obj)]


def _quick(admin_obj: Any) -> list[checks.CheckMessage]:
    slow = [name for name in admin_obj.search_fields if not str(name).endswith(_SEARCHES)]
    return [
        checks.Error(
            f"search_fields “{name}” folds case or looks inside, which no index answers.",
            hint=f"Write “{str(name).strip('^=@')}__exact” or “…__startswith”.",
            obj=admin_obj.__class__,
            id="audit.E001",
        )
        for name in slow
    ]


def _no_bulk(admin_obj: Any) -> list[checks.CheckMessage]:
    if not admin_obj.list_editable and admin_obj.actions is None:
        return []
    return [
        checks.Error(
            "list_editable and bulk actions change rows without a reason or a confirmation page.",
            hint="Declare `buttons` instead.",
            obj=admin_obj.__class__,
            id="audit.E002",
        )
    ]


class QuickList(ChangeList):
    def get_filters(self, request: HttpRequest) -> Any:
        """Django asks for DISTINCT as soon as a filter goes over a link. Where the link is to one row, by its
        key, nothing can come twice, and comparing whole rows costs more than all the rest."""
        specs, has_filters, params, may_repeat, has_active = super().get_filters(request)
        may_repeat = may_repeat and not all(_is_one_row(*item) for item in self.filter_params.items())
        return specs, has_filters, params, may_repeat, has_active


def _is_one_row(lookup: str, values: list[str]) -> bool:
    return lookup.endswith(_ONE_ROW) and lookup.count(LOOKUP_SEP) == 2 and len(values) == 1


class QuickLists(DeskAdmin):
    actions = None
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    empty_value_display = "–"
    paginator = EstimatedPaginator
    checks_class = ListChecks

    # Filters other pages link to, without a filter box of their own: ("campaign", "status").
    linked_filters: tuple[str, ...] = ()
    # Columns stored in lower case: the search term is lowered for them.
    lowered_search: tuple[str, ...] = ()
    search_label = "Search"
    # What would stand in an empty list, and what brings the first row.
    when_empty = "Nothing is here yet."

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return QuickList

    def get_paginator(
        self, request: HttpRequest, queryset: Any, per_page: int, *more: Any, **how: Any
    ) -> EstimatedPaginator:
        """Behind a filter over links the links are counted: probing a row for each costs more than the page."""
        return EstimatedPaginator(queryset, per_page, *more, counted=self._links(request), **how)

    def _links(self, request: HttpRequest) -> models.QuerySet[Any] | None:
        """The links themselves, if one whole filter over them is all that is asked."""
        asked = [(name, value) for name, value in request.GET.items() if value and name not in _NO_FILTERS]
        if len(asked) != 1:
            return None
        lookup, value = asked[0][0], str(asked[0][1])
        name = lookup.removesuffix("__id__exact")
        field = self._field(name) if name in self.linked_filters else None
        if field is None or not field.many_to_many or not (value.isdecimal() and len(value) < LONGEST_NUMBER):
            return None
        rows: models.QuerySet[Any] = field.remote_field.through._default_manager.all()
        return rows.filter(**{field.m2m_reverse_field_name(): int(value)})

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if any("\0" in value for values in request.GET.lists() for value in values[1]):
            raise BadRequest("A search or filter holds a character that cannot be stored.")
        title = str(self.opts.verbose_name_plural).capitalize()
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def get_list_display(self, request: HttpRequest) -> Any:
        """Yes or – where Django draws a green tick or a red cross: an ordinary No is no fault."""
        return [self._in_words(column) for column in super().get_list_display(request)]

    def _in_words(self, column: Any) -> Any:
        field = self._field(column) if isinstance(column, str) and not hasattr(self, column) else None
        if isinstance(field, models.BooleanField):
            return _yes_or_dash(field)
        is_choice = isinstance(field, models.CharField) and field.choices and LOOKUP_SEP not in column
        return _chosen(field) if is_choice else column

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Only what the page itself offers: no `?guardian__email__startswith=` probing."""
        return lookup in self._offered_lookups(request)

    def _offered_lookups(self, request: HttpRequest | None) -> set[str]:
        offered = {name + ending for name in self.linked_filters for ending in _FILTER_ENDINGS}
        for item in self.get_list_filter(request) if request else self.list_filter:
            if isinstance(item, type) and issubclass(item, SimpleListFilter):
                offered.add(str(item.parameter_name))
            else:
                offered |= self._lookups_of(str(item[0] if isinstance(item, list | tuple) else item))
        return offered

    def _lookups_of(self, name: str) -> set[str]:
        endings = _FILTER_ENDINGS + (_DATE_ENDINGS if isinstance(self._field(name), models.DateField) else ())
        return {name + ending for ending in endings}

    def _field(self, path: str) -> Any:
        """The field at the end of `policy__status`, or None."""
        field: Any = None
        opts: Any = self.opts
        for part in path.split(LOOKUP_SEP):
            try:
                field = opts.get_field(part)
            except FieldDoesNotExist:
                return None
            opts = field.related_model._meta if field.is_relation else opts
        return field

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """`?_to_field=email` would turn an address into a key to look rows up by."""
        return to_field == self.opts.pk.name

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Every word must match one of the columns, exactly or from its start: an index answers."""
        try:
            words = clean_line(search_term).split()
        except ValidationError:
            return queryset.none(), False
        fields = self.get_search_fields(request)
        if not words or not fields:
            return queryset, False
        for word in words:
            queryset = queryset.filter(self._any_column(fields, word))
        return queryset, any(LOOKUP_SEP in _column(str(name)) for name in fields)

    def _any_column(self, fields: Any, word: str) -> models.Q:
        found = models.Q(pk__in=[])
        for name in map(str, fields):
            column = _column(name)
            value = word.lower() if column in self.lowered_search else word
            if _fits(self._field(column), value):
                found |= models.Q(**{name: value})
        return found


def _yes_or_dash(field: "models.BooleanField[Any, Any]") -> Callable[[Any], str]:
    @admin.display(description=field.verbose_name, ordering=field.name)
    def words(row: Any) -> str:
        return yes_or_dash(getattr(row, field.name))

    words.__name__ = field.name  # the class of the column
    return words


@cache  # the same column each time: Django compares it to find what can be sorted by
def _chosen(field: "models.Field[Any, Any]") -> Callable[[Any], str | None]:
    """Django would spell out all countries again for each row that shows one."""
    labels = dict(field.flatchoices)

    @admin.display(description=field.verbose_name, ordering=field.name)
    def label(row: Any) -> str | None:
        return labels.get(getattr(row, field.name))

    label.__name__ = field.name  # the class of the column
    return label


def yes_or_dash(is_so: bool) -> str:
    return "yes" if is_so else "–"


def _column(name: str) -> str:
    return name.rsplit(LOOKUP_SEP, 1)[0]


def _fits(field: Any, value: str) -> bool:
    """A number column is not asked for a word."""
    try:
        field.to_python(value)
    except ValidationError:
        return False
    return True

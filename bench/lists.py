"""Every list of the desk, as it opens, on its last page, under each filter it offers, and searched.

The lists are those the desk itself registers: a new one is measured without a word here."""

import statistics
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db import connection, models
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.http import urlencode

from people.models import User

from . import filling
from .figures import Figure, timed

BUDGET = 0.100  # seconds for one page, whatever the number of rows
SLACK = 0.020  # seconds by which a page may differ and still count as flat
FLAT = 1.5
TRIES = 5
VALUES = 12  # of one filter: a hundred cookie groups are alike
# One row, or one for each letter and language; cases have a job of their own, which fills them as a house does.
NOT_HERE = {"law.Company", "requests.LetterTemplate", "requests.RightsRequest"}


@dataclass(frozen=True)
class Page:
    query: str
    seconds: float
    cpu: float
    questions: int


def jobs(rows: int, only: str = "") -> Iterator[Figure]:
    """`only` narrows to lists whose model's name holds it."""
    filling.lift_rules()
    for model, desk in sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label):
        label = model._meta.label
        if label not in NOT_HERE and only.lower() in label.lower():
            filling.empty()
            yield _figure(model, desk, rows)


def _figure(model: type[models.Model], desk: Any, rows: int) -> Figure:
    client, staff = signed_in()
    before = _measure(model, desk, rows // 10, client, staff)
    after = _measure(model, desk, rows, client, staff)
    worst = max(after.values(), key=lambda page: page.seconds)
    small = before.get(worst.query) or max(before.values(), key=lambda page: page.seconds)
    steady = {page.questions for page in after.values()} == {page.questions for page in before.values()}
    flat = worst.seconds <= max(small.seconds * FLAT, small.seconds + SLACK)
    held = _held(desk, staff)
    lacking = f", of {rows:,} asked" if held < rows else ""
    return Figure(
        job=f"list of {model._meta.verbose_name_plural}: `?{worst.query}`, slowest of {len(after)}",
        measured=f"{worst.seconds * 1000:.0f} ms ({worst.cpu * 1000:.0f} ms of CPU) at {held:,}{lacking}",
        baseline=f"{small.seconds * 1000:.0f} ms at {rows // 10:,}",
        ratio=f"{worst.seconds / small.seconds:.1f}×",
        budget=f"≤ {BUDGET * 1000:.0f} ms, flat, steady queries",
        is_met=worst.seconds <= BUDGET and flat and steady and not lacking,
    )


def signed_in() -> tuple[Client, User]:
    with filling.without_triggers():
        staff = User.objects.create(email="dov@desk.example", name="Dov", is_staff=True, is_superuser=True)
    client = Client(SERVER_NAME="localhost", raise_request_exception=True)
    client.force_login(staff, settings.AUTHENTICATION_BACKENDS[0])
    return client, staff


def _held(desk: Any, staff: User) -> int:
    """Rows the list itself shows: those that a join leaves out make it quick, and prove nothing."""
    request = RequestFactory().get("/")
    request.user = staff
    sql, parameters = desk.get_changelist_instance(request).queryset.order_by().query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({sql}) AS shown", parameters)
        return int(cursor.fetchone()[0])


def _count(model: type[models.Model]) -> int:
    return int(model._default_manager.count())


def _measure(model: type[models.Model], desk: Any, rows: int, client: Client, staff: User) -> dict[str, Page]:
    filling.fill(model, rows)
    filling.settle()
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return {
        query: opened(client, f"{url}?{query}", query)
        for query in dict.fromkeys(_queries(model, desk, url, staff))
    }


def opened(client: Client, url: str, query: str = "", sent: dict[str, str] | None = None) -> Page:
    """Opened twice before it is timed: caches are warm, as they are for everybody but the first."""
    questions = 0

    def ask(execute: Any, *rest: Any) -> Any:
        nonlocal questions
        questions += 1
        return execute(*rest)

    def get() -> None:
        response = client.post(url, sent) if sent else client.get(url)
        if response.status_code != 200:
            raise RuntimeError(f"{url} answered {response.status_code}")

    with ExitStack() as stack:
        get()
        stack.enter_context(connection.execute_wrapper(ask))
        get()
    taken = [timed(get) for _ in range(TRIES)]
    clock, cpu = zip(*taken, strict=True)
    # The clock of the database's CPU ticks in hundredths of a second: the mean sees finer.
    return Page(query, statistics.median(clock), statistics.fmean(cpu), questions)


def _queries(model: type[models.Model], desk: Any, url: str, staff: User) -> Iterator[str]:
    request = RequestFactory().get(url)
    request.user = staff
    shown = desk.get_changelist_instance(request)
    yield ""
    if shown.paginator.num_pages > 1:
        yield f"p={shown.paginator.num_pages}"
    for offered in shown.filter_specs:
        for choice in islice(offered.choices(shown), VALUES):
            yield choice["query_string"].removeprefix("?")
    middle = model._default_manager.order_by("pk")[_count(model) // 2 :][:1]
    yield from _linked(desk, middle)
    yield from _searched(desk, request, middle)


def _linked(desk: Any, middle: "models.QuerySet[Any]") -> Iterator[str]:
    """Filters that other pages link to, with the value of a row in the middle."""
    for name in desk.linked_filters:
        value = str(middle.values_list(name, flat=True).first())
        is_key = getattr(desk._field(name), "is_relation", False)
        yield urlencode({f"{name}__id__exact" if is_key else name: value})


def _searched(desk: Any, request: Any, middle: "models.QuerySet[Any]") -> Iterator[str]:
    for name in map(str, desk.get_search_fields(request)):
        column = name.rpartition("__")[0]
        yield urlencode({"q": str(middle.values_list(column, flat=True).first())})

"""Small parts that the screens of the registers share."""

from typing import Any

from django.contrib.admin.utils import quote
from django.db import models
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

COUNTED = 1000  # a list says “more than 1,000” rather than counting a million links
LINKED = 20


class CappedCount(models.Subquery):
    """Counts the rows of a correlated query, giving up past `COUNTED`."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) _counted)"
    output_field = models.IntegerField()

    def __init__(self, rows: models.QuerySet[Any]) -> None:
        super().__init__(rows.order_by().values("pk")[: COUNTED + 1])


def capped(count: int) -> str:
    return f"more than {COUNTED:,}" if count > COUNTED else f"{count:,}"


def count_link(count: int, model: type[models.Model], query: str) -> SafeString | str:
    """The number, leading to the list of what was counted."""
    if not count:
        return "0"
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return format_html('<a href="{}?{}">{}</a>', url, query, capped(count))


def links(rows: models.QuerySet[Any]) -> SafeString | str:
    """The first rows, each leading to its page."""
    shown = list(rows[: LINKED + 1])
    found = format_html_join(", ", '<a href="{}">{}</a>', ((page_of(row), row) for row in shown[:LINKED]))
    return format_html("{} and more", found) if len(shown) > LINKED else found or "none"


def page_of(row: models.Model) -> str:
    """The row's page on the desk; empty when it has none."""
    try:
        return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[quote(row.pk)])
    except NoReverseMatch:
        return ""


def day_of(at: Any) -> str:
    return date_format(timezone.localtime(at), "j F Y, H:i") if at else ""

"""What the modules of the desk share."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from .actors import Acts
from .context import reader_may

if TYPE_CHECKING:
    DeskAdmin = admin.ModelAdmin[Any]
else:
    DeskAdmin = admin.ModelAdmin


def staff(request: HttpRequest) -> Acts:
    """Who is at the desk; the admin lets nobody else in."""
    return cast(Acts, request.user)


def has_revision(model: type[models.Model]) -> bool:
    return any(field.name == "revision" for field in model._meta.concrete_fields)


def page(
    model_admin: DeskAdmin, request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A page of the desk with the site's frame around it."""
    request.current_app = model_admin.admin_site.name
    frame = {**model_admin.admin_site.each_context(request), "opts": model_admin.opts}
    return TemplateResponse(request, template, {**frame, **context}, status=status)


def link_to(kind: str, ref: str, words: str, site: str = "admin") -> SafeString | str:
    """A link to the page of an object known by reference; the words alone where there is no such page, or it is not
    for whoever reads this one."""
    room, _, noun = kind.partition(".")
    if not reader_may(f"{room}.view_{noun}", f"{room}.change_{noun}"):
        return words
    try:
        url = reverse(f"admin:{kind.replace('.', '_')}_change", args=[ref], current_app=site)
    except NoReverseMatch:
        return words
    return format_html('<a href="{}">{}</a>', url, words)

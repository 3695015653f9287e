"""The Atom feed of a policy's versions, for those who would rather be told than look."""

from datetime import date
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from policies.models import PolicyVersion, Status

from . import access
from .dates import spoken
from .links import absolute, link_to
from .views import public_page, visitor_language

LATEST = 50


@public_page
def atom(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    policy = access.policy_or_404(slug)
    feed = Atom1Feed(
        title=_("Versions of “%(policy)s”") % {"policy": policy.title},
        link=absolute(link_to("versions", policy)),
        feed_url=absolute(link_to("feed", policy)),
        description="",
        language=get_language(),
    )
    shown = access.with_texts(access.versions_of(policy), bodies=False).order_by("-published_at", "-pk")
    for version in shown[:LATEST]:
        feed.add_item(**_entry(version, visitor_language(request)))
    return HttpResponse(feed.writeString("utf-8"), content_type=Atom1Feed.content_type)


def _entry(version: PolicyVersion, language: str) -> dict[str, Any]:
    link = absolute(link_to("changes", version.policy, day_of(version)))
    return {
        "title": _title(version),
        "link": link,
        "unique_id": f"{link}#{version.pk}",
        "description": _description(version, language),
        "pubdate": version.published_at,
        "updateddate": version.withdrawn_at or version.published_at,
    }


def day_of(version: PolicyVersion) -> date:
    """A published version is dated: a database constraint sees to it."""
    return cast("date", version.effective_on)


def _title(version: PolicyVersion) -> str:
    words = {"policy": version.policy.title, "date": spoken(day_of(version))}
    if version.status == Status.WITHDRAWN:
        return _("%(policy)s: the version of %(date)s was withdrawn") % words
    return _("%(policy)s from %(date)s") % words


def _description(version: PolicyVersion, language: str) -> str:
    """HTML, as Atom's summary is read."""
    text = access.text_for(version, language)
    points = format_html_join("", "<li>{}</li>", ((point,) for point in (text.points if text else [])))
    return format_html("<p>{}</p>", version.note) + (format_html("<ul>{}</ul>", points) if points else "")

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe
from django.views.decorators.vary import vary_on_headers

from law.models import Company
from notices.models import Mail, Notice
from policies.diff import compare
from policies.markdown import render as render_markdown
from policies.models import Policy, PolicyVersion

from . import access

View = Callable[..., HttpResponse]


def public_page(view: View) -> View:
    """Anybody may keep a copy, but asks each time whether it is still the same: a policy that is
    published or withdrawn shows at once."""

    @require_safe
    @vary_on_headers("Accept-Language", "Cookie")
    @cache_control(public=True, no_cache=True)
    @conditional_page
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, *args, **kwargs)

    return page


def visitor_language(request: HttpRequest) -> str:
    """The language asked for in the address (?text=es), else the visitor's own."""
    asked = request.GET.get("text", "")
    return asked if asked in dict(settings.LANGUAGES) else (get_language() or settings.LANGUAGE_CODE)


def reading(version: PolicyVersion, language: str) -> dict[str, Any]:
    """A version's words as a page shows them, and in which other languages they exist."""
    words = access.text_for(version, language)
    if words is None:
        raise Http404("This version has no text.")
    rendered = render_markdown(words.body)
    return {
        "version": version,
        "text": words,
        "rendered": rendered,
        "title": rendered.title or words.title or version.policy.title,
        "other_texts": [text for text in version.texts.all() if text != words],
        "is_translation": words.language != version.policy.language,
    }


@public_page
def policy(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """The policy in force, and what is coming."""
    found = access.policy_or_404(slug) if slug else access.main_policy()
    if found is None:
        return render(request, "portal/no_policy.html")
    if slug and found.is_main:
        return redirect("portal:policy")
    return render(request, "portal/policy.html", _policy_page(found, visitor_language(request)))


def _policy_page(found: Policy, language: str) -> dict[str, Any]:
    today = Company.current().today()
    published = access.versions_of(found).published()
    binding = access.with_texts(published.in_force(today)).first()
    coming = access.with_texts(published.coming(today), bodies=False)
    earlier = published.filter(effective_on__lte=today)
    return {
        "policy": found,
        "coming": [(version, access.text_for(version, language)) for version in coming],
        "earlier": [version for version in earlier if version != binding],
        **(reading(binding, language) if binding else {}),
    }


@public_page
def versions(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    found = access.policy_or_404(slug) if slug else access.main_policy()
    if found is None:
        return render(request, "portal/no_policy.html")
    shown = access.versions_of(found).with_stage(Company.current().today())
    return render(request, "portal/versions.html", {"policy": found, "versions": shown})


@public_page
def version(request: HttpRequest, day: date, slug: str | None = None) -> HttpResponse:
    found = access.version_or_404(access.policy_or_404(slug), day)
    context = {
        "policy": found.policy,
        "is_first": not access.versions_of(found.policy).before(found).exists(),
        **reading(found, visitor_language(request)),
    }
    return render(request, "portal/version.html", context)


@public_page
def text(request: HttpRequest, day: date, language: str, slug: str | None = None) -> HttpResponse:
    """The frozen text byte for byte, so that anybody can compute its SHA-256."""
    found = access.version_or_404(access.policy_or_404(slug), day).text_in(language)
    if found is None:
        raise Http404("This version has no text in that language.")
    return HttpResponse(found.body.encode(), content_type="text/markdown; charset=utf-8")


@public_page
def changes(request: HttpRequest, day: date, slug: str | None = None) -> HttpResponse:
    """What a version changes, word by word, against the one before it or the one of ?from=."""
    found = access.version_or_404(access.policy_or_404(slug), day)
    earlier = list(access.versions_of(found.policy).before(found))
    former = _former(earlier, request.GET.get("from", ""))
    context = {
        "policy": found.policy,
        "version": found,
        "earlier": earlier,
        "former": former,
        "is_next": bool(earlier) and former == earlier[0],
        **_comparison(former, found, visitor_language(request)),
    }
    return render(request, "portal/changes.html", context)


def _former(earlier: list[PolicyVersion], chosen: str) -> PolicyVersion | None:
    if not chosen:
        return earlier[0] if earlier else None
    for version in earlier:
        if str(version.effective_on) == chosen:
            return version
    raise Http404("There is no earlier version of that date.")


def _comparison(former: PolicyVersion | None, version: PolicyVersion, language: str) -> dict[str, Any]:
    """The differences, and the summary in the visitor's language whatever was compared."""
    words = access.text_for(version, language)
    said = {"points": words.points, "points_language": words.language} if words else {}
    found = access.with_texts(PolicyVersion.objects.filter(pk=former.pk)).first() if former else None
    pair = access.texts_to_compare(found, version, language) if found else None
    if pair is None:
        return {"text": words, **said}
    before, after = pair
    return {"text": after, **said, "comparison": compare(before.body, after.body)}


def health(request: HttpRequest) -> JsonResponse:
    """For a monitor: does the database answer, and how long have the oldest due notice and mail waited?"""
    try:
        waiting = [
            rows.due().order_by("due_at").values_list("due_at", flat=True).first()
            for rows in (Notice.objects, Mail.objects)
        ]
    except DatabaseError:
        return JsonResponse({"database": "down"}, status=503)
    now = timezone.now()
    notice, mail = (round((now - oldest).total_seconds()) if oldest else None for oldest in waiting)
    response = JsonResponse(
        {"database": "up", "oldest_due_notice_seconds": notice, "oldest_due_mail_seconds": mail}
    )
    response["Cache-Control"] = "no-store"
    return response


def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", "Disallow: /admin/", "Disallow: /accounts/", "Disallow: /healthz", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import resolve


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that waited too long or was sent from elsewhere (CSRF). A view that can show its page again,
    with what was written, says so with `stale`; it must not act on the post."""
    match = resolve(request.path_info)
    if again := getattr(match.func, "stale", None):
        response: HttpResponse = again(request, *match.args, **match.kwargs)
        return response
    return render(request, "403_csrf.html", status=403)

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that waited too long or was sent from elsewhere (CSRF)."""
    return render(request, "403_csrf.html", status=403)

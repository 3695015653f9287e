"""Who may be at the desk, and for how long."""

from collections.abc import Callable
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import ResolverMatch, reverse
from django.utils import timezone
from django.utils.http import urlencode

IDLE_SECONDS = 30 * 60
WHOLE_SECONDS = 8 * 60 * 60
NOTED_EVERY_SECONDS = 60  # a session row is written once a minute at most
OPEN_TO_ALL = frozenset({"login", "logout", "jsi18n"})


class StaffNeedSecondFactor:
    """A session ends after half an hour without a request, and after eight hours in any case.

    With `settings.MFA_REQUIRED` the desk opens only to a session that has proved a second factor.
    django-allauth has no such setting, so every view of the admin is guarded here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and _is_over(request):
            logout(request)
            messages.info(
                request, "You were signed out, because nothing happened for a while. Please sign in again."
            )
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: Any
    ) -> HttpResponse | None:
        if not (settings.MFA_REQUIRED and request.user.is_authenticated and _is_desk(request.resolver_match)):
            return None
        if not is_mfa_enabled(request.user):
            return HttpResponseRedirect(reverse("mfa_activate_totp"))
        if not _has_proved_second_factor(request):
            back = urlencode({"next": request.get_full_path() if request.method == "GET" else "/admin/"})
            return HttpResponseRedirect(f"{reverse('mfa_reauthenticate')}?{back}")
        return None


def _is_desk(match: ResolverMatch | None) -> bool:
    return match is not None and "admin" in match.namespaces and match.url_name not in OPEN_TO_ALL


def _has_proved_second_factor(request: HttpRequest) -> bool:
    records = get_authentication_records(request, request.user)  # type: ignore[arg-type]
    return any(record.get("method") == "mfa" for record in records)


def _is_over(request: HttpRequest) -> bool:
    """Whether the session has run out; notes the moment otherwise."""
    now = int(timezone.now().timestamp())
    began = request.session.setdefault("began_at", now)
    seen = request.session.setdefault("seen_at", now)
    if now - seen > IDLE_SECONDS or now - began > WHOLE_SECONDS:
        return True
    if now - seen >= NOTED_EVERY_SECONDS:
        request.session["seen_at"] = now
    return False

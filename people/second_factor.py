"""What happens here when django-allauth reports that somebody's second factor changed."""

from typing import Any

from allauth.mfa import signals
from django.contrib.auth import HASH_SESSION_KEY
from django.http import HttpRequest
from django.utils import timezone

from . import actions
from .models import User


def added(request: HttpRequest, user: User, **_signal: Any) -> None:
    _changed(request, user, "people.second_factor_added")


def removed(request: HttpRequest, user: User, **_signal: Any) -> None:
    _changed(request, user, "people.second_factor_removed")


def renewed(request: HttpRequest, user: User, **_signal: Any) -> None:
    _changed(request, user, "people.second_factor_renewed")


def _changed(request: HttpRequest, user: User, verb: str) -> None:
    """End every other session, keep this one: the thief's ends with the stolen password (OWASP ASVS 3.3)."""
    current = User.objects.get(pk=user.pk)
    actions.change_second_factor(current, verb, at=timezone.now())
    if request.user.pk == current.pk:
        request.session.cycle_key()
        request.session[HASH_SESSION_KEY] = current.get_session_auth_hash()


def listen() -> None:
    signals.authenticator_added.connect(added, dispatch_uid="people.second_factor")
    signals.authenticator_removed.connect(removed, dispatch_uid="people.second_factor")
    signals.authenticator_reset.connect(renewed, dispatch_uid="people.second_factor")

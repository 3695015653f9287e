"""How often somebody may try something. Counted by the hour, under keys that show nobody's address."""

import time
from datetime import UTC, datetime, timedelta

from allauth.account.adapter import get_adapter
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac

from .models import Attempt

HOUR = 3600
CODE_TRIES = 5


def within(limit: int, what: str, who: str) -> bool:
    """Count one more try of this hour; False past the limit."""
    hour = int(time.time()) // HOUR
    ends = datetime.fromtimestamp((hour + 1) * HOUR, UTC)
    return _count(_key(f"{what}:{hour}", who), until=ends) <= limit


def _key(what: str, who: str) -> str:
    """Network addresses are few enough to try them all, so the hash needs the site's key."""
    return salted_hmac("portal.limits", f"{what}:{who}", algorithm="sha256").hexdigest()


@transaction.atomic
def _count(key: str, *, until: datetime) -> int:
    """One more, and how many that makes. The update holds the row: of a burst, each gets its own number
    (OWASP API4:2023; read and then written, a burst would count as one)."""
    mine = Attempt.objects.filter(key=key)
    if not mine.filter(until__gt=timezone.now()).update(tries=F("tries") + 1):
        Attempt.objects.filter(until__lte=timezone.now()).delete()
        Attempt.objects.bulk_create([Attempt(key=key, until=until)], ignore_conflicts=True)
        mine.update(tries=F("tries") + 1)
    return mine.values_list("tries", flat=True).get()


def visitor_address(request: HttpRequest) -> str:
    """The network address, believing as many proxies as the settings name and no forged header."""
    return str(get_adapter().get_client_ip(request))


def counted_as(address: str) -> str:
    """One mailbox is one, however its address is dressed up: A.Min.a+x@ and amina@ (abuse A36)."""
    local, _at, domain = address.lower().partition("@")
    return f"{local.partition('+')[0].replace('.', '')}@{domain}"


def too_many(request: HttpRequest) -> HttpResponse:
    left = HOUR - int(time.time()) % HOUR
    response = render(request, "429.html", {"minutes": -(-left // 60)}, status=429)
    response["Retry-After"] = str(left)
    return response


def tries_left(what: str, who: str) -> int:
    """Count a wrong code, and say how many remain. Counted here, whether or not there is a code at all:
    what a stranger reads must not tell that there is (abuse A4)."""
    tries = _count(_key(f"code-tries:{what}", who), until=timezone.now() + timedelta(seconds=HOUR))
    return max(CODE_TRIES - tries, 0)


def forget_tries(what: str, who: str) -> None:
    """A new code was asked for."""
    Attempt.objects.filter(key=_key(f"code-tries:{what}", who)).delete()

"""How often somebody may try something. Counted by the hour, under keys that show nobody's address."""

import time
from hashlib import sha256

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

HOUR = 3600


def within(limit: int, what: str, who: str) -> bool:
    """Count one more try of this hour; False past the limit."""
    key = f"{what}:{sha256(who.encode()).hexdigest()}:{int(time.time()) // HOUR}"
    tries = cache.get(key, 0) + 1
    cache.set(key, tries, HOUR)
    return bool(tries <= limit)


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


CODE_TRIES = 5


def tries_left(what: str, who: str) -> int:
    """Count a wrong code, and say how many remain. Counted here, whether or not there is a code at all:
    what a stranger reads must not tell that there is (abuse A4)."""
    key = f"code-tries:{what}:{sha256(who.encode()).hexdigest()}"
    tries = cache.get(key, 0) + 1
    cache.set(key, tries, HOUR)
    return max(CODE_TRIES - int(tries), 0)


def forget_tries(what: str, who: str) -> None:
    """A new code was asked for."""
    cache.delete(f"code-tries:{what}:{sha256(who.encode()).hexdigest()}")

"""How often one network or address may do what costs us a row or a mail."""

import time
from hashlib import sha256

from django.core.cache import cache

HOUR = 3600


def within(limit: int, what: str, who: str) -> bool:
    """Count one more try of this hour; False past the limit. The key shows nobody's address."""
    key = f"{what}:{sha256(who.encode()).hexdigest()}:{int(time.time()) // HOUR}"
    tries = cache.get(key, 0) + 1
    cache.set(key, tries, HOUR)
    return bool(tries <= limit)

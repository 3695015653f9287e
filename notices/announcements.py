"""What this app announces to those above it, who join in their `ready()`."""

import logging
from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

log = logging.getLogger(__name__)

# Called with a refused address and the moment of refusal.
on_bounce: list[Callable[[str, datetime], object]] = []


def tell_bounce(address: str) -> None:
    for tell in on_bounce:
        try:
            tell(address, timezone.now())
        except Exception:
            # The mail itself says bounced; one listener's fault must not stop everybody's mail.
            log.exception("a listener failed to hear of a refused address")

"""What this app announces to those above it, who join in their `ready()`."""

from collections.abc import Callable
from datetime import datetime

# Called with a refused address and the moment of refusal.
on_bounce: list[Callable[[str, datetime], object]] = []

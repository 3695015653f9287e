"""Every write with meaning about people."""

from datetime import datetime

from .models import Person


def mark_undeliverable(address: str, at: datetime) -> None:
    """A mail server refused this address for good: stop writing to it, tell staff by the list filter."""
    Person.objects.filter(email=address, undeliverable_at=None).update(undeliverable_at=at)

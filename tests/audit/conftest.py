from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission

from audit import sealing
from audit.actions import record
from audit.actors import SYSTEM
from audit.models import Event
from tests.people.factories import UserFactory

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def deeds() -> Callable[[int], list[Event]]:
    """Write that many events, a second apart."""

    def write(count: int) -> list[Event]:
        return [
            record("policies.publish", by=SYSTEM, at=NOON + timedelta(seconds=n), details={"n": n})
            for n in range(count)
        ]

    return write


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 3)


@pytest.fixture
def dov(db):
    """Of the privacy team; may do what `may` says, nothing else."""
    return UserFactory(dov=True)


def may(user, *permissions: str) -> None:
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))

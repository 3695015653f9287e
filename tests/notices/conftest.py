from collections.abc import Iterator

import pytest

from notices import queue

from .factories import LONG_AGO
from .sink import Sink


@pytest.fixture(autouse=True)
def a_server_up_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests let leases run out by dating them back, which must not look like a crash of the database."""
    monkeypatch.setattr(queue, "server_started", lambda: LONG_AGO)


@pytest.fixture
def sink(request, settings) -> Iterator[Sink]:
    """A real mail server, to which this test's mails go. Its parameter: what it offers in its greeting."""
    with Sink(offers=getattr(request, "param", ())) as running:
        settings.EMAIL_BACKEND = "notices.backends.Smtp"
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = running.port
        settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield running

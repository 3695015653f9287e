from collections.abc import Iterator

import pytest

from .sink import Sink


@pytest.fixture
def sink(settings) -> Iterator[Sink]:
    """A real mail server, to which this test's mails go."""
    with Sink() as running:
        settings.EMAIL_BACKEND = "notices.backends.Smtp"
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = running.port
        settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield running

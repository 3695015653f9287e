"""The doorbell: worth a second of staff's time at most, and nobody's notice."""

import socket
from collections.abc import Iterator

import pytest
from django.db import transaction

from notices import actions
from privacy_site import celery_app


@pytest.fixture
def mute_broker(monkeypatch) -> Iterator[None]:
    """A Redis that takes the call and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        app, url = celery_app, f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        call = app.connection_for_write
        monkeypatch.setattr(app, "connection_for_write", lambda **how: call(url, **how))
        yield


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_never_answers_fails_nobody(mute_broker, caplog):
    with transaction.atomic():
        actions.ring()
        assert not caplog.records
    assert "the doorbell did not ring (OperationalError)" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_rings_no_bell(monkeypatch):
    rung = []
    monkeypatch.setattr(actions, "ring_now", lambda: rung.append(True))
    with transaction.atomic():
        actions.ring()
        transaction.set_rollback(True)
    assert not rung


def test_one_try_of_a_second_is_all_the_patience_there_is():
    assert actions.IMPATIENT["max_retries"] == 0
    assert {actions.IMPATIENT[name] for name in ("socket_timeout", "socket_connect_timeout")} == {1}

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection

from privacy_site.celery import app
from tests.notices.conftest import sink as sink
from tests.notices.sink import Sink


@pytest.fixture
def broker() -> Iterator[str]:
    """This process rings on Redis, where the worker listens."""
    url = os.environ["TEST_REDIS_URL"]
    before = {name: app.conf[name] for name in ("broker_url", "broker_transport_options")}
    _point(broker_url=url, broker_transport_options={"socket_connect_timeout": 1})
    yield url
    _point(**before)


def _point(**settings: object) -> None:
    app.conf.update(settings)
    # What Celery does in a forked child: forget the connections made so far.
    app._after_fork()  # type: ignore[attr-defined]


@pytest.fixture
def worker(broker: str, sink: Sink, transactional_db: None) -> Iterator[subprocess.Popen[bytes]]:
    """`celery worker` as production runs it, on this test's database, broker and mail server."""
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "BROKER_URL": broker,
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(sink.port),
        "EMAIL_USE_SSL": "0",
        "DEMO": "1",
    }
    command = [sys.executable, "-m", "celery", "-A", "privacy_site", "worker", "-c", "2", "-l", "warning"]
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment)
    yield process
    process.terminate()
    process.wait(60)


def database_url() -> str:
    base = connection.settings_dict
    if host := base["OPTIONS"].get("host"):
        return f"postgres://{base['USER']}@/{base['NAME']}?host={host}&port={base['PORT']}"
    password = f":{base['PASSWORD']}" if base["PASSWORD"] else ""
    return f"postgres://{base['USER']}{password}@{base['HOST']}:{base['PORT']}/{base['NAME']}"

"""What may be broken: a PostgreSQL and a Redis that bin/faults started, and no others."""

import os
import sys
from dataclasses import dataclass
from typing import Any

from tests.notices.sink import Sink


@dataclass(frozen=True)
class Servers:
    """`cluster` is a bin/servers.Cluster, `broker` the address of our own Redis."""

    cluster: Any
    broker: str


def environment(sink: Sink | None = None, broker: str = "") -> dict[str, str]:
    """For a process on the same database; PYTHONPATH, because it may be started from anywhere."""
    mail = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(sink.port), "EMAIL_USE_SSL": "0"} if sink else {}
    return {
        **os.environ,
        **mail,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "BROKER_URL": broker,
        "LOG_LEVEL": "CRITICAL",
    }

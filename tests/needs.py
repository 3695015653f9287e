"""What a test may need of this machine. A need that is not met skips the test and says why."""

import os

import pytest
from django.db import connection

# For processes that tests start: they do not know that they are part of a test.
os.environ.setdefault("DEMO", "1")
os.environ.setdefault("ENV_FILE", "")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("postgresql") and connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL; this run is on SQLite")
    if item.get_closest_marker("redis") and not os.environ.get("TEST_REDIS_URL"):
        pytest.skip("needs Redis: set TEST_REDIS_URL, or run `make test` with redis-server installed")

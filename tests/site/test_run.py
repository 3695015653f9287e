"""`make run`: everything starts with one command, and stops with Ctrl-C."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

pytestmark = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="make run is tried once, in the suite's run on SQLite"
)

RUN = [sys.executable, str(Path(settings.BASE_DIR) / "bin" / "run")]
START_WITHIN = 60
STOP_WITHIN = 20

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
        return free


@pytest.fixture
def start(tmp_path: Path, port: int) -> Iterator[Start]:
    """Starts bin/run on a folder and a port of the test's own, and leaves nothing running."""
    started: list[subprocess.Popen[str]] = []

    def begin(**changes: str) -> "subprocess.Popen[str]":
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "VAR_DIR": str(tmp_path),
            "PORT": str(port),
            **changes,
        }
        process = subprocess.Popen(
            RUN, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.terminate()
        process.communicate(timeout=STOP_WITHIN)


def until_it_runs(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        printed += line
        if "Running." in line:
            return printed
    raise AssertionError(printed)


def page(port: int, path: str) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as browser:
        browser.request("GET", path)
        with browser.getresponse() as response:
            return response.status


def children(folder: Path) -> list[int]:
    return [int(pid) for pid in (folder / "run.pid").read_text().split()[1:]]


def all_gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + STOP_WITHIN
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def test_it_serves_says_how_to_sign_in_and_stops_on_ctrl_c(start: Start, tmp_path: Path, port: int) -> None:
    process = start()
    printed = until_it_runs(process)
    pids = children(tmp_path)

    assert f"http://127.0.0.1:{port}/" in printed
    assert "Password" in printed
    assert (page(port, "/"), page(port, "/accounts/login/")) == (200, 200)
    assert len(pids) == 3

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=STOP_WITHIN)

    assert process.returncode == 0
    assert all_gone(pids)


def test_a_twin_is_refused_and_a_child_that_dies_stops_all(start: Start, tmp_path: Path, port: int) -> None:
    first = start()
    until_it_runs(first)
    web_server, worker, scheduler = children(tmp_path)

    twin = start(PORT=str(port + 1))
    said, _ = twin.communicate(timeout=START_WITHIN)
    assert twin.returncode == 1
    assert "already running here" in said

    os.kill(worker, signal.SIGKILL)
    said, _ = first.communicate(timeout=STOP_WITHIN)
    assert first.returncode == 1
    assert "The worker has ended by itself" in said
    assert all_gone([web_server, scheduler])


def test_a_taken_port_is_said_in_a_sentence(start: Start, port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        process = start()
        said, _ = process.communicate(timeout=START_WITHIN)

    assert process.returncode == 1
    assert said == f"Port {port} is taken by another program. Choose another one: PORT={port + 1} make run\n"


def test_children_that_outlived_their_parent_are_named(start: Start, tmp_path: Path) -> None:
    first = start()
    until_it_runs(first)
    pids = children(tmp_path)
    first.kill()
    first.wait()

    twin = start()
    said, _ = twin.communicate(timeout=START_WITHIN)
    assert f"kill {' '.join(map(str, pids))}" in said

    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    assert all_gone(pids)


def test_a_database_that_cannot_be_opened_starts_nothing(start: Start, tmp_path: Path) -> None:
    (tmp_path / "db.sqlite3").mkdir()
    process = start()
    said, _ = process.communicate(timeout=START_WITHIN)

    assert process.returncode == 1
    assert "manage.py migrate failed, so nothing was started." in said

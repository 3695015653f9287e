"""A PostgreSQL and a Redis for the length of a `with` block: the one that was named, else our own,
started on loopback in a temporary folder and stopped at the end whatever happens.

`own_postgresql` and `own_redis` are never anybody else's: what breaks servers on purpose takes these."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_WITHIN = 60  # seconds
STOP_WITHIN = 15


class Missing(Exception):
    """Says which system package to install."""


@dataclass(frozen=True)
class Server:
    url: str
    origin: str


@contextmanager
def postgresql() -> Iterator[Server]:
    named = os.environ.get("DATABASE_URL", "")
    if named.startswith(("postgres://", "postgresql://")):
        yield Server(named, "from DATABASE_URL")
    elif binaries := _newest_postgresql():
        with _own_cluster(binaries) as cluster:
            yield Server(cluster.url, f"started from {binaries}")
    else:
        with _wheel() as url:
            yield Server(url, "started from the pgserver wheel")


@contextmanager
def redis() -> Iterator[Server]:
    """Raises Missing. Our own comes before one that runs here already: that one may be in use."""
    if named := os.environ.get("REDIS_URL"):
        yield Server(named, "from REDIS_URL")
    elif binary := shutil.which("redis-server"):
        with own_redis() as url:
            yield Server(url, f"started from {binary}")
    elif _listens(6379):
        yield Server("redis://127.0.0.1:6379/15", "already running here, database 15")
    else:
        raise Missing("install redis-server (Debian: apt-get install redis-server), or set REDIS_URL")


@contextmanager
def own_postgresql() -> Iterator["Cluster"]:
    """Raises Missing. Nobody else works on it, so it may be crashed."""
    binaries = _newest_postgresql()
    if binaries is None:
        raise Missing("install postgresql (Debian: apt-get install postgresql)")
    with _own_cluster(binaries) as cluster:
        yield cluster


def _newest_postgresql() -> Path | None:
    """Debian keeps initdb off the PATH, one folder for each major version."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = debian[-1] if debian else shutil.which("initdb")
    return Path(found).parent if found else None


class Cluster:
    """A PostgreSQL that this process started, and the only one it may crash."""

    def __init__(self, url: str, start: Callable[[], "subprocess.Popen[bytes]"], ready: list[str]) -> None:
        self.url = url
        self._start = start
        self._ready = ready
        self.process = start()
        self._wait()

    def crash(self) -> None:
        """Ends at once, as after a power cut to the processes: no farewell to anybody, and what was not
        written to the log is gone. It comes up again by recovery."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(STOP_WITHIN)
        self.process = self._start()
        self._wait()

    def stop(self) -> None:
        _stop(self.process, signal.SIGINT)

    def _wait(self) -> None:
        _wait(lambda: subprocess.run(self._ready, check=False).returncode == 0, "PostgreSQL")


@contextmanager
def _own_cluster(binaries: Path) -> Iterator[Cluster]:
    port = _free_port()
    # It refuses to run as root, so root lends it the folder and the postgres user.
    owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    with _folder(owner) as folder:
        data = str(folder / "data")
        initdb = [f"{binaries}/initdb", f"--pgdata={data}", "--username=postgres", "--auth=trust"]
        _run([*initdb, "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"], folder, owner)
        server = [f"{binaries}/postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port)]
        # Nothing here needs to survive a crash, so nothing waits for the disk.
        fast = [
            "--fsync=off",
            "--full_page_writes=off",
            "--max_connections=200",
            "--unix_socket_directories=",
        ]
        ready = [f"{binaries}/pg_isready", "--quiet", "--host=127.0.0.1", f"--port={port}"]
        url = f"postgres://postgres@127.0.0.1:{port}/postgres"
        cluster = Cluster(url, lambda: _started([*server, *fast], folder, owner), ready)
        try:
            yield cluster
        finally:
            cluster.stop()


@contextmanager
def _wheel() -> Iterator[str]:
    try:
        import pgserver
    except ImportError as missing:
        raise Missing("install postgresql (Debian: apt-get install postgresql)") from missing
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:
        server = pgserver.get_server(folder, cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@contextmanager
def own_redis() -> Iterator[str]:
    """Raises Missing. Nobody else works on it, so it may be emptied."""
    binary = shutil.which("redis-server")
    if binary is None:
        raise Missing("install redis-server (Debian: apt-get install redis-server)")
    port = _free_port()
    with _folder(None) as folder:
        command = [binary, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
        with _running([*command, "--dir", str(folder)], folder, None, signal.SIGTERM):
            _wait(lambda: _listens(port), "Redis")
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def _folder(owner: pwd.struct_passwd | None) -> Iterator[Path]:
    # In /tmp, which every user may enter, whatever TMPDIR says.
    with tempfile.TemporaryDirectory(prefix="servers-", dir="/tmp", ignore_cleanup_errors=True) as name:
        if owner:
            os.chown(name, owner.pw_uid, owner.pw_gid)
        yield Path(name)


def _run(command: list[str], folder: Path, owner: pwd.struct_passwd | None) -> None:
    ended = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, **_identity(owner)
    )
    if ended.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{ended.stdout}{ended.stderr}")


@contextmanager
def _running(
    command: list[str],
    folder: Path,
    owner: pwd.struct_passwd | None,
    farewell: signal.Signals,
) -> Iterator[None]:
    process = _started(command, folder, owner)
    try:
        yield
    finally:
        _stop(process, farewell)


def _started(command: list[str], folder: Path, owner: pwd.struct_passwd | None) -> "subprocess.Popen[bytes]":
    with (folder / "server.log").open("ab") as log:
        # A session of its own: Ctrl-C ends the tests first, then this.
        return subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **_identity(owner),
        )


def _stop(process: "subprocess.Popen[bytes]", farewell: signal.Signals) -> None:
    process.send_signal(farewell)
    try:
        process.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _identity(owner: pwd.struct_passwd | None) -> dict[str, Any]:
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}


def _wait(ready: Callable[[], bool], name: str) -> None:
    deadline = time.monotonic() + START_WITHIN
    while not ready():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{name} did not answer within {START_WITHIN} seconds")
        time.sleep(0.1)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

"""One measured job, and the table of them."""

import os
import platform
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

from django.db import connection

ROUNDS = 3


@dataclass(frozen=True)
class Figure:
    """`measured` and `baseline` as read by people, `ratio` between them, and whether the budget holds."""

    job: str
    measured: str
    baseline: str
    ratio: str
    budget: str
    is_met: bool

    @property
    def cells(self) -> tuple[str, ...]:
        return (
            self.job,
            self.measured,
            self.baseline,
            self.ratio,
            self.budget,
            "yes" if self.is_met else "NO",
        )


HEADINGS = ("job", "measured", "baseline", "ratio", "budget", "met")


def table(figures: Iterable[Figure]) -> str:
    return aligned([HEADINGS, *(figure.cells for figure in figures)])


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """As Markdown, headings first, aligned so that a terminal reads it too."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rules = ["-" * width for width in widths]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in (rows[0], rules, *rows[1:])
    )


def seconds(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and seconds of CPU: of this process and of the one that serves it in the
    database. The second is what the work costs however busy the machine is. Parallel helpers of the
    database are not in it, nor is a remote one."""
    busy = process_time() + _of_the_database()
    taken = seconds(work)
    return taken, process_time() + _of_the_database() - busy


def _of_the_database() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        lines = _lines(f"/proc/{cursor.fetchone()[0]}/stat")
    ticks = lines[0].rpartition(")")[2].split()[11:13] if lines else []
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def interleaved(ways: Mapping[str, Callable[[], float]], rounds: int = ROUNDS) -> dict[str, float]:
    """The median of each way's own result, taken in turn: what else the machine does hits all alike."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            taken[name].append(way())
    return {name: statistics.median(results) for name, results in taken.items()}


def machine() -> str:
    """What the figures were taken on, and how busy it was: shared machines tell slow stories."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0].split()[0]
    return (
        f"{os.cpu_count()} × {_processor()}, {_memory()}, load {os.getloadavg()[0]:.1f}; "
        f"PostgreSQL {server} without fsync, Python {platform.python_version()}"
    )


def _processor() -> str:
    names = (line for line in _lines("/proc/cpuinfo") if line.startswith("model name"))
    return next((line.partition(":")[2].strip() for line in names), platform.processor() or "unknown")


def _memory() -> str:
    total = next((line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), "0")
    return f"{int(total) // 1_048_576} GiB" if total != "0" else "memory unknown"


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []

"""Rights requests: what is late, what comes, what waits for a second colleague. Each count leads to its list."""

from dataclasses import dataclass

from requests import waiting

from .lines import Line, Lines, Morning, listed


@dataclass(frozen=True)
class Counted:
    """What is counted, how one and how many are called, and where they are listed."""

    question: waiting.Question
    one: str
    many: str
    query: str


NOW = (
    Counted(waiting.late, "rights request is late", "rights requests are late", "view=late"),
    Counted(waiting.due_today, "rights request is due today", "rights requests are due today", "waits=today"),
    Counted(
        waiting.unread,
        "case holds a message that nobody has read",
        "cases hold a message that nobody has read",
        "waits=reading",
    ),
    Counted(
        waiting.stuck_tasks,
        "case waits for a system that is late or parked",
        "cases wait for a system that is late or parked",
        "waits=task",
    ),
)
SECOND = (
    Counted(
        waiting.erasures_to_approve,
        "erasure to read and approve",
        "erasures to read and approve",
        "waits=erasure",
    ),
    Counted(
        waiting.recoveries_to_second,
        "requester who lost their address: a second look",
        "requesters who lost their address: a second look",
        "waits=recovery",
    ),
)
SOON = (
    Counted(
        waiting.due_this_week,
        "rights request is due within a week",
        "rights requests are due within a week",
        "waits=week",
    ),
    Counted(
        waiting.nobodys,
        "rights request that nobody has taken",
        "rights requests that nobody has taken",
        "view=open&whose=nobody",
    ),
)


def now(morning: Morning) -> Lines:
    return _lines(morning, NOW)


def for_a_second(morning: Morning) -> Lines:
    return _lines(morning, SECOND)


def soon(morning: Morning) -> Lines:
    return _lines(morning, SOON)


def _lines(morning: Morning, lines: tuple[Counted, ...]) -> Lines:
    counts = morning.totals({line.query: line.question(morning.at) for line in lines})
    for line in lines:
        if count := counts[line.query]:
            words = line.one if count == 1 else line.many
            yield Line(words, listed("requests_rightsrequest", line.query), count)

"""The promise ledger: each published sentence, linked to a live check (design, truth 10).

An app registers its checks in its own `promises.py`, found as Django's admin is:

    @promise("no-data-without-purpose", "each category directly supports platform functionality")
    def no_data_without_purpose(on: date) -> Finding: ..."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from functools import cache

from django.db import models
from django.utils.module_loading import autodiscover_modules

SAME = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "*": None, "_": None, "\\": None}
)


class State(Enum):
    KEPT = "kept"
    AT_RISK = "at risk"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """What a check found: a sentence for staff, and the rows to look at (a few, not all of a million)."""

    state: State
    sentence: str
    rows: list[models.Model] = field(default_factory=list)


def kept(sentence: str) -> Finding:
    return Finding(State.KEPT, sentence)


def at_risk(sentence: str, rows: Iterable[models.Model] = ()) -> Finding:
    return Finding(State.AT_RISK, sentence, list(rows))


def broken(sentence: str, rows: Iterable[models.Model] = ()) -> Finding:
    return Finding(State.BROKEN, sentence, list(rows))


@dataclass(frozen=True)
class Promise:
    """`says` is the policy's own wording."""

    code: str
    says: str
    check: Callable[[date], Finding]


class PromisedTwice(Exception):
    """Two checks share one code: which of them keeps the promise?"""


_promises: dict[str, Promise] = {}
Check = Callable[[date], Finding]


def promise(code: str, says: str) -> Callable[[Check], Check]:
    def register(check: Check) -> Check:
        if code in _promises and _promises[code].check is not check:
            raise PromisedTwice(code)
        _promises[code] = Promise(code, says, check)
        return check

    return register


def promises() -> list[Promise]:
    """Every promise with a keeper, by code."""
    _discover()
    return [_promises[code] for code in sorted(_promises)]


def carried_by(text: str) -> list[Promise]:
    """Those whose words stand in a text, however it is set: emphasis, line ends and quotes do not count."""
    words = _bare(text)
    return [promise for promise in promises() if _bare(promise.says) in words]


def examine(on: date, among: Iterable[Promise] | None = None) -> list[tuple[Promise, Finding]]:
    """Each promise (of those given) and where it stands on that day, the worst first. A check may be
    costly: each is called once."""
    worst_first = list(reversed(State))
    found = [(promise, promise.check(on)) for promise in (promises() if among is None else among)]
    return sorted(found, key=lambda pair: worst_first.index(pair[1].state))


def _bare(text: str) -> str:
    return " ".join(text.translate(SAME).split()).casefold()


@cache
def _discover() -> None:
    autodiscover_modules("promises")

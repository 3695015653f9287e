"""Which parts of two sequences belong together, in order, with a bounded amount of work."""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

# Up to this many tokens together are compared exactly at once; longer ones are first cut at anchors.
EXACT = 400
# Neither one monster passage nor many small ones may use up the patience of a visitor.
GAP_STEPS = 300_000


class Match(NamedTuple):
    """old[old:old+size] equals new[new:new+size]."""

    old: int
    new: int
    size: int


class Budget:
    """Steps left for a whole comparison, so that the answer is the same on a slow machine."""

    def __init__(self, steps: int) -> None:
        self.left = steps


def align(old: Sequence[str], new: Sequence[str], budget: Budget, *, anchor: int) -> list[Match]:
    """Equal stretches, in order on both sides. Long sequences are cut where `anchor` consecutive
    tokens occur once on each side; what lies between two cuts is compared exactly, or, when that
    would cost too much, left unmatched."""
    return list(_joined(_align(old, new, budget, anchor)))


def _align(old: Sequence[str], new: Sequence[str], budget: Budget, anchor: int) -> Iterator[Match]:
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    yield Match(0, 0, head)
    inner_old, inner_new = old[head : len(old) - tail], new[head : len(new) - tail]
    if inner_old and inner_new:
        cut = anchor and len(inner_old) + len(inner_new) > EXACT
        found = (
            _between_anchors(inner_old, inner_new, budget, anchor)
            if cut
            else _exact(inner_old, inner_new, budget)
        )
        for match in found:
            yield Match(head + match.old, head + match.new, match.size)
    yield Match(len(old) - tail, len(new) - tail, tail)


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """How many tokens both begin with."""
    size = min(len(old), len(new))
    if old[:size] == new[:size]:
        return size
    return next(index for index in range(size) if old[index] != new[index])


def _between_anchors(old: Sequence[str], new: Sequence[str], budget: Budget, anchor: int) -> Iterator[Match]:
    i = j = 0
    for at_old, at_new in [*_anchors(old, new, anchor), (len(old), len(new))]:
        if at_old > i or at_new > j:
            for match in _align(old[i:at_old], new[j:at_new], budget, anchor=0):
                yield Match(i + match.old, j + match.new, match.size)
        if at_old < len(old):
            yield Match(at_old, at_new, 1)
        i, j = at_old + 1, at_new + 1


def _anchors(old: Sequence[str], new: Sequence[str], size: int) -> list[tuple[int, int]]:
    """Places where `size` tokens stand in a row that do so once on each side; the longest rising chain."""
    in_old, in_new = _unique_windows(old, size), _unique_windows(new, size)
    return _rising([(at, in_new[window]) for window, at in in_old.items() if window in in_new])


def _unique_windows(tokens: Sequence[str], size: int) -> dict[tuple[str, ...], int]:
    windows = list(zip(*(tokens[offset:] for offset in range(size)), strict=False))
    counts = Counter(windows)
    return {window: at for at, window in enumerate(windows) if counts[window] == 1}


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest subsequence that rises on the new side too (patience sorting)."""
    tops: list[int] = []
    piles: list[int] = []
    below: list[int] = []
    for index, (_, at_new) in enumerate(pairs):
        pile = bisect_left(tops, at_new)
        below.append(piles[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [at_new]
        piles[pile : pile + 1] = [index]
    chain: list[tuple[int, int]] = []
    index = piles[-1] if piles else -1
    while index >= 0:
        chain.append(pairs[index])
        index = below[index]
    return chain[::-1]


class _TooMuch(Exception):
    pass


class _Counted(SequenceMatcher[str]):
    """difflib's matcher, which stops when its allowance is spent: on repetitive text its work grows
    with the cube of the length."""

    def __init__(self, old: Sequence[str], new: Sequence[str], allowance: int) -> None:
        super().__init__(None, old, new, autojunk=False)
        counts = Counter(new)
        self.length = len(old)
        self.weight = 1 + sum(counts[token] for token in old) // len(old)
        self.allowance = allowance
        self.spent = 0

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None):  # type: ignore[no-untyped-def]  # difflib's own tuple
        steps = self.weight * ((self.length if ahi is None else ahi) - alo)
        if self.spent + steps > self.allowance:
            raise _TooMuch
        self.spent += steps
        return super().find_longest_match(alo, ahi, blo, bhi)


def _exact(old: Sequence[str], new: Sequence[str], budget: Budget) -> list[Match]:
    matcher = _Counted(old, new, min(budget.left, GAP_STEPS))
    try:
        return [Match(*match) for match in matcher.get_matching_blocks()]
    except _TooMuch:
        return []
    finally:
        budget.left -= matcher.spent + len(old) + len(new)


def _joined(matches: Iterable[Match]) -> Iterator[Match]:
    """Neighbours as one match, empty ones dropped."""
    last = Match(0, 0, 0)
    for match in matches:
        if match.old == last.old + last.size and match.new == last.new + last.size:
            last = Match(last.old, last.new, last.size + match.size)
        elif match.size:
            if last.size:
                yield last
            last = match
    if last.size:
        yield last


def pair(
    old: Sequence[frozenset[str]], new: Sequence[frozenset[str]], budget: Budget, *, likeness: float
) -> list[tuple[int, int]]:
    """Which of two rows of passages are the same one rewritten: most alike first, never crossing.

    Each is given as the set of its words. In long rows only near neighbours are looked at."""
    reach = max(budget.left // (50 * max(len(old), 1)), 1)
    candidates = []
    for i, words in enumerate(old):
        middle = i * len(new) // len(old)
        for j in range(max(middle - reach, 0), min(middle + reach + 1, len(new))):
            alike = 2 * len(words & new[j]) / ((len(words) + len(new[j])) or 1)
            if alike >= likeness:
                candidates.append((-alike, i, j))
        budget.left -= min(2 * reach, len(new)) * 5
    return _uncrossed(sorted(candidates))


def _uncrossed(candidates: Iterable[tuple[float, int, int]]) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    for _, i, j in candidates:
        at = bisect_left(pairs, (i, j))
        before = pairs[at - 1] if at else (-1, -1)
        after = pairs[at] if at < len(pairs) else (i + 1, j + 1)
        if before[0] < i < after[0] and before[1] < j < after[1]:
            insort(pairs, (i, j))
    return pairs

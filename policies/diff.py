"""What changed between two versions of a text, passage by passage and word by word.

Passages are matched first, words only inside passages that belong together. All work is counted
against a budget: past it a passage is shown as removed and added whole, so that no text, however
made, keeps a visitor waiting."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import groupby

from .aligning import Budget, Match, align, pair
from .markdown import Block, blocks

STEPS = 4_000_000
# Two passages with less in common than this are two passages, not one rewritten.
LIKENESS = 0.45
# Fewer common words than this between two changes only make the reader's eye jump.
ISLAND = 3
ANCHOR = 4


class Kind(StrEnum):
    UNCHANGED = "unchanged"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Run:
    """Words in a row that share a fate: unchanged, added or removed."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """One block and what became of it. `section` is the heading it stands under."""

    kind: Kind
    block: Block
    section: str
    runs: tuple[Run, ...]

    @property
    def is_changed(self) -> bool:
        return self.kind != Kind.UNCHANGED


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring passages, all changed or all unchanged: what a page shows or folds."""

    is_changed: bool
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """“2 of 41 passages” is `changed` of `total`: everything that stood before or stands now."""

    passages: tuple[Passage, ...]

    @property
    def total(self) -> int:
        return len(self.passages)

    @property
    def changed(self) -> int:
        return sum(passage.is_changed for passage in self.passages)

    @property
    def stretches(self) -> list[Stretch]:
        runs = groupby(self.passages, key=lambda passage: passage.is_changed)
        return [Stretch(is_changed, tuple(passages)) for is_changed, passages in runs]


def has_visible_change(old: str, new: str) -> bool:
    """Whether a reader would see other words or other link targets; not mere spacing or formatting."""
    return old != new and _words_of(old) != _words_of(new)


def _words_of(markdown: str) -> list[str]:
    return [word for block in blocks(markdown) for word in block.text.split() if word != "|"]


# Published texts are frozen: the same two are compared for every visitor.
@lru_cache(maxsize=16)
def compare(old: str, new: str) -> Comparison:
    """Two Markdown texts, each within `markdown.check_limits`."""
    return Comparison(tuple(_passages(_sectioned(blocks(old)), _sectioned(blocks(new)), Budget(STEPS))))


Placed = tuple[Block, str]


def _sectioned(found: Sequence[Block]) -> list[Placed]:
    """Each block with the heading above it."""
    section = ""
    placed: list[Placed] = []
    for block in found:
        placed.append((block, section))
        if block.kind == "heading":
            section = block.text
    return placed


def _passages(old: list[Placed], new: list[Placed], budget: Budget) -> Iterator[Passage]:
    matches = align([block.text for block, _ in old], [block.text for block, _ in new], budget, anchor=1)
    i = j = 0
    for match in [*matches, Match(len(old), len(new), 0)]:
        yield from _replaced(old[i : match.old], new[j : match.new], budget)
        for block, section in new[match.new : match.new + match.size]:
            yield _whole(Kind.UNCHANGED, block, section)
        i, j = match.old + match.size, match.new + match.size


def _replaced(old: list[Placed], new: list[Placed], budget: Budget) -> Iterator[Passage]:
    """A range where nothing stayed as it was: rewritten passages in their place, the rest whole."""
    i = j = 0
    for at_old, at_new in [*_pairs(old, new, budget), (len(old), len(new))]:
        yield from (_whole(Kind.REMOVED, *placed) for placed in old[i:at_old])
        yield from (_whole(Kind.ADDED, *placed) for placed in new[j:at_new])
        if at_old < len(old):
            yield from _rewritten(old[at_old], new[at_new], budget)
        i, j = at_old + 1, at_new + 1


def _pairs(old: list[Placed], new: list[Placed], budget: Budget) -> list[tuple[int, int]]:
    if not old or not new:
        return []
    return pair(
        [_features(block) for block, _ in old],
        [_features(block) for block, _ in new],
        budget,
        likeness=LIKENESS,
    )


_WORD = re.compile(r"\w+")


def _features(block: Block) -> frozenset[str]:
    """What makes a passage itself. The first few thousand characters tell."""
    return frozenset(_WORD.findall(block.text[:4000].lower()))


def _whole(kind: Kind, block: Block, section: str) -> Passage:
    return Passage(kind, block, section, (Run(kind, block.text),))


def _rewritten(old: Placed, new: Placed, budget: Budget) -> Iterator[Passage]:
    runs = _runs(tokens(old[0].text), tokens(new[0].text), budget)
    if any(run.kind == Kind.UNCHANGED for run in runs):
        yield Passage(Kind.CHANGED, *new, tuple(runs))
    else:
        yield _whole(Kind.REMOVED, *old)
        yield _whole(Kind.ADDED, *new)


# A word with the space before it; an address is one word, so that it never changes by halves.
_TOKEN = re.compile(r"\s?(?:(?:\w+:/)?/[^\s)]+|\w+(?:[’'.,@-]\w+)*|[^\w\s])")


def tokens(text: str) -> list[str]:
    """The text cut into words; joined they are the text again."""
    return _TOKEN.findall(text)


def _runs(old: list[str], new: list[str], budget: Budget) -> list[Run]:
    runs: list[Run] = []
    i = j = 0
    for match in [
        *_without_islands(align(old, new, budget, anchor=ANCHOR), old, new),
        Match(len(old), len(new), 0),
    ]:
        stretches = (
            (Kind.REMOVED, old[i : match.old]),
            (Kind.ADDED, new[j : match.new]),
            (Kind.UNCHANGED, old[match.old : match.old + match.size]),
        )
        runs += [Run(kind, "".join(words)) for kind, words in stretches if words]
        i, j = match.old + match.size, match.new + match.size
    return runs


def _without_islands(matches: list[Match], old: list[str], new: list[str]) -> Iterator[Match]:
    """Drop a word or two in common amid longer changes: they read better as part of the change."""
    i = j = 0
    following = [*matches, Match(len(old), len(new), 0)][1:]
    for match, after in zip(matches, following, strict=True):
        changed_before = max(match.old - i, match.new - j)
        changed_after = max(after.old - match.old, after.new - match.new) - match.size
        if match.size < ISLAND and min(changed_before, changed_after) > match.size:
            continue
        yield match
        i, j = match.old + match.size, match.new + match.size

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.aligning import Budget, align, pair
from policies.diff import Comparison, Kind, Passage, Run, compare, has_visible_change, tokens
from policies.markdown import blocks

WORDS = st.sampled_from(
    ["we", "keep", "your", "data", "one", "year", "(we)", "share,", "it.", "x|y", "<b>", "é"]
)
SENTENCE = st.lists(WORDS, min_size=1, max_size=30).map(" ".join)
BLOCK = st.one_of(SENTENCE, SENTENCE.map(lambda text: f"## {text}"), SENTENCE.map(lambda text: f"- {text}"))
TEXT = st.lists(BLOCK, max_size=12).map("\n\n".join)


def side(comparison: Comparison, fate: Kind) -> list[str]:
    """What one of the two readers sees: everything but what the other alone sees."""
    read = [
        "".join(run.text for run in passage.runs if run.kind in (Kind.UNCHANGED, fate)).strip()
        for passage in comparison.passages
    ]
    return [text for text in read if text]


@given(TEXT, TEXT)
@settings(max_examples=300, deadline=None)
def test_each_side_of_the_comparison_reads_as_its_text(old: str, new: str) -> None:
    comparison = compare(old, new)
    assert side(comparison, Kind.REMOVED) == [block.text for block in blocks(old)]
    assert side(comparison, Kind.ADDED) == [block.text for block in blocks(new)]


@given(TEXT, TEXT)
@settings(max_examples=100, deadline=None)
def test_equal_words_and_no_changed_passage_are_the_same_thing(old: str, new: str) -> None:
    assert not compare(old, old).changed
    if has_visible_change(old, new):
        assert compare(old, new).changed


@given(st.text(max_size=200))
def test_words_joined_again_are_the_text(text: str) -> None:
    squeezed = " ".join(text.split())
    assert "".join(tokens(squeezed)) == squeezed


@given(st.lists(st.sampled_from("abc"), max_size=40), st.lists(st.sampled_from("abc"), max_size=40))
def test_matches_are_equal_on_both_sides_and_rise(old: list[str], new: list[str]) -> None:
    i = j = 0
    for match in align(old, new, Budget(10_000), anchor=2):
        assert match.old >= i
        assert match.new >= j
        assert old[match.old : match.old + match.size] == new[match.new : match.new + match.size]
        i, j = match.old + match.size, match.new + match.size


def changed(old: str, new: str) -> list[Passage]:
    return [passage for passage in compare(old, new).passages if passage.is_changed]


def test_a_changed_word_is_shown_inside_its_passage() -> None:
    [passage] = changed(
        "# Policy\n\nWe keep it one year.\n\nEnd.", "# Policy\n\nWe keep it two years.\n\nEnd."
    )
    assert (passage.kind, passage.section) == (Kind.CHANGED, "Policy")
    assert passage.runs == (
        Run(Kind.UNCHANGED, "We keep it"),
        Run(Kind.REMOVED, " one year"),
        Run(Kind.ADDED, " two years"),
        Run(Kind.UNCHANGED, "."),
    )


def test_the_count_reads_two_of_four_passages() -> None:
    comparison = compare("a b c\n\nd e f\n\ng h i", "a b c\n\nd e x\n\ng h i\n\nj k l")
    assert (comparison.changed, comparison.total) == (2, 4)


def test_a_changed_link_target_is_a_visible_change() -> None:
    [passage] = changed("Ask [us](https://a.example/help).", "Ask [us](https://b.example/help).")
    assert Run(Kind.REMOVED, "https://a.example/help") in passage.runs


def test_an_inserted_passage_leaves_its_neighbours_alone() -> None:
    rows = ["| a | b |\n|---|---|", "| Pusher | chat |", "| Zendesk | tickets |"]
    [passage] = changed("\n".join([rows[0], rows[2]]), "\n".join(rows))
    assert (passage.kind, passage.block.text) == (Kind.ADDED, "Pusher | chat")


def test_passages_with_little_in_common_are_told_apart() -> None:
    kinds = [passage.kind for passage in changed("We never sell your data.", "Cookies help this page work.")]
    assert kinds == [Kind.REMOVED, Kind.ADDED]


def test_a_rewritten_passage_is_paired_with_its_own_former_words() -> None:
    old = "Pupils may write to us at any hour.\n\nTeachers see answers of their own class."
    new = "A brand new passage on cookies.\n\nTeachers see the answers of their own class."
    assert [passage.kind for passage in changed(old, new)] == [Kind.REMOVED, Kind.ADDED, Kind.CHANGED]


def test_one_common_word_amid_a_rewritten_sentence_is_not_an_island() -> None:
    [passage] = changed(
        "You can write to us and we answer you within one long month of that day.",
        "You can write to us or call the friendly people and hear back within seven short days of that day.",
    )
    assert [run.kind for run in passage.runs] == [Kind.UNCHANGED, Kind.REMOVED, Kind.ADDED, Kind.UNCHANGED]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("We keep\nyour data.", "We  keep your\tdata.\n\n"),
        ("We **keep** your data.", "We keep _your_ data."),
        ("# We keep\n\n- your data", "We keep\n\nyour data"),
        ("We keep your data.", "We ke\u00adep\u200b your data."),
        ("| a | b |\n|---|---|\n| c | d |", "a b\n\nc d"),
    ],
)
def test_spacing_and_formatting_are_no_visible_change(old: str, new: str) -> None:
    assert not has_visible_change(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("one year", "two years"),
        ("[us](/a)", "[us](/b)"),
        ("we do not sell", "we do ~~not~~ sell"),
        ("a b", "b a"),
        ("", "a"),
    ],
)
def test_other_words_and_other_targets_are_a_visible_change(old: str, new: str) -> None:
    assert has_visible_change(old, new)


def test_unchanged_passages_are_folded_together() -> None:
    comparison = compare("a\n\nb\n\nc c c\n\nd", "a\n\nb\n\nc c e\n\nd")
    assert [(stretch.is_changed, len(stretch.passages)) for stretch in comparison.stretches] == [
        (False, 2), (True, 1), (False, 1),
    ]  # fmt: skip


MONSTERS = [
    ("word " * 100_000, "word " * 99_000 + "other " + "word " * 900),
    ("a b " * 50_000, "b a " * 50_000),
    ("x" * 1_000_000, "x" * 999_999 + "y"),
    (
        "\n\n".join(f"# Part {n}" for n in range(10_000)),
        "\n\n".join(f"# Part {n} new" for n in range(10_000)),
    ),
    ("we keep your data. " * 52_000, "you keep our word. " * 52_000),
]


@pytest.mark.parametrize(("old", "new"), MONSTERS)
def test_a_monster_is_compared_within_the_budget_and_loses_no_word(old: str, new: str) -> None:
    comparison = compare(old, new)
    assert comparison.changed
    assert side(comparison, Kind.REMOVED) == [block.text for block in blocks(old)]
    assert side(comparison, Kind.ADDED) == [block.text for block in blocks(new)]


@pytest.mark.parametrize("size", [200, 2_000, 20_000])
def test_the_work_does_not_grow_past_the_budget(size: int) -> None:
    budget = Budget(1_000_000)
    old, new = ["a", "b", "c"] * size, ["a", "c", "b", "b"] * size
    align(old, new, budget, anchor=4)
    assert budget.left > 1_000_000 - 300_000 - 20 * len(new)


def test_pairs_never_cross_and_the_most_alike_come_first() -> None:
    old = [frozenset("abc"), frozenset("def")]
    new = [frozenset("def"), frozenset("abx")]
    assert pair(old, new, Budget(100_000), likeness=0.5) == [(1, 0)]

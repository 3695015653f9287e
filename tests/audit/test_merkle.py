from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import merkle

LEAVES = st.lists(
    st.binary(max_size=8).map(lambda b: sha256(b"\x00" + b).hexdigest()), min_size=1, max_size=40
)


def by_the_book(hashes: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word: split at the largest power of two below n."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return sha256(b"\x01" + by_the_book(hashes[:split]) + by_the_book(hashes[split:])).digest()


@given(LEAVES)
def test_the_root_is_the_one_of_the_standard(leaves):
    assert merkle.root(leaves) == by_the_book([bytes.fromhex(leaf) for leaf in leaves]).hex()


@given(LEAVES, st.data())
def test_any_changed_leaf_changes_the_root(leaves, data):
    place = data.draw(st.integers(0, len(leaves) - 1))
    changed = [*leaves[:place], sha256(leaves[place].encode()).hexdigest(), *leaves[place + 1 :]]
    assert merkle.root(changed) != merkle.root(leaves)


@given(LEAVES, st.data())
def test_two_swapped_leaves_change_the_root(leaves, data):
    one, two = data.draw(st.integers(0, len(leaves) - 1)), data.draw(st.integers(0, len(leaves) - 1))
    swapped = list(leaves)
    swapped[one], swapped[two] = swapped[two], swapped[one]
    assert (merkle.root(swapped) == merkle.root(leaves)) == (leaves[one] == leaves[two])


@given(LEAVES)
def test_a_missing_last_leaf_changes_the_root(leaves):
    assert merkle.root([*leaves, leaves[-1]]) != merkle.root(leaves)


def test_a_known_tree_keeps_its_root():
    leaves = [merkle.leaf({"n": n}) for n in range(3)]
    assert merkle.root(leaves) == "2cfef7627597e00b564975774ad728ef210706759fca6d64138c6dfc1cbf2cda"


def test_nothing_has_no_root():
    with pytest.raises(ValueError, match="at least one"):
        merkle.root([])


def test_the_order_of_keys_does_not_matter_and_every_value_does():
    assert (
        merkle.canonical({"b": 1, "a": "é"})
        == merkle.canonical({"a": "é", "b": 1})
        == b'{"a":"\\u00e9","b":1}'
    )
    assert merkle.link(merkle.START, {"n": 1}) != merkle.link(merkle.START, {"n": 2})
    assert merkle.link("1" * 64, {"n": 1}) != merkle.link("2" * 64, {"n": 1})

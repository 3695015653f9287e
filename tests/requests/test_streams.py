"""Sealed streams: what was put in comes out, and nothing else ever does."""

import io
import tracemalloc

import pytest

from requests.keeping.streams import CHUNK, MAGIC, SALT, TAG, Tampered, opened, pieces_of, sealed

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
NAME = "ab/one.sealed"
HEAD, BLOCK = len(MAGIC) + SALT, CHUNK + TAG


def put(content, name=NAME):
    return b"".join(sealed([content], KEY, name))


def take(bytes_on_disk, key=KEY, name=NAME):
    return b"".join(opened(io.BytesIO(bytes_on_disk), key, name))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_goes_in_comes_out(size):
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)

    assert take(put(content)) == content


def test_pieces_of_any_size_give_the_same_content():
    pieces = [b"a", b"", b"b" * (2 * CHUNK + 5), b"c" * CHUNK]

    assert take(b"".join(sealed(pieces, KEY, NAME))) == b"".join(pieces)


def test_one_content_sealed_twice_looks_different():
    assert put(b"Amina")[HEAD:] != put(b"Amina")[HEAD:]


def test_every_flipped_bit_is_found():
    whole = put(b"A short letter.")

    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1
        with pytest.raises(Tampered):
            take(bytes(flipped))


@pytest.mark.parametrize("kept", [0, 5, HEAD, HEAD + 7, HEAD + BLOCK, HEAD + 2 * BLOCK, HEAD + 2 * BLOCK + 9])
def test_a_cut_off_end_is_found(kept):
    with pytest.raises(Tampered):
        take(put(b"z" * (2 * CHUNK + 100))[:kept])


def test_chunks_that_changed_places_are_found():
    whole = put(b"1" * CHUNK + b"2" * CHUNK + b"3")
    first, second = whole[HEAD : HEAD + BLOCK], whole[HEAD + BLOCK : HEAD + 2 * BLOCK]

    with pytest.raises(Tampered):
        take(whole[:HEAD] + second + first + whole[HEAD + 2 * BLOCK :])


def test_something_added_at_the_end_is_found():
    with pytest.raises(Tampered):
        take(put(b"y" * CHUNK) + put(b"y" * CHUNK)[HEAD:])


@pytest.mark.parametrize("wrong", [{"key": OTHER_KEY}, {"name": "ab/two.sealed"}])
def test_another_key_or_another_files_name_opens_nothing(wrong):
    with pytest.raises(Tampered):
        take(put(b"Amina"), **wrong)


def test_memory_does_not_grow_with_the_file(tmp_path):
    megabytes = 24
    path = tmp_path / "large"
    tracemalloc.start()
    try:
        with path.open("wb") as file:
            for block in sealed((b"m" * 1_000_000 for _ in range(megabytes)), KEY, NAME):
                file.write(block)
        with path.open("rb") as file:
            assert sum(map(len, opened(file, KEY, NAME))) == megabytes * 1_000_000
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_an_open_file_is_read_in_pieces():
    assert list(pieces_of(io.BytesIO(b"q" * (CHUNK + 1)))) == [b"q" * CHUNK, b"q"]

"""A mail from a mold is the mail that would have been encoded by itself."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notices.delivery import UnsafeValue, build
from notices.models import Letter, Notice
from notices.molds import Mold

from .factories import draft

LANGUAGES = ["en", "es", "fr", "de"]
ADDRESSES = [
    "amina@family.example",
    "o'neil+a_b@école.example",
    "büro@family.example",
    f"{'a' * 60}@x.example",
]
names = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=100)


def letter(**changed) -> Letter:
    words = draft(**changed)
    return Letter(
        language=words.language,
        variant=words.variant,
        subject=words.subject,
        body_text=words.body_text,
        body_html=words.body_html,
    )


def read(message) -> tuple[set[bytes], bytes]:
    """Headers and body, without what is new at every encoding and how the bytes are announced."""
    whole = message.message().as_bytes(linesep="\r\n")
    whole = re.sub(rb"={15}\d+==", b"BOUNDARY", whole)
    whole = re.sub(rb"(?m)^(Date:|Content-Transfer-Encoding:)[^\r\n]*", rb"\1", whole)
    headers, _, body = whole.partition(b"\r\n\r\n")
    return set(headers.split(b"\r\n")), body


@given(name=names, language=st.sampled_from(LANGUAGES), address=st.sampled_from(ADDRESSES))
def test_both_ways_say_the_same(name, language, address):
    words = letter(language=language, subject="Ihre Daten – was sich ändert")
    notice = Notice(pk=7, address=address, greeting=name)
    assert read(Mold(words).fill(notice)) == read(build(notice, words))


def test_a_plain_address_takes_the_short_way():
    notice = Notice(pk=7, address="amina@family.example", greeting="Ñúñez & <Söhne>")
    assert Mold(letter()).fill(notice).encoded


@pytest.mark.parametrize("address", ADDRESSES[1:])
def test_an_address_that_needs_care_gets_it(address):
    assert not Mold(letter()).fill(Notice(pk=7, address=address, greeting="Amina")).encoded


def test_a_letter_with_endless_lines_is_wrapped_for_each_person():
    words = letter(body_html=f"<p>Hello{{greeting}},</p><p>{'lesson ' * 200}</p>")
    message = Mold(words).fill(Notice(pk=7, address="amina@family.example", greeting="Amina"))
    assert not message.encoded
    assert max(map(len, message.message().as_bytes().split(b"\n"))) < 998


def test_words_that_look_like_a_place_of_the_mold_stay_words():
    words = letter(body_text="Hello{greeting},\n\nplace-of-date\n")
    message = Mold(words).fill(Notice(pk=7, address="amina@family.example", greeting="place-of-number"))
    assert b"\r\nplace-of-date\r\n" in message.message().as_bytes(linesep="\r\n")
    assert b"Hello place-of-number," in message.message().as_bytes()


@pytest.mark.parametrize(("address", "name"), [("a@b\r\nBcc: c@d", "A"), ("amina@family.example", "A\r\nB")])
def test_a_value_that_would_change_the_mail_around_it_is_refused(address, name):
    with pytest.raises(UnsafeValue):
        Mold(letter()).fill(Notice(pk=7, address=address, greeting=name))


def test_whoever_looks_into_it_finds_what_is_in_any_mail():
    message = Mold(letter()).fill(Notice(pk=7, address="amina@family.example", greeting="Amina"))
    assert message.body.startswith("Hello Amina,")
    assert message.message()["Message-ID"] == "<notice-7@notices.localhost>"

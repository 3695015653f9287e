import re

import pytest
from django.core.exceptions import ValidationError

from policies.markdown import (
    Block,
    blocks,
    check_limits,
    clean_markdown,
    find_placeholders,
    render,
    strip_front_matter,
)


def test_the_opening_heading_becomes_the_title_and_leaves_the_text() -> None:
    page = render("# Cookies\n\nWe use three.\n")
    assert page.title == "Cookies"
    assert page.html == "<p>We use three.</p>\n"


def test_headings_start_at_two_and_skip_no_level() -> None:
    page = render("# Policy\n\n#### Deep\n\nx\n\n# Second top\n\n###### Deeper\n")
    assert [heading.level for heading in page.contents] == [2, 2, 3]
    assert "<h1" not in page.html


def test_anchors_name_the_heading_in_any_script_and_never_clash() -> None:
    page = render("## Tus datos, ¡aquí!\n\n## Daten\n\n## Daten\n\n## Daten 2\n\n## ¿?\n\n## _main\n")
    anchors = [heading.anchor for heading in page.contents]
    assert anchors == ["tus-datos-aquí", "daten", "daten-2", "daten-2-2", "section", "main"]


def test_an_anchor_survives_edits_elsewhere() -> None:
    before = render("## Cookies\n\ntext\n\n## Rights\n").contents[1].anchor
    after = render("## New part\n\n## Cookies\n\nmore\n\n## Rights\n").contents[-1].anchor
    assert before == after == "rights"


@pytest.mark.parametrize(
    "typed", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "{{7*7}}", "${7*7}"]
)
def test_what_is_typed_as_code_is_shown_as_typed(typed: str) -> None:
    html = render(f"Hello {typed}").html
    assert not re.search("<(script|img)", html)
    assert typed.replace("<", "&lt;").replace(">", "&gt;") in html


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "http://plain.example", "ftp://x"]
)
def test_a_link_leads_only_where_it_may(target: str) -> None:
    assert "href" not in render(f"[here]({target})").html


@pytest.mark.parametrize(
    "target", ["https://example.org/a", "mailto:help@example.org", "/versions/", "#rights"]
)
def test_an_ordinary_link_stays_a_link(target: str) -> None:
    assert f'<a href="{target}" rel="noopener">here</a>' in render(f"[here]({target})").html


def test_a_picture_is_shown_by_its_description() -> None:
    assert render("![Our <b>seal](data:image/png;base64,AA)").html == "<p>Our &lt;b&gt;seal</p>\n"


def test_a_table_stands_in_a_named_region_the_keyboard_can_reach() -> None:
    html = render("## Cookies\n\n| Name | Days |\n|---|--:|\n| _octo | 365 |\n").html
    assert '<div class="scroll" role="region" tabindex="0" aria-labelledby="_table-1">' in html
    assert '<caption class="visually-hidden" id="_table-1">Cookies</caption>' in html
    assert '<th class="right" scope="col">Days</th>' in html
    assert "style=" not in html


def test_a_table_under_no_heading_is_named_by_its_columns() -> None:
    assert 'id="_table-1">Name, Days</caption>' in render("| Name | Days |\n|---|---|\n| a | b |\n").html


def test_the_visible_text_is_read_block_by_block() -> None:
    text = "# Title\n\nOne *two*\nthree\n\n- item\n  - inner\n\n> said\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    assert blocks(text) == [
        Block("heading", 1, "Title"),
        Block("paragraph", 0, "One two three"),
        Block("item", 1, "item"),
        Block("item", 2, "inner"),
        Block("quote", 0, "said"),
        Block("row", 1, "a | b"),
        Block("row", 0, "1 | 2"),
    ]


def test_a_link_target_is_part_of_the_visible_text_unless_it_says_itself() -> None:
    assert blocks("[us](/contact) and <https://x.org> and [a@x.org](mailto:a@x.org)")[0].text == (
        "us (/contact) and https://x.org and a@x.org"
    )


def test_striking_words_out_is_visible_for_it_changes_the_meaning() -> None:
    assert blocks("We do ~~not~~ sell data.")[0].text == "We do ~~not~~ sell data."


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a" * 2_000_001, "bytes"),
        ("é" * 1_000_001, "bytes"),
        ("a" * 1_000_001, "characters in one line"),
        ("a\n" * 20_001, "lines"),
        ("<" * 100_001, "signs"),
        ("#\n" * 10_001, "headings"),
        ("> " * 30 + "deep", "deep"),
        ("".join("  " * depth + "- deep\n" for depth in range(12)), "deep"),
    ],
)
def test_a_text_past_the_limits_is_refused_in_plain_words(text: str, named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        check_limits(text)


@pytest.mark.parametrize(
    "text",
    [
        "<" * 100_000,
        "[" * 50_000,
        "\n\n".join(["# Heading"] * 10_000),
        "word " * 200_000,
        "*a " * 30_000,
        "> " * 8 + "a",
    ],
)
def test_a_hostile_text_within_the_limits_loses_no_visible_word(text: str) -> None:
    check_limits(text)
    letters = "".join(re.findall(r"\w", text))
    assert "".join(re.findall(r"\w", " ".join(block.text for block in blocks(text)))) == letters
    assert render(text).html


def test_pasted_from_word_only_the_words_stay() -> None:
    pasted = (
        "<p class=MsoNormal><span lang=EN-US style='mso-x:y'>We keep<o:p></o:p></span> "
        "<del cite='mailto:d'>two</del><ins cite='mailto:d'>three</ins>\u00a0years.</p class=MsoNormal>\x0b"
        "<!--[if !supportLists]-->·<!--[endif]-->End <https://x.org> <mailto:a@x.org>"
    )
    assert clean_markdown(pasted) == "We keep three years.\nEnd <https://x.org> <mailto:a@x.org>\n"


def test_one_text_has_one_form_however_it_was_typed() -> None:
    assert (
        clean_markdown("Cafe\u0301  \r\nb \t\r\n\r\n \r\n") == clean_markdown("Café  \nb\n") == "Café  \nb\n"
    )


@pytest.mark.parametrize("hidden", ["\x00", "\x07", "\u202e", "\u2066", "\ud800"])
def test_a_character_that_deceives_or_cannot_be_stored_is_refused(hidden: str) -> None:
    with pytest.raises(ValidationError):
        clean_markdown(f"We keep{hidden} data")


def test_front_matter_is_taken_off_and_rules_stay() -> None:
    assert strip_front_matter("---\ntitle: Cookies\n---\n\n# Cookies\n") == "\n# Cookies\n"
    assert strip_front_matter("# Cookies\n\n---\nend\n---\n") == "# Cookies\n\n---\nend\n---\n"


def test_a_gap_left_open_is_found() -> None:
    text = "Dear {name}, {{ service }} {% if x %} ${price} %s %(days)d {n} {{7*7}} {{ open"
    assert find_placeholders(text) == [
        "{name}", "{{ service }}", "{% if x %}", "${price}", "%s", "%(days)d", "{n}", "{{7*7}}", "{{ open",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "50% said yes",
        "100%safe",
        "a {color: red}",
        r"\frac{ab}{cd}",
        "x^{ab}",
        "{a, b}",
        "50%s",
        "{ }",
        "{1}",
    ],
)
def test_ordinary_signs_are_no_gap(text: str) -> None:
    assert find_placeholders(text) == []

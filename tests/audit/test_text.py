import csv
import io
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from audit.text import CleanBlockField, CleanLineField, clean_block, clean_line, safe_cell


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Amina \t Diop\n", "Amina Diop"),
        ("Ame\u0301lie", "Amélie"),
        ("O'Hara-Ñúñez", "O'Hara-Ñúñez"),
        ("X", "X"),
        ("Null", "Null"),
        ("ami\u200bna\u00ad\ufeff", "amina"),
        ("Amina\u200d", "Amina"),
        ("أمينة", "أمينة"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("王\u3000小明", "王 小明"),
        ("<script>alert(1)</script> {{7*7}} %s", "<script>alert(1)</script> {{7*7}} %s"),
    ],
)
def test_a_line_keeps_every_script_and_loses_what_nobody_sees(typed, kept):
    assert clean_line(typed) == kept


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("Amina\x00", "control character"),
        ("Amina\x1b[31m", "control character"),
        ("\u202egpj.exe", "direction of writing"),
        ("a\u2066b", "direction of writing"),
        ("\ud83d", "half a character"),
        ("Amina\r\nBcc: x@example.org", "on one line"),
        ("Amina\u2028Ben", "on one line"),
    ],
)
def test_a_line_that_would_deceive_is_refused_in_plain_words(typed, says):
    with pytest.raises(ValidationError, match=says):
        clean_line(typed)


def test_a_block_keeps_its_lines_and_indentation():
    assert clean_block("\r\n\n  - one\r\n\t- two  \r\n\r\n") == "  - one\n\t- two"


def test_a_block_past_its_limit_says_by_how_much():
    with pytest.raises(ValidationError, match="Use 10 characters at most; this has 12"):
        clean_block("twelve chars", 10)


@given(st.text())
def test_cleaning_twice_changes_nothing(text):
    for clean in (clean_line, clean_block):
        try:
            once = clean(text)
        except ValidationError:
            continue
        assert clean(once) == once


@pytest.mark.parametrize(
    "cell",
    ["=cmd|' /C calc'!A0", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", "＠x", "\u200b=1"],
)
def test_a_cell_that_a_spreadsheet_would_run_is_neutralized(cell):
    assert safe_cell(cell) == f"'{cell}"


@pytest.mark.parametrize(
    ("value", "cell"),
    [(-5, "-5"), (1.5, "1.5"), (None, ""), (True, "yes"), (date(2026, 3, 2), "2026-03-02"), ("a=b", "a=b")],
)
def test_a_harmless_cell_stays_as_it_is(value, cell):
    assert safe_cell(value) == cell


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_written_cell_begins_like_a_formula(text):
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow([safe_cell(text)])
    cell = next(csv.reader(io.StringIO(out.getvalue(), newline="")), [""])[0]
    assert cell.lstrip()[:1] not in ("=", "+", "-", "@")


def test_form_fields_clean_before_they_measure():
    assert CleanLineField(max_length=5).clean(" Ami\u200bna ") == "Amina"
    assert CleanBlockField(max_length=5).clean("\r\nAmina\r\n") == "Amina"


def test_an_empty_field_is_missed_in_the_usual_words():
    with pytest.raises(ValidationError, match="required"):
        CleanLineField().clean("\u200b")

"""Cookies come in from a file: looked at first, flagged where in doubt, never twice."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import Event
from inventory.cookies_import import MOST_ROWS, ChangedMeanwhile, read
from inventory.models import UNSORTED, Cookie, CookieGroup
from people.csv_files import FileRefused
from tests.people.factories import NOW, UserFactory

from .cookie_factories import CookieFactory, CookieGroupFactory

pytestmark = pytest.mark.django_db
HEADER = (
    "ID,Platform,Category,Cookie / Data Key name,Domain,Description,Retention period,Data Controller,"
    "User Privacy & GDPR Rights Portals,Wildcard match"
)
ROW = "a-1,Matomo,Analytics,_pk_id,,Tells visits apart.,13 months,InnoCraft,https://matomo.org/privacy/,1"


def text(*rows: str, header: str = HEADER) -> bytes:
    return "\r\n".join([header, *rows, ""]).encode()


def plan(*rows: str, header: str = HEADER):
    return read(io.BytesIO(text(*rows, header=header)))


def bring_in(*rows: str):
    made = plan(*rows)
    made.apply(by=UserFactory(dov=True) if not Event.objects.exists() else UserFactory(), at=NOW)
    return made


def run(tmp_path: Path, *rows: str, apply: bool = False) -> list[str]:
    file, out = tmp_path / "cookies.csv", io.StringIO()
    file.write_bytes(text(*rows))
    call_command("import_cookies", str(file), apply=apply, stdout=out)
    return out.getvalue().splitlines()


# --- The command --------------------------------------------------------------------------


def test_without_apply_nothing_is_written(tmp_path):
    lines = run(tmp_path, ROW)
    assert lines[-2] == "Nothing was written. Add --apply to write it."
    assert json.loads(lines[-1]) == {
        "new": 1, "changed": 0, "unchanged": 0, "rejected": 0, "flagged": 0, "applied": False,
    }  # fmt: skip
    assert not Cookie.objects.exists()
    assert not CookieGroup.objects.exists()


def test_with_apply_every_column_comes_in(tmp_path):
    run(tmp_path, ROW, apply=True)
    cookie = Cookie.objects.get()
    assert (cookie.name, cookie.provider, cookie.controller, cookie.source_id) == (
        "_pk_id", "Matomo", "InnoCraft", "a-1",
    )  # fmt: skip
    assert (cookie.is_wildcard, cookie.portal) == (True, "https://matomo.org/privacy/")
    assert (cookie.lifetime, cookie.lifetime_kind, cookie.lifetime_seconds) == (
        "13 months",
        "fixed",
        34_164_000,
    )
    assert (cookie.group.code, cookie.group.is_essential) == ("analytics", False)


def test_the_second_time_writes_nothing_at_all(tmp_path, django_assert_num_queries):
    run(tmp_path, ROW, ROW.replace("_pk_id", "x").replace("a-1", "a-2"), apply=True)
    events = Event.objects.count()
    with django_assert_num_queries(2):  # our groups, our cookies of these names
        lines = run(tmp_path, ROW, ROW.replace("_pk_id", "x").replace("a-1", "a-2"), apply=True)
    assert json.loads(lines[-1])["unchanged"] == 2
    assert Event.objects.count() == events


def test_one_event_tells_the_counts_and_the_files_fingerprint(tmp_path):
    run(tmp_path, ROW, apply=True)
    event = Event.objects.get(verb="inventory.import_cookies")
    assert event.details["new"] == 1
    assert len(event.details["sha256"]) == 64
    assert "_pk_id" not in str(event.details)


def test_a_file_that_cannot_be_opened_is_said_plainly(tmp_path):
    with pytest.raises(CommandError, match="The file cannot be read") as error:
        call_command("import_cookies", str(tmp_path / "none.csv"))
    assert error.value.returncode == 2


# --- The header ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "id;platform;category;cookie name;domain;description;expiry;data controller;privacy policy;wildcard",
        "ID,Provider,Category,Cookie,Domain,Purpose,Duration,Data  Controller,GDPR rights portals,IS WILDCARD",
        "\ufeff" + HEADER.lower(),
    ],
)
def test_other_spellings_of_the_header_are_known(header):
    row = ROW.replace(",", ";") if ";" in header else ROW
    assert plan(row, header=header).counts().new == 1


def test_a_file_needs_only_what_a_cookie_needs():
    found = plan("_pk_id,Matomo,Analytics,1 year", header="Cookie name,Platform,Category,Retention period")
    assert found.counts().new == 1


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("", "The file is empty"),
        ("a,b,c", "The first line must name the columns"),
        (HEADER + ",Colour", "Column 11 is not one of ours"),
        (HEADER.replace("Platform", "Platfrom"), "did you mean platform"),
        (HEADER + ",Expiry", "The column lifetime stands twice"),
        ("Platform,Category", "missing from the header: name, lifetime"),
    ],
)
def test_a_wrong_header_is_refused_before_any_row(header, said):
    with pytest.raises(FileRefused, match=said):
        read(io.BytesIO(text(ROW, header=header) if header else b""))


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"\xff\xfe\x00", HEADER.encode() + b"\n\xff\xfe,"])
def test_what_is_no_csv_in_utf_8_is_refused(content):
    with pytest.raises(FileRefused):
        read(io.BytesIO(content))


def test_more_rows_than_there_are_cookies_worth_naming_are_refused(monkeypatch):
    monkeypatch.setattr("inventory.cookies_import.MOST_ROWS", 1)
    with pytest.raises(FileRefused, match="more than 1 rows"):
        plan(ROW, ROW.replace("a-1", "a-2").replace("_pk_id", "x"))
    assert MOST_ROWS == 50_000


# --- Rows ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (ROW.replace("_pk_id", "  "), "name: It is empty."),
        (ROW.replace("Matomo,A", ",A").replace("InnoCraft", ""), "platform: Neither a platform nor"),
        (ROW.replace(",1", ",2"), "wildcard: Write 1 or 0."),
        (ROW.replace("_pk_id", "x" * 201), "name: Use 200 characters at most; this has 201."),
        (ROW.replace("Tells", "x" * 5000), "description: Use 4,000 characters at most"),
        (ROW.replace("Tells", "x" * 70_000), "The row is too long"),
        (ROW.replace("Tells", "a\0b"), "description: This contains a control character"),
        (ROW.replace("_pk_id", "a\u202eb"), "name: This contains a hidden character"),
        (ROW.replace("Tells", '"Tells'), "The quotes in this row do not match."),
        (ROW + ",more", "The row has 11 cells; the header has 10."),
        ("a-1", "The row has 1 cells"),
    ],
)
def test_a_row_that_cannot_be_used_is_rejected_with_its_line_and_every_reason(row, why):
    found = plan(ROW.replace("_pk_id", "good").replace("a-1", "b"), row)
    assert found.counts().new == 1
    [(line, kind, reason)] = found.remarks
    assert (line, kind) == (3, "rejected")
    assert why in reason


def test_every_fault_of_a_row_is_said_at_once():
    [(_line, _kind, reason)] = plan("a,,Analytics,,,,,,,7").remarks
    assert ["name:" in reason, "platform:" in reason, "wildcard:" in reason] == [True, True, True]


def test_a_row_that_stands_twice_is_one_cookie():
    found = plan(ROW, ROW)
    assert (found.counts().new, found.counts().unchanged) == (1, 1)


@pytest.mark.parametrize(
    "second", [ROW.replace("13 months", "1 year"), ROW.replace("_pk_id", "other"), ROW.replace("a-1", "a-2")]
)
def test_a_row_that_contradicts_another_is_rejected(second):
    found = plan(ROW, second)
    assert (found.counts().new, found.counts().rejected) == (1, 1)
    assert "line 2 has this cookie or this ID already" in found.remarks[0][2]


def test_names_differ_by_capitals_and_by_provider():
    rows = [ROW, ROW.replace("a-1,", ",").replace("_pk_id", "_PK_ID"), ROW.replace("a-1,Matomo", ",Piwik")]
    assert plan(*rows).counts().new == 3


def test_a_cell_that_looks_like_a_formula_stays_text_and_is_flagged_as_a_name():
    bring_in(ROW.replace("_pk_id", "=1+1").replace("Tells visits apart.", "=HYPERLINK(1)"))
    cookie = Cookie.objects.get()
    assert (cookie.name, cookie.description) == ("=1+1", "=HYPERLINK(1)")
    assert cookie.flag_reason == "No cookie can have this name."


def test_a_lifetime_that_cannot_be_read_is_flagged_and_kept_as_written():
    found = bring_in(ROW.replace("13 months", "ask them"))
    assert found.remarks == [(2, "flagged", "The lifetime cannot be read.")]
    assert Cookie.objects.get().lifetime == "ask them"


@pytest.mark.parametrize("address", ["http://matomo.org/", "javascript:alert(1)", "matomo.org"])
def test_only_https_addresses_come_in(address):
    bring_in(ROW.replace("https://matomo.org/privacy/", address))
    cookie = Cookie.objects.get()
    assert cookie.portal == ""
    assert "does not begin with https://" in cookie.flag_reason


# --- Groups -------------------------------------------------------------------------------


@pytest.mark.parametrize("category", ["analytics", "ANALYTICS", "Statistics", "Figures"])
def test_a_category_finds_its_group_by_code_name_or_the_names_staff_gave_it(category):
    group = CookieGroupFactory(name="Figures", categories="Statistics, Performance")
    bring_in(ROW.replace(",Analytics,", f",{category},"))
    assert Cookie.objects.get().group == group
    assert CookieGroup.objects.count() == 1


@pytest.mark.parametrize("category", ["", "Weird"])
def test_an_unknown_category_waits_among_the_unsorted(category):
    bring_in(ROW.replace(",Analytics,", f",{category},"))
    cookie = Cookie.objects.get()
    assert cookie.group.code == UNSORTED
    assert f"Its category “{category or '(none)'}” is none of ours." in cookie.flag_reason


def test_where_staff_have_put_a_cookie_it_stays():
    bring_in(ROW)
    essential = CookieGroupFactory(essential=True)
    Cookie.objects.update(group=essential)
    bring_in(ROW.replace("13 months", "1 year"))
    cookie = Cookie.objects.get()
    assert (cookie.group, cookie.lifetime, cookie.revision) == (essential, "1 year", 1)


def test_an_unsorted_cookie_is_sorted_once_its_category_has_a_group():
    bring_in(ROW.replace(",Analytics,", ",Weird,"))
    group = CookieGroupFactory(code="weird", name="Weird")
    bring_in(ROW.replace(",Analytics,", ",Weird,"))
    cookie = Cookie.objects.get()
    assert (cookie.group, cookie.is_flagged) == (group, False)


def test_what_staff_have_looked_at_is_not_flagged_again():
    row = ROW.replace("https://matomo.org/privacy/", "http://matomo.org/")
    bring_in(row)
    Cookie.objects.update(is_flagged=False, flag_reason="")
    assert bring_in(row).counts().writes == 0


# --- Our own rows -------------------------------------------------------------------------


def test_a_cookie_renamed_in_their_list_is_the_same_cookie_of_ours():
    bring_in(ROW)
    bring_in(ROW.replace("_pk_id", "_pk_identity"))
    assert Cookie.objects.get().name == "_pk_identity"


def test_a_new_name_that_another_cookie_has_is_rejected():
    bring_in(ROW)
    CookieFactory(name="taken")
    found = plan(ROW.replace("_pk_id", "taken"))
    assert found.remarks == [
        (2, "rejected", "name: another cookie of ours has this name, provider and domain.")
    ]


def test_cookies_the_file_does_not_name_stay():
    CookieFactory(name="ours")
    bring_in(ROW)
    assert Cookie.objects.count() == 2


def test_what_somebody_edits_meanwhile_is_not_overwritten():
    bring_in(ROW)
    made = plan(ROW.replace("13 months", "1 year"))
    Cookie.objects.update(revision=7, lifetime="2 years")
    with pytest.raises(ChangedMeanwhile):
        made.apply(by=UserFactory(), at=NOW)
    assert Cookie.objects.get().lifetime == "2 years"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.text(max_size=12), min_size=10, max_size=10), max_size=4))
def test_nothing_in_a_cell_breaks_the_reading(rows):
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    content = "\r\n".join([HEADER, *quoted]).encode(errors="replace")
    counts = read(io.BytesIO(content)).counts()
    assert counts.changed == 0

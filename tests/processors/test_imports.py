"""Lists of companies as they are found in the wild."""

import json
from datetime import date
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from audit.models import Event
from people.csv_files import FileRefused
from processors.imports import Plan, planned
from processors.models import Processor, Status, SubprocessorChange

from .change_factories import ListedFactory

pytestmark = pytest.mark.django_db

LIST = """Name of Subprocessor;Description of Processing;Processing_Locations;Corporate Location
Brightpage, Inc. (BP);Lesson videos;United States, Ireland;United States
Owl Mail GmbH;"Sends mails; counts them";EU;Germany
Owl Mail GmbH;Support tickets;Germany;Germany
BRIGHTPAGE;Quizzes;USA;Global
;Nobody;France;France
"""


def plan(text: str, **options: bool) -> Plan:
    return planned(BytesIO(text.encode()), **options)


def run(tmp_path: Path, *options: str, text: str = LIST) -> tuple[list[str], dict[str, object]]:
    file, out = tmp_path / "list.csv", StringIO()
    file.write_text(text)
    call_command("import_processors", file, *options, stdout=out)
    *lines, last = out.getvalue().splitlines()
    return lines, json.loads(last)


def listed() -> dict[str, str]:
    """Name → places, as entered."""
    return {
        f"{row.name}/{row.service}": ",".join(place.country or place.named_as for place in row.places.all())
        for row in Processor.objects.all()
    }


def test_a_preview_writes_nothing_and_names_each_doubt_by_its_line(tmp_path: Path):
    lines, counts = run(tmp_path)
    assert not Processor.objects.exists()
    assert "line 3: flagged: places: “EU” is no country: name each country. It stays in their words." in lines
    assert "line 5: flagged: seat: “Global” is not one country. It was left empty." in lines
    assert "line 6: rejected: name: is missing." in lines
    assert counts == {
        "new": 4, "known": 0, "differing": 0, "merged": 0, "rejected": 1, "flagged": 2, "alike": 2, "applied": False,
    }  # fmt: skip


def test_new_companies_come_in_as_proposed_and_a_second_run_writes_nothing(tmp_path: Path):
    run(tmp_path, "--apply")
    assert set(Processor.objects.values_list("status", flat=True)) == {Status.PROPOSED}
    events = Event.objects.count()
    _lines, counts = run(tmp_path, "--apply")
    assert (counts["new"], counts["known"], Event.objects.count()) == (0, 4, events)


def test_spellings_are_proposed_and_merged_only_when_asked(tmp_path: Path):
    lines, _counts = run(tmp_path)
    assert "line 5: alike: “BRIGHTPAGE” is perhaps “Brightpage, Inc. (BP)” of line 2: merge them?" in lines
    run(tmp_path, "--apply")
    assert len(listed()) == 4


def test_only_what_is_certainly_one_company_is_merged():
    merged = plan(
        "name,purpose,places\nPaper Fox,Paper,France\nPAPER FOX GmbH,Pens,Spain\nPaper Fx,Ink,Italy\n",
        merge=True,
    )
    assert [row.verdict for row in merged.rows] == ["new", "merged", "new"]
    assert merged.rows[0].purpose == "Paper; Pens"
    assert merged.rows[0].places.codes == ("FR", "ES")


def test_a_company_already_in_the_register_is_joined_when_asked():
    ListedFactory(name="Paper Fox")
    text = 'name\n"PAPER FOX, Inc."\n'
    assert plan(text).counts().new == 1
    assert (plan(text, merge=True).counts().new, plan(text, merge=True).counts().merged) == (0, 1)


def test_one_company_with_two_kinds_of_work_stays_two_rows(tmp_path: Path):
    run(tmp_path, "--apply")
    assert listed()["Owl Mail GmbH/"] == "EU"
    assert listed()["Owl Mail GmbH/Support tickets"] == "DE"


def test_the_same_line_twice_is_one():
    twice = plan("name,purpose\nOwl,Mail\nOwl,Mail\nOwl,Mail\n")
    assert twice.counts().new == 1
    assert [reason for _line, reason in twice.rejected] == ["stands in line 2 already."] * 2


def test_the_register_is_not_overwritten_by_a_list():
    ListedFactory(name="Owl Mail", description="Mails", places=["DE"], seat_country="DE")
    found = plan("name,description,places,seat\nOwl Mail,Everything,Germany and Spain,Germany\n")
    assert found.rows[0].verdict == "differing"
    assert found.rows[0].flags == [
        "purpose: the register says something else and stays.",
        "places: the register says something else and stays.",
    ]


def test_a_published_list_comes_in_as_history_and_nobody_is_told(tmp_path: Path):
    run(tmp_path, "--apply", "--as-listed", "2025-03-24")
    assert Processor.objects.live().count() == 4
    change = SubprocessorChange.objects.told().first()
    assert (change.kind, change.effective_on, change.announcement.is_history) == (
        "added",
        date(2025, 3, 24),
        True,
    )
    assert Event.objects.filter(verb="processors.bring_in").count() == 4


def test_a_list_of_a_day_to_come_is_announced_instead(tmp_path: Path):
    with pytest.raises(CommandError, match="Announce it instead"):
        run(tmp_path, "--as-listed", "2999-01-01")


def test_a_kind_is_taken_only_where_it_is_one_of_ours():
    rows = plan("name,type,mechanism\nA,Analytics,SCC\nB,educational technology,\nC,Cloud magic,\n").rows
    assert [row.kind for row in rows] == ["analytics", "edtech", "other"]
    assert [len(row.flags) for row in rows] == [2, 1, 2]


@pytest.mark.parametrize("text", ["", "Brightpage,Lessons\n", "name,surprise\nA,B\n", "PK\x03\x04"])
def test_a_file_that_is_no_list_is_refused_whole(text: str):
    with pytest.raises(FileRefused):
        plan(text)


@pytest.mark.parametrize(
    "name", ["x" * 151, "a\u202eb", "=1+1", "<script>", "Å" * 150, "  Owl   Mail "], ids=range(6)
)
def test_any_name_is_taken_clean_or_rejected_with_its_reason(name: str):
    found = plan(f'name\n"{name}"\n')
    assert len(found.rows) + len(found.rejected) == 1
    assert all(row.name == " ".join(name.split()) for row in found.rows)

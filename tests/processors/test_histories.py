"""Versions of a published list, one after the other, as changes."""

from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from processors.models import Processor, Status, SubprocessorChange
from processors.public_list.histories import compare, lives, read_tables

HEAD = "| Name of Subprocessor | Description of Processing | Location of Processing | Corporate Location |\n|---|:--|---|---|\n"
FIRST = (
    HEAD
    + "| Owl Mail | Mails | Germany,</br>and Spain | Germany |\n| Paper Fox | Paper | Global | France |\n"
)
SECOND = (
    HEAD
    + "| OWL MAIL GmbH | Mails | Germany | Germany |\n\n## Others\n\n"
    + HEAD
    + "| Quiz | Quizzes | US | US |\n"
)
THIRD = HEAD + "| OWL MAIL GmbH | Post | Germany | Germany |\n| Paper Fox | Paper | France | France |\n"


def said(before: str, after: str) -> list[str]:
    rows = compare(read_tables(before), read_tables(after))
    return [f"{row.kind.value} {(row.after or row.before).name}" for row in rows]


def test_every_table_of_companies_is_read_and_no_other():
    other = "| Cookie | Days |\n|---|---|\n| a | 1 |\n\n"
    entries = read_tables(other + SECOND)
    assert [entry.name for entry in entries] == ["OWL MAIL GmbH", "Quiz"]
    [owl, fox] = read_tables(FIRST)
    assert (owl.places.codes, owl.seat) == (("DE", "ES"), "DE")
    assert [part.text for part in fox.places.unread] == ["Global"]


def test_the_same_company_under_another_spelling_is_renamed_not_replaced():
    assert said(FIRST, SECOND) == [
        "added Quiz",
        "removed Paper Fox",
        "name OWL MAIL GmbH",
        "place OWL MAIL GmbH",
    ]


def test_two_lines_of_one_company_are_kept_apart_by_their_work():
    two = HEAD + "| Fox | Ink | US | US |\n| Fox | Paper | US | US |\n"
    moved = HEAD + "| Fox | Paper | Spain | US |\n| Fox | Ink | US | US |\n"
    assert said(two, two) == []
    assert said(two, moved) == ["place Fox"]


def test_who_comes_back_is_the_same_company():
    story = lives([(date(2025, n, 1), read_tables(text)) for n, text in enumerate([FIRST, SECOND, THIRD], 1)])
    assert {life.entry.name: (life.began.month, life.ended) for life in story} == {
        "OWL MAIL GmbH": (1, None),
        "Paper Fox": (1, None),
        "Quiz": (2, date(2025, 3, 1)),
    }
    fox = next(life for life in story if life.entry.name == "Paper Fox")
    assert [difference.kind.value for _day, difference in fox.story] == ["removed", "added"]


def test_of_two_versions_of_one_day_the_last_stands():
    day = date(2025, 1, 1)
    assert [life.entry.name for life in lives([(day, read_tables(FIRST)), (day, read_tables(THIRD))])] == [
        "OWL MAIL GmbH",
        "Paper Fox",
    ]


@pytest.mark.django_db
def test_the_history_comes_in_once_with_its_days(tmp_path: Path):
    files = []
    for number, text in enumerate([FIRST, SECOND, THIRD], 1):
        files.append(tmp_path / f"{number}_2025-0{number}-01_list.md")
        files[-1].write_text(text)
    for _ in range(2):
        call_command("import_processor_history", *files, "--apply", stdout=StringIO())
    assert Processor.objects.get(name="Quiz").status == Status.ENDED
    assert SubprocessorChange.objects.told().count() == 7
    renamed = SubprocessorChange.objects.get(kind="name")
    assert (renamed.before, renamed.after, renamed.effective_on) == (
        "Owl Mail",
        "OWL MAIL GmbH",
        date(2025, 2, 1),
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "text"),
    [("list.md", FIRST), ("2025-01-01.md", "# Nothing"), ("2999-01-01.md", FIRST), ("2025-02-30.md", FIRST)],
)
def test_a_file_that_is_no_version_is_refused(tmp_path: Path, name: str, text: str):
    (tmp_path / name).write_text(text)
    with pytest.raises(CommandError):
        call_command("import_processor_history", tmp_path / name, "--apply", stdout=StringIO())
    assert not Processor.objects.exists()

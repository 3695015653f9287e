"""Last activity from the platform: forward only, in a file or in one call."""

import json
from datetime import date
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from audit.actors import SYSTEM
from audit.models import Event
from people import activity
from people.actions import note_activity
from people.models import Person

from .factories import PersonFactory

pytestmark = pytest.mark.django_db
MARCH, APRIL = date(2026, 3, 2), date(2026, 4, 2)


def csv(*rows: str) -> BytesIO:
    return BytesIO("\n".join(["external_id,last_active_on", *rows]).encode())


def run(path: Path, **options: object) -> dict[str, object]:
    out = StringIO()
    call_command("import_activity", str(path), stdout=out, **options)
    return json.loads(out.getvalue().splitlines()[-1])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    for n, day in enumerate([None, MARCH, APRIL]):
        PersonFactory.create(external_id=f"a{n}", last_active_on=day)
    path = tmp_path / "activity.csv"
    path.write_bytes(
        csv("a0,2026-04-02", "a1,2026-04-02T10:11:12Z", "a2,2026-03-02", "zz,2026-04-02").getvalue()
    )
    return path


def test_the_preview_counts_and_writes_nothing(file: Path) -> None:
    assert run(file) == {"later": 2, "not_later": 1, "unknown": 1, "rejected": 0, "applied": False}
    assert not Person.objects.filter(external_id="a0", last_active_on=APRIL).exists()


def test_applied_it_moves_days_forward_never_back_and_a_second_time_nothing(file: Path) -> None:
    run(file, apply=True)
    assert set(Person.objects.values_list("last_active_on", flat=True)) == {APRIL}
    assert run(file, apply=True)["later"] == 0
    event = Event.objects.get(verb="people.import_activity")
    assert (event.details["later"], "a0" in str(event.details)) == (2, False)


@pytest.mark.parametrize("cell", ["", "02/03/2026", "2026-02-30", "2099-01-01", "1970-01-01", "yesterday"])
def test_a_day_that_cannot_be_is_rejected_by_line_without_its_data(cell: str) -> None:
    remarks: list[tuple[int, str]] = []
    counts = activity.preview(csv(f"a1,{cell}"), remark=lambda line, text: remarks.append((line, text)))
    assert counts.rejected == 1
    assert remarks[0][0] == 2
    assert not cell or cell not in remarks[0][1]


def test_a_file_that_is_not_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("name,day\n")
    with pytest.raises(CommandError, match="first line must name the columns"):
        run(tmp_path / "x.csv")
    with pytest.raises(CommandError, match="cannot be read"):
        run(tmp_path / "none.csv")


def test_somebody_named_twice_keeps_the_later_day() -> None:
    PersonFactory.create(external_id="a1")
    assert activity.apply(csv("a1,2026-04-02", "a1,2026-03-02"), by=SYSTEM, at=timezone.now()) == 1
    assert Person.objects.get().last_active_on == APRIL


def test_noting_takes_the_same_few_statements_however_many(django_assert_num_queries: object) -> None:
    people = PersonFactory.create_batch(40)
    with django_assert_num_queries(4):  # type: ignore[operator]  # with two savepoints
        assert note_activity({person.external_id: MARCH for person in people}) == 40

"""Closed days: a published list is a help, staff have the last word."""

import json
from datetime import UTC, date, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from audit.models import Event
from law.calendars import closed_days, planned
from law.counting import Calendar
from law.models import ClosedDay
from tests.people.factories import UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def run(*args: str) -> tuple[str, dict[str, Any]]:
    out = StringIO()
    call_command("import_closed_days", *args, stdout=out)
    return out.getvalue(), json.loads(out.getvalue().splitlines()[-1])


def is_shut(place: str, day: date) -> bool:
    return bool(Calendar(closed_days(place, [day.year])).why_shut(day))


def test_a_preview_writes_nothing() -> None:
    words, counts = run("DE-BW", "2026")
    assert "new: 2026-01-06 DE-BW Epiphany" in words
    assert (counts["applied"], ClosedDay.objects.exists()) == (False, False)


def test_an_import_is_written_once_and_audited() -> None:
    _words, first = run("DE-BW", "2026", "--apply")
    _words, again = run("DE-BW", "2026", "--apply")
    assert (again["new"], again["changed"], again["same"]) == (0, 0, first["new"])
    assert Event.objects.filter(verb="law.import_closed_days").count() == 1


def test_what_staff_corrected_is_never_overwritten(client: Client) -> None:
    run("US-CA", "2026", "--apply")
    chavez = ClosedDay.objects.get(place="US-CA", day=date(2026, 3, 31))
    client.force_login(UserFactory(group="privacy lead"))
    facts = {"place": "US-CA", "day": "2026-03-31", "name": "Cesar Chavez Day", "kind": "public_holiday"}
    assert client.post(f"/admin/law/closedday/{chavez.pk}/change/", facts).status_code == 302
    words, counts = run("US-CA", "2026", "--apply")
    assert counts["kept"] == 1
    assert "kept as staff wrote it: 2026-03-31" in words
    assert not is_shut("US-CA", chavez.day)
    assert Event.objects.about(chavez).exists()


def test_a_remembrance_closes_no_office() -> None:
    run("US-CA", "2026", "--apply")
    run("US-CA", "2027", "--apply")
    assert not ClosedDay.objects.get(place="US-CA", day=date(2026, 11, 8), name="Diwali").is_closed
    # Susan B. Anthony Day; in 2027 it is Presidents’ Day as well.
    assert not is_shut("US-CA", date(2028, 2, 15))
    assert is_shut("US-CA", date(2027, 2, 15))


def test_a_region_adds_to_its_country_and_has_the_last_word() -> None:
    ClosedDay.objects.create(place="DE", day=date(2026, 5, 1), name="Labor Day")
    ClosedDay.objects.create(place="DE-BE", day=date(2026, 3, 8), name="Women’s Day")
    ClosedDay.objects.create(place="DE-BY", day=date(2026, 5, 1), name="Labor Day", is_closed=False)
    assert set(closed_days("DE-BE", [2026]).days) == {date(2026, 3, 8), date(2026, 5, 1)}
    assert not is_shut("DE-BY", date(2026, 5, 1))


def test_a_year_nobody_imported_comes_from_the_list_and_says_so() -> None:
    calendar = closed_days("GB-ENG", [2026])
    assert calendar.days[date(2026, 12, 25)].name == "Christmas Day"
    assert "nobody here has checked them" in calendar.remark
    planned("GB-ENG", 2026).apply(by=UserFactory(), at=NOW)
    assert closed_days("GB-ENG", [2026]).remark == ""


def test_a_day_of_our_own_does_not_hide_the_list() -> None:
    ClosedDay.objects.create(place="FR", day=date(2026, 3, 2), name="Move of the office", is_corrected=True)
    days = closed_days("FR", [2026]).days
    assert {date(2026, 3, 2), date(2026, 7, 14)} <= set(days)


def test_where_no_list_reaches_only_weekends_are_closed() -> None:
    assert "only weekends count as closed" in closed_days("QQ", [2026]).remark
    assert "its own holidays are missing" in closed_days("FR-XX", [2026]).remark
    assert "No place was named" in closed_days("", [2026]).remark


def test_the_summer_close_down_goes_over_the_turn_of_the_year() -> None:
    days = closed_days("NZ", [2026, 2027]).days
    assert {day.kind for at, day in days.items() if date(2026, 12, 29) <= at <= date(2026, 12, 31)} == {
        "close_down"
    }
    assert days[date(2027, 1, 15)].kind == "close_down"
    assert date(2027, 1, 16) not in days


@pytest.mark.parametrize(("place", "year"), [("QQ", "2026"), ("DE-XX", "2026"), ("DE", "1492")])
def test_what_cannot_be_imported_is_refused(place: str, year: str) -> None:
    with pytest.raises(CommandError):
        run(place, year)

"""Ages and the days they are reached."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from law import readings
from law.ages import Ages, Threshold, cutoff, has_reached, reached_on
from law.models import AgeOfConsent, Company

days = st.dates(date(1950, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("birth", "years", "day"),
    [
        (date(2013, 11, 22), 13, date(2026, 11, 22)),  # on the birthday itself
        (date(2012, 2, 29), 13, date(2025, 3, 1)),  # leap day, common year: the later, safer day
        (date(2012, 2, 29), 16, date(2028, 2, 29)),
        (date(2013, 12, 31), 13, date(2026, 12, 31)),
    ],
)
def test_an_age_is_reached_on_the_birthday_and_not_a_day_before(birth: date, years: int, day: date) -> None:
    assert reached_on(birth, years) == day
    assert has_reached(birth, years, day)
    assert not has_reached(birth, years, date.fromordinal(day.toordinal() - 1))


@given(birth=days, on=st.dates(date(1970, 1, 1), date(2060, 12, 31)), years=st.integers(10, 21))
def test_the_cutoff_and_the_birthday_never_disagree(birth: date, on: date, years: int) -> None:
    assert has_reached(birth, years, on) == (on >= reached_on(birth, years)) == (birth <= cutoff(years, on))


def ages(**by_place: int) -> Ages:
    rows = {place.replace("_", "-"): Threshold(place, years, 1) for place, years in by_place.items()}
    return Ages(by_place=rows, unknown_europe=16, unknown_elsewhere=18)


def test_a_state_adds_to_the_countrys_rule_and_never_lowers_it() -> None:
    law = ages(US=13, US_XX=12, US_YY=16)
    assert (law.years("US-OH"), law.years("US-XX"), law.years("US-YY")) == (13, 13, 16)


def test_an_unknown_place_gets_the_cautious_number() -> None:
    law = ages(FR=15)
    assert (law.years("FR"), law.years("CH"), law.years("NZ"), law.years("")) == (15, 16, 18, 18)


@pytest.mark.django_db
def test_the_shipped_rows_say_what_the_law_says() -> None:
    law = readings.ages(date(2026, 11, 22), Company.current())
    years = {place: law.years(place) for place in ("FR", "US-OH", "DE", "DK", "SI", "GB", "BR", "KR")}
    assert years == {"FR": 15, "US-OH": 13, "DE": 16, "DK": 15, "SI": 15, "GB": 13, "BR": 16, "KR": 14}


@pytest.mark.django_db
def test_a_row_binds_from_its_first_day_only() -> None:
    company = Company.current()
    assert readings.ages(date(2023, 12, 31), company).years("DK") == company.unknown_age_europe
    assert readings.ages(date(2024, 1, 1), company).years("DK") == 15


@pytest.mark.django_db
def test_what_stands_from_memory_only_ships_switched_off() -> None:
    assert not AgeOfConsent.objects.filter(is_verified=False, is_on=True).exists()
    assert AgeOfConsent.objects.filter(is_on=True).count() == 38

"""How long a cookie lives, in the words people write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.lifetimes import DAY, HOUR, LONGEST, MINUTE, MONTH, SESSION, UNITS, WEEK, YEAR, Kind, read

PLAIN = {
    "1 year": YEAR,
    "1 Year": YEAR,
    "a year": YEAR,
    "one year": YEAR,
    "2 years": 2 * YEAR,
    "50 years": 50 * YEAR,
    "13 months": 13 * MONTH,
    "12 months": YEAR,
    "3 weeks": 3 * WEEK,
    "365 days": YEAR,
    "30 Days": 30 * DAY,
    "1,000 days": 1000 * DAY,
    "24 hours": DAY,
    "1.5 hours": 90 * MINUTE,
    "1,5 hours": 90 * MINUTE,
    "30 mins": 30 * MINUTE,
    "90 seconds": 90,
    "30d": 30 * DAY,
    "1y": YEAR,
    "2 jaar": 2 * YEAR,
    "0 days": 0,
    "Immediately removed": 0,
    "1 year 1 month 4 days": YEAR + MONTH + 4 * DAY,
    "1 year, 1 month": YEAR + MONTH,
    "1 hour and 30 minutes": 90 * MINUTE,
    "2 years after last activity": 2 * YEAR,
    "1 year from the last visit": YEAR,
    "up to 2 years": 2 * YEAR,
    "max. 30 days": 30 * DAY,
    "2 years (rolling)": 2 * YEAR,
    "persistent, 1 year": YEAR,
}
RANGES = {
    "30 seconds till 1 year": YEAR,
    "1-2 years": 2 * YEAR,
    "3 or 4 months": 4 * MONTH,
    "between 1 and 2 years": 2 * YEAR,
    "1 hour to 1 day": DAY,
    "session or 1 year": YEAR,
    "Session / 1 day": DAY,
    "2 years until 1 year": 2 * YEAR,
}
SESSIONS = [
    "session",
    "Session",
    " SESSION ",
    "session cookie",
    "End of session (browser)",
    "until the browser is closed",
    "When you close your browser",
]
UNKNOWN = {
    "": "not said",
    "-": "not said",
    "n/a": "not said",
    "N.A.": "not said",
    "Unknown": "not said",
    "undefined": "not said",
    "persistent": "without an end",
    "forever": "without an end",
    "Never expires": "without an end",
    "no expiration": "without an end",
    "10 Nov 2030": "a date",
    "2030-11-10": "a date",
    "December 31, 2037": "a date",
    "3600": "cannot be read",
    "1m": "cannot be read",  # a minute or a month
    "-1": "cannot be read",
    "1 2 years": "cannot be read",
    "1/2 year": "cannot be read",
    "half a year": "cannot be read",
    "1.000 days": "cannot be read",
    "as long as needed": "cannot be read",
    "=cmd|' /C calc'!A0": "cannot be read",
    "99999999999 years": "longer than a thousand years",
    "1 year " * 100: "cannot be read",
}
FLAGGED = {
    "6 months by default, modifiable": (6 * MONTH, "“by default modifiable” was not understood."),
    "1 yeaar": (YEAR, "“yeaar” was read as years."),
    "2 moths": (2 * MONTH, "“moths” was read as months."),
    "10 mintues": (10 * MINUTE, "“mintues” was read as minutes."),
    "at least 1 hour": (HOUR, "“least” was not understood."),
}


@pytest.mark.parametrize(("text", "seconds"), PLAIN.items())
def test_a_length_of_time_is_read(text, seconds):
    lifetime = read(text)
    assert (lifetime.kind, lifetime.seconds, lifetime.problem) == (Kind.FIXED, seconds, "")


@pytest.mark.parametrize(("text", "longest"), RANGES.items())
def test_of_a_range_the_longest_counts(text, longest):
    lifetime = read(text)
    assert (lifetime.kind, lifetime.seconds, lifetime.problem) == (Kind.RANGE, longest, "")


@pytest.mark.parametrize("text", SESSIONS)
def test_a_session_has_no_seconds(text):
    lifetime = read(text)
    assert (lifetime.kind, lifetime.seconds, lifetime.problem) == (Kind.SESSION, None, "")


@pytest.mark.parametrize(("text", "why"), UNKNOWN.items())
def test_what_cannot_be_read_says_why(text, why):
    lifetime = read(text)
    assert (lifetime.kind, lifetime.seconds) == (Kind.UNKNOWN, None)
    assert why in lifetime.problem


@pytest.mark.parametrize(("text", "read_as"), FLAGGED.items())
def test_a_guess_and_words_left_over_are_said(text, read_as):
    lifetime = read(text)
    assert (lifetime.seconds, lifetime.problem) == read_as


@given(st.text(max_size=250))
def test_nothing_that_is_typed_breaks_it(text):
    lifetime = read(text)
    assert lifetime.seconds is None or 0 <= lifetime.seconds <= LONGEST
    assert lifetime.problem or lifetime.kind != Kind.UNKNOWN


@given(
    st.lists(
        st.sampled_from([*UNITS, *SESSION, "1", "2,5", "till", "and", "-", "half", "x", "("]), max_size=12
    )
)
def test_its_own_words_in_any_order_do_not_break_it(words):
    lifetime = read(" ".join(words))
    assert lifetime.kind in (Kind.SESSION, Kind.UNKNOWN) or lifetime.seconds is not None


@given(st.integers(0, 900), st.sampled_from(sorted(UNITS)))
def test_every_unit_times_any_number_is_exact(number, unit):
    assert read(f"{number} {unit}").seconds == number * UNITS[unit]

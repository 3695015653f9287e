"""When answers are due: the examples, the switches, and what holds for every moment."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from law.clocks import contradictions
from law.counting import ClosedDays
from law.deadlines import KINDS, Happening, Interpretation, Rule, due
from law.periods import Period

from .vectors import Example, closed, example, examples, found, rule, settings, text

START = datetime(2024, 1, 1, tzinfo=UTC)  # six years: two leap years, twelve changes of the clocks
BERLIN = ZoneInfo("Europe/Berlin")
NO_HOLIDAYS = ClosedDays()
EU, UK, CALIFORNIA = (
    rule("eu_gdpr", date(2026, 3, 2)),
    rule("uk_gdpr", date(2026, 7, 1)),
    rule("us_ca_ccpa", date(2026, 3, 2)),
)
moments = st.timedeltas(timedelta(0), timedelta(days=6 * 365)).map(lambda since: START + since)


@pytest.mark.parametrize("one", examples(), ids=lambda one: one.what)
def test_the_example(one: Example) -> None:
    deadline = found(one)
    assert (text(deadline.strict_due), text(deadline.legal_due)) == (one.strict_due, one.legal_due)


@pytest.mark.parametrize(
    ("what", "switch", "legal"),
    [
        ("St Andrew", "regional_holidays_count", "2026-11-30"),
        ("pause for a clarification", "pause_counts_both_days", "2026-04-09"),
        ("without delay pauses", "identity_pause_counts", "2026-07-01"),
        ("first of thirty", "complaint_counts_receipt_day", "2026-07-31"),
        ("Thanksgiving", "business_days_skip_holidays", "2026-12-02"),
        ("opt-out", "business_days_skip_holidays", "2026-12-09"),
        ("close-down", "close_down_counts", "2027-01-13"),
    ],
)
def test_a_disputed_reading_is_the_companys_choice(what: str, switch: str, legal: str) -> None:
    one = example(what)
    deadline = found(one, **{switch: False})
    assert text(deadline.legal_due) == legal
    assert text(deadline.strict_due) == one.strict_due


@pytest.mark.parametrize(
    ("what", "switch", "strict"),
    [
        ("still the day before in UTC", "strict_from_utc", "2026-08-01"),
        ("example of the regulator", "strict_counts_receipt_day", "2025-10-03"),
        ("no Californian clock", "strict_counts_receipt_day", "2027-01-02"),
    ],
)
def test_how_careful_the_strict_date_is_can_be_chosen_too(what: str, switch: str, strict: str) -> None:
    assert text(found(example(what), **{switch: False}).strict_due) == strict


def test_how_prompt_a_question_must_be_is_a_number_of_the_company() -> None:
    late = example("three weeks later")
    assert text(found(late, identity_prompt_days=30).legal_due) == "2026-07-06"


def test_the_explanation_names_the_rule_the_skipped_days_and_both_dates() -> None:
    words = found(example("day in lieu of Boxing Day")).explanation
    assert words.startswith("UK GDPR")
    assert "25 December (a holiday), 28 December (a holiday)" in words
    assert "Legal date: Tuesday 29 December 2026." in words
    assert "Strict date: Thursday 24 December 2026." in words


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("told too late", "too late, it has no effect"),
        ("Told between", "in time, but after the strict date Saturday 28 February 2026, which stays"),
        ("cannot use the extension", "an extension is for acting, not for refusing"),
        ("no pause for a clarification", "Asking about clarification does not stop this clock"),
        ("stops nothing", "not without delay: it stops nothing"),
        ("While the answer is open", "starts the period anew when answered; these dates are without it"),
        ("names no number", "No legal number: house target. 10 business days"),
        ("in lieu", "It moves to the next working day"),
        ("still the day before in UTC", "In UTC it was still Tuesday 30 June 2026"),
        ("Thirty days from discovery", "Then the authority by Thursday 4 June 2026"),
    ],
)
def test_what_has_no_effect_or_no_number_is_said(what: str, words: str) -> None:
    assert words in found(example(what)).explanation


def test_without_a_number_the_house_aims_and_calls_it_its_own() -> None:
    deadline = found(example("The Rule names no number"))
    assert (deadline.strict_due, deadline.legal_due, deadline.target_due) == (None, None, date(2026, 5, 18))


def test_an_appeal_without_a_number_aims_at_the_companys() -> None:
    oregon = Example(
        "us_or", "US-OR", "2026-07-01T10:00-07:00", "appeal_received=2026-07-06", "appeal", *[""] * 4
    )
    assert found(oregon).legal_due is None
    assert found(oregon).target_due == date(2026, 8, 20)
    assert found(oregon, appeal_default_days=30).target_due == date(2026, 8, 5)


def test_the_house_aims_at_28_days_where_the_law_says_a_month() -> None:
    deadline = found(example("No 31 September"))
    assert deadline.target_due == date(2026, 9, 28)
    extended = found(example("three months from receipt"))
    assert (extended.is_extended, extended.target_due) == (True, None)


def test_an_open_question_leaves_dates_that_are_never_too_late() -> None:
    assert found(example("While the answer is open")).is_waiting
    assert not found(example("The month begins when identity is shown")).is_waiting


def test_an_extension_of_a_law_without_one_moves_nothing() -> None:
    one = Example(
        "br_lgpd", "BR", "2026-05-04T10:00-03:00", "extension_notified=2026-05-10", "respond", *[""] * 4
    )
    assert text(found(one).legal_due) == "2026-05-19"
    assert "No number for an extension is on record" in found(one).explanation


def test_a_pause_after_the_extension_counts_as_well() -> None:
    events = (
        "extension_notified=2026-03-20 clarification_requested=2026-04-20 clarification_received=2026-04-27"
    )
    one = Example("uk_gdpr", "GB-ENG", "2026-03-02T09:00+00:00", events, "respond", *[""] * 4)
    assert text(found(one).legal_due) == "2026-06-10"  # 2 June and 8 days


def test_two_questions_that_overlap_stop_the_clock_once() -> None:
    events = [
        Happening("clarification_requested", date(2026, 7, 6)),
        Happening("clarification_requested", date(2026, 7, 8)),
        Happening("clarification_received", date(2026, 7, 10)),
    ]
    deadline = due(UK, datetime(2026, 7, 1, 9, tzinfo=UTC), events, NO_HOLIDAYS, settings=settings("GB"))
    assert deadline.legal_due == date(2026, 8, 6)  # Saturday 1 August would be the day; 5 days stood still


def test_what_cannot_have_happened_is_named() -> None:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    events = [Happening("id_requested", date(2026, 3, 5)), Happening("id_received", date(2026, 3, 4))]
    assert [*contradictions(at, events, UTC)] == ["id_received is dated before id_requested."]
    early = [Happening("extension_notified", date(2026, 2, 1))]
    assert "before the receipt" in next(contradictions(at, early, UTC))


def test_a_moment_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 3, 2, 9)  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        due(EU, naive, [], NO_HOLIDAYS, settings=Interpretation())


# --- What holds for every moment ---------------------------------------------------------------------


@given(
    at=moments, code=st.sampled_from([EU, UK, CALIFORNIA]), kind=st.sampled_from(["respond", "acknowledge"])
)
def test_the_strict_date_is_never_after_the_legal_one(at: datetime, code: Rule, kind: str) -> None:
    deadline = due(code, at, [], closed("DE-BW"), kind=kind, settings=Interpretation(zone=BERLIN))
    if isinstance(deadline.strict_due, date) and isinstance(deadline.legal_due, date):
        assert deadline.strict_due <= deadline.legal_due


@given(
    at=moments,
    later=st.timedeltas(timedelta(0), timedelta(days=40)),
    code=st.sampled_from([EU, UK, CALIFORNIA]),
)
def test_who_asks_later_is_never_answered_earlier(at: datetime, later: timedelta, code: Rule) -> None:
    both = [due(code, moment, [], closed("DE"), settings=settings("DE")) for moment in (at, at + later)]
    assert both[0].legal_due <= both[1].legal_due  # type: ignore[operator]
    assert both[0].strict_due <= both[1].strict_due  # type: ignore[operator]


@given(at=moments, code=st.sampled_from([EU, UK]), extended=st.booleans())
def test_a_legal_date_that_rolls_is_an_open_day(at: datetime, code: Rule, extended: bool) -> None:
    told = [Happening("extension_notified", at + timedelta(days=3))] if extended else []
    shut = closed("DE-BW")
    day = due(code, at, told, shut, settings=settings("DE")).legal_due
    assert isinstance(day, date)
    assert day.weekday() < 5
    assert day not in shut.days


@given(at=moments, code=st.sampled_from([EU, UK]))
def test_a_month_has_28_to_31_days_and_at_most_four_to_roll(at: datetime, code: Rule) -> None:
    day = due(code, at, [], NO_HOLIDAYS, settings=settings("GB")).legal_due
    assert isinstance(day, date)
    assert 28 <= (day - at.astimezone(ZoneInfo("Europe/London")).date()).days <= 31 + 2


@given(at=moments)
def test_72_hours_are_72_hours_whatever_the_clocks_do(at: datetime) -> None:
    moment = due(
        EU, at, [], NO_HOLIDAYS, kind="breach_authority", settings=Interpretation(zone=BERLIN)
    ).legal_due
    assert isinstance(moment, datetime)
    assert moment.astimezone(UTC) - at == timedelta(hours=72)


@given(at=moments, kind=st.sampled_from([*KINDS]), code=st.sampled_from([EU, UK, CALIFORNIA, Rule("x", "X")]))
def test_every_question_gets_an_answer_in_words(at: datetime, kind: str, code: Rule) -> None:
    deadline = due(code, at, [Happening("refused")], closed("GB-SCT"), kind=kind, settings=settings("GB"))
    assert deadline.explanation.endswith(".")


def test_periods_are_written_as_people_say_them() -> None:
    assert [str(Period(1, "calendar_month")), str(Period(72, "hour"))] == ["1 month", "72 hours"]

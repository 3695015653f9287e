"""Whose end wins when several purposes use one category: tables, no database."""

from datetime import date, timedelta

import pytest

from audit.personal import StartEvent, Then
from inventory.letting_go.retention import Rule, Use, ending, explain, roles_apart, starts
from law.calendar import after, last_start

ON = date(2026, 11, 22)
LEARNER, GUARDIAN = "learner", "guardian"
EVENT, COURSE, TAX = StartEvent.EVENT, StartEvent.COURSE_END, StartEvent.TAX_YEAR_END


def rule(purpose: str, number: int | None, unit: str, event: str = EVENT, **more: object) -> Rule:
    return Rule(purpose=purpose, number=number, unit=unit, event=event, **more)  # type: ignore[arg-type]


def use(purpose: str, *roles: str) -> Use:
    return Use(purpose, frozenset(roles or (LEARNER,)))


SECURITY = rule("Security", 30, "days")
IMPROVE = rule("Improvement", 90, "days")
TEACH = rule("Education", 5, "years", COURSE, then=Then.ANONYMIZE)
LESSONS = rule("Lessons", 1, "years", COURSE)


@pytest.mark.parametrize(
    ("rules", "uses", "sentence"),
    [
        ([SECURITY], [use("Security")], "Session logs must go 30 days after the event."),
        (
            [SECURITY, IMPROVE],
            [use("Security"), use("Improvement")],
            "Session logs may stay until 90 days after the event, because the purpose “Improvement” still "
            "needs this data.",
        ),
        (
            [LESSONS, TEACH],
            [use("Lessons"), use("Education")],
            "Session logs may stay until 5 years after the end of the course, because the purpose “Education” "
            "still needs this data.",
        ),
        (
            [SECURITY, TEACH],
            [use("Security"), use("Education")],
            "Session logs may stay until both 30 days after the event and 5 years after the end of the course, "
            "because the purposes “Security” and “Education” still need this data. What happens then is up to "
            "“Education”: anonymize.",
        ),
        (
            [IMPROVE, rule("Reports", 90, "days"), SECURITY],
            [use("Improvement"), use("Reports"), use("Security")],
            "Session logs may stay until 90 days after the event, because the purposes “Reports” and “Improvement” "
            "still need this data.",
        ),
        (
            [IMPROVE, rule("Reports", 90, "days")],
            [use("Improvement"), use("Reports")],
            "Session logs must go 90 days after the event.",
        ),
        ([TEACH], [use("Education")], "Session logs must be anonymized 5 years after the end of the course."),
        (
            [SECURITY],
            [use("Security"), use("Advertising")],
            "Session logs must stay for now: the purpose “Advertising” uses this data and has no retention "
            "rule yet.",
        ),
        (
            [rule("Security", None, "")],
            [use("Security")],
            "Session logs may stay without an end, because the rule for “Security” names none.",
        ),
        ([], [], "Nobody has decided how long session logs may stay."),
        ([rule("Security", 1, "years")], [use("Security")], "Session logs must go 1 year after the event."),
    ],
)
def test_the_latest_end_wins_and_says_why(rules: list[Rule], uses: list[Use], sentence: str) -> None:
    found = ending(rules, uses, role=LEARNER, apart=[], on=ON)
    assert explain("Session logs", found) == sentence


def test_a_purpose_that_has_ended_holds_nothing_back() -> None:
    found = ending([SECURITY, IMPROVE], [use("Security")], role=LEARNER, apart=[], on=ON)
    assert found.governing == (SECURITY,)


def test_what_the_law_protects_stays_even_when_its_purpose_has_ended() -> None:
    tax = rule("Bookkeeping", 10, "years", is_protected=True)
    found = ending([SECURITY, tax], [use("Security")], role=LEARNER, apart=[], on=ON)
    assert found.governing == (tax,)


def test_when_every_purpose_has_ended_the_rules_still_run_out() -> None:
    found = ending([SECURITY, IMPROVE], [], role=LEARNER, apart=[], on=ON)
    assert found.governing == (IMPROVE,)


def test_a_purpose_without_a_rule_keeps_the_data_from_going() -> None:
    assert not ending([SECURITY], [use("Security"), use("Ads")], role=LEARNER, apart=[], on=ON).is_settled


def test_a_role_with_a_rule_of_its_own_follows_that() -> None:
    short = rule("Security", 7, "days", role=LEARNER)
    uses = [use("Security", LEARNER, GUARDIAN)]
    assert roles_apart([SECURITY, short]) == [LEARNER]
    assert ending([SECURITY, short], uses, role=LEARNER, apart=[LEARNER], on=ON).governing == (short,)
    assert ending([SECURITY, short], uses, role="", apart=[LEARNER], on=ON).governing == (SECURITY,)


def test_a_purpose_that_uses_only_learners_data_holds_no_guardians_data() -> None:
    uses = [use("Security", LEARNER, GUARDIAN), use("Improvement", LEARNER)]
    rules = [SECURITY, IMPROVE, rule("Security", 7, "days", role=LEARNER)]
    assert ending(rules, uses, role="", apart=[LEARNER], on=ON).governing == (SECURITY,)


def test_each_start_event_has_its_own_cut_off_day() -> None:
    uses = [use("Security"), use("Education")]
    found = ending([SECURITY, TEACH], uses, role=LEARNER, apart=[], on=ON)
    assert found.cutoffs(ON) == {EVENT: date(2026, 10, 22), COURSE: date(2021, 11, 21)}
    assert found.last == TEACH


@pytest.mark.parametrize(
    ("start", "number", "unit", "kept_through"),
    [
        (date(2026, 3, 1), 30, "days", date(2026, 3, 31)),
        (date(2024, 2, 28), 1, "days", date(2024, 2, 29)),
        (date(2026, 1, 31), 1, "months", date(2026, 2, 28)),
        (date(2024, 1, 31), 1, "months", date(2024, 2, 29)),
        (date(2026, 2, 28), 1, "months", date(2026, 3, 28)),
        (date(2025, 3, 3), 1, "years", date(2026, 3, 3)),
        (date(2024, 2, 29), 1, "years", date(2025, 2, 28)),
        (date(2024, 2, 29), 4, "years", date(2028, 2, 29)),
        (date(2023, 2, 28), 12, "months", date(2024, 2, 28)),
    ],
)
def test_a_period_is_kept_through_its_last_day_and_over_on_the_next(
    start: date, number: int, unit: str, kept_through: date
) -> None:
    """Regulation (EEC) 1182/71 Art. 3(2)(c): a period ends with the last hour of its last day."""
    assert after(start, number, unit) == kept_through
    assert last_start(kept_through, number, unit) < start
    assert last_start(kept_through + timedelta(days=1), number, unit) >= start


@pytest.mark.parametrize("unit", ["days", "months", "years"])
def test_a_period_is_never_over_too_early_and_never_a_day_late(unit: str) -> None:
    for day in (date(2024, 2, 29), date(2024, 3, 1), date(2025, 12, 31), date(2026, 2, 28)):
        for number in (1, 2, 11, 13):
            start = last_start(day, number, unit)
            assert after(start, number, unit) < day <= after(start + timedelta(days=1), number, unit)


@pytest.mark.parametrize("turned", [False, True])
def test_where_periods_end_together_whoever_keeps_something_decides_and_no_order_of_writing(
    turned: bool,
) -> None:
    both = [IMPROVE, rule("Reports", 90, "days", then=Then.ANONYMIZE)]
    uses = [use("Improvement"), use("Reports")]
    found = ending(both[::-1] if turned else both, uses, role=LEARNER, apart=[], on=ON)
    assert (found.last.purpose, found.last.then) == ("Reports", Then.ANONYMIZE)


def test_what_goes_is_said_by_its_last_day() -> None:
    assert starts({EVENT: "2026-03-03"}) == "the event on 3 March 2026 or earlier"

"""From draft to published, step by step, and what each step refuses."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from audit.models import Event
from policies import actions, refusals
from policies.models import Policy, PolicyVersion, Significance, Status
from policies.tasks import publish_due
from tests.people.factories import UserFactory

from .factories import PolicyFactory, PolicyTextFactory, PolicyVersionFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
IN_TIME = date(2026, 3, 2)


@pytest.fixture
def policy() -> Policy:
    """A policy with a version in force since 2025."""
    policy = PolicyFactory()
    PolicyVersionFactory(
        policy=policy, history=True, effective_on=date(2025, 1, 1), text="# Privacy\n\nAs it was.\n"
    )
    return policy


def test_a_version_goes_from_draft_to_published_by_two_people(policy: Policy) -> None:
    noor, dov = UserFactory(), UserFactory(dov=True)
    version = PolicyVersionFactory(policy=policy, effective_on=IN_TIME)
    actions.decide_significance(
        version, by=noor, at=NOW, reason="Wording only.", significance=Significance.EDITORIAL
    )
    actions.submit(version, by=noor, at=NOW)
    actions.approve(version, by=dov, at=NOW)
    actions.publish(version, by=dov, at=NOW)
    version.refresh_from_db()
    assert version.status == Status.PUBLISHED
    assert [event.verb for event in Event.objects.about(version)] == [
        "policies.publish", "policies.approve", "policies.submit", "policies.decide_significance",
    ]  # fmt: skip


def test_nobody_approves_what_they_put_forward(policy: Policy) -> None:
    version = PolicyVersionFactory(policy=policy, review=True)
    with pytest.raises(refusals.NeedsSecondPerson, match="yourself"):
        actions.approve(version, by=version.submitted_by, at=NOW)


def test_the_database_refuses_it_too(policy: Policy) -> None:
    version = PolicyVersionFactory(policy=policy, review=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyVersion.objects.filter(pk=version.pk).update(approved_by=version.submitted_by)


@pytest.mark.parametrize("start", list(Status))
@pytest.mark.parametrize("end", list(Status))
def test_only_the_listed_moves_are_possible(policy: Policy, start: Status, end: Status) -> None:
    from policies import guards

    version = PolicyVersion(policy=policy, status=start, published_at=NOW)
    if end in PolicyVersion.transitions[start]:
        guards.may_become(version, end)
    else:
        with pytest.raises(refusals.WrongStage):
            guards.may_become(version, end)


def test_an_unfinished_draft_says_everything_it_misses(policy: Policy) -> None:
    version = PolicyVersionFactory(policy=policy, effective_on=None, text="")
    with pytest.raises(refusals.NotReady) as refusal:
        actions.submit(version, by=UserFactory(), at=NOW)
    for missing in ("effective date", "significant", "English text is empty"):
        assert missing in str(refusal.value)


def test_a_significant_change_needs_its_points_in_every_language(policy: Policy) -> None:
    version = PolicyVersionFactory(policy=policy, significance=Significance.SIGNIFICANT)
    PolicyTextFactory(version=version, language="es", summary="")
    with pytest.raises(refusals.NotReady, match="Say what changes in Español"):
        actions.submit(version, by=UserFactory(), at=NOW)


def test_a_placeholder_is_found_before_anybody_reads_it(policy: Policy) -> None:
    version = PolicyVersionFactory(policy=policy, significance=Significance.EDITORIAL, text="Dear {email}")
    with pytest.raises(refusals.NotReady, match=r"\{email\}"):
        actions.submit(version, by=UserFactory(), at=NOW)


def test_spaces_and_bold_type_are_no_change(policy: Policy) -> None:
    version = PolicyVersionFactory(policy=policy, text="# Privacy\n\nAs  it **was**.\n\n")
    with pytest.raises(refusals.NoVisibleChange):
        actions.decide_significance(version, by=UserFactory(), at=NOW, reason="?", significance="significant")


def test_a_past_effective_date_is_refused(policy: Policy) -> None:
    version = PolicyVersionFactory(
        policy=policy, approved=True, editorial=True, effective_on=date(2026, 1, 14)
    )
    with pytest.raises(refusals.TooEarly, match="in the past"):
        actions.publish(version, by=UserFactory(), at=NOW)


def test_an_editorial_change_may_take_effect_today(policy: Policy) -> None:
    version = PolicyVersionFactory(
        policy=policy, approved=True, editorial=True, effective_on=date(2026, 1, 15)
    )
    actions.publish(version, by=UserFactory(), at=NOW)
    assert PolicyVersion.objects.in_force(date(2026, 1, 15)).get(policy=policy) == version


def test_today_is_the_companys_today_not_the_servers(policy: Policy) -> None:
    version = PolicyVersionFactory(
        policy=policy, approved=True, editorial=True, effective_on=date(2026, 1, 14)
    )
    still_the_14th_in_new_york = datetime(2026, 1, 15, 4, tzinfo=UTC)
    actions.publish(version, by=UserFactory(), at=still_the_14th_in_new_york)


def test_a_significant_change_keeps_the_notice_period(policy: Policy) -> None:
    version = PolicyVersionFactory(policy=policy, approved=True, effective_on=date(2026, 2, 13))
    with pytest.raises(refusals.TooEarly, match="14 February 2026 at the earliest"):
        actions.publish(version, by=UserFactory(), at=NOW)


def test_a_second_person_may_shorten_it_with_a_reason(policy: Policy) -> None:
    version = PolicyVersionFactory(policy=policy, approved=True, effective_on=date(2026, 1, 20))
    with pytest.raises(refusals.NeedsSecondPerson):
        actions.allow_early(version, by=version.submitted_by, at=NOW, reason="Court order.")
    actions.allow_early(version, by=UserFactory(), at=NOW, reason="Court order.")
    actions.publish(version, by=UserFactory(), at=NOW)


def test_two_versions_cannot_take_effect_on_one_day(policy: Policy) -> None:
    version = PolicyVersionFactory(policy=policy, approved=True, editorial=True)
    PolicyVersionFactory(policy=policy, published=True, text="# Privacy\n\nSomething else.\n")
    with pytest.raises(refusals.DateTaken):
        actions.publish(version, by=UserFactory(), at=NOW)


def test_publishing_twice_says_who_was_first(policy: Policy) -> None:
    version = PolicyVersionFactory(policy=policy, approved=True, editorial=True)
    actions.publish(version, by=UserFactory(name="Noor"), at=NOW)
    with pytest.raises(refusals.WrongStage, match="published by Noor on 15 January 2026"):
        actions.publish(version, by=UserFactory(), at=NOW)


def test_a_refused_publication_leaves_nothing_behind(policy: Policy) -> None:
    version = PolicyVersionFactory(policy=policy, approved=True, effective_on=date(2026, 1, 20))
    events = Event.objects.count()
    with pytest.raises(refusals.TooEarly):
        actions.publish(version, by=UserFactory(), at=NOW)
    version.refresh_from_db()
    assert (version.status, version.published_at, Event.objects.count()) == (Status.APPROVED, None, events)


def test_a_planned_version_is_published_on_its_day(policy: Policy, time_machine) -> None:
    version = PolicyVersionFactory(policy=policy, approved=True, editorial=True)
    actions.plan(version, by=UserFactory(), at=NOW, reason="New term.", publish_on=date(2026, 2, 1))
    time_machine.move_to(datetime(2026, 1, 31, 12, tzinfo=UTC), tick=False)
    assert publish_due() == 0
    time_machine.move_to(datetime(2026, 2, 1, 12, tzinfo=UTC), tick=False)
    assert (publish_due(), publish_due()) == (1, 0)


@pytest.mark.parametrize("day", [date(2020, 1, 1), NOW.date()])
def test_nothing_is_planned_for_a_day_that_has_begun(policy: Policy, day: date) -> None:
    """It would go out within a minute, and nobody would have typed to how many."""
    version = PolicyVersionFactory(policy=policy, approved=True, effective_on=IN_TIME)
    with pytest.raises(refusals.TooEarly, match="still to come"):
        actions.plan(version, by=UserFactory(), at=NOW, reason="Soon.", publish_on=day)


def test_the_last_day_of_the_calendar_is_no_error() -> None:
    version = PolicyVersionFactory(approved=True, effective_on=date.max)
    actions.plan(version, by=UserFactory(), at=NOW, reason="Never.", publish_on=date.max)


def test_an_early_date_is_allowed_only_for_what_was_put_forward(policy: Policy) -> None:
    """Else whoever allowed it could put it forward next, which the database refuses."""
    version = PolicyVersionFactory(policy=policy, review=True)
    noor = UserFactory()
    actions.send_back(version, by=noor, at=NOW, reason="A typo.")
    with pytest.raises(refusals.WrongStage):
        actions.allow_early(version, by=noor, at=NOW, reason="It is urgent.")


def test_sending_back_forgets_approval_and_plans(policy: Policy) -> None:
    approved = PolicyVersionFactory(
        policy=policy, approved=True, publish_on=IN_TIME, planned_by=UserFactory()
    )
    version = actions.send_back(approved, by=UserFactory(), at=NOW, reason="A typo.")
    assert (version.status, version.approved_by, version.publish_on) == (Status.DRAFT, None, None)


def test_a_version_in_force_cannot_be_withdrawn(policy: Policy) -> None:
    version = PolicyVersionFactory(policy=policy, published=True, effective_on=date(2026, 1, 15))
    with pytest.raises(refusals.AlreadyInForce):
        actions.withdraw(version, by=UserFactory(), at=NOW, reason="Too late.")


def test_a_new_draft_starts_from_the_published_words(policy: Policy) -> None:
    version = PolicyVersionFactory(policy=policy, published=True, text="# Privacy\n\nNew words.\n")
    draft = actions.redraft(version, by=UserFactory(), at=NOW)
    assert (draft.status, draft.original.body, draft.effective_on) == (
        Status.DRAFT,
        "# Privacy\n\nNew words.\n",
        None,
    )


def test_in_force_and_superseded_follow_from_the_date(policy: Policy) -> None:
    PolicyVersionFactory(policy=policy, published=True, effective_on=IN_TIME)

    def stages_on(day: date) -> list[str]:
        versions = PolicyVersion.objects.filter(policy=policy).order_by("effective_on")
        return [getattr(version, "stage") for version in versions.with_stage(day)]  # noqa: B009 (annotated)

    stages = {day: stages_on(day) for day in (date(2026, 3, 1), IN_TIME)}
    assert stages == {date(2026, 3, 1): ["in force", "coming"], IN_TIME: ["superseded", "in force"]}


def test_a_policy_falls_due_for_review_a_year_after_it_was_last_read(policy: Policy) -> None:
    actions.review(policy, by=UserFactory(), at=datetime(2026, 2, 28, 12, tzinfo=UTC), reason="Read it all.")
    policy.refresh_from_db()
    assert policy.review_due_on(12) == date(2027, 2, 28)
    assert policy.review_due_on(30) == date(2028, 8, 28)


def test_one_versions_fault_does_not_hold_up_anothers_day(policy: Policy, monkeypatch, time_machine) -> None:
    broken, fine = (
        PolicyVersionFactory(
            policy=PolicyFactory(),
            approved=True,
            editorial=True,
            publish_on=IN_TIME,
            planned_by=UserFactory(),
        )
        for _ in range(2)
    )
    publish = actions.publish

    def stumble(version: PolicyVersion, **how: Any) -> PolicyVersion:
        if version.pk == broken.pk:
            raise RuntimeError("the disk is full")
        return publish(version, **how)

    monkeypatch.setattr("policies.actions.publish", stumble)
    time_machine.move_to(datetime(2026, 3, 2, 12, tzinfo=UTC), tick=False)
    assert publish_due() == 1
    fine.refresh_from_db()
    assert fine.status == Status.PUBLISHED

"""From the first mail to the end: what each step does, and everything a refusal has to list."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from audit.models import Event
from people.models import User
from processors import actions, guards
from processors.models import Contract, Processor, Review, Status, Transfer, Verdict
from processors.public_list import announcing
from processors.questions import questions_for
from tests.inventory.factories import ProcessingActivityFactory, SystemFactory
from tests.people.factories import UserFactory

from .factories import (
    ContractFactory,
    ProcessorActivityFactory,
    ProcessorFactory,
    ProcessorPlaceFactory,
    ProcessorSystemFactory,
    ReviewFactory,
    SubprocessorFactory,
    TransferFactory,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = date(2026, 3, 2)


@pytest.fixture
def dov() -> User:
    return UserFactory(dov=True)


@pytest.fixture
def noor() -> User:
    return UserFactory(name="Noor")


def do(action: Any, thing: Any, by: User, **facts: Any) -> Any:
    result = action(thing, by=by, at=NOW, reason="Because.", **facts)
    thing.refresh_from_db()
    return result


def answered(review: Review, by: User) -> Review:
    answers = {question.code: "yes" for question in questions_for(review.processor)}
    do(actions.answer, review, by, answers=answers, evidence="SOC 2 report.", evidence_on=date(2026, 1, 5))
    return review


def told(owl: Processor, by: User) -> None:
    """What has gathered of it is announced, and the day has come: today, at short notice."""
    announcing.announce_at_short_notice(
        owl.changes.gathered(), effective_on=TODAY, by=by, at=NOW, reason="Because."
    )


def test_from_the_first_mail_to_the_end(dov: User, noor: User) -> None:
    owl = actions.propose(ProcessorFactory.build(proposed_by=None), by=noor, at=NOW)
    ProcessorPlaceFactory(processor=owl)
    review = answered(do(actions.start_review, owl, noor), noor)
    do(actions.decide_review, review, dov, verdict=Verdict.FIT)
    do(actions.approve, owl, dov)
    do(actions.record_contract, owl, dov, kind="dpa", signed_on=TODAY, in_force_on=TODAY)
    told(owl, dov)
    do(actions.activate, owl, dov)
    assert (owl.status, owl.started_on, review.next_on) == (Status.ACTIVE, TODAY, date(2027, 3, 2))
    do(actions.leave, owl, dov)
    told(owl, dov)
    do(actions.end, owl, dov)
    assert (owl.status, owl.ended_on) == (Status.ENDED, TODAY)
    verbs = [event.verb.partition(".")[2] for event in Event.objects.about(owl).order_by("pk")]
    assert verbs == ["propose", "start_review", "approve", "activate", "leave", "end"]


@pytest.mark.parametrize(("tier", "due"), [("low", 2028), ("medium", 2027), ("high", 2026)])
def test_the_next_review_follows_from_the_risk(dov: User, noor: User, tier: str, due: int) -> None:
    review = answered(ReviewFactory(processor__risk_tier=tier), noor)
    do(actions.decide_review, review, dov, verdict=Verdict.FIT)
    assert review.next_on == date(due, 9 if tier == "high" else 3, 2)


def test_who_answered_does_not_decide(noor: User) -> None:
    review = answered(ReviewFactory(), noor)
    with pytest.raises(guards.SecondPersonNeeded):
        do(actions.decide_review, review, noor, verdict=Verdict.FIT)


def test_who_proposed_does_not_approve(noor: User) -> None:
    owl = ProcessorFactory(review=True, proposed_by=noor)
    ReviewFactory(processor=owl, fit=True)
    with pytest.raises(guards.SecondPersonNeeded):
        do(actions.approve, owl, noor)


def test_a_review_with_holes_lists_them_all(dov: User) -> None:
    review = ReviewFactory()
    with pytest.raises(guards.ReviewIncomplete) as refusal:
        do(actions.decide_review, review, dov, verdict=Verdict.CONDITIONS)
    words = str(refusal.value)
    for question in questions_for(review.processor):
        assert question.question in words
    for sentence in ("Say which evidence was seen.", "Say from which day", "Write the conditions."):
        assert sentence in words


def test_only_educational_technology_is_asked_the_educational_questions() -> None:
    codes = {question.code for question in questions_for(ProcessorFactory.build(kind="hosting"))}
    more = {question.code for question in questions_for(ProcessorFactory.build(kind="edtech"))}
    assert {"school_control", "age_appropriate", "student_agreement"} <= more - codes
    assert {"no_ads", "no_sale", "coppa"} <= codes & more
    # What the raters of learning software want promised: six times no.
    assert {
        "no_sale",
        "no_marketing",
        "no_ads",
        "no_tracking",
        "no_cross_tracking",
        "no_profile",
    } <= codes & more


def test_unfit_needs_no_whole_questionnaire_and_sends_the_company_back(dov: User) -> None:
    review = ReviewFactory(processor__review=True)
    do(actions.decide_review, review, dov, verdict=Verdict.UNFIT)
    review.processor.refresh_from_db()
    assert review.processor.status == Status.PROPOSED


def test_a_decided_review_is_answered_and_decided_no_more(dov: User) -> None:
    review = ReviewFactory(fit=True)
    with pytest.raises(guards.ReviewDecided):
        answered(review, dov)
    with pytest.raises(guards.ReviewDecided):
        do(actions.decide_review, review, dov, verdict=Verdict.UNFIT)


def test_one_review_is_open_at_a_time(dov: User) -> None:
    review = ReviewFactory()
    with pytest.raises(guards.ReviewOpen):
        do(actions.start_review, review.processor, dov)


def test_a_company_in_use_is_reviewed_again_without_stopping(dov: User) -> None:
    owl = ProcessorFactory(active=True, whole=True)
    do(actions.start_review, owl, dov)
    assert owl.status == Status.ACTIVE


def test_an_approval_without_a_passed_review_is_refused(dov: User) -> None:
    with pytest.raises(guards.NotReady, match="No review has been decided"):
        do(actions.approve, ProcessorFactory(review=True), dov)


def test_activating_a_bare_company_lists_everything_that_is_missing(dov: User) -> None:
    owl = ProcessorFactory(approved=True, places=["US", "IN", "global"])
    ReviewFactory(processor=owl, fit=True, next_on=TODAY)
    TransferFactory(processor=owl, destination="IN", contract__ends_on=date(2025, 12, 31))
    with pytest.raises(guards.NotReady) as refusal:
        do(actions.activate, owl, dov)
    assert str(refusal.value) == (
        "The next review was due on 2 March 2026. "
        "No data processing agreement is in force. "
        "“global” is no country: ask where the data lies. "
        "EU GDPR to India: Standard contractual clauses (SCC 2021) is not switched on in the law rows of the EU GDPR. "
        "No contract in force holds the clauses. "
        "EU GDPR to United States of America: No mechanism is on record under the EU GDPR. "
        "Nobody was told that it comes: announce that first."
    )


@pytest.mark.parametrize(
    ("start", "action"),
    [
        ({}, actions.approve),
        ({}, actions.activate),
        ({}, actions.leave),
        ({"review": True}, actions.activate),
        ({"approved": True}, actions.leave),
        ({"active": True}, actions.approve),
        ({"active": True}, actions.end),
        ({"ended": True}, actions.activate),
        ({"ended": True}, actions.end),
        ({"ended": True}, actions.start_review),
    ],
)
def test_no_step_is_skipped(dov: User, start: dict[str, bool], action: Any) -> None:
    owl = ProcessorFactory(**start)
    was = owl.status
    with pytest.raises(guards.WrongStatus):
        do(action, owl, dov)
    owl.refresh_from_db()
    assert owl.status == was


def test_an_end_lists_what_still_names_the_company(dov: User) -> None:
    owl = ProcessorFactory(name="Owl", leaving=True)
    ProcessorActivityFactory(processor=owl, activity__name="Send notices")
    ProcessorActivityFactory(processor=owl, activity=ProcessingActivityFactory(ended=True))
    ProcessorSystemFactory(processor=owl, system__name="Mail store")
    ProcessorSystemFactory(processor=owl, system=SystemFactory(ended=True))
    SubprocessorFactory(company=owl, processor=ProcessorFactory(name="Fox", active=True))
    SubprocessorFactory(company=owl, processor=ProcessorFactory(name="Gone", ended=True))
    with pytest.raises(guards.StillInUse) as refusal:
        do(actions.end, owl, dov)
    assert str(refusal.value) == (
        "Owl is still named by the activity “Send notices”, the system “Mail store”, "
        "“Fox”, whose sub-processor it is."
    )


def test_an_end_ends_its_transfers(dov: User) -> None:
    transfer = TransferFactory(processor=ProcessorFactory(leaving=True, told=False))
    do(actions.end, transfer.processor, dov)
    assert not Transfer.objects.live(TODAY).exists()


def test_who_is_leaving_may_come_back(dov: User) -> None:
    owl = ProcessorFactory(leaving=True, whole=True)
    started = owl.started_on
    do(actions.activate, owl, dov)
    assert (owl.status, owl.started_on) == (Status.ACTIVE, started)


@pytest.mark.parametrize("action", [actions.record_contract, actions.record_transfer])
def test_nothing_is_signed_with_who_has_ended(dov: User, action: Any) -> None:
    with pytest.raises(guards.WrongStatus, match="has ended"):
        do(action, ProcessorFactory(ended=True), dov)


@pytest.mark.parametrize(
    ("action", "facts", "words"),
    [
        (
            actions.record_contract,
            {"signed_on": TODAY, "in_force_on": TODAY, "ends_on": date(2026, 3, 1)},
            "It ends before it is in force. It ends before it was signed.",
        ),
        (actions.record_contract, {"in_force_on": TODAY}, "What is in force has been signed"),
        (
            actions.record_transfer,
            {"exporter_regime": "eu_gdpr", "destination": "US", "mechanism": "scc"},
            "need their module, and nothing else has one. Clauses stand in a contract",
        ),
        (
            actions.record_transfer,
            {"exporter_regime": "uk_gdpr", "destination": "US", "mechanism": "dpf", "dpf_checked_on": TODAY},
            "belongs to another law",
        ),
    ],
)
def test_contradictions_are_refused_all_at_once(
    dov: User, action: Any, facts: dict[str, Any], words: str
) -> None:
    with pytest.raises(guards.Contradiction) as refusal:
        do(action, ProcessorFactory(), dov, **facts)
    assert words in str(refusal.value)
    assert not Contract.objects.exists()
    assert not Transfer.objects.exists()


def test_a_listing_is_seen_again_today(dov: User) -> None:
    transfer = TransferFactory(dpf=True)
    do(actions.recheck_dpf, transfer, dov)
    assert transfer.dpf_checked_on == TODAY
    with pytest.raises(guards.NoListing):
        do(actions.recheck_dpf, TransferFactory(), dov)


def test_only_what_nothing_hangs_on_is_deleted(dov: User) -> None:
    owl = ContractFactory(processor__name="Owl").processor
    with pytest.raises(guards.StillInUse, match="In use, so it stays: contract “Contract"):
        do(actions.remove, owl, dov)
    with pytest.raises(guards.WrongStatus):
        do(actions.remove, ProcessorFactory(active=True, told=False), dov)
    mistake = ProcessorFactory(places=["DE"])
    actions.remove(mistake, by=dov, at=NOW, reason="Typed twice.")
    assert not Processor.objects.filter(pk=mistake.pk).exists()

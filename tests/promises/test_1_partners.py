"""Who else receives data: partners, learning tools and places abroad."""

import pytest

from audit.promises import State
from processors import actions, guards, promises
from processors.models import Status, Verdict
from processors.public_list import announcing, changes
from processors.questions import questions_for
from tests.inventory.factories import DataCategoryFactory, ProcessingActivityFactory
from tests.people.factories import UserFactory
from tests.processors.factories import (
    ContractFactory,
    ProcessorFactory,
    ProcessorPlaceFactory,
    ReviewFactory,
    TransferFactory,
    approve_clauses,
)

from .conftest import NOW

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


def test_its_important_you_understand_who_they_are_and_what_information_flows_to_them() -> None:
    activity, dov = ProcessingActivityFactory(), UserFactory()
    owl = ProcessorFactory(active=True, activities=[activity], whole=True)
    activity.categories.add(DataCategoryFactory(name="Location"))
    assert promises.partners_are_known(TODAY).state == State.AT_RISK
    rows, day = changes.gather(owl, at=NOW), announcing.earliest(NOW)
    with pytest.raises(announcing.TooSoon):
        announcing.announce(rows, effective_on=TODAY, by=dov, at=NOW, reason="We need it now.")
    announcing.announce(rows, effective_on=day, by=dov, at=NOW, reason="Lessons near you.")
    assert promises.partners_are_known(TODAY).state == State.KEPT
    ProcessorFactory(active=True, whole=True, told=False)
    assert promises.partners_are_known(TODAY).state == State.BROKEN


def test_weve_carefully_selected_partners_who_meet_our_standards() -> None:
    owl, dov = ProcessorFactory(approved=True, places=["global"]), UserFactory()
    with pytest.raises(guards.NotReady) as refusal:
        actions.activate(owl, by=dov, at=NOW, reason="We need it now.")
    for missing in ("No review", "No data processing agreement", "“global” is no country"):
        assert missing in str(refusal.value)
    owl.refresh_from_db()
    assert owl.status == Status.APPROVED


def test_theyre_contractually_bound_to_use_it_only_for_the_purposes_weve_authorized() -> None:
    activity = ProcessingActivityFactory()
    ProcessorFactory(active=True, activities=[activity], whole=True)
    assert promises.partners_under_contract(TODAY).state == State.KEPT
    activity.categories.add(DataCategoryFactory(name="Location"))
    finding = promises.partners_under_contract(TODAY)
    assert finding.state == State.BROKEN
    assert "Location" in finding.sentence


def test_we_carefully_vet_these_partners_for_educational_contexts() -> None:
    review, dov = ReviewFactory(processor__kind="edtech"), UserFactory()
    assert {"no_ads", "coppa", "school_control"} <= {q.code for q in questions_for(review.processor)}
    with pytest.raises(guards.ReviewIncomplete):
        actions.decide_review(review, by=dov, at=NOW, reason="Looks fine.", verdict=Verdict.FIT)


def test_transfers_use_mechanisms_like_standard_contractual_clauses_or_adequacy_decisions() -> None:
    approve_clauses()
    owl = ProcessorFactory(active=True, whole=True)
    ProcessorPlaceFactory(processor=owl, country="US")
    assert promises.transfers_under_a_mechanism(TODAY).state == State.BROKEN
    TransferFactory(processor=owl, contract=ContractFactory(processor=owl))
    assert promises.transfers_under_a_mechanism(TODAY).state == State.KEPT

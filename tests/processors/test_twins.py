"""Two rows that are one company: what moves, what stays, what is refused, and who comes second."""

import io
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse

from audit.models import Event
from people.models import User
from processors import twins
from processors.imports import planned
from processors.models import ChangeKind, Processor, Role, Status, SubprocessorChange
from processors.public_list import announcing, changes
from tests.inventory.factories import ProcessingActivityFactory, SystemFactory
from tests.people.factories import UserFactory
from tests.policies.test_races import at_once

from .factories import (
    ContractFactory,
    ProcessorFactory,
    ReviewFactory,
    SubprocessorFactory,
    TransferFactory,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _june():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def dov() -> User:
    return UserFactory(dov=True, group="privacy lead")


def merge(twin: Processor, into: Processor, by: User) -> None:
    twins.merge(twin, into=into, by=by, at=NOW, reason="One company, two spellings.")
    twin.refresh_from_db()
    into.refresh_from_db()


def refusal(twin: Processor, into: Processor) -> str:
    return " ".join(twins.contradictions(twin, into, TODAY))


# --- What moves ---------------------------------------------------------------------------


def test_papers_move_with_their_answers_and_the_record_says_whose_they_were(dov: User) -> None:
    twin, owl = ProcessorFactory(name="Owl, Inc.", active=True, whole=True), ProcessorFactory(active=True)
    contract, review = twin.contracts.get(), twin.reviews.get()
    transfer = TransferFactory(processor=twin, contract=contract)
    merge(twin, owl, dov)
    assert [list(rows.all()) for rows in (owl.contracts, owl.reviews, owl.transfers)] == [
        [contract], [review], [transfer],
    ]  # fmt: skip
    assert contract.clauses.exists()
    event = Event.objects.get(verb="processors.merge")
    assert (event.object_ref, event.details["merged"]) == (str(owl.pk), twin.pk)
    assert (event.details["contracts"], event.details["transfers"]) == ([contract.pk], [transfer.pk])


def test_links_move_and_what_both_have_remains_once(dov: User) -> None:
    shared, own = ProcessingActivityFactory(), ProcessingActivityFactory()
    twin = ProcessorFactory(places=["US", "DE", "global"], activities=[shared, own])
    owl = ProcessorFactory(places=["DE", "IE"], activities=[shared])
    system, helper = SystemFactory(), ProcessorFactory()
    for processor in (twin, owl):
        processor.hosts.create(system=system)
        SubprocessorFactory(processor=processor, company=helper)
        SubprocessorFactory(processor=helper, company=processor)
    merge(twin, owl, dov)
    places = owl.places.values_list("country", "named_as")
    assert sorted(places) == [("", "global"), ("DE", ""), ("IE", ""), ("US", "")]
    assert set(owl.receives.values_list("activity", flat=True)) == {shared.pk, own.pk}
    assert (owl.hosts.count(), owl.subprocessors.count(), owl.used_by.count()) == (1, 1, 1)
    kept = (twin.places, twin.receives, twin.hosts, twin.subprocessors, twin.used_by, twin.contracts)
    assert not any(rows.exists() for rows in kept)


def test_of_two_equal_transfers_the_one_of_the_company_goes_on(dov: User) -> None:
    twin, owl = ProcessorFactory(), ProcessorFactory()
    doubled, kept = (TransferFactory(processor=processor) for processor in (twin, owl))
    merge(twin, owl, dov)
    doubled.refresh_from_db()
    assert (doubled.processor, doubled.ended_on) == (owl, TODAY)
    assert list(owl.transfers.live(TODAY)) == [kept]


def test_the_twin_ends_and_leads_to_the_company_which_began_with_the_first_of_them(dov: User) -> None:
    twin = ProcessorFactory(active=True, started_on=date(2024, 3, 1))
    owl = ProcessorFactory(active=True)
    merge(twin, owl, dov)
    assert (twin.status, twin.ended_on, twin.merged_into) == (Status.ENDED, TODAY, owl)
    assert (owl.status, owl.started_on) == (Status.ACTIVE, date(2024, 3, 1))


def test_a_twin_of_a_twin_leads_straight_to_the_last(dov: User) -> None:
    first, second, third = (ProcessorFactory() for _number in range(3))
    merge(first, second, dov)
    merge(second, third, dov)
    first.refresh_from_db()
    assert first.merged_into == third
    assert set(third.merged.all()) == {first, second}


def test_what_was_told_stays_readable_and_the_rest_waits_to_be_told(dov: User) -> None:
    twin = ProcessorFactory(name="Owl, Inc.", active=True, places=["US"])
    owl = ProcessorFactory(name="Owl", active=True, places=["DE"])
    told = list(twin.changes.values_list("pk", "name"))
    merge(twin, owl, dov)
    assert list(twin.changes.exclude(announcement=None).values_list("pk", "name")) == told
    gathered = SubprocessorChange.objects.gathered().order_by("pk")
    assert [(row.processor, row.kind) for row in gathered] == [
        (twin, ChangeKind.REMOVED), (owl, ChangeKind.PLACE),
    ]  # fmt: skip


def test_what_nobody_was_told_yet_leaves_no_trace(dov: User) -> None:
    twin, owl = ProcessorFactory(approved=True), ProcessorFactory(active=True)
    changes.gather(twin, at=NOW)
    merge(twin, owl, dov)
    assert not twin.changes.exists()


def test_a_list_that_names_the_twin_means_the_company(dov: User) -> None:
    twin, owl = ProcessorFactory(name="Owl Cloud, Inc."), ProcessorFactory(name="Owl Cloud GmbH")
    merge(twin, owl, dov)
    plan = planned(io.BytesIO(b'name\n"Owl Cloud, Inc."\n'))
    assert (plan.counts().new, plan.counts().known) == (0, 1)
    plan.apply(by=dov, at=NOW)
    assert Processor.objects.count() == 2


def test_a_company_with_twins_is_not_deleted(desk: Client, dov: User) -> None:
    twin, owl = ProcessorFactory(name="Owl, Inc."), ProcessorFactory()
    merge(twin, owl, dov)
    html = press(desk, owl, "remove").content.decode()
    assert "In use, so it stays: processor “Owl, Inc.”." in html
    assert Processor.objects.filter(pk=owl.pk).exists()


# --- What is refused ----------------------------------------------------------------------


def test_a_company_is_not_its_own_twin(dov: User) -> None:
    owl = ProcessorFactory()
    assert refusal(owl, owl) == "A company cannot be merged into itself."
    with pytest.raises(twins.CannotMerge, match="into itself"):
        merge(owl, owl, dov)


def test_two_roles_for_one_company_contradict_each_other() -> None:
    twin = ProcessorFactory(name="Owl, Inc.", active=True, role=Role.CONTROLLER)
    owl = ProcessorFactory(name="Owl", active=True)
    assert refusal(twin, owl) == (
        "“Owl, Inc.” is independent controller and “Owl” processor: one company is one of them for the same "
        "work. Correct the wrong one first."
    )


@pytest.mark.parametrize("is_twin", [True, False])
def test_what_has_ended_does_not_go_on_under_another_name(is_twin: bool) -> None:
    pair = [ProcessorFactory(name="Owl", ended=True), ProcessorFactory(name="Owl, Inc.", active=True)]
    twin, into = pair if is_twin else reversed(pair)
    assert refusal(twin, into).startswith("“Owl” has ended and “Owl, Inc.” has not")


@pytest.mark.parametrize(
    ("further", "behind"),
    [("active", "leaving"), ("active", "approved"), ("leaving", "review"), ("review", "")],
)
def test_the_one_that_is_further_stays(further: str, behind: str) -> None:
    twin = ProcessorFactory(name="Owl", **{further: True})
    into = ProcessorFactory(name="Owl, Inc.", **({behind: True} if behind else {}))
    assert "merge “Owl, Inc.” into “Owl” instead." in refusal(twin, into)
    assert refusal(into, twin) == ""


def test_one_review_is_decided_before_the_other_comes() -> None:
    twin, owl = ProcessorFactory(), ProcessorFactory()
    ReviewFactory(processor=twin)
    assert refusal(twin, owl) == ""
    ReviewFactory(processor=owl)
    assert refusal(twin, owl) == "Both have an open review: decide one of them first."


@pytest.mark.parametrize("is_user", [True, False])
def test_a_company_is_not_its_own_helper(is_user: bool) -> None:
    twin, owl = ProcessorFactory(name="Owl, Inc."), ProcessorFactory(name="Owl")
    SubprocessorFactory(processor=twin if is_user else owl, company=owl if is_user else twin)
    assert "as a sub-processor, and a company is not its own" in refusal(twin, owl)


def test_what_is_announced_happens_or_is_withdrawn_first(dov: User) -> None:
    twin, owl = ProcessorFactory(name="Owl, Inc.", approved=True), ProcessorFactory(active=True)
    announcing.announce(
        changes.gather(twin, at=NOW), effective_on=date(2026, 7, 15), by=dov, at=NOW, reason="A new host."
    )
    assert refusal(twin, owl) == (
        "A change of “Owl, Inc.” is announced for 15 July 2026: wait for it, or withdraw it."
    )


def test_a_merged_company_is_merged_once_and_takes_nobody_in(dov: User) -> None:
    twin, owl, third = ProcessorFactory(name="A"), ProcessorFactory(name="B"), ProcessorFactory(name="C")
    merge(twin, owl, dov)
    assert refusal(twin, third) == "“A” is merged into “B” already."
    assert refusal(third, twin) == "“A” is itself merged into “B”: choose that one."


def test_a_refusal_moves_nothing(dov: User) -> None:
    twin, owl = ProcessorFactory(active=True, places=["US"]), ProcessorFactory()
    contract = ContractFactory(processor=twin)
    with pytest.raises(twins.CannotMerge):
        merge(twin, owl, dov)
    contract.refresh_from_db()
    assert contract.processor == twin
    assert not Event.objects.filter(verb="processors.merge").exists()


# --- The desk -----------------------------------------------------------------------------


@pytest.fixture
def desk(client: Client, dov: User) -> Client:
    client.force_login(dov)
    return client


def url(processor: Processor, verb: str = "merge") -> str:
    return reverse("admin:processors_processor_do", args=[processor.pk, verb])


def press(desk: Client, processor: Processor, verb: str = "merge", **data: object) -> Any:
    processor.refresh_from_db()
    return desk.post(url(processor, verb), {"opened_revision": processor.revision, "reason": "One.", **data})


def page(desk: Client, processor: Processor) -> str:
    return desk.get(reverse("admin:processors_processor_change", args=[processor.pk])).content.decode()


def test_the_page_says_what_moves_and_proposes_the_likeliest(desk: Client) -> None:
    twin = ProcessorFactory(name="Owl Cloud, Inc.", places=["US", "DE"])
    ContractFactory(processor=twin)
    ProcessorFactory(name="Another Company")
    owl = ProcessorFactory(name="Owl Cloud")
    html = desk.get(url(twin)).content.decode()
    assert "This moves to the other company: contracts: 1, places: 2." in html
    assert f'<option value="{owl.pk}" selected>' in html
    assert f'value="{twin.pk}"' not in html


def test_one_press_merges_and_both_pages_say_so(desk: Client) -> None:
    twin, owl = ProcessorFactory(name="Owl, Inc."), ProcessorFactory(name="Owl")
    assert press(desk, twin, into=owl.pk).status_code == 302
    assert Event.objects.filter(verb="processors.merge").count() == 1
    assert "It is merged into" in page(desk, twin)
    assert "Merged into it: " in page(desk, owl)
    assert press(desk, twin, into=owl.pk).status_code == 409


def test_a_contradiction_stands_on_the_page_and_nothing_is_lost(desk: Client) -> None:
    twin, owl = ProcessorFactory(name="Owl, Inc.", active=True), ProcessorFactory(name="Owl")
    response = press(desk, twin, into=owl.pk, reason="Same company.")
    assert "merge “Owl” into “Owl, Inc.” instead" in response.content.decode()
    assert "Same company." in response.content.decode()


def test_whoever_may_not_approve_may_not_merge(client: Client) -> None:
    client.force_login(UserFactory(group="auditor"))
    assert client.get(url(ProcessorFactory())).status_code == 403


# --- Two people at once -------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round", range(3))
def test_two_merges_of_a_pair_in_opposite_ways_are_one(round: int) -> None:
    one, other, dov = ProcessorFactory(places=["US"]), ProcessorFactory(places=["DE"]), UserFactory()

    def first() -> None:
        twins.merge(Processor.objects.get(pk=one.pk), into=other, by=dov, at=NOW, reason="One.")

    def second() -> None:
        twins.merge(Processor.objects.get(pk=other.pk), into=one, by=dov, at=NOW, reason="One.")

    assert at_once(first, second).count("done") == 1
    [left] = Processor.objects.filter(merged_into=None)
    assert left.places.count() == 2
    assert Event.objects.filter(verb="processors.merge").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_merge_that_meets_a_held_row_is_refused_and_not_left_waiting(dov: User) -> None:
    one, other = ProcessorFactory(), ProcessorFactory()

    def hold_and_merge(first: Processor, second: Processor) -> None:
        with transaction.atomic():
            Processor.objects.select_for_update().get(pk=first.pk)
            twins.merge(first, into=second, by=dov, at=NOW, reason="One.")

    said = at_once(lambda: hold_and_merge(one, other), lambda: hold_and_merge(other, one))
    assert said.count("done") <= 1
    assert Processor.objects.exclude(merged_into=None).count() == said.count("done")

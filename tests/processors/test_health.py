"""The health page finds exactly what is wrong, and nothing where nothing is."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from audit import promises
from audit.promises import State
from inventory import record
from inventory.health import examine
from inventory.models import ProcessingActivity
from law.models import Adequacy, Company
from processors import health
from processors.models import Announcement, Contract, Processor, Role
from processors.promises import partners_are_known
from processors.public_list import announcing, changes
from tests.inventory.factories import DataCategoryFactory, ProcessingActivityFactory
from tests.people.factories import UserFactory

from .factories import (
    ContractFactory,
    ProcessorFactory,
    ProcessorPlaceFactory,
    ReviewFactory,
    SubprocessorFactory,
    TransferFactory,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)
EARLIER = datetime(2026, 1, 2, 9, tzinfo=UTC)
OURS = {check.code for check in health.CHECKS}


def faults() -> list[tuple[str, str]]:
    return [
        (fault.code, fault.sentence)
        for diagnosis in examine(TODAY)
        for fault in diagnosis.faults
        if fault.code in OURS
    ]


def codes() -> list[str]:
    return [code for code, _sentence in faults()]


def test_a_whole_processor_has_no_fault() -> None:
    ProcessorFactory(active=True, activities=[ProcessingActivityFactory()], whole=True)
    assert faults() == []


def test_one_that_is_only_proposed_has_no_fault_however_bare() -> None:
    ProcessorFactory(places=["global"])
    assert faults() == []


def test_a_bare_one_in_use_is_wrong_in_three_ways() -> None:
    ProcessorFactory(active=True)
    assert codes() == ["processor-without-contract", "processor-not-vetted", "place-unnamed"]


def test_terms_of_service_do_not_bind_a_processor_but_another_controller() -> None:
    for role in (Role.PROCESSOR, Role.CONTROLLER):
        processor = ProcessorFactory(active=True, role=role, places=["DE"], name=role.label)
        ReviewFactory(processor=processor, fit=True)
        ContractFactory(processor=processor, kind="terms")
    assert faults() == [
        (
            "processor-without-contract",
            "“processor” receives data. No data processing agreement is in force.",
        )
    ]


def test_a_place_without_a_transfer_is_uncovered() -> None:
    ProcessorFactory(name="Owl", active=True, places=["US"], whole=True)
    assert faults() == [
        (
            "transfer-uncovered",
            "“Owl”, EU GDPR to United States of America: No mechanism is on record under the EU GDPR.",
        )
    ]


def test_the_framework_listing_goes_stale_and_nothing_else_is_wrong() -> None:
    processor = ProcessorFactory(name="Owl", active=True, places=["US"], whole=True)
    TransferFactory(processor=processor, dpf=True, dpf_checked_on=date(2025, 3, 2))
    assert codes() == ["listing-stale"]


def test_clauses_stand_in_for_a_listing_that_lapsed(scc_on: None) -> None:
    processor = ProcessorFactory(active=True, places=["US"], whole=True)
    TransferFactory(processor=processor, dpf=True, dpf_checked_on=date(2024, 3, 2))
    TransferFactory(processor=processor)
    assert faults() == []


def test_a_contract_near_its_end_is_shown_until_the_next_one_is_there() -> None:
    processor = ProcessorFactory(name="Owl", active=True, places=["DE"])
    ReviewFactory(processor=processor, fit=True)
    ContractFactory(processor=processor, expiring=True)
    assert faults() == [("contract-ending", "A contract of “Owl” ends on 31 March 2026.")]
    ContractFactory(processor=processor, in_force_on=date(2026, 3, 31))
    assert faults() == []


def test_a_review_falls_due_on_its_day() -> None:
    processor = ProcessorFactory(name="Owl", active=True, places=["DE"])
    ContractFactory(processor=processor)
    ReviewFactory(processor=processor, fit=True, next_on=TODAY)
    assert faults() == [("processor-not-vetted", "“Owl”: The next review was due on 2 March 2026.")]


def test_an_unnamed_place_is_named_with_their_words() -> None:
    processor = ProcessorFactory(name="Owl", active=True, whole=True)
    ProcessorPlaceFactory(processor=processor, unnamed=True)
    assert faults() == [
        ("place-unnamed", "“Owl”: “global” is no country: ask where the data lies."),
        ("list-differs", "“Owl”, other places: people know “Germany”, the register says “Germany, global”."),
    ]


def test_what_it_receives_beyond_its_contract_is_named() -> None:
    activity = ProcessingActivityFactory()
    ProcessorFactory(name="Owl", active=True, activities=[activity], whole=True)
    activity.categories.add(DataCategoryFactory(name="Location"))
    beyond, differs = faults()
    assert beyond == ("beyond-contract", "“Owl” receives what its contract does not name: Location.")
    assert differs[0] == "list-differs"
    assert differs[1].startswith("“Owl”, other data: people know")


def test_an_ended_activity_is_received_no_more() -> None:
    ProcessorFactory(
        active=True,
        activities=[ProcessingActivityFactory(), ProcessingActivityFactory(ended=True)],
        whole=True,
    )
    assert faults() == []


def test_each_processor_costs_a_few_queries_and_no_more(
    django_assert_max_num_queries,
) -> None:
    for _n in range(20):
        TransferFactory(processor=ProcessorFactory(active=True, places=["US"], whole=True), dpf=True)
    with django_assert_max_num_queries(40 + 20 * 7):
        faults()


def test_a_subprocessor_is_not_a_fault_by_itself() -> None:
    whole: Processor = ProcessorFactory(active=True, whole=True)
    SubprocessorFactory(processor=whole)
    assert codes() == ["list-differs"]  # the list names it, so people have to be told


def test_who_holds_data_and_was_never_announced_is_found_and_breaks_the_promise() -> None:
    assert partners_are_known(TODAY).state == State.AT_RISK  # nothing on record
    owl = ProcessorFactory(name="Owl", active=True, whole=True, told=False)
    assert faults() == [
        ("processor-never-announced", "“Owl” holds data of ours, and people were never told that it comes.")
    ]
    finding = partners_are_known(TODAY)
    assert (finding.state, finding.rows) == (State.BROKEN, [owl])


def test_a_register_ahead_of_the_list_puts_the_promise_at_risk_until_it_is_announced() -> None:
    owl = ProcessorFactory(name="Owl", active=True, whole=True)
    assert partners_are_known(TODAY).state == State.KEPT
    ProcessorPlaceFactory(processor=owl, country="FR")
    assert partners_are_known(TODAY).state == State.AT_RISK
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    rows = changes.gather(owl, at=at)
    announcing.announce(rows, effective_on=date(2026, 5, 1), by=UserFactory(), at=at, reason="Agreed.")
    assert partners_are_known(TODAY).state == State.KEPT


@pytest.mark.parametrize(
    ("status", "kinds", "words"),
    [
        ("leaving", ["listed"], "is leaving, and people were not told that it goes."),
        ("leaving", ["listed", "removed"], "was announced to be gone, and the register says that it is not."),
        ("approved", ["added"], "was announced to work for us by now, and is not active."),
    ],
)
def test_what_was_told_and_did_not_happen_is_found(status: str, kinds: list[str], words: str) -> None:
    owl = ProcessorFactory(name="Owl", whole=True, told=False, **{status: True})
    for kind in kinds:
        announcement = Announcement.objects.create(effective_on=TODAY, announced_at=EARLIER)
        changes.list_as_history([owl], announcement, at=EARLIER, kind=kind)
    assert ("list-differs", f"“Owl” {words}") in faults()


def test_the_morning_page_warns_of_a_decision_that_ends_and_leads_to_whom_it_touches(client: Client) -> None:
    today = Company.current().today()
    TransferFactory(processor=ProcessorFactory(active=True), destination="GB", adequacy=True)
    uk = Adequacy.objects.filter(granted_by="EU", territory="GB")
    client.force_login(UserFactory(group="auditor"))
    uk.update(in_force_until=today + timedelta(days=181))
    assert "will have no basis" not in client.get("/admin/").content.decode()
    uk.update(in_force_until=today + timedelta(days=180))
    html = client.get("/admin/").content.decode()
    assert "will have no basis: renewal of Decision (EU) 2021/1772" in html
    assert f"/admin/processors/transfer/decisions/{uk.get().pk}/" in html


def test_the_record_of_processing_says_who_receives_and_under_what(scc_on: None) -> None:
    activity = ProcessingActivityFactory()
    owl = ProcessorFactory(name="Owl", active=True, activities=[activity])
    TransferFactory(processor=owl)
    ProcessorFactory(name="Proposed only", activities=[activity])
    [entry] = record.entries(ProcessingActivity.objects.all())
    assert entry.recipient_names == ["Owl (hosting)"]
    assert entry.transfers == [
        "Owl (hosting): standard contractual clauses (SCC 2021), module 2, to United States of America (EU GDPR)"
    ]


@pytest.mark.parametrize(
    ("wrong", "broken"),
    [
        (lambda owl: Contract.objects.update(ends_on=date(2026, 1, 1)), "partners-under-contract"),
        (lambda owl: ProcessorPlaceFactory(processor=owl, country="US"), "transfers-under-a-mechanism"),
        (lambda owl: ReviewFactory(processor=owl, unfit=True), "partners-are-vetted"),
    ],
)
def test_each_promise_breaks_by_its_own_fault_and_no_other(
    wrong: Callable[[Processor], object], broken: str
) -> None:
    owl = ProcessorFactory(active=True, whole=True)
    assert set(states().values()) == {State.KEPT}
    wrong(owl)
    assert {code for code, state in states().items() if state == State.BROKEN} == {broken}


def test_an_empty_register_proves_nothing() -> None:
    assert set(states().values()) == {State.AT_RISK}


def states() -> dict[str, State]:
    mine = ("partners-under-contract", "transfers-under-a-mechanism", "partners-are-vetted")
    return {
        promise.code: finding.state for promise, finding in promises.examine(TODAY) if promise.code in mine
    }

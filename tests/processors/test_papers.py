"""Papers after they are signed: clauses left out, assessments that hold or do not, files that are replaced."""

import hashlib
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Event
from inventory.health import examine
from law import actions as law
from law.models import ChecklistItem, TransferMechanism
from people.models import User
from processors import papers
from processors.basis import Judge
from processors.clauses import Lists
from processors.guards import what_is_missing
from processors.health_papers import CHECKS
from processors.models import (
    AssessmentAnswer,
    Contract,
    ContractClause,
    ContractKind,
    Outcome,
    Processor,
    Role,
    Standing,
    Transfer,
)
from processors.tasks import delete_stray_files
from tests.people.factories import UserFactory

from .factories import (
    ContractFactory,
    ProcessorFactory,
    TransferFactory,
    answer_clauses,
    approve_clauses,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TODAY = NOW.date()
REVIEW = date(2027, 6, 1)


@pytest.fixture(autouse=True)
def _june():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def dov() -> User:
    return UserFactory(dov=True, group="privacy lead")


@pytest.fixture
def desk(client: Client, dov: User) -> Client:
    client.force_login(dov)
    return client


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(Contract._meta.get_field("file"), "storage", FileSystemStorage(tmp_path))
    return tmp_path


def faults(code: str) -> list[str]:
    return [fault.sentence for found in examine(TODAY) for fault in found.faults if fault.code == code]


# --- Clauses of a contract ----------------------------------------------------------------


@pytest.fixture
def owl() -> Processor:
    return ProcessorFactory(name="Owl", active=True, whole=True)


def clause(owl: Processor, code: str) -> ContractClause:
    return ContractClause.objects.get(contract__processor=owl, item__code=code)


def test_a_contract_that_holds_every_clause_has_no_fault(owl: Processor) -> None:
    assert faults("clause-unmet") == []


def test_each_clause_that_is_not_met_or_was_not_looked_for_is_named(owl: Processor) -> None:
    ContractClause.objects.filter(item__code__in=["gdpr28_06", "gdpr28_11"]).update(standing=Standing.NOT_MET)
    clause(owl, "gdpr28_07").delete()
    assert faults("clause-unmet") == [
        "The contract of “Owl”. It does not hold: people bound to confidentiality; delete or return at end, "
        "at choice of controller. Nobody has looked for: Art. 32 security."
    ]


def test_what_does_not_apply_is_no_fault(owl: Processor) -> None:
    ContractClause.objects.filter(item__code="gdpr28_14").update(standing=Standing.NOT_APPLICABLE)
    assert faults("clause-unmet") == []


def test_an_addendum_in_force_holds_what_the_agreement_leaves_out(owl: Processor) -> None:
    unmet = clause(owl, "gdpr28_07")
    ContractClause.objects.filter(pk=unmet.pk).update(standing=Standing.NOT_MET)
    addendum = ContractFactory(processor=owl, kind=ContractKind.ADDENDUM)
    addendum.clauses.create(item=unmet.item, standing=Standing.MET)
    assert faults("clause-unmet") == []
    Contract.objects.filter(pk=addendum.pk).update(ends_on=date(2026, 5, 31))
    assert len(faults("clause-unmet")) == 1


def test_a_contract_with_a_school_is_held_against_the_school_lists(owl: Processor) -> None:
    ContractFactory(processor=owl, kind=ContractKind.NDPA)
    [fault] = faults("clause-unmet")
    assert "no targeted advertising" in fault
    assert "Art. 32 security" not in fault


@pytest.mark.parametrize("change", [{"role": Role.CONTROLLER}, {"status": "approved"}])
def test_another_controller_and_one_not_in_use_owe_no_clauses(owl: Processor, change: dict[str, str]) -> None:
    ContractClause.objects.all().delete()
    Processor.objects.update(**change)
    assert faults("clause-unmet") == []


def test_without_any_contract_only_that_is_the_fault(owl: Processor) -> None:
    Contract.objects.update(ends_on=date(2026, 5, 31))
    assert faults("clause-unmet") == []
    assert len(faults("processor-without-contract")) == 1


# --- Impact assessments -------------------------------------------------------------------


@pytest.fixture
def tia(dov: User) -> list[ChecklistItem]:
    """The list ships from memory and switched off: somebody has read it and switched it on."""
    for item in ChecklistItem.objects.filter(set="tia"):
        law.approve(item, by=dov, at=NOW, reason="Read clause 14.")
        law.switch_on(item, by=dov, at=NOW, reason="Read it.")
    return Lists.of(TODAY).assessment


def scc(**facts: Any) -> Transfer:
    approve_clauses()
    whole = ProcessorFactory(name="Owl", active=True, places=["US"], whole=True)
    return TransferFactory(processor=whole, contract=whole.contracts.get(), **facts)


def missing(transfer: Transfer) -> str:
    return " ".join(what_is_missing(transfer.processor, TODAY))


def answers(
    items: list[ChecklistItem], outcome: str = Outcome.IN_ORDER
) -> dict[ChecklistItem, tuple[str, str]]:
    return dict.fromkeys(items, (outcome, "Looked at it."))


def assess(transfer: Transfer, found: dict[ChecklistItem, tuple[str, str]], dov: User) -> list[ChecklistItem]:
    still_open = papers.assess(
        transfer, by=dov, at=NOW, reason="Year.", found=found, review_on=REVIEW, reopens="A new law there."
    )
    transfer.refresh_from_db()
    return still_open


def test_the_list_ships_switched_off_and_then_asks_for_nothing() -> None:
    assert Lists.of(TODAY).assessment == []
    assert "assessment" not in missing(scc())


def test_items_nobody_answered_are_named_in_the_refusal_and_on_the_health_page(
    tia: list[ChecklistItem],
) -> None:
    transfer = scc()
    assert "The impact assessment leaves open: transfer described" in missing(transfer)
    [fault] = faults("transfer-uncovered")
    assert "law and practice of destination on public access" in fault


def test_an_assessment_counts_once_its_last_item_is_answered(tia: list[ChecklistItem], dov: User) -> None:
    transfer = scc(tia_on=None, tia_review_on=None)
    assert assess(transfer, answers(tia[:-1]), dov) == tia[-1:]
    assert (transfer.tia_on, transfer.tia_by) == (None, None)
    assert "There is no transfer impact assessment." in missing(transfer)
    assert assess(transfer, answers(tia[-1:]), dov) == []
    assert (transfer.tia_on, transfer.tia_review_on, transfer.tia_by) == (TODAY, REVIEW, dov)
    assert faults("transfer-uncovered") == []


def test_an_item_found_wanting_leaves_the_transfer_without_a_basis(
    tia: list[ChecklistItem], dov: User
) -> None:
    transfer = scc()
    assess(transfer, {**answers(tia), tia[2]: (Outcome.WANTING, "No remedy.")}, dov)
    assert "The impact assessment found wanting: law and practice of destination" in missing(transfer)


def test_what_happens_reopens_it_until_somebody_goes_through_it_again(
    tia: list[ChecklistItem], dov: User
) -> None:
    transfer = scc()
    assess(transfer, answers(tia), dov)
    papers.reopen_assessment(transfer, by=dov, at=NOW, reason="They tell of a request for data.")
    transfer.refresh_from_db()
    assert "The impact assessment was reopened on 1 June 2026." in missing(transfer)
    with pytest.raises(papers.NothingToReopen, match="open already"):
        papers.reopen_assessment(transfer, by=dov, at=NOW, reason="Again.")
    assess(transfer, {}, dov)
    assert not transfer.is_reopened
    assert "assessment" not in missing(transfer)


@pytest.mark.parametrize("mechanism", ["scc", "bcr", "uk_idta"])
def test_every_safeguard_between_two_parties_needs_an_assessment(mechanism: str) -> None:
    law_of = "uk_gdpr" if mechanism == "uk_idta" else "eu_gdpr"
    transfer = scc(
        mechanism=mechanism, exporter_regime=law_of, scc_module=2 if mechanism == "scc" else None,
        tia_on=None, tia_review_on=None,
    )  # fmt: skip
    assert "There is no transfer impact assessment." in missing(transfer)


def test_clauses_whose_assessment_is_past_are_a_fault_even_where_a_listing_covers_the_place() -> None:
    transfer = scc(tia_review_on=date(2026, 5, 1))
    TransferFactory(processor=transfer.processor, dpf=True, dpf_checked_on=date(2026, 5, 20))
    assert faults("transfer-uncovered") == []
    assert faults("assessment-due") == [
        "“Owl”, EU GDPR to United States of America: The impact assessment was to be looked at again on 1 May 2026."
    ]


def test_a_listing_needs_no_assessment(dov: User) -> None:
    transfer = TransferFactory(dpf=True)
    with pytest.raises(papers.NotAssessed, match="needs no impact assessment"):
        assess(transfer, {}, dov)
    with pytest.raises(papers.NothingToReopen, match="no assessment yet"):
        papers.reopen_assessment(transfer, by=dov, at=NOW, reason="?")


def test_an_ended_transfer_and_a_review_in_the_past_are_refused(dov: User) -> None:
    with pytest.raises(papers.NotAssessed, match="has ended"):
        assess(TransferFactory(ended_on=date(2026, 5, 1)), {}, dov)
    with pytest.raises(papers.ReviewInThePast):
        papers.assess(TransferFactory(), by=dov, at=NOW, reason="", found={}, review_on=TODAY, reopens="")


def test_the_answers_of_many_transfers_cost_no_more_queries_than_those_of_one(
    tia: list[ChecklistItem], dov: User
) -> None:
    approve_clauses()
    assert looked_at(tia, dov, more=1) == looked_at(tia, dov, more=3)


def looked_at(tia: list[ChecklistItem], dov: User, *, more: int) -> int:
    for _number in range(more):
        whole = ProcessorFactory(active=True, places=["US"], whole=True)
        assess(TransferFactory(processor=whole, contract=whole.contracts.get()), answers(tia[:2]), dov)
    with CaptureQueriesContext(connection) as seen:
        for check in CHECKS:
            list(check.faults(TODAY))
    return len(seen)


# --- The assessment on the desk -----------------------------------------------------------


def press(desk: Client, thing: Any, verb: str, **data: object) -> Any:
    url = reverse(f"admin:processors_{thing._meta.model_name}_do", args=[thing.pk, verb])
    return desk.post(url, {"opened_revision": thing.revision, "reason": "Because.", **data})


def filled(items: list[ChecklistItem], **changes: object) -> dict[str, object]:
    rows = {f"outcome_{item.pk}": "in_order" for item in items}
    rows |= {f"finding_{item.pk}": "Looked at it." for item in items}
    return {**rows, "review_on": "2027-06-01", "reopens": "A new law there.", **changes}


def test_staff_answer_item_by_item_and_read_it_on_the_page(
    desk: Client, tia: list[ChecklistItem], dov: User
) -> None:
    transfer = scc()
    assert press(desk, transfer, "assess", **filled(tia)).status_code == 302
    html = desk.get(reverse("admin:processors_transfer_change", args=[transfer.pk])).content.decode()
    assert "practical experience of importer" in html
    assert "in order. Looked at it." in html
    assert Event.objects.about(transfer).filter(verb="processors.assess").count() == 1


def test_each_contradiction_stands_beside_its_field(desk: Client, tia: list[ChecklistItem]) -> None:
    first, second = tia[0].pk, tia[1].pk
    changes = {f"finding_{first}": "", f"outcome_{second}": "", "review_on": "2026-05-31"}
    html = press(desk, scc(), "assess", **filled(tia, **changes)).content.decode()
    for words in (
        "Write what was found.",
        "Say whether this is in order.",
        "This day has to be still to come.",
    ):
        assert html.count(words) == 1
    assert not AssessmentAnswer.objects.exists()


def test_what_a_law_row_wants_assessed_is_a_fault_without_it(tia: list[ChecklistItem], dov: User) -> None:
    transfer = scc(mechanism="code", scc_module=None, tia_on=None, tia_review_on=None)
    row = TransferMechanism.objects.filter(code="code", regime="eu_gdpr")
    row.update(needs_assessment=False, is_on=True)
    assert Judge.of(TODAY).assessment_faults(transfer) == []
    row.update(needs_assessment=True)
    assert Judge.of(TODAY).assessment_faults(transfer) == ["There is no transfer impact assessment."]
    assert assess(transfer, answers(tia), dov) == []


def test_a_list_that_is_switched_off_says_so_and_an_empty_form_assesses_nothing(desk: Client) -> None:
    transfer = scc(tia_on=None, tia_review_on=None)
    url = reverse("admin:processors_transfer_do", args=[transfer.pk, "assess"])
    assert "switched off under Law, Checklist items" in desk.get(url).content.decode()
    assert "there is nothing to answer" in press(desk, transfer, "assess", **filled([])).content.decode()
    transfer.refresh_from_db()
    assert transfer.tia_on is None


def test_what_reopens_an_assessment_is_written_as_the_reason(desk: Client) -> None:
    transfer = scc()
    press(desk, transfer, "reopen", reason="They moved to another owner.")
    transfer.refresh_from_db()
    assert transfer.is_reopened
    assert Event.objects.about(transfer).get(verb="processors.reopen_assessment").reason


# --- Files that are replaced --------------------------------------------------------------


def stored(folder: Path, body: bytes = b"the wrong paper") -> Contract:
    contract = ContractFactory()
    contract.file.save("dpa.pdf", ContentFile(body))
    return contract


def name_of(contract: Contract) -> str:
    return str(contract.file.name)


def contract_form(contract: Contract, body: bytes) -> dict[str, object]:
    return {
        "kind": contract.kind, "signed_on": "2025-01-10", "in_force_on": "2025-01-15", "opened_revision": 0,
        "subprocessor_rule": "general", "subprocessor_days": 30,
        "file": SimpleUploadedFile("right.pdf", body),
    }  # fmt: skip


def replace(desk: Client, contract: Contract, body: bytes = b"the right paper") -> Any:
    url = reverse("admin:processors_contract_change", args=[contract.pk])
    return desk.post(url, contract_form(contract, body))


@pytest.mark.django_db(transaction=True)
def test_a_replaced_file_leaves_the_disk_and_its_fingerprint_stays(desk: Client, folder: Path) -> None:
    contract = stored(folder)
    assert replace(desk, contract).status_code == 302
    contract.refresh_from_db()
    assert [file.name for file in folder.iterdir()] == [contract.file.name]
    assert (folder / name_of(contract)).read_bytes() == b"the right paper"
    assert Event.objects.about(contract).get(verb="processors.replace_file").details == {
        "former_sha256": hashlib.sha256(b"the wrong paper").hexdigest(),
        "sha256": hashlib.sha256(b"the right paper").hexdigest(),
    }


def test_the_former_file_stays_until_the_new_one_is_committed(desk: Client, folder: Path) -> None:
    contract = stored(folder)
    former = name_of(contract)
    with transaction.atomic():
        replace(desk, contract)
        transaction.set_rollback(True)  # the power goes before the commit
    contract.refresh_from_db()
    assert contract.file.name == former
    assert (folder / former).read_bytes() == b"the wrong paper"


def age(folder: Path, hours: int) -> None:
    seconds = (NOW - timedelta(hours=hours)).timestamp()
    for file in folder.iterdir():
        os.utime(file, (seconds, seconds))


def test_what_a_crash_between_commit_and_deletion_leaves_is_found_within_the_hour(
    desk: Client, folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    contract = stored(folder)
    with django_capture_on_commit_callbacks(execute=False):  # committed, and then the process dies
        replace(desk, contract)
    contract.refresh_from_db()
    assert len(list(folder.iterdir())) == 2
    age(folder, hours=2)
    assert delete_stray_files() == 1
    assert [file.name for file in folder.iterdir()] == [contract.file.name]
    event = Event.objects.get(verb="processors.delete_stray_file")
    assert event.details == {"sha256": hashlib.sha256(b"the wrong paper").hexdigest()}


def test_an_upload_whose_row_is_not_there_yet_is_left_alone(folder: Path) -> None:
    (folder / "being-written.bin").write_bytes(b"x")
    age(folder, hours=0)
    assert delete_stray_files() == 0
    age(folder, hours=2)
    assert delete_stray_files() == 1
    assert delete_stray_files() == 0


def test_without_any_file_there_is_nothing_to_look_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gone = FileSystemStorage(tmp_path / "nowhere")
    monkeypatch.setattr(Contract._meta.get_field("file"), "storage", gone)
    assert delete_stray_files() == 0


def test_saving_a_contract_without_a_new_file_keeps_its_file(desk: Client, folder: Path) -> None:
    contract = stored(folder)
    data = contract_form(contract, b"")
    del data["file"]
    desk.post(reverse("admin:processors_contract_change", args=[contract.pk]), data)
    assert len(list(folder.iterdir())) == 1
    assert not Event.objects.filter(verb="processors.replace_file").exists()


def test_answered_clauses_are_as_many_as_the_lists_ask_for() -> None:
    contract = ContractFactory()
    answer_clauses(contract)
    assert contract.clauses.count() == len(Lists.of(TODAY).contract(contract)) > 10

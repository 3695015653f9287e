"""The processors' desk: what staff see, what the forms refuse, what nobody can forge."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Event
from law.models import Adequacy, ChecklistItem, Company
from people.models import User
from processors.models import Contract, Processor, Review, Status, SubprocessorChange, Transfer
from processors.models.papers import contract_files
from processors.questions import questions_for
from tests.inventory.factories import DataCategoryFactory, ProcessingActivityFactory
from tests.people.factories import PersonFactory, UserFactory

from .factories import (
    ContractFactory,
    ProcessorFactory,
    ProcessorPlaceFactory,
    ReviewFactory,
    TransferFactory,
)

pytestmark = pytest.mark.django_db
ADD = "/admin/processors/processor/add/"
INLINES = ("places", "receives", "hosts", "subprocessors")


@pytest.fixture
def dov() -> User:
    return UserFactory(dov=True, group="privacy lead")


@pytest.fixture
def desk(client: Client, dov: User) -> Client:
    client.force_login(dov)
    return client


@pytest.fixture(autouse=True)
def papers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Files of tests go where tests' files go."""
    monkeypatch.setattr(Contract._meta.get_field("file"), "storage", FileSystemStorage(tmp_path))
    return tmp_path


def page(thing: Any) -> str:
    return reverse(f"admin:processors_{thing._meta.model_name}_change", args=[thing.pk])


def button(thing: Any, verb: str) -> str:
    return reverse(f"admin:processors_{thing._meta.model_name}_do", args=[thing.pk, verb])


def press(desk: Client, thing: Any, verb: str, **data: object) -> Any:
    thing.refresh_from_db()
    asked = {"opened_revision": thing.revision, "reason": "Because.", **data}
    response = desk.post(button(thing, verb), asked)
    if type(thing)._base_manager.filter(pk=thing.pk).exists():
        thing.refresh_from_db()
    return response


def form(**changes: object) -> dict[str, object]:
    rows = {
        f"{name}-{part}": value
        for name in INLINES
        for part, value in (("TOTAL_FORMS", 0), ("INITIAL_FORMS", 0))
    }
    return {
        "name": "Owl Cloud", "kind": "hosting", "role": "processor", "risk_tier": "medium", **rows, **changes,
    }  # fmt: skip


def test_staff_propose_a_company_with_its_places(desk: Client, dov: User) -> None:
    places = {"places-TOTAL_FORMS": 2, "places-0-country": "DE", "places-1-named_as": "global"}
    assert desk.post(ADD, form(website="owl.example", **places)).status_code == 302
    owl = Processor.objects.get()
    assert (owl.status, owl.proposed_by, owl.website) == (Status.PROPOSED, dov, "https://owl.example")
    assert [place.is_unnamed for place in owl.places.order_by("pk")] == [False, True]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "This field is required."),
        ("name", "x" * 151, "at most 150"),
        ("name", "a\x00b", "control character"),
        ("name", "pay \u202egpj.exe", "turns the direction of writing"),
        ("name", "Fox", "stands here already"),
        ("kind", "magic", "not one of the available choices"),
        ("website", "http://owl.example/", "begins with https://"),
        ("website", "javascript:alert(1)", "Enter a valid URL"),
        ("website", "not a site", "Enter a valid URL"),
        ("contact_email", "help", "valid email"),
        ("security_email", "a@b\n.org", "valid email"),
        ("seat_country", "XX", "not one of the available choices"),
        ("description", "d" * 1001, "1,000"),
        ("places-0-named_as", "", "Choose a country, or"),
    ],
)
def test_a_bad_field_says_so_beside_it_and_saves_nothing(
    desk: Client, field: str, value: str, sentence: str
) -> None:
    ProcessorFactory(name="Fox")
    rows = {"places-TOTAL_FORMS": 1, "places-0-what": "storage", "places-0-named_as": "global", field: value}
    response = desk.post(ADD, form(**rows))
    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert Processor.objects.count() == 1


def beside(response: Any, field: str) -> str:
    """What stands at one field of the page, and nowhere else."""
    return " ".join(str(form.errors[field]) for form in response.context["forms"] if field in form.errors)


CONTRACT = {"kind": "dpa", "signed_on": "2026-01-05", "in_force_on": "2026-01-05", "deletion_at_end": "true"}


@pytest.mark.parametrize(
    ("field", "changes", "sentence"),
    [
        ("ends_on", {"ends_on": "2026-01-04"}, "It ends before it is in force."),
        ("signed_on", {"signed_on": ""}, "has been signed: write the day"),
        ("renewal_notice_days", {"renewal_notice_days": "30"}, "needs a day on which the contract ends"),
        ("subprocessor_days", {"subprocessor_rule": "general"}, "needs days of notice"),
        (
            "subprocessor_days",
            {"subprocessor_rule": "none", "subprocessor_days": "3"},
            "need a rule that allows",
        ),
        ("breach_hours", {"breach_hours": "0"}, "greater than or equal to 1"),
        ("breach_hours", {"breach_hours": "99999"}, "less than or equal to 8760"),
        ("ends_on", {"ends_on": "31.02.2027"}, "Enter a valid date"),
        ("purposes", {"purposes": ["999"]}, "not one of the available choices"),
        ("reference", {"reference": "a\u202eb"}, "turns the direction of writing"),
        ("kind", {"kind": "handshake"}, "not one of the available choices"),
    ],
)
def test_a_contract_that_contradicts_itself_says_so_beside_the_field_and_is_not_recorded(
    desk: Client, field: str, changes: dict[str, object], sentence: str
) -> None:
    response = press(desk, ProcessorFactory(), "record-contract", **{**CONTRACT, **changes})
    assert sentence in beside(response, field)
    assert not Contract.objects.exists()


def test_what_is_never_held_cannot_be_allowed(desk: Client) -> None:
    never = DataCategoryFactory(never_held=True)
    response = press(desk, ProcessorFactory(), "record-contract", **CONTRACT, categories=[never.pk])
    assert "not one of the available choices" in response.content.decode()


SCC = {
    "exporter_regime": "eu_gdpr", "destination": "US", "mechanism": "scc", "scc_module": "2",
    "tia_on": "2026-01-05", "tia_review_on": "2099-01-05",
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "changes", "sentence"),
    [
        ("scc_module", {"scc_module": ""}, "Choose the module of the clauses."),
        ("scc_module", {"scc_module": "5"}, "less than or equal to 4"),
        ("scc_module", {"mechanism": "bcr"}, "need their module, and nothing else has one"),
        ("contract", {"contract": ""}, "Clauses stand in a contract: choose it."),
        ("mechanism", {"mechanism": "adequacy", "scc_module": "", "destination": "IN"}, "no adequacy decision for this country"),
        ("mechanism", {"mechanism": "adequacy", "scc_module": ""}, "covers listed organizations only"),
        ("mechanism", {"mechanism": "dpf", "scc_module": "", "destination": "CA", "dpf_checked_on": "2026-01-05"}, "another country"),
        ("dpf_checked_on", {"mechanism": "dpf", "scc_module": ""}, "when the listing was checked"),
        ("dpf_checked_on", {"mechanism": "dpf", "scc_module": "", "dpf_checked_on": "2099-01-01"}, "has not come yet"),
        ("mechanism", {"exporter_regime": "uk_gdpr"}, "belongs to another law"),
        ("destination", {"destination": "FR"}, "no transfer has to be recorded"),
        ("tia_review_on", {"tia_on": ""}, "looked at again after it was made"),
        ("destination", {"destination": "global"}, "not one of the available choices"),
    ],
)  # fmt: skip
def test_a_transfer_that_contradicts_itself_says_so_beside_the_field_and_is_not_recorded(
    desk: Client, field: str, changes: dict[str, object], sentence: str
) -> None:
    contract = ContractFactory()
    data = {**SCC, "contract": contract.pk, **changes}
    response = press(desk, contract.processor, "record-transfer", **data)
    assert sentence in beside(response, field)
    assert not Transfer.objects.exists()


def test_one_mechanism_stands_once_for_a_place_and_the_form_leads_to_it(desk: Client) -> None:
    contract = ContractFactory()
    press(desk, contract.processor, "record-transfer", **SCC, contract=contract.pk)
    first = Transfer.objects.get()
    response = press(desk, contract.processor, "record-transfer", **SCC, contract=contract.pk)
    assert f'<a href="{page(first)}">{first}</a>' in beside(response, "mechanism")
    assert Transfer.objects.get() == first


@pytest.mark.parametrize(
    ("field", "facts", "changes"),
    [
        ("destination", {"destination": "IN"}, {"destination": "US"}),
        ("mechanism", {"mechanism": "bcr", "scc_module": None}, {"mechanism": "scc", "scc_module": "2"}),
        ("ended_on", {"ended_on": date(2026, 1, 9)}, {"ended_on": ""}),
    ],
)
def test_a_transfer_changed_into_one_that_stands_says_so_beside_what_was_changed(
    desk: Client, field: str, facts: dict[str, Any], changes: dict[str, str]
) -> None:
    first = TransferFactory()
    second = TransferFactory(processor=first.processor, contract=first.contract, **facts)
    data = {
        "exporter_regime": "eu_gdpr", "destination": second.destination, "mechanism": second.mechanism,
        "scc_module": second.scc_module or "", "contract": first.contract_id, "opened_revision": 0,
        "tia_on": "2026-01-05", "tia_review_on": "2099-01-05", "ended_on": second.ended_on or "", **changes,
    }  # fmt: skip
    response = desk.post(page(second), data)
    assert f'href="{page(first)}"' in str(response.context["adminform"].form.errors[field])
    second.refresh_from_db()
    assert (second.destination, second.mechanism, second.ended_on) == (
        facts.get("destination", "US"), facts.get("mechanism", "scc"), facts.get("ended_on"),
    )  # fmt: skip


def test_another_companys_contract_cannot_hold_the_clauses(desk: Client) -> None:
    owl, theirs = ProcessorFactory(), ContractFactory()
    response = press(desk, owl, "record-transfer", **SCC, contract=theirs.pk)
    assert "not one of the available choices" in response.content.decode()


def test_the_buttons_lead_from_proposed_to_ended(desk: Client, client: Client) -> None:
    owl = ProcessorFactory(places=["DE"])
    press(desk, owl, "start-review")
    review = Review.objects.get()
    answers = {f"q_{question.code}": "yes" for question in questions_for(owl)}
    press(desk, review, "answer", **answers, evidence="SOC 2", evidence_on="2026-01-05")
    assert press(desk, review, "decide", verdict="fit").status_code == 403
    desk.force_login(UserFactory(group="privacy lead"))
    assert press(desk, review, "decide", verdict="fit").status_code == 302
    press(desk, owl, "approve")
    refused = press(desk, owl, "activate")
    assert refused.status_code == 409
    assert "No data processing agreement is in force." in refused.content.decode()
    press(desk, owl, "record-contract", **CONTRACT)
    for verb in ("activate", "leave", "end"):
        change = owl.changes.gathered().first()
        if change is not None:
            told = press_change(
                desk, change, "announce-at-short-notice", effective_on=str(Company.current().today())
            )
            assert told.status_code == 302
        assert press(desk, owl, verb).status_code == 302, verb
    assert owl.status == Status.ENDED


def press_change(desk: Client, change: SubprocessorChange, verb: str, **data: object) -> Any:
    return desk.post(button(change, verb), {"reason": "Because.", **data})


def test_the_activation_page_says_what_is_missing_before_anybody_presses(desk: Client) -> None:
    owl = ProcessorFactory(approved=True, places=["global"])
    html = desk.get(button(owl, "activate")).content.decode()
    assert "Still missing: “global” is no country" in html


def test_a_changed_place_waits_to_be_announced(desk: Client) -> None:
    owl = ProcessorFactory(active=True, whole=True)
    place = owl.places.get()
    rows = {
        "places-TOTAL_FORMS": 1, "places-INITIAL_FORMS": 1, "places-0-id": place.pk,
        "places-0-processor": owl.pk, "places-0-country": "FR",
    }  # fmt: skip
    data = form(name=owl.name, description=owl.description, opened_revision=0, **rows)
    assert desk.post(page(owl), data).status_code == 302
    change = owl.changes.gathered().get(kind="place")
    assert (change.before, change.after) == ("Germany", "France")


def test_nobody_plans_a_departure_for_a_day_that_is_past(desk: Client) -> None:
    owl = ProcessorFactory(active=True, whole=True)
    refused = press(desk, owl, "leave", planned_on="2020-01-01")
    assert "Choose today or a later day." in refused.content.decode()
    assert (owl.status, owl.changes.gathered().count()) == (Status.ACTIVE, 0)


def test_what_the_inventory_changed_is_gathered_by_hand_before_the_sweep_comes(desk: Client) -> None:
    activity = ProcessingActivityFactory()
    owl = ProcessorFactory(active=True, activities=[activity], whole=True)
    assert button(owl, "gather") not in desk.get(page(owl)).content.decode()
    activity.categories.add(DataCategoryFactory(name="Location"))
    assert button(owl, "gather") in desk.get(page(owl)).content.decode()
    assert press(desk, owl, "gather").status_code == 302
    assert owl.changes.gathered().get().after.endswith("Location")


def test_the_facts_are_derived_on_one_page(desk: Client) -> None:
    activity = ProcessingActivityFactory(name="Send notices")
    owl = ProcessorFactory(active=True, places=["US"], activities=[activity], whole=True)
    activity.categories.add(DataCategoryFactory(name="Location"))
    html = desk.get(f"/admin/processors/processor/{owl.pk}/facts/").content.decode()
    for words in (
        "Send notices",
        "Location",
        "EU GDPR to United States of America",
        "not covered",
        "no contract in force names",
    ):
        assert words in html


def test_the_checklist_of_clauses_is_kept_with_the_contract(desk: Client) -> None:
    contract = ContractFactory()
    item = ChecklistItem.objects.get(code="gdpr28_07")
    data = {f"standing_{item.pk}": "met", f"where_{item.pk}": "§ 7"}
    assert press(desk, contract, "clauses", **data).status_code == 302
    assert press(desk, contract, "clauses", **{**data, f"standing_{item.pk}": "not_met"}).status_code == 302
    clause = contract.clauses.get()
    assert (clause.item, clause.standing, clause.where) == (item, "not_met", "§ 7")


def test_schools_contracts_are_asked_for_the_school_clauses_too(desk: Client) -> None:
    plain = desk.get(button(ContractFactory(), "clauses")).content.decode()
    school = desk.get(button(ContractFactory(kind="ndpa"), "clauses")).content.decode()
    assert "Art. 32 security" in plain
    assert "no targeted advertising" not in plain
    assert "no targeted advertising" in school


def with_file(
    desk: Client, name: str = "<b>signed</b>.html", body: bytes = b"<script>alert(1)</script>"
) -> Contract:
    owl = ProcessorFactory()
    assert (
        press(desk, owl, "record-contract", **CONTRACT, file=SimpleUploadedFile(name, body)).status_code
        == 302
    )
    return Contract.objects.get()


def body_of(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_a_file_is_stored_under_a_random_name_and_only_ever_downloaded(desk: Client, papers: Path) -> None:
    contract = with_file(desk)
    assert contract.file.name.endswith(".bin")
    assert "signed" not in str(contract.file.name)
    assert [file.name for file in papers.iterdir()] == [contract.file.name]
    response = desk.get(f"/admin/processors/contract/{contract.pk}/file/")
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Type"] == "application/octet-stream"
    assert body_of(response) == b"<script>alert(1)</script>"
    assert Event.objects.about(contract).filter(verb="processors.download").count() == 1


@pytest.mark.parametrize("group", ["privacy lead", "auditor"])
def test_the_stored_name_of_a_file_stands_on_no_page(desk: Client, group: str) -> None:
    contract = with_file(desk)
    desk.force_login(UserFactory(group=group))
    html = desk.get(page(contract)).content.decode()
    assert f"/admin/processors/contract/{contract.pk}/file/" in html
    assert str(contract.file.name) not in html
    assert "<b>signed" not in html


def test_a_file_over_10_mb_is_refused(desk: Client) -> None:
    big = SimpleUploadedFile("dpa.pdf", b"x" * (10 * 1024 * 1024 + 1))
    response = press(desk, ProcessorFactory(), "record-contract", **CONTRACT, file=big)
    assert "10 MB at most" in response.content.decode()
    assert not Contract.objects.exists()


@pytest.mark.parametrize("group", ["privacy officer", "auditor", "support"])
def test_who_may_not_download_gets_403_and_leaves_no_trace_of_a_read(desk: Client, group: str) -> None:
    contract = with_file(desk)
    desk.force_login(UserFactory(group=group))
    assert desk.get(f"/admin/processors/contract/{contract.pk}/file/").status_code == 403
    assert not Event.objects.filter(verb="processors.download").exists()


def test_no_file_and_no_contract_are_404(desk: Client) -> None:
    assert desk.get(f"/admin/processors/contract/{ContractFactory().pk}/file/").status_code == 404
    assert desk.get("/admin/processors/contract/999/file/").status_code == 404


def test_if_a_decision_ends_one_page_says_whom_it_touches(desk: Client) -> None:
    PersonFactory.create_batch(3, learner=True)
    PersonFactory(guardian=True)
    activity = ProcessingActivityFactory(name="Send notices", purpose__name="Tell you")
    owl = ProcessorFactory(name="Owl", active=True, places=["GB"], activities=[activity], whole=True)
    TransferFactory(processor=owl, destination="GB", adequacy=True)
    row = Adequacy.objects.get(granted_by="EU", territory="GB")
    assert row.instrument in desk.get("/admin/processors/transfer/decisions/").content.decode()
    html = desk.get(f"/admin/processors/transfer/decisions/{row.pk}/").content.decode()
    for words in ("Owl", "without a basis", "Tell you", "3 people at most", "ends on 27 December 2031"):
        assert words in html


def test_clauses_that_stand_in_for_a_decision_are_named(desk: Client, scc_on: None) -> None:
    owl = ProcessorFactory(name="Owl", active=True, places=["US"], whole=True)
    TransferFactory(processor=owl, dpf=True)
    TransferFactory(processor=owl)
    row = Adequacy.objects.get(granted_by="EU", territory="US")
    html = desk.get(f"/admin/processors/transfer/decisions/{row.pk}/").content.decode()
    assert "stays covered by SCC 2021 module 2" in html


def test_a_revoked_decision_still_finds_who_relied_on_it(desk: Client) -> None:
    owl = ProcessorFactory(name="Owl", active=True, places=["GB"], whole=True)
    TransferFactory(processor=owl, destination="GB", adequacy=True)
    Adequacy.objects.filter(granted_by="EU", territory="GB").update(is_on=False)
    assert "switched off" in desk.get("/admin/processors/transfer/decisions/").content.decode()


def test_a_mistake_is_deleted_and_what_has_papers_is_not(desk: Client) -> None:
    owl, used = ProcessorFactory(), ContractFactory(processor__name="Used").processor
    assert press(desk, owl, "remove").status_code == 302
    refused = press(desk, used, "remove")
    assert refused.status_code == 409
    assert "In use, so it stays: contract" in refused.content.decode()
    assert desk.post(f"/admin/processors/processor/{used.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("group", ["support", "auditor"])
def test_who_may_only_look_changes_nothing(client: Client, group: str) -> None:
    owl = ProcessorFactory()
    client.force_login(UserFactory(group=group))
    assert client.post(button(owl, "start-review"), {"reason": "x"}).status_code == 403
    assert client.post(ADD, form()).status_code == 403


def test_an_officer_prepares_and_does_not_approve(client: Client) -> None:
    client.force_login(UserFactory(group="privacy officer"))
    owl, review = ProcessorFactory(review=True), ReviewFactory()
    assert client.get(button(review, "answer")).status_code == 200
    assert client.get(button(review, "decide")).status_code == 403
    assert client.get(button(owl, "approve")).status_code == 403


def test_a_decided_review_and_an_ended_company_are_only_read(desk: Client) -> None:
    review, gone = ReviewFactory(fit=True), ProcessorFactory(ended=True)
    assert desk.get(page(review)).status_code == 200
    assert desk.post(page(review), {"evidence": "forged"}).status_code == 403
    assert desk.post(page(gone), form(name="Forged")).status_code == 403


@pytest.mark.parametrize("what", ["processor", "contract", "transfer", "review"])
def test_the_lists_ask_the_same_few_questions_however_long(
    desk: Client, django_assert_num_queries: Any, what: str
) -> None:
    url = f"/admin/processors/{what}/"
    make: Any = {"processor": ProcessorFactory, "contract": ContractFactory, "transfer": TransferFactory}
    factory = make.get(what, ReviewFactory)
    factory()
    desk.get(url)
    with CaptureQueriesContext(connection) as short:
        desk.get(url)
    factory.create_batch(20)
    with django_assert_num_queries(len(short)):
        desk.get(url)


def test_scripts_in_a_place_are_shown_not_run(desk: Client) -> None:
    place = ProcessorPlaceFactory(country="", named_as="<script>alert(1)</script>")
    html = desk.get(f"/admin/processors/processor/{place.processor_id}/facts/").content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html


def test_transfers_are_looked_after_on_their_own_page(desk: Client) -> None:
    transfer = TransferFactory(dpf=True, dpf_checked_on=date(2024, 1, 5))
    assert "check it again" in desk.get(page(transfer)).content.decode()
    assert press(desk, transfer, "recheck").status_code == 302
    assert transfer.dpf_checked_on > date(2024, 1, 5)


def test_papers_lie_outside_what_the_web_server_serves() -> None:
    storage = contract_files()
    assert Path(storage.location).parent == settings.VAR_DIR


def test_the_list_names_countries_without_spelling_out_all_for_each_row(desk: Client, monkeypatch) -> None:
    ProcessorFactory.create_batch(3, seat_country="FR")
    url = "/admin/processors/processor/"
    assert desk.get(url).content.decode().count(">France</td>") == 3
    monkeypatch.setattr(Processor._meta.get_field("seat_country").choices, "func", None)
    html = desk.get(url).content.decode()
    assert html.count(">France</td>") == 3
    assert "?o=5" in html  # and can still be sorted by it

"""The record of processing, on paper and as a file (GDPR Art. 30)."""

import csv
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Event
from inventory import record
from inventory.models import Capacity, ProcessingActivity, RetentionRule
from inventory.record import Recipient
from law.models import Company
from people.models import Role
from tests.people.factories import UserFactory

from .factories import (
    DataCategoryFactory,
    MeasureFactory,
    ProcessingActivityFactory,
    PurposeFactory,
    SystemFactory,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)
EXPORT = "/admin/inventory/processingactivity/export/"
RECORD = "/admin/inventory/processingactivity/record/controller/"


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(UserFactory(dov=True, group="privacy lead"))
    return client


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what upper apps add to the record."""
    monkeypatch.setattr(record, "recipients", [])
    monkeypatch.setattr(record, "time_limits", [])


def paper(desk: Client, kind: str = "controller") -> str:
    return desk.get(reverse("admin:inventory_processingactivity_record", args=[kind])).content.decode()


def file(desk: Client, query: str = "") -> list[dict[str, str]]:
    response: Any = desk.post(f"{EXPORT}{query}", {"reason": "For the authority."})
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def lessons(**changes: object) -> ProcessingActivity:
    disk = SystemFactory(name="Platform database", country="IE")
    MeasureFactory(name="Encryption at rest", systems=[disk])
    made = ProcessingActivityFactory(
        name="Deliver courses",
        purpose__name="Give lessons",
        categories=[DataCategoryFactory(name="Lesson answers")],
        systems=[disk],
        whose=[Role.LEARNER, Role.GUARDIAN],
        **changes,
    )
    MeasureFactory(name="Access by role", activities=[made])
    return made


def test_the_file_tells_each_activity_as_the_law_wants_it(desk: Client, alone: None) -> None:
    lessons()
    (row,) = file(desk)
    assert row["purpose"] == "Give lessons"
    assert row["lawful basis"] == "contract with the person (Art. 6(1)(b))"
    assert row["whose data"] == "learner; guardian"
    assert row["categories of data"] == "Lesson answers"
    assert row["systems and countries"] == "Platform database (Ireland)"
    assert row["safeguards"] == "Access by role; Encryption at rest"


def test_recipients_and_time_limits_come_from_above(
    desk: Client, alone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = lessons()
    host = Recipient("Cloud Host", ("standard contractual clauses, module 2, to the United States",))
    monkeypatch.setattr(record, "recipients", [lambda chunk: {made.pk: [host]}])
    monkeypatch.setattr(record, "time_limits", [lambda chunk: {made.pk: ["Lesson answers: 2 years"]}])
    (row,) = file(desk)
    assert row["recipients"] == "Cloud Host"
    assert row["transfers and safeguards"].startswith("Cloud Host: standard contractual clauses")
    assert row["time limits"] == "Lesson answers: 2 years"
    assert "Cloud Host: standard contractual clauses" in paper(desk)


def test_time_limits_are_those_of_the_retention_rules_for_its_data_and_purpose(desk: Client) -> None:
    made = lessons()
    answers, other = made.categories.get(), DataCategoryFactory()
    years = {"purpose": made.purpose, "unit": "years", "start_event": "course_end"}
    RetentionRule.objects.create(category=answers, number=5, then="anonymize", role="learner", **years)
    RetentionRule.objects.create(category=answers, number=9, role="school_contact", **years)
    RetentionRule.objects.create(category=other, number=1, **years)
    RetentionRule.objects.create(category=answers, purpose=made.purpose, start_event="event", role="guardian")
    assert file(desk)[0]["time limits"].split("; ") == [
        "Lesson answers of guardians: kept without an end",
        "Lesson answers of learners: anonymized 5 years after the end of the course",
    ]


def test_file_and_paper_say_whether_a_machine_decides_how_and_what_it_means(
    desk: Client, alone: None
) -> None:
    lessons(automation="decision", logic="Answers go in.", consequences="The place is gone.")
    (row,) = file(desk)
    assert row["by a machine alone"] == "a decision of weight by a machine alone (Art. 22)"
    assert (row["its logic"], row["its consequences"]) == ("Answers go in.", "The place is gone.")
    html = paper(desk)
    assert "<dt>Logic</dt><dd>Answers go in.</dd>" in html
    assert "<dt>Protection</dt><dd>not stated</dd>" in html


def test_no_cell_runs_in_a_spreadsheet(desk: Client, alone: None) -> None:
    ProcessingActivityFactory(name="=cmd|' /C calc'!A0")
    assert file(desk)[0]["activity"] == "'=cmd|' /C calc'!A0"


def test_the_file_follows_the_filter_of_the_list(desk: Client, alone: None) -> None:
    ProcessingActivityFactory(name="Ours")
    ProcessingActivityFactory(name="Theirs", for_schools=True)
    assert [row["activity"] for row in file(desk, "?capacity__exact=processor")] == ["Theirs"]


def test_an_export_needs_a_reason_and_goes_on_record(desk: Client) -> None:
    lessons()
    assert "Write why." in desk.post(EXPORT, {"reason": " "}).content.decode()
    assert not Event.objects.filter(verb="inventory.export").exists()
    file(desk)
    assert Event.objects.get(verb="inventory.export").details["rows"] == 1


@pytest.mark.parametrize("group", ["privacy officer", "auditor", "support"])
def test_only_who_may_export_gets_the_file(client: Client, group: str) -> None:
    client.force_login(UserFactory(group=group))
    assert client.post(EXPORT, {"reason": "x"}).status_code == 403


def test_the_record_is_about_deeds_and_leaves_whole_above_the_ceiling_for_people(
    desk: Client, settings, alone: None
) -> None:
    settings.EXPORT_CEILING = 1
    ProcessingActivityFactory.create_batch(3)
    assert len(file(desk)) == 3


def test_the_file_is_read_in_chunks_with_a_steady_number_of_questions(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries
) -> None:
    monkeypatch.setattr(record, "CHUNK", 40)
    lessons()
    with CaptureQueriesContext(connection) as one:
        list(record.rows(ProcessingActivity.objects.all()))
    for _ in range(30):
        lessons()
    with django_assert_num_queries(len(one)):
        list(record.rows(ProcessingActivity.objects.all()))


def test_sources_are_asked_a_chunk_at_a_time(alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ProcessingActivityFactory.create_batch(5)
    asked: list[int] = []
    monkeypatch.setattr(record, "CHUNK", 2)

    def source(chunk: Sequence[ProcessingActivity]) -> dict[int, list[Recipient]]:
        asked.append(len(chunk))
        return {}

    monkeypatch.setattr(record, "recipients", [source])
    assert len(list(record.entries(ProcessingActivity.objects.all()))) == 5
    assert asked == [2, 2, 1]


def test_paper_shows_what_is_live_of_its_own_kind_with_the_company_and_the_day(
    desk: Client, alone: None, time_machine
) -> None:
    time_machine.move_to("2026-03-02T12:00:00Z")
    Company.objects.create(
        pk=1, name="Aloraoraex", service="A", contact_email="help@a.org", postal_address="1 Learning Lane"
    )
    lessons()
    ProcessingActivityFactory(name="Keep class lists", for_schools=True)
    ProcessingActivityFactory(name="Old ads", ended=True)
    html = paper(desk)
    assert "Aloraoraex, 1 Learning Lane, help@a.org" in html
    assert "2 March 2026" in html
    assert ("Deliver courses" in html, "Keep class lists" in html, "Old ads" in html) == (True, False, False)
    assert "Keep class lists" in paper(desk, "processor")


def test_paper_says_what_is_missing_and_where_the_rest_is(desk: Client, monkeypatch, alone: None) -> None:
    assert "Nothing is on record that we decide on ourselves." in paper(desk)
    monkeypatch.setattr("inventory.desk.registers.RECORD_PAGE", 1)
    ProcessingActivityFactory.create_batch(2, basis="", categories=[], systems=[])
    html = paper(desk)
    assert "not decided" in html
    assert "The export of the list holds all of them." in html


def test_paper_turned_page_by_page_tells_each_activity_once(desk: Client, monkeypatch, alone: None) -> None:
    monkeypatch.setattr("inventory.desk.registers.RECORD_PAGE", 2)
    for purpose in PurposeFactory.create_batch(2):
        ProcessingActivityFactory.create_batch(2, purpose=purpose, name="Send mail")
        ProcessingActivityFactory(purpose=purpose, name="Answer mail")
    told, following = [], ["?"]
    while following:
        html = desk.get(f"{RECORD}{following[0]}").content.decode()
        told += re.findall(r'<h2 id="activity-(\d+)">', html)
        following = re.findall(r'href="(\?after=\d+)"', html)
    in_order = ProcessingActivity.objects.order_by("purpose", "name", "pk").values_list("pk", flat=True)
    assert list(map(int, told)) == list(in_order)


@pytest.mark.parametrize("after", ["0", "x", "²", "-1", "9" * 40])
def test_paper_after_an_activity_that_is_not_there_is_not_found(desk: Client, after: str) -> None:
    assert desk.get(f"{RECORD}?after={after}").status_code == 404


def test_there_is_paper_of_two_kinds_only_and_not_for_everybody(client: Client) -> None:
    client.force_login(UserFactory(group="auditor"))
    assert client.get("/admin/inventory/processingactivity/record/pirate/").status_code == 404
    client.force_login(UserFactory(group="support"))
    assert client.get("/admin/inventory/processingactivity/record/controller/").status_code == 403


def test_the_list_leads_to_the_record_and_the_health_page(desk: Client) -> None:
    html = desk.get("/admin/inventory/processingactivity/").content.decode()
    for kind in Capacity.values:
        assert f'href="/admin/inventory/processingactivity/record/{kind}/"' in html
    assert 'href="/admin/inventory/processingactivity/health/"' in html

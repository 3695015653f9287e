"""The registers on the desk: what staff see, what the forms refuse, what nobody can forge."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Event
from inventory import guards
from inventory.desk.registers import RegisterAdmin
from inventory.models import Basis, DataCategory, Measure, ProcessingActivity, Purpose, Regime, System
from people.models import Role, User
from tests.people.factories import UserFactory

from .factories import (
    DataCategoryFactory,
    MeasureFactory,
    ProcessingActivityFactory,
    PurposeFactory,
    SystemFactory,
)

pytestmark = pytest.mark.django_db
FACTORIES: dict[Any, Any] = {
    DataCategory: DataCategoryFactory,
    Purpose: PurposeFactory,
    System: SystemFactory,
    ProcessingActivity: ProcessingActivityFactory,
    Measure: MeasureFactory,
}


@pytest.fixture
def dov() -> User:
    return UserFactory(dov=True, group="privacy lead")


@pytest.fixture
def desk(client: Client, dov: User) -> Client:
    client.force_login(dov)
    return client


def listed(model: Any) -> str:
    return reverse(f"admin:inventory_{model._meta.model_name}_changelist")


def add(model: Any) -> str:
    return reverse(f"admin:inventory_{model._meta.model_name}_add")


def page(thing: Any) -> str:
    return reverse(f"admin:inventory_{thing._meta.model_name}_change", args=[thing.pk])


def press(desk: Client, thing: Any, verb: str, **data: object):
    thing.refresh_from_db()
    url = reverse(f"admin:inventory_{thing._meta.model_name}_do", args=[thing.pk, verb])
    return desk.post(url, {"opened_revision": thing.revision, "reason": "Because.", **data})


def said(response) -> str:
    return response.content.decode()


def category(**changes: object) -> dict[str, object]:
    return {"code": "lesson-answers", "name": "Lesson answers", "origin": "provided", "sensitivity": "ordinary",
            "examples": "essays, quiz answers", "whose": ["learner"],
            "elements-TOTAL_FORMS": 0, "elements-INITIAL_FORMS": 0, **changes}  # fmt: skip


def purpose(**changes: object) -> dict[str, object]:
    return {"code": "lessons", "name": "Give lessons", "kind": "core", "text": "We show your lessons.",
            "child_text": "Show me my lessons.", "minimum_assurance": "none",
            "bases-TOTAL_FORMS": 1, "bases-INITIAL_FORMS": 0,
            "bases-0-regime": "eu_gdpr", "bases-0-basis": "contract", **changes}  # fmt: skip


def system(**changes: object) -> dict[str, object]:
    return {"code": "platform", "name": "Platform database", "country": "US", "fulfilment": "by_hand",
            "owner_email": "platform@example.org", **changes}  # fmt: skip


def activity(**changes: object) -> dict[str, object]:
    given = {"code": "deliver", "name": "Deliver courses", "capacity": "controller", "basis": "contract",
             "whose": ["learner"], **changes}  # fmt: skip
    return given if "purpose" in given else {**given, "purpose": PurposeFactory().pk}


def measure(**changes: object) -> dict[str, object]:
    return {"name": "Encryption at rest", "kind": "technical", **changes}


FORMS: dict[Any, Any] = {
    DataCategory: category, Purpose: purpose, System: system, ProcessingActivity: activity, Measure: measure,
}  # fmt: skip


@pytest.mark.parametrize("model", FORMS, ids=lambda model: model.__name__)
def test_staff_add_a_row_and_it_is_on_record(desk: Client, dov: User, model: Any) -> None:
    response = desk.post(add(model), FORMS[model]())
    assert response.status_code == 302, said(response)
    row = model.objects.get()
    assert Event.objects.about(row).get().actor == dov.as_actor()


def test_a_purpose_comes_with_its_lawful_bases(desk: Client) -> None:
    desk.post(add(Purpose), purpose())
    assert list(Purpose.objects.get().bases.values_list("regime", "basis")) == [
        (Regime.EU_GDPR, Basis.CONTRACT)
    ]


def test_an_activity_names_its_data_its_systems_and_whose_it_is(desk: Client) -> None:
    essays, database = DataCategoryFactory(), SystemFactory()
    desk.post(
        add(ProcessingActivity),
        activity(categories=[essays.pk], systems=[database.pk], whose=["learner", "guardian"]),
    )
    made = ProcessingActivity.objects.get()
    assert (list(made.categories.all()), list(made.systems.all())) == ([essays], [database])
    assert made.whose == [Role.LEARNER, Role.GUARDIAN]


@pytest.mark.parametrize(
    ("model", "field", "value", "sentence"),
    [
        (DataCategory, "name", "", "This field is required."),
        (DataCategory, "name", "n" * 101, "at most 100"),
        (DataCategory, "name", "a\x00b", "control character"),
        (DataCategory, "name", "pay \u202egpj.exe", "turns the direction of writing"),
        (DataCategory, "code", "lesson answers", "valid “slug”"),
        (DataCategory, "origin", "stolen", "not one of the available choices"),
        (DataCategory, "whose", [], "Say whose data it is."),
        (DataCategory, "whose", ["dog"], "not one of the available choices"),
        (DataCategory, "examples", "e" * 1001, "1,000"),
        (Purpose, "child_text", "c" * 501, "500"),
        (Purpose, "needs_consent", "on", "What needs consent can be refused"),
        (Purpose, "bases-0-basis", "", "This field is required."),
        (Purpose, "bases-0-basis", "consent", "does not ask for consent"),
        (System, "country", "ZZ", "not one of the available choices"),
        (System, "country", "us", "not one of the available choices"),
        (System, "owner_email", "a@localhost, b@x.org", "Enter a valid email address."),
        (ProcessingActivity, "purpose", "999999", "not one of the available choices"),
        (ProcessingActivity, "categories", ["999999"], "not one of the available choices"),
        (ProcessingActivity, "whose", [], "Say whose data it is."),
        (ProcessingActivity, "basis", "school_instruction", "Only what we do as processor of a school"),
        (ProcessingActivity, "basis", "consent", "consent cannot be its basis"),
        (ProcessingActivity, "capacity", "processor", "As processor we act on the school’s instruction"),
        (Measure, "next_review_on", "03/04/2026", "Enter a valid date."),
        (Measure, "next_review_on", "0001-01-01", "Write a day between 1990"),
        (Measure, "evidence_on", "2031-01-01", "cannot be of a day to come"),
        (Measure, "evidence_on", "2026-01-01", "Say what was seen on that day"),
    ],
)
def test_a_bad_field_says_so_beside_it_and_saves_nothing(
    desk: Client, model: Any, field: str, value: object, sentence: str
) -> None:
    response = desk.post(add(model), FORMS[model](**{field: value}))
    assert response.status_code == 200
    assert sentence in said(response)
    assert not model.objects.exists()


def test_a_code_is_lower_case_and_given_once(desk: Client) -> None:
    desk.post(add(DataCategory), category(code="Lesson-Answers"))
    made = DataCategory.objects.get(code="lesson-answers")
    desk.post(page(made), category(code="other", opened_revision=0))
    made.refresh_from_db()
    assert made.code == "lesson-answers"
    assert "already exists" in said(desk.post(add(DataCategory), category(code="LESSON-answers")))


def test_an_activity_cannot_name_what_is_never_held(desk: Client) -> None:
    cards = DataCategoryFactory(never_held=True)
    response = desk.post(add(ProcessingActivity), activity(categories=[cards.pk]))
    assert "“Full card numbers” is declared in public as never held" in said(response)
    assert not ProcessingActivity.objects.exists()


def test_what_an_activity_uses_cannot_be_declared_as_never_held(desk: Client) -> None:
    answers = ProcessingActivityFactory(name="Deliver courses").categories.get()
    response = desk.post(page(answers), category(is_never_held="on", opened_revision=0))
    assert "We do hold it: “Deliver courses”. Take it out there first." in said(response)
    answers.refresh_from_db()
    assert not answers.is_never_held


def test_an_activity_cannot_serve_a_purpose_that_has_ended(desk: Client) -> None:
    ended = PurposeFactory(ended=True, name="Ads")
    response = desk.post(add(ProcessingActivity), activity(purpose=ended.pk))
    assert "“Ads” ended on 1 January 2025." in said(response)


def test_an_activity_cannot_lie_in_a_system_that_has_ended(desk: Client) -> None:
    old = SystemFactory(ended=True, name="Old disk")
    assert "No longer in use: “Old disk”" in said(
        desk.post(add(ProcessingActivity), activity(systems=[old.pk]))
    )


def test_what_has_ended_may_keep_naming_what_has_ended(desk: Client) -> None:
    over = ProcessingActivityFactory(ended=True, purpose=PurposeFactory(ended=True))
    response = desk.post(page(over), activity(purpose=over.purpose_id, name="Ads", opened_revision=0))
    assert response.status_code == 302, said(response)


def test_a_purpose_that_asks_for_consent_has_consent_as_basis(desk: Client) -> None:
    optional = PurposeFactory(optional=True)
    response = desk.post(add(ProcessingActivity), activity(purpose=optional.pk))
    assert "so its basis is consent" in said(response)
    assert desk.post(
        add(ProcessingActivity), activity(purpose=optional.pk, basis="consent")
    ).status_code == 302  # fmt: skip


def test_an_email_proves_too_little_where_data_is_disclosed(desk: Client) -> None:
    data = purpose(kind="disclosure", minimum_assurance="email_plus")
    assert "an e-mail is not proof enough" in said(desk.post(add(Purpose), data))


def test_a_law_has_one_basis_for_a_purpose(desk: Client) -> None:
    twice = {"bases-TOTAL_FORMS": 2, "bases-1-regime": "eu_gdpr", "bases-1-basis": "legal_obligation"}
    response = desk.post(add(Purpose), purpose(**twice))
    assert response.status_code == 200
    assert not Purpose.objects.exists()


def test_the_next_review_comes_after_the_last(desk: Client) -> None:
    data = measure(evidence="Seen.", evidence_on="2026-01-05", next_review_on="2026-01-05")
    assert "comes after the evidence of the last" in said(desk.post(add(Measure), data))


def test_one_owner_answers_for_a_system(desk: Client, dov: User) -> None:
    response = desk.post(add(System), system(owner=dov.pk))
    assert "One owner answers for it" in said(response)
    assert ">Dov</option>" in said(response)


def test_a_purpose_with_live_activities_does_not_end(desk: Client) -> None:
    running = ProcessingActivityFactory(name="Deliver courses")
    response = press(desk, running.purpose, "end", on="2026-03-02")
    assert response.status_code == 409
    assert "Still done for it after that day: “Deliver courses”. End these first." in said(response)


def test_an_activity_ends_then_its_purpose_then_both_are_taken_up_again(desk: Client) -> None:
    running = ProcessingActivityFactory()
    assert press(desk, running, "end", on="2026-03-02").status_code == 302
    assert press(desk, running.purpose, "end", on="2026-03-02").status_code == 302
    assert press(desk, running, "take-up").status_code == 409
    assert press(desk, running.purpose, "take-up").status_code == 302
    assert press(desk, running, "take-up").status_code == 302
    running.refresh_from_db()
    assert running.ended_on is None


def test_a_system_where_data_lies_does_not_end(desk: Client) -> None:
    disk = SystemFactory()
    ProcessingActivityFactory(name="Deliver courses", systems=[disk])
    assert "Data still lies there for “Deliver courses”" in said(press(desk, disk, "end", on="2026-03-02"))


@pytest.mark.parametrize("on", ["", "02.03.2026", "1026-03-02", "9999-12-31"])
def test_a_day_that_is_a_slip_of_the_hand_ends_nothing(desk: Client, on: str) -> None:
    running = ProcessingActivityFactory()
    assert press(desk, running, "end", on=on).status_code == 200
    running.refresh_from_db()
    assert running.ended_on is None


def test_what_is_in_use_is_not_deleted_and_says_by_what(desk: Client) -> None:
    running = ProcessingActivityFactory(name="Deliver courses")
    things: list[Any] = [running.categories.get(), running.systems.get(), running.purpose]
    for thing in things:
        response = press(desk, thing, "remove")
        assert response.status_code == 409
        assert "In use, so it stays: processing activity “Deliver courses”." in said(response)


def test_a_refused_deletion_names_a_few_of_each_kind(desk: Client) -> None:
    disk = SystemFactory()
    ProcessingActivityFactory.create_batch(guards.NAMED + 1, systems=[disk])
    MeasureFactory(name="Locks", systems=[disk])
    sentence = guards.in_use(disk)
    assert "measure “Locks”" in sentence
    assert "processing activities “Deliver courses" in sentence
    assert " and more" in sentence


@pytest.mark.parametrize("model", FACTORIES, ids=lambda model: model.__name__)
def test_what_was_entered_by_mistake_can_be_deleted_with_a_reason(desk: Client, model: Any) -> None:
    thing = FACTORIES[model]()
    assert press(desk, thing, "remove", reason="").status_code == 200
    response = press(desk, thing, "remove")
    assert response.url == listed(model)
    assert not model.objects.exists()
    assert Event.objects.filter(verb="inventory.delete", object_ref=str(thing.pk)).exists()


def test_the_stock_deletion_is_closed(desk: Client) -> None:
    answers = DataCategoryFactory()
    url = reverse("admin:inventory_datacategory_delete", args=[answers.pk])
    assert desk.post(url, {"post": "yes"}).status_code == 403


def test_two_colleagues_do_not_overwrite_each_other(desk: Client) -> None:
    answers = DataCategoryFactory()
    assert desk.post(page(answers), category(opened_revision=0)).status_code == 302
    second = desk.post(page(answers), category(name="Theirs", opened_revision=0))
    assert "Changed since you opened it, by Dov" in said(second)


@pytest.mark.parametrize("group", ["support", "auditor", "privacy officer"])
@pytest.mark.parametrize("verb", ["remove"])
def test_only_the_lead_deletes(client: Client, group: str, verb: str) -> None:
    client.force_login(UserFactory(group=group))
    assert press(client, DataCategoryFactory(), verb).status_code == 403


def test_an_auditor_looks_and_changes_nothing(client: Client) -> None:
    running = ProcessingActivityFactory()
    client.force_login(UserFactory(group="auditor"))
    assert client.get(page(running)).status_code == 200
    assert client.post(page(running), activity(opened_revision=0)).status_code == 403
    assert press(client, running, "end", on="2026-03-02").status_code == 403


@pytest.mark.parametrize("model", FACTORIES, ids=lambda model: model.__name__)
def test_a_list_asks_the_same_few_questions_however_long_it_is(
    desk: Client, django_assert_num_queries, model: Any
) -> None:
    FACTORIES[model]()
    desk.get(listed(model))  # fills the caches of content types
    with CaptureQueriesContext(connection) as short:
        desk.get(listed(model))
    FACTORIES[model].create_batch(30)
    with django_assert_num_queries(len(short)):
        desk.get(listed(model))


def test_a_list_counts_the_activities_and_leads_to_them(desk: Client) -> None:
    answers = DataCategoryFactory()
    ProcessingActivityFactory.create_batch(2, categories=[answers])
    link = f"{listed(ProcessingActivity)}?categories__id__exact={answers.pk}"
    assert f'<a href="{link}">2</a>' in said(desk.get(listed(DataCategory)))
    ProcessingActivityFactory(name="Something else")
    assert "Something else" not in said(desk.get(link))


@pytest.mark.parametrize(
    ("more", "count"), [("", 3), ("&capacity__exact=processor", 1), ("&p=1", 3), ("&q=nothing-like-it", 0)]
)
def test_the_count_behind_a_link_is_that_of_the_list(desk: Client, more: str, count: int) -> None:
    answers = DataCategoryFactory()
    ProcessingActivityFactory.create_batch(2, categories=[answers])
    ProcessingActivityFactory(for_schools=True, categories=[answers, DataCategoryFactory()])
    ProcessingActivityFactory()
    page = desk.get(f"{listed(ProcessingActivity)}?categories__id__exact={answers.pk}{more}").context["cl"]
    assert (page.result_count, len(page.result_list)) == (count, count)


def test_behind_a_link_only_the_links_are_counted(desk: Client) -> None:
    answers = DataCategoryFactory()
    with CaptureQueriesContext(connection) as asked:
        desk.get(f"{listed(ProcessingActivity)}?categories__id__exact={answers.pk}")
    (counting,) = [query["sql"] for query in asked if "COUNT(*)" in query["sql"]]
    assert "JOIN" not in counting


@pytest.mark.parametrize(
    "probe", [{"purpose__name__startswith": "G"}, {"systems__owner__password__regex": "."}]
)
def test_the_list_answers_no_question_it_was_not_built_for(desk: Client, probe: dict[str, str]) -> None:
    assert desk.get(f"{listed(ProcessingActivity)}?{urlencode(probe)}").status_code in (302, 400)


def test_an_activity_is_found_by_its_code_or_the_start_of_its_name(desk: Client) -> None:
    ProcessingActivityFactory(code="deliver", name="Deliver courses")
    ProcessingActivityFactory(code="bill", name="Bill courses")
    for words in ("deliver", "Deliv"):
        html = said(desk.get(listed(ProcessingActivity), {"q": words}))
        assert ("Deliver courses" in html, "Bill courses" in html) == (True, False)


def test_a_measure_overdue_says_so_in_the_list(desk: Client) -> None:
    MeasureFactory(next_review_on=date(2025, 1, 1))
    assert "1 January 2025 – overdue" in said(desk.get(listed(Measure)))


REGISTERS = [desk for desk in admin.site._registry.values() if isinstance(desk, RegisterAdmin)]


@pytest.mark.parametrize("desk", REGISTERS, ids=str)
def test_a_new_row_is_asked_for_every_field_of_its_form(desk: RegisterAdmin) -> None:
    request = RequestFactory().get("/")
    request.user = UserFactory.create(is_superuser=True)
    shown = set(flatten_fieldsets(desk.get_fieldsets(request)))
    asked = desk.form._meta.fields
    assert isinstance(asked, tuple)
    assert shown >= set(asked)
    assert not shown & {"ended_on", "used_in", "safeguards"}

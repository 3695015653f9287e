"""Whether a machine judges people or decides about them: said, explained, contradictions refused (GDPR Art. 22)."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from inventory import automation, health
from inventory.desk.forms import ProcessingActivityForm
from inventory.models import Automation, Basis, ProcessingActivity, Sensitivity
from people.models import Role
from tests.people.factories import UserFactory

from .factories import DataCategoryFactory, ProcessingActivityFactory, PurposeFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)
SAID: dict[str, Any] = {
    "logic": "Answers go in, the next lesson comes out.",
    "consequences": "It stands first in the list.",
    "protection": "A teacher can change it.",
}


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(UserFactory(dov=True, group="privacy lead"))
    return client


def suggestions(**facts: Any) -> ProcessingActivity:
    given = {"name": "Suggest", "automation": Automation.PROFILING, **SAID, **facts}
    return ProcessingActivityFactory(**given)


def found() -> list[tuple[str, str]]:
    codes = {check.code for check in automation.CHECKS}
    return [
        (fault.code, fault.sentence)
        for diagnosis in health.examine(TODAY)
        for fault in diagnosis.faults
        if fault.code in codes
    ]


def errors(**changes: Any) -> dict[str, Any]:
    row = suggestions()
    filled = ProcessingActivityForm(instance=row)
    data = {name: filled[name].value() for name in filled.fields if not name.endswith("_in")}
    return dict(ProcessingActivityForm({**data, **changes}, instance=row).errors)


def test_a_machine_that_is_explained_and_from_which_people_are_protected_is_no_fault() -> None:
    suggestions()
    suggestions(automation=Automation.DECISION)
    assert found() == []


def test_an_activity_nobody_has_asked_this_of_is_found() -> None:
    suggestions(automation="", name="Watch")
    assert found() == [("automation-unsaid", "“Watch” does not say whether a machine alone decides.")]


@pytest.mark.parametrize("silent", ["logic", "consequences"])
@pytest.mark.parametrize("kind", automation.BY_MACHINE)
def test_a_machine_without_words_is_found_until_the_activity_ends(silent: str, kind: str) -> None:
    row = suggestions(automation=kind, **{silent: ""})
    assert [code for code, _sentence in found()] == ["automation-without-words"]
    row.ended_on = TODAY
    row.save()
    assert found() == []


@pytest.mark.parametrize(
    ("kind", "whose", "sentences"),
    [
        ("profiling", Role.LEARNER, ["“Suggest” lets a machine judge learners, who may be children, and names nothing that protects them."]),
        ("profiling", Role.GUARDIAN, []),
        ("decision", Role.GUARDIAN, ["“Suggest” lets a machine judge people and names nothing that protects them."]),
        ("none", Role.LEARNER, []),
    ],
)  # fmt: skip
def test_children_and_whoever_a_machine_decides_about_need_protection(
    kind: str, whose: str, sentences: list[str]
) -> None:
    suggestions(automation=kind, whose=[whose], protection="")
    assert [sentence for _code, sentence in found()] == sentences


def test_a_decision_needs_a_ground_also_when_the_data_became_special_later() -> None:
    suggestions(automation=Automation.DECISION, basis=Basis.LEGITIMATE_INTERESTS)
    health_data = DataCategoryFactory(name="Health", sensitivity=Sensitivity.SPECIAL)
    suggestions(automation=Automation.DECISION, categories=[health_data])
    suggestions(automation=Automation.DECISION, basis=Basis.LEGAL_OBLIGATION, categories=[health_data])
    suggestions(basis=Basis.LEGITIMATE_INTERESTS)
    assert sorted(sentence for _code, sentence in found()) == [
        "“Suggest”: A machine alone may decide only for a contract, by law or by consent (GDPR Art. 22(2)).",
        "“Suggest”: From “Health” a machine alone may decide only by law or by consent (GDPR Art. 22(4)).",
    ]


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"automation": "decision", "basis": "legitimate_interests"}, "automation", "only for a contract"),
        ({"automation": "none"}, "automation", "choose which of the two"),
        ({"automation": ""}, "automation", "choose which of the two"),
        ({"automation": "oracle"}, "automation", "not one of the available choices"),
        ({"logic": "l" * 1001}, "logic", "at most 1000"),
        ({"logic_in_de": "l" * 1001}, "logic_in", "1,000"),
        ({"logic": "", "logic_in_de": "Antworten"}, "logic", "in English too"),
    ],
)
def test_a_contradiction_is_said_beside_its_field(changes: dict[str, str], field: str, sentence: str) -> None:
    told = errors(**changes)
    assert list(told) == [field]
    assert sentence in str(told[field])


def test_staff_write_the_words_in_each_language_and_read_them_again(desk: Client) -> None:
    row = suggestions()
    url = reverse("admin:inventory_processingactivity_change", args=[row.pk])
    data = {
        "name": row.name, "capacity": row.capacity, "purpose": row.purpose_id, "basis": row.basis, "whose": row.whose,
        "categories": [kind.pk for kind in row.categories.all()], "automation": "profiling", **SAID,
        "logic_in_de": "Antworten gehen hinein.", "logic_in_es": " ", "opened_revision": row.revision,
    }  # fmt: skip
    assert desk.post(url, data).status_code == 302
    row.refresh_from_db()
    assert row.logic_in == {"de": "Antworten gehen hinein."}
    assert "Antworten gehen hinein." in desk.get(url).content.decode()


@pytest.mark.parametrize("words", [{"en": "Twice"}, {"de": ""}, {"de": "x" * 1001}, ["de"]])
def test_other_words_are_text_in_a_language_we_speak(words: Any) -> None:
    with pytest.raises(ValidationError):
        ProcessingActivityFactory.build(purpose=PurposeFactory(), logic_in=words).clean_fields()


def test_what_reads_the_same_is_told_once_and_decisions_come_first() -> None:
    purpose = PurposeFactory(name="Teach")
    for _twice in range(2):
        suggestions(purpose=purpose)
    suggestions(purpose=purpose, automation=Automation.DECISION)
    suggestions(ended=True, logic="Gone")
    told = automation.public(TODAY)
    assert [use.kind for use in told] == [Automation.DECISION, Automation.PROFILING]
    assert automation.on_the_whole(told).startswith("Our register names decisions")


def test_the_public_page_explains_each_machine_in_the_visitors_language(client: Client) -> None:
    page = reverse("portal:data")
    ProcessingActivityFactory()
    assert "Our register names no decision about you" in client.get(page).content.decode()
    suggestions(logic_in={"de": "Antworten gehen hinein."})
    german = client.get(page, headers={"accept-language": "de"}).content.decode()
    assert '<dd lang="de">Antworten gehen hinein.</dd>' in german
    assert '<dd lang="en">A teacher can change it.</dd>' in german

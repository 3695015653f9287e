"""What is told with a copy (GDPR Art. 15(1)(a)–(h), 15(2)), and what the right to carry over covers (Art. 20)."""

import json
import zipfile
from io import BytesIO

import pytest
from django.utils import translation

from inventory.models import Basis, DataCategory, Origin, RetentionRule
from law.models import Company
from people.models import Role
from requests import clocks
from requests.copies import packages, telling
from requests.models import Right, RightsRequest
from tests.inventory.factories import DataCategoryFactory, ProcessingActivityFactory
from tests.people.factories import NOW
from tests.processors.factories import ProcessorActivityFactory, ProcessorFactory, TransferFactory

from .work_factories import CaseFactory

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
TEXTS = {
    "en": ("What you give us", "United States", "Standard contractual clauses", "3 years, counted from the last activity; then deleted"),
    "es": ("Lo que usted nos da", "Estados Unidos", "Cláusulas contractuales tipo", "3 años"),
    "fr": ("Ce que vous nous donnez", "États-Unis", "Clauses contractuelles types", "3 ans"),
    "de": ("Was Sie uns geben", "Vereinigte Staaten", "Standardvertragsklauseln", "3 Jahre"),
}  # fmt: skip


@pytest.fixture
def answers() -> DataCategory:
    """Lesson answers, given by learners, kept for three years, seen by a company in the United States."""
    kind = DataCategoryFactory(name="Lesson answers", code="lesson-answers")
    activity = ProcessingActivityFactory(categories=[kind], purpose__name="Teach")
    RetentionRule.objects.create(
        category=kind, purpose=activity.purpose, start_event="last_activity", number=3, unit="years"
    )
    company = ProcessorFactory(name="Chalk Ltd", active=True)
    ProcessorActivityFactory(processor=company, activity=activity)
    TransferFactory(processor=company)
    return kind


def case_of(right: Right = Right.ACCESS, **how) -> RightsRequest:
    case = CaseFactory(right=right, **how)
    clocks.propose_regimes(case)
    return case


def files_of(case: RightsRequest) -> dict[str, bytes]:
    packages.start(case, at=NOW)
    packages.build_due(at=NOW)
    package = packages.ready(case)
    assert package is not None
    inside = zipfile.ZipFile(BytesIO(b"".join(packages.look(package))))
    return {name: inside.read(name) for name in inside.namelist()}


def test_the_index_tells_each_letter_of_the_article(answers):
    index = json.loads(files_of(case_of())["index.json"])
    assert [use["purpose"] for use in index["purposes"]] == ["Teach"]  # (a)
    (kind,) = index["categories"]  # (b)
    assert kind["name"] == "Lesson answers"
    assert kind["kept"] == ["Teach: 3 years, counted from the last activity; then deleted"]  # (d)
    assert kind["source"] == "What you give us"  # (g)
    (recipient,) = index["recipients"]  # (c)
    assert (recipient["name"], recipient["data"]) == ("Chalk Ltd", ["Lesson answers"])
    assert len(index["rights"]) == 4  # (e)
    assert "data protection authority" in index["complaint"]  # (f)
    assert "machine" in index["automated_decisions"]  # (h)


def test_the_index_reads_from_the_register_what_a_machine_does_with_people_like_them(answers):
    activity = answers.activities.get()
    activity.automation, activity.logic, activity.logic_in = (
        "profiling",
        "Answers go in.",
        {"de": "Antworten."},
    )
    activity.save()
    ProcessingActivityFactory(automation="decision", logic="Not about them", whose=[Role.SCHOOL_CONTACT])
    case = case_of(language="de")
    with translation.override("de"):
        told = telling.told(case, on=TODAY)
    (machine,) = told["machines"]
    assert (machine["purpose"], machine["language"]) == ("Teach", "en")
    assert machine["says"] == [{"about": "So funktioniert es", "words": "Antworten.", "language": "de"}]
    assert "keine Entscheidung" in told["automated_decisions"]


def test_a_decision_by_a_machine_alone_stands_in_both_indexes_with_the_way_to_a_person(answers):
    answers.activities.update(
        automation="decision", logic="Answers go in.", consequences="The place is gone."
    )
    files = files_of(case_of())
    index = json.loads(files["index.json"])
    assert index["automated_decisions"].startswith("Our register names decisions about you")
    page = files["index.html"].decode()
    for words in (
        "A machine decides alone. You can have a person look at it",
        "Answers go in.",
        "The place is gone.",
    ):
        assert words in page


def test_what_protects_data_abroad_is_named_and_where_to_get_it(answers):
    index = json.loads(files_of(case_of())["index.json"])
    (recipient,) = index["recipients"]
    assert recipient["abroad"] == [{"country": "United States", "safeguard": "Standard contractual clauses"}]
    assert Company.current().contact_email in index["safeguards"]


@pytest.mark.parametrize("language", TEXTS)
def test_our_own_words_come_in_the_requesters_language(answers, language):
    page = files_of(case_of(language=language))["index.html"].decode()
    with translation.override(language):
        told = telling.told(case_of(language=language), on=TODAY)
    assert f'<html lang="{language}">' in page
    assert all(text in page for text in TEXTS[language])
    assert all(right in page for right in told["rights"])
    assert told["automated_decisions"] in page


def test_a_company_that_left_and_an_activity_of_others_are_not_told(answers):
    left = ProcessorFactory(name="Gone Inc", ended=True)
    ProcessorActivityFactory(processor=left, activity=answers.activities.get())
    ProcessingActivityFactory(purpose__name="Pay teachers", whose=[Role.GUARDIAN.value])
    told = telling.told(case_of(), on=TODAY)
    assert [row["name"] for row in told["recipients"]] == ["Chalk Ltd"]
    assert [row["purpose"] for row in told["purposes"]] == ["Teach"]


# --- Carrying over ---------------------------------------------------------------------------

ACCOUNT = "people.person.account-details"
PERSON = "this-service/people-person-account-details"


def account(origin: str, basis: str) -> None:
    kind = DataCategoryFactory(code="account-details", name="Account details", origin=origin)
    ProcessingActivityFactory(categories=[kind], basis=basis)


def test_a_copy_to_carry_over_is_for_programs():
    account(Origin.PROVIDED, Basis.CONTRACT)
    files = files_of(case_of(Right.PORTABILITY))
    assert set(files) == {"index.html", "index.json", f"{PERSON}.json"}


@pytest.mark.parametrize(
    ("origin", "basis", "is_in"),
    [
        (Origin.PROVIDED, Basis.CONSENT, True),
        (Origin.AUTOMATIC, Basis.CONTRACT, True),
        (Origin.RECEIVED, Basis.CONTRACT, False),
        (Origin.DERIVED, Basis.CONSENT, False),
        (Origin.PROVIDED, Basis.LEGITIMATE_INTERESTS, False),
        (Origin.PROVIDED, Basis.LEGAL_OBLIGATION, False),
        ("", Basis.CONTRACT, True),
        (Origin.PROVIDED, "", True),
    ],
)
def test_it_holds_what_was_given_or_seen_by_consent_or_for_a_contract(origin, basis, is_in):
    account(origin, basis)
    index = json.loads(files_of(case_of(Right.PORTABILITY))["index.json"])
    assert index["not_carried_over"] == ([] if is_in else ["Account details"])
    assert bool(index["contents"]) is is_in


def test_a_law_that_gives_more_gives_more():
    account(Origin.RECEIVED, Basis.LEGITIMATE_INTERESTS)
    case = case_of(Right.PORTABILITY, place="US-CA")
    assert [part.key for part in telling.carried_over(case, on=TODAY)] == [ACCOUNT]


def test_a_copy_to_read_is_never_cut():
    account(Origin.DERIVED, Basis.LEGITIMATE_INTERESTS)
    assert f"{PERSON}.html" in files_of(case_of())

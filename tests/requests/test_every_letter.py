"""Every letter as the person gets it, in each language: nothing left open that we know, no English, no markup."""

import re
from datetime import timedelta

import pytest
from django.conf import settings

from law.models import Company, RefusalGround
from law.models.regimes import pieces
from requests import deciding, placeholders
from requests.models import Answer, Duty, LetterKind, Right, Task, Way
from requests.saying import closing, letters, reasons
from requests.saying.reasons import ExtensionReason
from tests.inventory.factories import SystemFactory
from tests.people.factories import NOW, PersonFactory

from .factories import RequestFactory

pytestmark = pytest.mark.django_db
LANGUAGES = [code for code, _name in settings.LANGUAGES]
OTHERS = [code for code in LANGUAGES if code != "en"]
ENGLISH = re.compile(r"\b(the|your|you|and|with|which|until|we)\b")
ESCAPED = re.compile(r"&(#\d+|#x\w+|amp|quot|lt|gt);")
# A day as each language writes it, and never 02/04.
DAYS = {"en": "2 April 2026", "es": "2 de abril de 2026", "fr": "2 avril 2026", "de": "2. April 2026"}
OURS = "Datos Données Daten."  # what a colleague writes, where only a colleague knows
ENDS = [right for right in Right if right != Right.ERASURE]


@pytest.fixture(autouse=True)
def _company(db):
    Company.objects.create(
        name="Aloraoraex", service="Aloraoraex", contact_email="privacy@aloraoraex.example", time_zone="UTC"
    )


def case_of(language: str, right: str = Right.ACCESS, **how):
    return RequestFactory(in_review=True, right=right, language=language, **how)


def is_fit_to_read(letter: str, language: str) -> None:
    assert placeholders.BLANK not in letter
    assert not re.search(r"[{}]", letter)
    assert not ESCAPED.search(letter)
    assert not re.search(r"\d\d/\d\d", letter)
    if language != "en":
        assert not ENGLISH.search(letter.replace("ico.org.uk", "")), letter


def done_by_a_system(case, duty: Duty) -> None:
    Task.objects.create(
        request=case, system=SystemFactory(name="LMS"), duty=duty, way=Way.BY_HAND, due_at=NOW, next_try_at=NOW,
        stage="answered", answer=Answer.DONE, answered_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_goes_out_as_it_is_leaves_nothing_open(language):
    is_fit_to_read(letters.draft(case_of(language), LetterKind.UNVERIFIED), language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [LetterKind.CLARIFICATION, LetterKind.REROUTED])
def test_a_question_has_one_open_place_and_that_is_a_colleagues(kind, language):
    letter = letters.draft(case_of(language), kind)
    assert letter.count(placeholders.BLANK) == 1
    is_fit_to_read(letter.replace(placeholders.BLANK, OURS), language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("right", ENDS)
def test_the_letter_that_ends_a_case_says_what_the_systems_answered(right, language):
    case = case_of(language, right)
    if duty := {
        Right.RECTIFICATION: Duty.CORRECT,
        Right.RESTRICTION: Duty.RESTRICT,
        Right.OBJECTION: Duty.STOP,
        Right.OPT_OUT: Duty.STOP,
    }.get(right):
        done_by_a_system(case, duty)
    letter = letters.draft(case, letters.kind_of_answer(case), **closing.facts(case))
    if right in (Right.COMPLAINT, Right.INQUIRY):
        assert letter.count(placeholders.BLANK) == 1, "the answer is a colleague's to write"
        letter = letter.replace(placeholders.BLANK, OURS)
    is_fit_to_read(letter, language)
    assert ("LMS" in letter) == bool(duty)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("because", ExtensionReason)
def test_an_extension_names_the_new_day_and_the_reason(because, language):
    case = case_of(language)
    draft = deciding.draft_extension(case, at=NOW)
    letter = draft.replace("{reason}", reasons.of_extension(because, language))
    is_fit_to_read(letter, language)
    assert DAYS[language] in letter
    assert {"en": "2 June", "es": "2 de junio", "fr": "2 juin", "de": "2. Juni"}[language] in letter


def every_ground() -> list[RefusalGround]:
    return list(RefusalGround.objects.order_by("code"))


@pytest.mark.parametrize("language", OTHERS)
def test_every_ground_that_ships_is_said_in_every_language(language):
    for ground in every_ground():
        words = reasons.of_ground(ground, language)
        assert words.endswith(f"({ground.source})"), ground.code
        assert not ENGLISH.search(words.removesuffix(f"({ground.source})").replace("and Privacy", "")), words


def test_a_ground_that_staff_put_into_other_words_is_not_translated_by_the_old_ones():
    ground = RefusalGround.objects.get(code="gdpr_excessive")
    ground.ground = "The request repeats another one."
    assert reasons.of_ground(ground, "de") == ""
    assert reasons.of_ground(ground, "en").startswith("The request repeats another one.")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("place", ["FR", "GB", "US-CA", "US-VA"])
def test_each_refusal_names_ground_reason_complaint_and_second_look(place, language):
    """GDPR Art. 12(4); 11 CCR 7022; Va. Code 59.1-577(C)."""
    case = case_of(language, Right.ACCESS, place=place, subject=PersonFactory(country=""))
    ways = letters.routes(case)
    found = deciding.grounds(case, at=NOW)
    assert found
    for ground in found:
        letter = deciding.draft_refusal(case, ground, reason=OURS)
        is_fit_to_read(letter.replace(str(ground.source), ""), language)
        for part in (ways, OURS, reasons.of_ground(ground, language)):
            assert part in letter
        assert "30" in letter, "for so many days a second look can be asked for"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_partial_refusal_says_what_was_done_from_the_answers(language):
    case = case_of(language, Right.RECTIFICATION)
    done_by_a_system(case, Duty.CORRECT)
    ground = deciding.grounds(case, at=NOW)[0]
    letter = deciding.draft_refusal(case, ground, reason=OURS, is_partial=True)
    is_fit_to_read(letter.replace(str(ground.source), ""), language)
    assert "LMS" in letter
    assert letters.routes(case) in letter


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_second_no_points_to_the_authority_and_not_to_a_third_look(language):
    first = RequestFactory(denied=True, place="US-VA", language=language, subject=PersonFactory(country=""))
    appeal = case_of(language, appeal_of=first, place="US-VA", subject=first.subject)
    ground = next(row for row in every_ground() if "us_state_model" in pieces(row.regimes))
    letter = deciding.draft_refusal(appeal, ground, reason=OURS)
    is_fit_to_read(letter.replace(str(ground.source), ""), language)
    assert letters._read("routes", "us_state_model_appealed", language) in letter
    assert letters._read("routes", "us_state_model", language) not in letter


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_day_a_copy_ends_is_said_as_the_reader_writes_it(language):
    case = case_of(language)
    day = (NOW + timedelta(days=31)).date()
    assert letters.say_day(day, language) == DAYS[language]
    assert "available_until" in closing.facts(case)

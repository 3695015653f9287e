"""Letters: plain words in four languages, filled from a fixed list of names, never code."""

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError

from requests import deciding, placeholders
from requests.models import LetterKind, LetterTemplate, Right
from requests.refusals import NoExtension
from requests.saying import letters
from tests.people.factories import NOW, PersonFactory, UserFactory

from .factories import RequestFactory

LANGUAGES = [code for code, _name in settings.LANGUAGES]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_ships_in_every_language_with_names_that_are_filled(language):
    shipped = {kind: body for kind, code, body in letters.shipped() if code == language}
    assert set(shipped) == set(LetterKind.values)
    for kind, body in shipped.items():
        placeholders.check(body)
        assert {"hello", "company"} <= set(placeholders.names_in(body)), kind


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("law", [*letters.ROUTES, "other"])
def test_every_law_has_its_way_to_complain_in_every_language(law, language):
    assert len(letters._read("routes", law, language)) > 60


@pytest.mark.parametrize("kind", ["refusal", "partial", "erased", "extension", "unverified", "appeal"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_says_no_tells_where_to_complain(kind, language):
    """GDPR Art. 12(4)."""
    body = next(body for name, code, body in letters.shipped() if (name, code) == (kind, language))
    assert "{routes}" in body


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body", ["Hello {nane}", "Hello {", "Hello }", "{{reason}}", "{hello.__class__}", "{0}", "{}"]
)
def test_a_name_nobody_would_fill_in_is_refused_when_it_is_saved(body):
    """Not when the letter is due."""
    template = LetterTemplate.objects.get(kind=LetterKind.ANSWER, language="en")
    template.body = body
    with pytest.raises(ValidationError):
        template.save()
    with pytest.raises(ValidationError):
        template.full_clean()


@pytest.mark.django_db
def test_what_staff_made_of_a_template_is_never_overwritten():
    LetterTemplate.objects.filter(kind=LetterKind.ANSWER, language="en").update(body="Ours. {what}")
    LetterTemplate.objects.filter(kind=LetterKind.COPY, language="fr").delete()
    letters.load_shipped()
    assert LetterTemplate.objects.get(kind=LetterKind.ANSWER, language="en").body == "Ours. {what}"
    assert LetterTemplate.objects.filter(kind=LetterKind.COPY, language="fr").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["{{7*7}}", "{reason}", "{% debug %}", "${7*7}", "__CONFIG__", "<script>"])
def test_what_people_call_themselves_stays_text(name):
    """Bad input 11."""
    case = RequestFactory(verified=True, subject=PersonFactory(given_name=name))
    assert letters.draft(case, LetterKind.ANSWER, what="Nothing.").startswith(f"Hello {name},")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "hello", "day"),
    [
        ("en", "Hello Amina,", "2 April 2026"),
        ("es", "Hola, Amina:", "2 de abril de 2026"),
        ("fr", "Bonjour Amina,", "2 avril 2026"),
        ("de", "Guten Tag Amina,", "2. April 2026"),
    ],
)
def test_a_letter_speaks_the_requesters_language(language, hello, day):
    draft = letters.draft(RequestFactory(verified=True, language=language), LetterKind.EXTENSION)
    assert draft.startswith(hello)
    assert day in draft


@pytest.mark.django_db
def test_nobody_is_greeted_by_a_name_that_was_only_typed():
    case = RequestFactory(unmatched=True, particulars__name="Mallory", particulars__email="m@family.example")
    assert letters.draft(case, LetterKind.UNVERIFIED).startswith("Hello,\n")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("place", "words"),
    [("FR", "data protection authority of the country"), ("GB-SCT", "ico.org.uk"), ("US-CA", "cppa.ca.gov"),
     ("US-VA", "Attorney General of your state"), ("BR", "place where you live"), ("", "place where you live")],
)  # fmt: skip
def test_the_way_to_complain_is_the_one_of_the_law(place, words):
    case = RequestFactory(verified=True, place=place, subject=PersonFactory(country=""))
    assert words in letters.draft(case, LetterKind.REFUSAL)


@pytest.mark.django_db
def test_a_draft_leaves_a_visible_gap_for_what_it_does_not_know():
    draft = letters.draft(RequestFactory(verified=True), LetterKind.REFUSAL)
    assert draft.count(placeholders.BLANK) == 2


@pytest.mark.django_db
def test_a_letter_is_frozen_when_it_is_sent():
    case, dov = RequestFactory(verified=True), UserFactory()
    letters.send(case, LetterKind.ANSWER, "Here it is.", by=dov, at=NOW)
    LetterTemplate.objects.filter(kind=LetterKind.ANSWER).update(body="Something else.")
    assert case.messages.get().body == "Here it is."


@pytest.mark.django_db
@pytest.mark.parametrize("right", Right)
def test_every_right_has_a_letter_to_end_with(right):
    assert letters.kind_of_answer(RequestFactory(right=right)) in LetterKind.values
    assert (
        letters.kind_of_answer(RequestFactory(right=right, appeal_of=RequestFactory())) == LetterKind.APPEAL
    )


@pytest.mark.django_db
def test_no_letter_promises_a_day_that_the_law_does_not_give():
    case = RequestFactory(verified=True, place="BR")
    with pytest.raises(NoExtension):
        deciding.draft_extension(case, at=NOW, reason="Much to do.")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "the data of Amina"),
        ("es", "los datos de Amina"),
        ("fr", "les données concernant Amina"),
        ("de", "die Daten von Amina"),
    ],
)
@pytest.mark.parametrize("kind", [LetterKind.LIFTING, LetterKind.RESTRICTED, LetterKind.COPY])
def test_a_guardian_reads_whose_data_it_is_and_the_person_reads_your(kind, language, words):
    amina = PersonFactory(amina=True)
    hers = RequestFactory(verified=True, language=language, subject=amina, requester=amina)
    carlas = RequestFactory(of_guardian=True, language=language, subject=amina)
    assert words in letters.draft(carlas, kind)
    assert "Amina" not in letters.draft(hers, kind).partition("\n")[2]

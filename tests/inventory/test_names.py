"""A name of the register in the language of whoever reads it; English, and marked, where there is none."""

import pytest
from django.core.exceptions import ValidationError
from django.forms.models import model_to_dict
from django.urls import reverse
from django.utils import translation

from audit.personal import StartEvent
from inventory import spoken
from inventory.desk.forms import DataCategoryForm
from law.calendar import Unit
from people.models import Role

from .factories import DataCategoryFactory, ProcessingActivityFactory, PurposeFactory

pytestmark = pytest.mark.django_db


def form_of(category, **names):
    data = model_to_dict(category, exclude=["names"]) | {
        f"names_{code}": text for code, text in names.items()
    }
    return DataCategoryForm(data, instance=category)


def test_staff_write_one_line_for_each_language_and_empty_ones_are_left_out():
    form = form_of(DataCategoryFactory(), es="  Respuestas   de lecciones ", fr="", de="Antworten")
    assert form.is_valid(), form.errors
    assert form.save().names == {"es": "Respuestas de lecciones", "de": "Antworten"}


def test_the_form_shows_the_lines_with_the_name_of_each_language():
    page = str(DataCategoryForm(instance=DataCategoryFactory(names={"de": "Antworten"}))["names"])
    assert 'value="Antworten"' in page
    for label in ("Español", "Français", "Deutsch"):
        assert f">{label}</label>" in page


@pytest.mark.parametrize(
    "names", [{"en": "Twice"}, {"xx": "?"}, {"de": ""}, {"de": 3}, ["de"], {"de": "x" * 101}]
)
def test_a_name_is_text_in_a_language_we_speak(names):
    with pytest.raises(ValidationError):
        DataCategoryFactory.build(names=names).full_clean(validate_unique=False)


def test_the_public_page_reads_the_name_in_the_visitors_language(client):
    category = DataCategoryFactory(name="Lesson answers", names={"de": "Antworten"})
    ProcessingActivityFactory(categories=[category], purpose=PurposeFactory(name="Give lessons"))
    german = client.get(reverse("portal:data"), headers={"accept-language": "de"}).content.decode()
    french = client.get(reverse("portal:data"), headers={"accept-language": "fr"}).content.decode()
    assert '<h3 lang="de">Antworten</h3>' in german
    assert '<h3 lang="en">Lesson answers</h3>' in french
    assert '<dt lang="en">Give lessons</dt>' in german


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "1 year, counted from the end of the contract"),
        ("es", "1 año a partir de la finalización del contrato"),
        ("fr", "1 an à partir de la fin du contrat"),
        ("de", "1 Jahr, gerechnet ab dem Ende des Vertrags"),
    ],
)
def test_a_period_is_said_from_its_numbers(language, words):
    with translation.override(language):
        assert spoken.span(1, Unit.YEARS, StartEvent.CONTRACT_END) == words


@pytest.mark.parametrize("language", ["en", "es", "fr", "de"])
def test_every_start_and_every_role_has_its_words(language):
    with translation.override(language):
        assert all(spoken.span(2, Unit.YEARS, event) for event in StartEvent)
        assert all(spoken.whose(role) for role in Role)

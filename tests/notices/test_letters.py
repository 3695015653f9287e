import copy
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template import TemplateDoesNotExist

from law.models import Company
from notices.letters import GREETING, LetterRefused, compose

pytestmark = pytest.mark.django_db

CONTEXT = {
    "day": "2 March 2026",
    "points": ["Fish & chips < 90 days", "Nothing else"],
    "link": "https://privacy.example/versions/2026-03-02/changes/",
}


class Words(HTMLParser):
    """What a reader sees of an HTML mail."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag, attrs):
        if tag in ("title", "style") or dict(attrs).get("aria-hidden"):
            self.hidden += 1

    def handle_endtag(self, tag):
        if self.hidden and tag in ("title", "style", "div"):
            self.hidden -= 1

    def handle_data(self, data):
        if not self.hidden:
            self.words += re.findall(r"\w+", data)


def words_of(html: str) -> list[str]:
    reader = Words()
    reader.feed(html)
    return reader.words


@pytest.fixture(autouse=True)
def _templates_of_the_tests(settings):
    templates = copy.deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"].append(Path(__file__).parent / "templates")
    settings.TEMPLATES = templates


@pytest.fixture(autouse=True)
def company():
    return Company.objects.create(
        pk=1,
        name="Hillside Learning",
        service="Hillside",
        contact_email="privacy@hillside.example",
        postal_address="12 Harbor Street, Portland",
    )


def test_a_letter_is_composed_of_its_three_templates():
    letter = compose("tests.change", "adult", "en", CONTEXT)
    assert letter.subject == "Our privacy policy changes on 2 March 2026"
    assert letter.body_text.count(GREETING) == letter.body_html.count(GREETING) == 1
    assert "\n\n\n" not in letter.body_text


def test_text_and_html_say_the_same_words_to_the_reader():
    letter = compose("tests.change", "adult", "en", CONTEXT)
    shown = words_of(letter.body_html)
    # The HTML part also opens with the company's name.
    assert shown[2:] == re.findall(r"\w+", letter.body_text)


def test_text_is_not_escaped_and_html_is():
    letter = compose("tests.change", "adult", "en", CONTEXT)
    assert "Fish & chips < 90 days" in letter.body_text
    assert "Fish &amp; chips &lt; 90 days" in letter.body_html


def test_a_template_of_the_variant_wins_over_the_common_one():
    letter = compose("tests.change", "guardian", "en", CONTEXT)
    assert letter.subject.startswith("A privacy change on 2 March 2026")
    assert "You look after a learner." in letter.body_text


def test_the_reader_s_language_stands_in_words_and_in_the_page():
    letter = compose("tests.change", "adult", "es", CONTEXT)
    assert letter.subject == "Nuestra política cambia el 2 March 2026"
    assert '<html lang="es" dir="ltr">' in letter.body_html


def test_the_frame_says_who_writes_and_asks_for_nothing(company):
    letter = compose("tests.change", "adult", "en", CONTEXT)
    for body in (letter.body_text, letter.body_html):
        assert "We never ask for passwords or money by email." in body
        assert company.postal_address in body
        assert company.contact_email in body
        assert body.count(str(CONTEXT["link"])) == (1 if body is letter.body_text else 3)


def test_the_frame_loads_nothing_and_tracks_nobody():
    html = compose("tests.change", "adult", "en", CONTEXT).body_html
    assert not re.search(r"<img|<link|url\(|@import|<script", html)
    assert html.count('class="button"') == 1


def test_a_frame_without_a_link_has_no_button():
    letter = compose("tests.change", "adult", "en", {**CONTEXT, "link": ""})
    assert "See what changes" not in letter.body_html + letter.body_text


def test_a_line_break_brought_into_the_subject_is_refused():
    with pytest.raises(LetterRefused):
        compose("tests.change", "adult", "en", {**CONTEXT, "day": "now\r\nBcc: all@school.example"})


def test_a_placeholder_brought_in_by_the_words_is_refused():
    with pytest.raises(LetterRefused):
        compose("tests.change", "adult", "en", {**CONTEXT, "points": ["Hello{greeting}"]})


def test_an_event_without_templates_is_a_mistake_of_ours():
    with pytest.raises(TemplateDoesNotExist):
        compose("tests.unheard_of", "adult", "en", CONTEXT)

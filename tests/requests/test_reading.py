"""The copy as people read it: words over the columns, words in the cells, in their language."""

import re
import zipfile
from datetime import date
from io import BytesIO

import pytest
from django.utils import translation

from audit.personal import holdings
from requests.copies import packages, reading
from requests.copies.gathering import as_json, key_of, rows_in
from tests.people.factories import NOW
from tests.portal.test_translations import LANGUAGES, catalog

from .work_factories import CaseFactory

ALL = [pytest.param(holding, id=key_of(holding)) for holding in holdings()]


@pytest.mark.parametrize("holding", ALL)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_holding_speaks_every_language(holding, language):
    entries = catalog(language)
    with translation.override("en"):
        said = [
            str(words)
            for words in (holding.title, holding.about, *(c.heading for c in holding.columns.values()))
        ]
    assert all(said)
    assert [words for words in said if not "".join(entries.get(words, []))] == []


@pytest.mark.django_db
@pytest.mark.parametrize("holding", ALL)
def test_every_field_has_a_heading_that_is_no_field_name(holding):
    assert set(holding.fields) <= {column.path or name for name, column in holding.columns.items()}
    with translation.override("en"):
        words = [one.words for one in reading.headings(key_of(holding), holding.columns)]
    assert not [one for one in words if "_" in one or one[:1].islower()]
    assert len(set(words)) == len(words)


NEVER_IN_A_COPY = {"waiting", "parked"}  # of mails, which are not at rest then


@pytest.mark.parametrize("holding", ALL)
def test_every_choice_has_words(holding):
    """In words of ours, so that a choice added tomorrow fails here today."""
    for name, column in holding.columns.items():
        field = reading._field(holding.model, column.path or name)
        codes = {str(code) for code, _label in getattr(field, "flatchoices", ())} - NEVER_IN_A_COPY
        with translation.override("de"):
            assert column.say or not codes, name
            assert [code for code in codes if column.say(code) == code] == []


@pytest.mark.parametrize(
    ("language", "born", "active"),
    [
        ("en", "2 March 2012", "19 February 2026"),
        ("es", "2 de marzo de 2012", "19 de febrero de 2026"),
        ("fr", "2 mars 2012", "19 février 2026"),
        ("de", "2. März 2012", "19. Februar 2026"),
    ],
)
@pytest.mark.django_db
def test_days_and_codes_are_words_of_the_reader(language, born, active):
    case = CaseFactory(
        language=language,
        subject__birth_date=date(2012, 3, 2),
        subject__last_active_on=date(2026, 2, 19),
        subject__country="FR",
        subject__language="de",
    )
    page = page_of(case)
    assert born in page
    assert active in page
    assert {"en": "German", "es": "Alemán", "fr": "Allemand", "de": "Deutsch"}[language] in page
    assert {"en": "France", "es": "Francia", "fr": "France", "de": "Frankreich"}[language] in page
    assert "2012-03-02" not in page


def page_of(case) -> str:
    packages.start(case, at=NOW)
    assert packages.build_due(at=NOW) == 1
    package = packages.ready(case)
    assert package is not None
    inside = zipfile.ZipFile(BytesIO(b"".join(packages.look(package))))
    return inside.read("this-service/people-person-account-details.html").decode()


@pytest.mark.django_db
def test_the_page_needs_nothing_from_outside_and_says_whose_it_is():
    page = page_of(
        CaseFactory(subject__given_name="Amina", subject__family_name="Benali", subject__region="")
    )
    assert "About Amina Benali" in page
    assert re.findall(r'(?:src|href)="([^"]+)"', page) == ["../index.html"]
    assert "url(" not in page
    assert "@media print" in page
    assert "State or region" not in page


def paper(rows: int) -> reading.Paper:
    with translation.override("en"):
        names = ["sent_at", "sender_kind", "body"]
        return reading.Paper(
            title="Messages",
            about="What was written.",
            language="en",
            headings=reading.headings("requests.message.rights-requests", names),
            rows=rows,
        )


def row(number: int) -> dict[str, object]:
    return {"sent_at": "2026-03-02T17:05:00Z", "sender_kind": "person", "body": f"<b>{number}</b>\nRegards"}


@pytest.mark.django_db
def test_a_long_part_is_several_pages_that_lead_to_each_other():
    entries = reading.pages(paper(2_001), "this-service/m", map(row, range(2_001)))
    pages = {entry.name: b"".join(entry.pieces).decode() for entry in entries}
    assert list(pages) == ["this-service/m.html", "this-service/m-2.html", "this-service/m-3.html"]
    assert [page.count("<tr><td") for page in pages.values()] == [1_000, 1_000, 1]
    assert 'href="m.html"' in pages["this-service/m-2.html"]
    assert 'href="m-3.html"' in pages["this-service/m-2.html"]
    assert "page 2 of 3" in pages["this-service/m-2.html"]


@pytest.mark.django_db
def test_moments_are_in_the_companys_zone_and_words_stay_words():
    page = b"".join(reading.page(paper(2), [row(1), row(2)])).decode()
    assert "2 March 2026, 12:05" in page
    assert "times are those of America/New York" in page
    assert "&lt;b&gt;1&lt;/b&gt;" in page


@pytest.mark.django_db
def test_what_a_later_version_knows_no_more_is_shown_by_its_name():
    with translation.override("en"):
        (heading,) = reading.headings("old.model.gone", ["shoe_size"])
    assert (heading.words, heading.said(True), heading.said(None)) == ("Shoe size", "Yes", "—")
    assert heading.said({"a": [1, False]}) == "a: 1, No"


def test_rows_before_a_page_are_passed_over_unread():
    pieces = b"".join(as_json([{"n": 1}, {"n": 2}, {"n": 3}]))
    assert list(rows_in([pieces[:7], pieces[7:]], after=1)) == [{"n": 2}, {"n": 3}]

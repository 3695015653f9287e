"""Company names and places as real lists spell them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.merging import FORMS, Likeness, parse_places, same_company

NAMES = st.text(max_size=40)
WORDS = st.lists(
    st.sampled_from(["blue", "Harbor", "Óptica", "lesson", "paper", "fox"]), min_size=1, max_size=4
)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Brightpage, Inc.", "BRIGHTPAGE"),
        ("Brightpage Incorporated", "Brightpage, Inc."),
        ("Amazon Web Services Inc (AWS)", "Amazon Web Services"),
        ("Amazon Web Services [AWS]", "amazon web services, inc."),
        ("Óptica S.A.S.", "Optica SAS"),
        ("Paper Fox GmbH", "paper-fox"),
        ("O'Reilly Ltd", "OReilly Limited"),
        ("Mail Room (Letterbox)", "mail room inc (LETTERBOX)"),
        ("The Quiz Company", "Quiz Company"),
        ("SAS", "sas"),
    ],
)
def test_only_the_spelling_differs(a, b):
    assert same_company(a, b) is Likeness.CERTAIN


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Brightpage GmbH", "Brightpage Inc"),
        ("Microsoft (Azure)", "Microsoft"),
        ("Azure (Microsoft)", "Microsoft (Azure)"),
        ("NexMo Inc (aka Vonage)", "Vonage"),
        ("NexMo formerly Vonage", "vonage"),
        ("AWS", "Amazon Web Services"),
        ("Full Story", "FullStory, Inc."),
        ("Twilio SendGrid", "Twilio"),
        ("Elasticsearch", "Elasticsaerch"),
    ],
)
def test_what_looks_alike_is_left_to_a_person(a, b):
    assert same_company(a, b) is Likeness.LIKELY


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("GitHub India Pty Ltd", "GitHub Canada ULC"),
        ("GitHub BV", "GitHub Germany GmbH"),
        ("Inc", ""),
        ("Pusher", "Pushed"),
        ("バレー", "ハレー"),
        ("SAS", "Inc"),
    ],
)
def test_these_are_two_companies(a, b):
    assert same_company(a, b) is Likeness.NO


@given(NAMES, NAMES)
def test_the_order_of_two_names_does_not_matter(a, b):
    assert same_company(a, b) is same_company(b, a)


@given(WORDS, st.sampled_from(sorted(FORMS)), st.sampled_from(["", ",", " -", "."]))
def test_case_punctuation_and_a_legal_form_never_make_another_company(words, form, mark):
    name = " ".join(words)
    assert same_company(name, f"{name.upper()}{mark} {form.title()}") is Likeness.CERTAIN


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("United States, Ireland and Singapore", ["US", "IE", "SG"]),
        ("USA; UK / Republic of Korea", ["US", "GB", "KR"]),
        ("United States, France,</br>Switzerland, and Japan", ["US", "FR", "CH", "JP"]),
        ("Trinidad and Tobago, Bosnia and Herzegovina & Chad", ["TT", "BA", "TD"]),
        ("Korea (the Republic of)", ["KR"]),
        ("Congo (Democratic Republic of the)", ["CD"]),
        ("The Netherlands • Viet Nam\nCzechia", ["NL", "VN", "CZ"]),
        ("US, CA, DE", ["US", "CA", "DE"]),
        ("DEU, GBR", ["DE", "GB"]),
        ("Germany, germany, GERMANY", ["DE"]),
        ("Côte d’Ivoire, Turkey", ["CI", "TR"]),
        ("Guinea-Bissau", ["GW"]),
        ("", []),
    ],
)
def test_countries_are_read_however_they_are_listed(text, codes):
    places = parse_places(text)
    assert (list(places.codes), places.unread) == (codes, ())


@pytest.mark.parametrize(
    ("text", "codes", "unread"),
    [
        ("Global", [], ["Global"]),
        ("EU", [], ["EU"]),
        ("United States, Various", ["US"], ["Various"]),
        ("San Francisco, CA", [], ["San Francisco", "CA"]),
        ("Georgia", [], ["Georgia"]),
        ("New Mexico", [], ["New Mexico"]),
        ("United States (Virginia)", ["US"], ["Virginia"]),
        ("Korea", [], ["Korea"]),
        ("in, no, it", [], ["in", "no", "it"]),
        ("XX", [], ["XX"]),
        ("Atlantis and Ireland", ["IE"], ["Atlantis"]),
    ],
)
def test_what_cannot_be_read_is_handed_back_and_never_guessed(text, codes, unread):
    places = parse_places(text)
    assert list(places.codes) == codes
    assert [part.text for part in places.unread] == unread
    assert all(part.reason for part in places.unread)


@given(st.text(max_size=200))
def test_any_text_has_an_answer_and_each_country_stands_once(text):
    places = parse_places(text)
    assert len(set(places.codes)) == len(places.codes)


@given(
    st.lists(st.sampled_from(["France", "Spain", "Trinidad and Tobago", "United States", "KR"]), unique=True)
)
def test_nothing_is_lost_between_separators(names):
    places = parse_places(", ".join(names))
    assert len(places.codes) + len(places.unread) == len(names)

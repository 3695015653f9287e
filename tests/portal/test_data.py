"""What we collect, as the public reads it: every element exact, why, and for how long."""

import html
import io
import re
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inventory.categories_import import Given, read
from inventory.models import DataElement, Origin, Sensitivity
from tests.inventory.factories import DataCategoryFactory, ProcessingActivityFactory, PurposeFactory
from tests.inventory.retention_factories import RetentionRuleFactory
from tests.people.factories import NOW, UserFactory
from tests.policies.factories import PolicyVersionFactory

pytestmark = pytest.mark.django_db
LIST = """category,element
Learner name,First and/or last
Technology,"Addresses, cookies"
Technology,Other <technology> & metadata (specify)
Bus,Pick-up / drop-off
"""


@pytest.fixture(autouse=True)
def _june():
    with time_machine.travel(datetime(2026, 6, 1, 12, tzinfo=UTC), tick=False):
        yield


def source(client: Client, language: str = "en") -> str:
    response = client.get("/data/", headers={"accept-language": language})
    assert response.status_code == 200
    return response.content.decode()


def sections(client: Client) -> dict[str, list[str]]:
    """Heading → its categories."""
    parts = re.findall(r"<section.*?<h2[^>]*>(.*?)</h2>(.*?)</section>", source(client), re.DOTALL)
    return {title: re.findall(r'<h3 lang="en">(.*?)</h3>', body) for title, body in parts if "<h3" in body}


def words(client: Client, language: str = "en") -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", source(client, language))).split())


def test_a_list_that_was_brought_in_comes_out_exact_and_in_its_order(client):
    read(io.BytesIO(LIST.encode()), Given("received")).apply(by=UserFactory(), at=NOW)
    found = [
        (html.unescape(name), [html.unescape(item) for item in re.findall(r"<li>(.*?)</li>", body)])
        for name, body in re.findall(r'<h3 lang="en">(.*?)</h3>(.*?)</article>', source(client), re.DOTALL)
    ]
    assert found == [
        ("Bus", ["Pick-up / drop-off"]),
        ("Learner name", ["First and/or last"]),
        ("Technology", ["Addresses, cookies", "Other <technology> & metadata (specify)"]),
    ]


def test_categories_stand_under_where_they_come_from(client):
    for origin in (*Origin.values, ""):
        category = DataCategoryFactory(origin=origin, name=f"Data {origin}".strip())
        ProcessingActivityFactory(categories=[category])
    assert sections(client) == {
        "What you give us": ["Data provided"],
        "What is collected automatically": ["Data automatic"],
        "What we receive from others": ["Data received"],
        "What we work out ourselves": ["Data derived"],
        "Other data": ["Data"],
    }


def test_what_nothing_is_done_with_and_what_we_never_keep_stand_apart(client):
    DataCategoryFactory(name="Bus")
    DataCategoryFactory(never_held=True)
    ProcessingActivityFactory(ended=True, categories=[DataCategoryFactory(name="Old marks")])
    assert sections(client) == {
        "Listed, but not used": ["Bus", "Old marks"],
        "What we never keep": ["Full card numbers"],
    }


def test_a_category_says_what_it_is_for_and_how_long_it_stays(client):
    category = DataCategoryFactory(name="Lesson answers", examples="essays", sensitivity=Sensitivity.SPECIAL)
    teach, prove = PurposeFactory(name="Teach"), PurposeFactory(name="Prove")
    for purpose in (teach, prove):
        ProcessingActivityFactory(purpose=purpose, categories=[category])
    facts = {"category": category, "start_event": "last_activity", "unit": "years"}
    RetentionRuleFactory(**facts, purpose=teach, role="learner", number=1)
    RetentionRuleFactory(**facts, purpose=prove, role="", number=3)
    assert (
        "Lesson answers Specially protected essays What for, and how long "
        "Prove 3 years, counted from the last activity; then deleted "
        "Teach Learners: 1 year, counted from the last activity; then deleted"
    ) in words(client)


def test_a_purpose_without_a_rule_says_so_and_one_that_is_over_keeps_its_period(client):
    category = DataCategoryFactory()
    ProcessingActivityFactory(categories=[category], purpose__name="Teach")
    RetentionRuleFactory(category=category, purpose__name="Tell", number=5, unit="days", then="anonymize")
    assert (
        "Teach no period is set yet Tell 5 days, counted from the last activity; then made anonymous"
    ) in words(client)


def test_elements_take_the_place_of_examples(client):
    category = DataCategoryFactory(examples="something like it")
    category.elements.create(name="The thing itself")
    assert "The thing itself" in words(client)
    assert "something like it" not in words(client)


def test_an_empty_register_says_so(client):
    assert "Our list is not written yet." in words(client)


def test_the_page_speaks_the_visitors_language_around_the_houses_words(client):
    DataCategoryFactory(name="Bus")
    assert '<h3 lang="en">Bus</h3>' in source(client, "de")
    assert "What we collect" not in words(client, "de")


def test_twenty_categories_cost_no_more_queries_than_one(client):
    assert _queries(client, 1) == _queries(client, 20)


def _queries(client: Client, number: int) -> int:
    for category in DataCategoryFactory.create_batch(number):
        DataElement.objects.create(category=category, name="One")
        ProcessingActivityFactory(categories=[category])
    with CaptureQueriesContext(connection) as seen:
        source(client)
    return len(seen)


def test_the_foot_of_a_page_leads_there(client):
    PolicyVersionFactory(policy__main=True, published=True, effective_on=date(2026, 5, 1))
    assert '<a href="/data/">What we collect</a>' in client.get("/processors/").content.decode()

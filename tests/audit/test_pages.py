"""Every page of the desk keeps to the strict content policy: nothing inline."""

import re

import pytest
from django.utils import timezone

from audit.actions import record
from tests.people.factories import PersonFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.audit.desk")]
INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE)
PAGES = [
    "",
    "people/person/",
    "people/person/?q=nobody",
    "people/person/add/",
    "people/person/{pk}/change/",
    "people/person/{pk}/history/",
    "people/person/{pk}/do/close/",
    "people/person/export/",
    "audit/event/",
]


@pytest.mark.parametrize("page", PAGES)
def test_no_page_holds_inline_script_or_style(client, page):
    client.force_login(UserFactory(superuser=True))
    body = client.get("/admin/" + page.format(pk=PersonFactory().pk)).content.decode()
    assert "</html>" in body
    assert INLINE.findall(body) == []


def test_the_front_page_names_nobody_and_says_that_nothing_is_due(client):
    client.force_login(UserFactory(superuser=True))
    body = client.get("/admin/").content.decode()
    assert "Nothing is due today." in body
    assert "Recent actions" not in body


def test_an_address_asked_of_the_suggestions_is_not_told_without_permission(client):
    PersonFactory(external_id="u-ben")
    client.force_login(UserFactory())
    query = {"app_label": "people", "model_name": "guardianship", "field_name": "child", "term": "u-"}
    assert client.get("/admin/autocomplete/", query).status_code == 403


def test_a_list_of_events_calls_staff_by_name_and_asks_for_each_once(client, django_assert_max_num_queries):
    dov = UserFactory(dov=True, superuser=True)
    client.force_login(dov)
    for _ in range(20):
        record("people.close", PersonFactory(), by=dov, at=timezone.now())
    with django_assert_max_num_queries(12):
        body = client.get("/admin/audit/event/").content.decode()
    assert body.count("Dov</td>") == 20
    assert "staff 1" not in body


def test_a_page_about_one_app_does_not_say_what_is_due(client):
    client.force_login(UserFactory(superuser=True))
    assert "Nothing is due" not in client.get("/admin/people/").content.decode()

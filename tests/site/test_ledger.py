"""The promise ledger on the desk."""

import pytest
from django.test import Client

from tests.inventory.factories import DataCategoryFactory, ProcessingActivityFactory
from tests.people.factories import UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/admin/promises/"


def ledger(client: Client, group: str = "auditor") -> str:
    client.force_login(UserFactory(group=group))
    return client.get(PAGE).content.decode()


def test_each_watched_sentence_stands_with_its_state(client: Client) -> None:
    ProcessingActivityFactory()
    html = ledger(client)
    line = html.partition('id="each-category-has-a-purpose"')[2].partition("</section>")[0]
    assert '<span class="standing kept">Kept</span>' in line
    assert "each category directly supports platform functionality" in line


def test_a_broken_promise_leads_to_what_breaks_it(client: Client) -> None:
    pets = DataCategoryFactory(name="Names of pets")
    html = ledger(client)
    line = html.partition('id="each-category-has-a-purpose"')[2].partition("</section>")[0]
    assert "Broken" in line
    assert f'<a href="/admin/inventory/datacategory/{pets.pk}/change/">Names of pets</a>' in line


def test_who_may_not_see_a_register_reads_the_sentence_without_its_rows(client: Client) -> None:
    DataCategoryFactory(name="Names of pets")
    assert "/admin/inventory/datacategory/" not in ledger(client, "support")


def test_strangers_and_powerless_staff_see_nothing(client: Client) -> None:
    assert client.get(PAGE).status_code == 302
    client.force_login(UserFactory())
    assert client.get(PAGE).status_code == 403


def test_the_health_page_leads_to_the_ledger(client: Client) -> None:
    client.force_login(UserFactory(group="auditor"))
    assert f'href="{PAGE}"' in client.get("/admin/inventory/processingactivity/health/").content.decode()

"""What every page has in common."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from law.models import Company, company_read_once
from law.models.company import _read
from tests.people.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_the_desk_speaks_english_to_every_browser(client: Client) -> None:
    client.force_login(UserFactory(group="privacy lead"))
    html = client.get("/admin/", headers={"accept-language": "es"}).content.decode()
    assert '<html lang="en' in html
    assert "Cambiar" not in html


def test_signing_in_is_in_english_where_public_pages_are_spanish(client: Client) -> None:
    spanish = {"accept-language": "es"}
    assert '<html lang="en"' in client.get("/accounts/login/", headers=spanish).content.decode()
    assert '<html lang="es"' in client.get("/", headers=spanish).content.decode()


def test_the_desk_shows_times_where_the_company_is(client: Client, time_machine) -> None:
    Company.objects.create(
        pk=1, name="A", service="A", contact_email="a@a.org", postal_address="B", time_zone="Asia/Tokyo"
    )
    time_machine.move_to("2026-03-02T23:30:00Z", tick=False)
    user = UserFactory(superuser=True)
    client.force_login(user)
    client.post(
        "/admin/policies/policy/add/", {"title": "P", "slug": "p", "language": "en", "audience": "everybody"}
    )
    assert "3 March 2026, 08:30" in client.get("/admin/audit/event/").content.decode()


@pytest.mark.parametrize("path", ["/", "/admin/", "/accounts/login/", "/nowhere/"])
def test_every_page_carries_the_baseline(client: Client, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    for directive in (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "frame-ancestors 'none'",
    ):
        assert directive in policy
    assert "unsafe" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Request-Id"]


def test_signed_in_pages_are_kept_by_nobody(client: Client) -> None:
    client.force_login(UserFactory(group="support"))
    assert client.get("/admin/").headers["Cache-Control"] == "no-store, private"


def test_another_host_name_is_refused(client: Client) -> None:
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


def test_a_stale_form_is_explained_with_a_way_on() -> None:
    response = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "x", "password": "y"})
    assert response.status_code == 403
    assert "<h1" in response.content.decode()


def test_a_page_reads_the_company_once(client: Client) -> None:
    client.force_login(UserFactory(group="privacy lead"))
    for path in ("/admin/policies/policy/", "/"):
        with CaptureQueriesContext(connection) as asked:
            client.get(path)
        assert sum('SELECT "law_company"."id"' in query["sql"] for query in asked) == 1


def test_the_next_request_sees_what_was_changed_past_the_model(client: Client) -> None:
    company = Company.objects.create(
        pk=1, name="Before", service="A", contact_email="a@a.org", postal_address="B"
    )
    assert "Before" in client.get("/").content.decode()
    Company.objects.filter(pk=company.pk).update(name="Afterwards")
    assert "Afterwards" in client.get("/").content.decode()


def test_outside_of_requests_the_company_is_always_read_anew(django_assert_num_queries) -> None:
    with company_read_once():
        Company.current()
    with django_assert_num_queries(2):
        Company.current(), Company.current()


def test_what_is_saved_within_a_request_counts_at_once_and_not_if_it_is_rolled_back() -> None:
    company = Company(pk=1, name="New", service="A", contact_email="a@a.org", postal_address="B")
    with company_read_once():
        before = Company.current().name
        with suppress(ZeroDivisionError), transaction.atomic():
            company.save()
            assert Company.current().name == "New"
            raise ZeroDivisionError
        assert Company.current().name == before


def test_one_request_does_not_see_what_another_has_read() -> None:
    with company_read_once():
        Company.current().name = "Only here"
        with ThreadPoolExecutor(1) as elsewhere:
            assert elsewhere.submit(_read.get).result() is None
        with company_read_once():
            assert Company.current().name != "Only here"

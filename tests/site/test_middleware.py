"""What every page has in common."""

import pytest
from django.test import Client

from law.models import Company
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

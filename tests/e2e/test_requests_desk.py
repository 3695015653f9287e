"""The desk of requests in a real browser: nothing sticks out, and axe finds nothing, small and large, dark and light."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser

from requests import actions
from requests.models import RightsRequest
from tests.people.factories import NOW, UserFactory
from tests.requests.factories import RequestFactory
from tests.requests.work_factories import TaskFactory

pytestmark = pytest.mark.django_db(transaction=True)

QUEUE = "/admin/requests/rightsrequest/"
PAGES = [
    "/admin/",
    QUEUE,
    "{queue}{late}/change/",
    "{queue}{new}/change/",
    "{queue}{new}/do/refuse/",
    f"{QUEUE}enter/",
    f"{QUEUE}spam/",
]
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]},
    "rules": {"target-size": {"enabled": True}},
}


@pytest.fixture
def cases() -> dict[str, RightsRequest]:
    late = RequestFactory(fulfilling=True, overdue=True, particulars__details="W" * 300)
    for _ in range(3):
        TaskFactory(request=late)
    actions.say(late, "We are still at it.", by=UserFactory(), at=NOW)
    actions.hear(late, "How long?", by=late.requester, at=NOW)
    RequestFactory(particulars__details="Buy now")
    return {"late": late, "new": RequestFactory(in_review=True)}


@pytest.fixture
def cookie() -> str:
    client = Client()
    client.force_login(UserFactory(superuser=True), settings.AUTHENTICATION_BACKENDS[0])
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nobody_is_kept_out(browser: Browser, live_server, cases, cookie, width: int, scheme: Any) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, base_url=live_server.url
    )
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    page = context.new_page()
    for path in PAGES:
        page.goto(path.format(queue=QUEUE, late=cases["late"].pk, new=cases["new"].pk))
        assert page.locator("h1").count() == 1, path
        for fold in page.locator("details").all():
            fold.evaluate("fold => { fold.open = true }")
        assert page.evaluate("document.documentElement.scrollWidth") == width, path
        found = Axe().run(page, options=RULES).response["violations"]
        assert [(path, fault["id"], fault["nodes"][0]["html"]) for fault in found] == []
    context.close()

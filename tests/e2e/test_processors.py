"""The list of companies in a real browser: small, dark, in two languages, and the whole way of a mail."""

import re
from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core import mail
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect

from processors import tasks
from processors.models import Subscription
from tests.processors.change_factories import ChangeFactory, ListedFactory

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = ["/processors/", "/processors/changes/", "/processors/mail/", "/processors/mail/sent/"]
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]},
    "rules": {"target-size": {"enabled": True}},
}


@pytest.fixture(autouse=True)
def _list(transactional_db: None) -> None:
    cache.clear()
    ListedFactory.create(
        name="Amazingly Long Company Name of Northwestern Europe GmbH & Co. KG", places=["US", "GB"]
    )
    ChangeFactory.create(told_for=date(2026, 1, 1))
    ChangeFactory.create(name="Owl Mail", told_for=date(2099, 1, 1))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-US", "es-ES"])
@pytest.mark.parametrize("path", PAGES)
def test_nobody_is_kept_out(browser: Browser, live_server, path, locale, scheme):
    context = browser.new_context(
        viewport={"width": 320, "height": 800}, color_scheme=scheme, locale=locale, base_url=live_server.url
    )
    page = context.new_page()
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert page.locator("h1").count() == 1
    found = Axe().run(page, options=RULES).response["violations"]
    assert [(fault["id"], fault["nodes"][0]["html"]) for fault in found] == []
    context.close()


def test_the_table_is_whole_on_a_large_screen(page: Page, live_server, complaints):
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(live_server.url + "/processors/")
    assert page.evaluate("document.documentElement.scrollWidth") == 1280
    expect(page.get_by_role("columnheader", name="Safeguard abroad")).to_be_visible()
    assert complaints == []


def test_from_the_form_to_the_mail_and_back_without_script(browser: Browser, live_server, settings):
    settings.SITE_URL = live_server.url
    page = browser.new_context(java_script_enabled=False, base_url=live_server.url).new_page()
    page.goto("/processors/")
    page.get_by_label("Your e-mail address").fill("carla@family.example")
    page.get_by_role("button", name="Email me about changes").click()
    expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    tasks.send_links()
    page.goto(re.findall(r"http\S+/mail/confirm/\S+", str(mail.outbox[-1].body))[0])
    assert not Subscription.objects.confirmed().exists()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="You will hear from us")).to_be_visible()
    assert Subscription.objects.confirmed().exists()


def test_a_bad_address_is_said_beside_the_field(page: Page, live_server):
    page.goto(live_server.url + "/processors/mail/")
    page.get_by_label("Your e-mail address").fill("carla")
    page.get_by_role("button", name="Email me about changes").click()
    expect(page.get_by_text("not a complete e-mail address")).to_be_visible()
    expect(page.get_by_label("Your e-mail address")).to_have_attribute("aria-invalid", "true")
    assert [fault["id"] for fault in Axe().run(page, options=RULES).response["violations"]] == []

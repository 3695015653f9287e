"""The public pages as visitors meet them: small and large, light and dark, by keyboard, without script."""

from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.policies.factories import PolicyFactory, PolicyTextFactory, PolicyVersionFactory

pytestmark = pytest.mark.django_db(transaction=True)

OLD = "# Privacy policy\n\nWe keep it one year.\n\n## Cookies\n\n| Name | Days |\n|---|---|\n| a_very_long_cookie_name_indeed | 1 |\n"
NEW = OLD.replace("one year", "two years") + "\n## Help\n\nAsk us.\n"
PAGES = ["/", "/versions/", "/versions/2026-01-01/", "/versions/2030-01-01/changes/", "/nowhere/"]
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]},
    "rules": {"target-size": {"enabled": True}},
}


@pytest.fixture(autouse=True)
def _policy(transactional_db: None) -> None:
    policy = PolicyFactory.create(main=True)
    PolicyVersionFactory.create(policy=policy, published=True, effective_on=date(2026, 1, 1), text=OLD)
    coming = PolicyVersionFactory.create(
        policy=policy, published=True, effective_on=date(2030, 1, 1), text=NEW
    )
    PolicyTextFactory.create(
        version=coming, language="es", body="# Política\n\nDos años.\n", summary="Dos años."
    )


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


@pytest.mark.parametrize("path", PAGES[:-1])
def test_the_browser_has_nothing_to_complain_of(page: Page, live_server, complaints, path):
    page.goto(live_server.url + path)
    assert complaints == []


def test_a_visitor_without_script_gets_from_the_notice_to_the_words(browser: Browser, live_server):
    page = browser.new_context(java_script_enabled=False, base_url=live_server.url).new_page()
    page.goto("/")
    page.get_by_role("link", name="See what changes").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 things change on 1 January 2030")
    expect(page.locator("ins").filter(has_text="two years")).to_be_visible()
    page.get_by_role("button", name="Español").click()
    expect(page.get_by_role("heading", name="Qué puede hacer")).to_be_visible()


def test_the_keyboard_skips_to_the_text(page: Page, live_server):
    page.goto(live_server.url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the text")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "MAIN"


def test_double_sized_text_runs_nowhere_out_of_the_page(browser: Browser, live_server):
    page = browser.new_context(viewport={"width": 640, "height": 800}, bypass_csp=True).new_page()
    for path in PAGES:
        page.goto(live_server.url + path)
        page.add_style_tag(
            content="html { font-size: 225% !important } * { letter-spacing: .12em !important }"
        )
        assert page.evaluate("document.documentElement.scrollWidth") == 640


def test_paper_has_no_menus_and_ends_with_the_fingerprint(page: Page, live_server):
    page.goto(live_server.url)
    page.emulate_media(media="print")
    expect(page.locator("header.top")).to_be_hidden()
    expect(page.locator("nav.contents")).to_be_hidden()
    expect(page.locator(".fingerprint")).to_contain_text("SHA-256")

"""Choosing cookies in a real browser: small, in two languages, light and dark, and without script."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.inventory.cookie_factories import simple_list

from .test_public_pages import RULES

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = ["/cookies/", "/cookies/choices/", "/cookies/choices/saved/"]


@pytest.fixture(autouse=True)
def _list(transactional_db: None) -> None:
    simple_list()


def faults(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [(fault["id"], fault["nodes"][0]["html"]) for fault in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("locale", "yes"), [("en-US", "Yes to all optional"), ("es-ES", "Sí a todas las opcionales")]
)
def test_nobody_is_kept_out(browser: Browser, live_server, locale, yes, scheme):
    context = browser.new_context(
        viewport={"width": 320, "height": 800}, color_scheme=scheme, locale=locale, base_url=live_server.url
    )
    page = context.new_page()
    page.goto("/cookies/choices/")
    page.get_by_role("button", name=yes).click()
    for path in PAGES:
        page.goto(path)
        assert page.url.endswith(path)
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        assert page.locator("h1").count() == 1
        assert faults(page) == []
    context.close()


@pytest.mark.parametrize("path", PAGES[:2])
def test_the_browser_has_nothing_to_complain_of(page: Page, live_server, complaints, path):
    page.goto(live_server.url + path)
    assert complaints == []


def test_a_visitor_without_script_chooses_and_changes_their_mind(browser: Browser, live_server):
    page = browser.new_context(java_script_enabled=False, base_url=live_server.url).new_page()
    page.goto("/cookies/")
    page.get_by_role("main").get_by_role("link", name="Choose your cookies").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We need 1 cookie. The rest is your choice.")
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)
    page.get_by_role("group", name="Analytics").get_by_label("Yes").check()
    page.get_by_role("button", name="Save my choice").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Saved. We ask again only if the list changes.")
    page.get_by_role("link", name="Change my choice").click()
    expect(page.get_by_label("Yes")).to_be_checked()
    page.get_by_role("button", name="No to all optional").click()
    expect(page.get_by_role("main").get_by_text("Off")).to_be_visible()


def test_a_browser_that_asks_not_to_be_tracked_finds_everything_off(browser: Browser, live_server):
    context = browser.new_context(extra_http_headers={"Sec-GPC": "1"}, base_url=live_server.url)
    page = context.new_page()
    page.goto("/cookies/choices/")
    expect(page.get_by_text("Your browser asks us not to. Optional cookies are off.")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("button", name="Save my choice").click()
    expect(page.get_by_text("Your browser asks us not to.")).to_be_visible()


def test_the_three_buttons_look_the_same(page: Page, live_server):
    page.goto(live_server.url + "/cookies/choices/")
    looks = page.locator("main .choose button").evaluate_all(
        "all => all.map(b => { const s = getComputedStyle(b);"
        " return [s.color, s.backgroundColor, s.borderColor, s.fontSize, s.fontWeight, s.minHeight].join() })"
    )
    assert len(looks) == 3
    assert len(set(looks)) == 1

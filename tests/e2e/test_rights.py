"""From the public form to the messages in a real browser: large and small, light and dark, in two
languages, without script."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core import mail
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect

from notices.tasks import send_mail
from requests.models import RightsRequest
from requests.tasks import seek
from tests.people.factories import PersonFactory
from tests.requests.factories import RequestFactory

from .test_public_pages import RULES

pytestmark = pytest.mark.django_db(transaction=True)
ROBIN = "robin@family.example"
SIZES = [(1280, 900, "light"), (320, 800, "dark")]


@pytest.fixture(autouse=True)
def _robin(transactional_db: None) -> None:
    cache.clear()
    PersonFactory.create(email=ROBIN)


def faults(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [(fault["id"], fault["nodes"][0]["html"]) for fault in found]


def newest(pattern: str) -> str:
    seek()
    send_mail()
    return re.findall(pattern, str(mail.outbox[-1].body))[-1]


def go_on(page: Page) -> None:
    page.locator("main form.step button").click()


def born(page: Page) -> None:
    for name, value in (("Day", "3"), ("Month", "4"), ("Year", "1987")):
        page.get_by_label(name).fill(value)


def questions(page: Page) -> list[str]:
    """Walks through the form and gives every heading on the way; stops before **Send request**."""
    seen = []

    def heading() -> None:
        seen.append(page.get_by_role("heading", level=1).inner_text())

    page.goto("/requests/new/")
    for answer in (
        lambda: page.get_by_label("Get a copy").check(),
        lambda: page.get_by_label("To read it").check(),
        lambda: page.get_by_label("Me", exact=True).check(),
        lambda: page.locator("select").select_option("FR"),
        lambda: born(page),
        lambda: page.get_by_label("Your email address").fill(ROBIN),
        lambda: page.locator("textarea").fill("What do you keep?"),
    ):
        heading()
        answer()
        go_on(page)
    heading()
    return seen


def test_a_visitor_without_script_asks_confirms_and_reads(browser: Browser, live_server):
    page = browser.new_context(java_script_enabled=False, base_url=live_server.url).new_page()
    assert questions(page) == [
        "What do you need?", "What is the copy for?", "Who is it about?", "Where do you live?",
        "When were you born?", "How do we reach you?", "Anything we should know?", "Check your answers",
    ]  # fmt: skip
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your email")
    reference = page.locator(".references a").inner_text()
    page.locator(".references a").click()
    expect(page.get_by_text("Confirm your address")).to_be_visible()

    page.goto(newest(r"https?://[^/]+(/\S+)"))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirmed. We begin.")
    page.get_by_role("link", name="See how the request stands").click()
    expect(page.get_by_text("We are checking it")).to_be_visible()

    page.get_by_role("button", name="Open your messages").click()
    code = newest(r"(?<!\d)\d{6}(?!\d)")
    page.get_by_label("Enter the 6 numbers.").fill(f"{code[:3]} {code[3:]}")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Write to us").fill("One more thing.")
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_role("status")).to_have_text("Your message is with us.")
    assert RightsRequest.objects.get(reference=reference).messages.get().body == "One more thing."


@pytest.mark.parametrize(("width", "height", "scheme"), SIZES)
def test_nobody_is_kept_out_on_the_way(browser: Browser, live_server, width, height, scheme):
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, base_url=live_server.url
    )
    page = context.new_page()

    def look() -> None:
        page.wait_for_load_state()
        assert page.evaluate("document.documentElement.scrollWidth") == width, page.url
        assert page.locator("h1").count() == 1, page.url
        assert faults(page) == [], page.url

    for path in (
        "/requests/",
        "/requests/new/need/",
        "/requests/new/born/",
        "/sign-in/",
        "/requests/figures/",
    ):
        page.goto(path)
        look()
    page.goto("/requests/new/need/")
    go_on(page)
    look()
    questions(page)
    look()
    page.get_by_role("button", name="Send request").click()
    look()
    page.locator(".references a").click()
    look()
    reference = page.url.rstrip("/").rpartition("/")[2]
    page.goto(f"/requests/{reference}/confirm/")
    look()
    page.goto(newest(r"https?://[^/]+(/\S+)"))
    look()
    page.get_by_role("button", name="Confirm").click()
    look()
    page.goto(f"/requests/{reference}/open/")
    look()
    page.get_by_role("button", name="Send me the numbers").click()
    page.get_by_label("Enter the 6 numbers.").fill("1")
    page.get_by_role("button", name="Continue").click()
    look()
    page.get_by_label("Enter the 6 numbers.").fill(newest(r"(?<!\d)\d{6}(?!\d)"))
    page.get_by_role("button", name="Continue").click()
    look()
    for door in ("withdraw", "details"):
        page.goto(f"/requests/{reference}/{door}/")
        look()
    context.close()


@pytest.mark.parametrize(("width", "height", "scheme"), SIZES)
def test_a_guardian_signs_in_sees_their_requests_and_asks_for_a_child(
    browser: Browser, live_server, width, height, scheme
):
    carla, ben = PersonFactory(carla=True, email="carla@family.example"), PersonFactory(ben=True, email="")
    own = RequestFactory(requester_kind="guardian", requester=carla, subject=ben, in_review=True)
    other = PersonFactory(given_name="Olga")
    RequestFactory(requester_kind="guardian", requester=other, subject=ben, in_review=True, erasure=True)
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        base_url=live_server.url,
    )
    page = context.new_page()
    page.goto("/sign-in/")
    page.get_by_label("Sign in with your email address").fill("carla@family.example")
    go_on(page)
    page.goto(newest(r"https?://[^/]+(/\S+)"))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your requests")
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    expect(page.get_by_text(own.reference)).to_be_visible()
    expect(page.get_by_text("Asked by somebody else who may decide for this child")).to_be_visible()
    expect(page.get_by_text("Olga")).to_have_count(0)

    page.get_by_role("link", name="Get a copy").click()
    expect(page.get_by_role("heading", name="Messages", exact=True)).to_be_visible()
    assert faults(page) == []
    page.get_by_role("link", name="Your requests").click()
    page.get_by_role("button", name="For Ben").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What do you need?")
    context.close()


def test_a_mistake_takes_the_keyboard_to_the_summary_and_on_to_the_field(page: Page, live_server):
    page.goto(f"{live_server.url}/requests/new/need/")
    go_on(page)
    assert page.title().startswith("Error: What do you need?")
    assert page.evaluate("document.activeElement.id") == "_problem"
    page.get_by_role("link", name="Choose at least one.").click()
    assert page.evaluate("document.activeElement.type") == "checkbox"


@pytest.mark.parametrize("path", ["/requests/", "/requests/new/need/", "/sign-in/", "/requests/figures/"])
def test_the_browser_has_nothing_to_complain_of(page: Page, live_server, complaints, path):
    page.goto(live_server.url + path)
    assert complaints == []

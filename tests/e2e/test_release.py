"""A copy from the desk to the requester in a real browser: looked through, blacked out, released, fetched."""

import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from notices.tasks import send_mail
from requests import clocks
from requests.copies import packages
from requests.models import RightsRequest, Stage
from requests.others import work
from tests.people.factories import UserFactory
from tests.requests.factories import RequestFactory
from tests.requests.work_factories import TaskFactory

from .test_public_pages import RULES

pytestmark = pytest.mark.django_db(transaction=True)
ROBIN = "robin@family.example"
ORIGINAL, BLACKENED = b"lesson,friend\n1,Zoe Classmate\n", b"lesson,friend\n1,[blacked out]\n"
WIDTHS = (1280, 390)


def look(page: Page, name: str) -> None:
    """Nothing sticks out and axe finds nothing, large and small. `name` says which page."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_load_state()
        assert page.evaluate("document.documentElement.scrollWidth") == width, name
        assert page.locator("h1").count() == 1, name
        found = Axe().run(page, options=RULES).response["violations"]
        assert [(name, fault["id"], fault["nodes"][0]["html"]) for fault in found] == []


@pytest.fixture
def case() -> RightsRequest:
    """Amina’s platform handed over a file that names a classmate; everything waits to be looked at."""
    cache.clear()
    case = RequestFactory(access=True, fulfilling=True, subject__email=ROBIN, received_at=timezone.now())
    task = TaskFactory(request=case, system__name="Lesson platform")
    clocks.refresh(case)
    upload = SimpleUploadedFile("lessons.csv", ORIGINAL)
    work.answer(task, answer="done", uploads=[upload], by=UserFactory(name="Noor"), at=timezone.now())
    packages.build_due(at=timezone.now())
    return RightsRequest.objects.get(pk=case.pk)


@pytest.fixture
def desk(browser: Browser, live_server: Any, case: RightsRequest) -> Iterator[Page]:
    client = Client()
    client.force_login(UserFactory(superuser=True, name="Dov"), settings.AUTHENTICATION_BACKENDS[0])
    context = browser.new_context(base_url=live_server.url)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"/admin/requests/rightsrequest/{case.pk}/change/")
    yield page
    context.close()


def press(page: Page, label: str) -> None:
    """A button of the case, wherever it stands."""
    fold = page.locator("details.other-moves")
    if not page.get_by_role("link", name=label).first.is_visible():
        fold.evaluate("fold => { fold.open = true }")
    page.get_by_role("link", name=label).first.click()


def test_an_officer_blacks_out_a_part_and_the_requester_fetches_the_rest(
    desk: Page, browser: Browser, live_server: Any, case: RightsRequest, tmp_path: Path
) -> None:
    expect(desk.locator(".sentence")).to_have_text("Look through the copy, part by part: 3 of 3 to go.")
    look(desk, "case")
    press(desk, "Replace a part…")
    look(desk, "replace")
    desk.get_by_label("Lesson platform: lessons.csv").check()
    redacted = tmp_path / "lessons-redacted.csv"
    redacted.write_bytes(BLACKENED)
    desk.get_by_label("The redacted file").set_input_files(redacted)
    desk.get_by_label("Data of other people").check()
    desk.get_by_label("Reason").fill("A classmate is named.")
    desk.get_by_role("button", name="Replace the part").click()
    expect(desk.locator(".copy-parts")).to_contain_text("A redacted file")

    press(desk, "Release…")
    desk.get_by_role("button", name="Release and close").click()
    expect(desk.get_by_role("alert")).to_contain_text("2 of 3 parts of the copy were not looked through.")
    look(desk, "release refused")
    desk.get_by_role("link", name="Go back, change nothing").click()

    press(desk, "Looked through…")
    look(desk, "looked through")
    desk.get_by_label("All 2 that are left").check()
    desk.get_by_role("button", name="I looked through them").click()
    look(desk, "ready")
    press(desk, "Leave a part out…")
    look(desk, "leave out")
    desk.get_by_role("link", name="Go back, change nothing").click()
    press(desk, "Take back…")
    look(desk, "take back")
    desk.get_by_role("link", name="Go back, change nothing").click()

    press(desk, "Release…")
    expect(desk.get_by_label("Letter")).to_have_value(re.compile("a part is blacked out"))
    expect(desk.get_by_label("a part of it")).to_be_checked()
    look(desk, "release")
    desk.get_by_role("button", name="Release and close").click()
    expect(desk.locator(".tags")).to_contain_text("Closed: partly done")
    look(desk, "released")

    inside = fetched(browser, live_server.url, case)
    assert inside["from-001/lessons-redacted.csv"] == BLACKENED
    assert not [name for name, content in inside.items() if b"Zoe" in content]
    assert b"a part is blacked out" in inside["index.json"]
    assert RightsRequest.objects.get(pk=case.pk).stage == Stage.CLOSED


def fetched(browser: Browser, url: str, case: RightsRequest) -> dict[str, bytes]:
    """The requester signs in by a code, reads the letter and downloads; the files of the zip."""
    context = browser.new_context(base_url=url)
    page = context.new_page()
    page.goto(f"/requests/{case.reference}/open/")
    page.get_by_role("button", name="Send me the numbers").click()
    send_mail()
    code = re.findall(r"(?<!\d)\d{6}(?!\d)", str(mail.outbox[-1].body))[-1]
    page.get_by_label("Enter the 6 numbers.").fill(code)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".thread")).to_contain_text("Lesson platform")
    look(page, "messages")
    page.get_by_role("link", name="Get").click()
    look(page, "copy")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    inside = zipfile.ZipFile(BytesIO(Path(download.value.path()).read_bytes()))
    files = {name: inside.read(name) for name in inside.namelist()}
    page = context.new_page()  # as a file of one's own, without the site's rules
    page.set_content(files["index.html"].decode())
    look(page, "index")
    context.close()
    return files


def test_an_owner_removes_a_wrong_file_without_script(browser: Browser, live_server: Any) -> None:
    from notices.links import token_of
    from notices.models import Mail
    from requests.others import asking

    task = TaskFactory(system__name="Lesson platform", system__owner_email="owner@systems.example")
    TaskFactory(request=task.request)
    upload = SimpleUploadedFile("wrong.csv", ORIGINAL)
    asking.ask_due(at=timezone.now())
    link = Mail.objects.filter(object_ref=str(task.pk)).get()
    token = token_of(link)
    send_mail()
    work.answer(task, answer="done", uploads=[upload], by=UserFactory(), at=timezone.now())
    Mail.objects.filter(pk=link.pk).update(expires_at=timezone.now().replace(year=2099))
    page = browser.new_context(base_url=live_server.url).new_page()
    page.goto(f"/tasks/{token}/")
    page.get_by_role("button", name="Show details").click()
    look(page, "task")
    page.get_by_role("button", name="Remove wrong.csv").click()
    expect(page.get_by_role("status")).to_have_text("The file is removed.")
    assert page.get_by_text("wrong.csv").count() == 0

"""A column of our own rows kept out of a copy in a real browser, and the copy opened from disk, large and small."""

import re
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from requests import clocks
from requests.copies import packages
from requests.models import Message, RightsRequest
from tests.people.factories import GuardianshipFactory, UserFactory
from tests.requests.factories import RequestFactory

from .test_release import look, press

pytestmark = pytest.mark.django_db(transaction=True)
ZOE = "Zoe Classmate copied my answers.\nPlease do not tell her."


@pytest.fixture
def case() -> RightsRequest:
    """Amina asks for her copy and wrote sixty messages; one of them names a classmate."""
    cache.clear()
    case = RequestFactory(access=True, in_release=True, received_at=timezone.now())
    GuardianshipFactory(child=case.subject)
    words = [f"Message number {number}." for number in range(1, 60)]
    common = {"request": case, "sender_kind": "person", "sender_ref": str(case.requester_id)}
    rows = [Message(body=body, sent_at=timezone.now(), **common) for body in [words[0], ZOE, *words[1:]]]
    Message.objects.bulk_create(rows)
    clocks.refresh(case)
    packages.start(case, at=timezone.now())
    packages.build_due(at=timezone.now())
    return RightsRequest.objects.get(pk=case.pk)


@pytest.fixture
def desk(page: Page, live_server: Any, case: RightsRequest) -> Page:
    client = Client()
    client.force_login(UserFactory(superuser=True, name="Dov"), settings.AUTHENTICATION_BACKENDS[0])
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
    )
    page.goto(f"{live_server.url}/admin/requests/rightsrequest/{case.pk}/change/")
    return page


def test_an_officer_keeps_a_column_out_and_the_copy_lacks_it(
    desk: Page, case: RightsRequest, complaints: list[str], browser: Browser, tmp_path: Path
) -> None:
    desk.locator(".copy-parts").get_by_role("link", name="Messages", exact=True).click()
    expect(desk.get_by_role("cell", name="Zoe Classmate")).to_be_visible()
    assert complaints == []
    look(desk, "rows")
    desk.get_by_role("button", name="Keep what is ticked out of the copy").click()
    expect(desk.get_by_role("alert")).to_contain_text("Nothing was saved.")
    look(desk, "rows refused")
    desk.get_by_role("checkbox", name="Text", exact=True).check()
    desk.get_by_label("Data of other people").check()
    desk.get_by_label("Reason", exact=True).fill("A classmate is named.")
    desk.get_by_role("button", name="Keep what is ticked out of the copy").click()
    expect(desk.locator(".stays-out")).to_contain_text("Column “Text”, all 60 rows that say something")
    look(desk, "rows kept out")
    desk.get_by_role("link", name="Looked through…").click()
    desk.get_by_label("that are left").check()
    desk.get_by_role("button", name="I looked through them").click()
    expect(desk.locator(".copy-parts")).to_contain_text("The column “Text” is left out in 60 rows")
    look(desk, "case with a column kept out")
    press(desk, "Release…")
    expect(desk.get_by_label("Letter")).to_have_value(re.compile("the column “Text” is left out in 60 rows"))
    desk.get_by_role("button", name="Release and close").click()
    opened(browser, case, tmp_path)


def opened(browser: Browser, case: RightsRequest, folder: Path) -> None:
    """Unpacked on a disk and opened without a network."""
    package = case.packages.get(released_at__isnull=False)
    zipfile.ZipFile(BytesIO(b"".join(packages.look(package)))).extractall(folder)
    assert not [path for path in folder.rglob("*.*") if b"Zoe" in path.read_bytes()]
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(f"file://{folder}/index.html")
    expect(page.get_by_text("The column “Text” is left out in 60 rows.")).to_be_visible()
    look(page, "index")
    page.get_by_role("link", name="Messages", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Messages")
    assert page.get_by_role("columnheader").all_inner_texts() == ["Request", "Sent", "From"]
    look(page, "part")
    page.get_by_role("link", name="Your copy").click()
    page.get_by_role("link", name="Account details", exact=True).click()
    expect(page.get_by_role("definition").first).to_be_visible()
    look(page, "part of one row")
    context.close()

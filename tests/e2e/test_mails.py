"""The frame of every mail, on a phone: the longest words we have, and links nobody can break."""

from datetime import date
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser

from notices.letters import compose

pytestmark = pytest.mark.django_db(transaction=True)
LINK = "https://privacy.school.example/processors/mail/stop/" + "x3vZQkq0hX2mY7bV" * 3 + "/"


@pytest.mark.parametrize("event", ["policies.change_withdrawn", "processors.change_withdrawn"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off_on_a_phone(browser: Browser, event, scheme):
    words = {"policy": SimpleNamespace(is_main=True), "effective_on": date(2026, 12, 22), "changes": [],
             "link": LINK, "stop_link": LINK}  # fmt: skip
    page = browser.new_page(viewport={"width": 320, "height": 800}, color_scheme=scheme)
    page.set_content(compose(event, "guardian", "de", words).body_html)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.close()

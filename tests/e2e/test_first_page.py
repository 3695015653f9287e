import re
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from tests.policies.factories import PolicyVersionFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_first_page_is_the_policy_in_force_and_the_browser_has_no_complaint(
    page: Page, live_server, complaints
):
    PolicyVersionFactory(policy__main=True, published=True, effective_on=date(2026, 1, 1))

    page.goto(live_server.url)

    expect(page).to_have_title(re.compile("Privacy policy"))
    expect(page.get_by_text("We keep your name.")).to_be_visible()
    assert complaints == []

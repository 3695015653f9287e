"""The public list of cookies, the choice without a script, and what the platform is told."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from inventory.models import Cookie, CookieGroup, CookieReceipt
from law.models import Company
from tests.inventory.cookie_factories import NOW, CookieFactory, PurposeFactory, published, simple_list

pytestmark = pytest.mark.django_db
CHOICES, SAVED, JSON = "/cookies/choices/", "/cookies/choices/saved/", "/cookies/choices.json"
GPC = {"Sec-GPC": "1"}


@pytest.fixture(autouse=True)
def _march():
    with time_machine.travel(NOW, tick=False):
        yield


def html(client: Client, path: str, **headers: str) -> str:
    response = client.get(path, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def hidden(client: Client) -> str:
    return re.findall(r'name="form" value="([^"]+)"', html(client, CHOICES))[0]


def send(client: Client, all: str = "", gpc: bool = False, **answers: str):
    data = {f"group-{code}": answer for code, answer in answers.items()}
    return client.post(CHOICES, {"form": hidden(client), "all": all, **data}, headers=GPC if gpc else None)


def told(client: Client, path: str = JSON, headers: dict[str, str] | None = None) -> dict:
    return client.get(path, headers=headers).json()


# --- The list -----------------------------------------------------------------------------


def test_the_list_shows_each_group_as_a_table_with_a_caption(client):
    simple_list()
    page = html(client, "/cookies/")
    assert "List 1, in force since 2 March 2026 ." in words(page)
    assert page.count("<caption") == page.count("<table") == 2
    assert 'scope="col"' in page
    assert '<th scope="row" role="rowheader"><code>_pk_id</code></th>' in page
    assert "13 months" in page


def test_people_read_the_published_list_and_not_what_staff_are_editing(client):
    simple_list()
    CookieFactory(name="not_yet_public")
    assert "not_yet_public" not in html(client, "/cookies/")


@pytest.mark.parametrize("path", ["/cookies/", CHOICES])
def test_without_a_list_the_pages_say_so(client, path):
    assert "not published yet" in html(client, path)


def test_what_somebody_wrote_into_a_cookie_is_never_markup(client):
    CookieFactory(name="<script>", description="<b>bold</b>", provider='"><img src=x>')
    published()
    page = html(client, "/cookies/")
    assert "<script>" not in page
    assert "<b>bold" not in page
    assert "<img" not in page


def test_the_list_costs_a_fixed_number_of_queries(client, django_assert_num_queries):
    simple_list()
    html(client, "/cookies/")
    with django_assert_num_queries(3):  # the list, the company, the policies at the foot
        html(client, "/cookies/")


# --- The choice ---------------------------------------------------------------------------


def test_the_page_asks_for_each_optional_group_and_presets_nothing(client):
    simple_list()
    page = html(client, CHOICES)
    assert "We need 1 cookie. The rest is your choice." in words(page)
    assert page.count('type="radio"') == 2
    assert "checked" not in page
    assert re.findall(r"<button[^>]*>([^<]+)</button>", page)[:3] == [
        "Save my choice",
        "No to all optional",
        "Yes to all optional",
    ]


def test_a_choice_is_saved_with_a_receipt_in_a_signed_cookie(client):
    simple_list()
    response = send(client, analytics="yes")
    assert response.headers["Location"] == SAVED
    receipt = CookieReceipt.objects.get()
    assert receipt.choices == {"analytics": True}
    kept = response.cookies[settings.CHOICE_COOKIE_NAME]
    assert (kept["httponly"], kept["samesite"], kept["max-age"]) == (True, "Lax", 182 * 24 * 3600)
    page = words(html(client, SAVED))
    assert "Saved. We ask again only if the list changes." in page
    assert receipt.reference in page


@pytest.mark.parametrize(("button", "allowed"), [("yes", True), ("no", False)])
def test_the_buttons_for_all_outweigh_single_answers(client, button, allowed):
    simple_list()
    send(client, all=button, analytics="no" if allowed else "yes")
    assert CookieReceipt.objects.get().choices == {"analytics": allowed}


def test_an_answer_that_is_missing_is_not_a_yes(client):
    simple_list()
    send(client)
    assert CookieReceipt.objects.get().choices == {"analytics": False}


def test_groups_that_are_not_on_the_list_are_not_written(client):
    simple_list()
    send(client, essential="no", tracking="yes", analytics="no")
    assert CookieReceipt.objects.get().choices == {"analytics": False}


def test_an_answer_that_is_neither_yes_nor_no_saves_nothing(client):
    simple_list()
    response = send(client, analytics="maybe")
    assert "Nothing was saved." in response.content.decode()
    assert not CookieReceipt.objects.exists()


@pytest.mark.parametrize("form", ["", "forged", "WzEsImEiXQ:1abc:xyz"])
def test_a_form_this_page_did_not_make_is_refused(client, form):
    simple_list()
    assert client.post(CHOICES, {"form": form, "all": "yes"}).status_code == 404
    assert not CookieReceipt.objects.exists()


def test_a_form_sent_from_elsewhere_is_refused():
    simple_list()
    assert Client(enforce_csrf_checks=True).post(CHOICES, {"all": "yes"}).status_code == 403


def test_a_form_sent_twice_is_one_receipt(client):
    simple_list()
    data = {"form": hidden(client), "all": "no"}
    first, second = client.post(CHOICES, data), client.post(CHOICES, data)
    assert first.status_code == second.status_code == 302
    assert CookieReceipt.objects.count() == 1


def test_a_changed_mind_replaces_the_receipt(client):
    simple_list()
    send(client, all="yes")
    send(client, all="no")
    later, former = CookieReceipt.objects.all()
    assert later.replaces == former
    assert told(client)["groups"]["analytics"]["allowed"] is False


def test_an_earlier_answer_of_this_browser_is_shown_to_it(client):
    simple_list()
    send(client, all="yes")
    assert re.search(r'value="yes"[^>]*checked', html(client, CHOICES))


def test_a_list_published_meanwhile_does_not_get_the_answers_to_the_old_one(client):
    simple_list()
    data = {"form": hidden(client), "all": "yes"}
    CookieGroup.objects.filter(code="analytics").update(purpose=PurposeFactory(code="adverts"))
    published(NOW)
    client.post(CHOICES, data)
    assert CookieReceipt.objects.get().catalogue.number == 1
    assert told(client)["groups"]["analytics"] == {"allowed": False, "reason": "new purpose"}


def test_a_new_purpose_is_asked_again_on_the_page(client):
    simple_list()
    send(client, all="yes")
    CookieGroup.objects.filter(code="analytics").update(purpose=PurposeFactory(code="adverts"))
    published(NOW)
    page = html(client, CHOICES)
    assert "The list has changed since you chose." in page
    assert "checked" not in page


@pytest.mark.parametrize("value", ["forged", "abc:def:ghi", "", "\u00e9:x:y"])
def test_a_forged_receipt_is_no_receipt(client, value):
    simple_list()
    client.cookies[settings.CHOICE_COOKIE_NAME] = value
    assert told(client)["receipt"] is None
    assert client.get(SAVED).headers["Location"] == CHOICES


def test_a_worn_out_receipt_is_asked_anew(client):
    simple_list()
    send(client, all="yes")
    with time_machine.travel(NOW + timedelta(days=182, seconds=1), tick=False):
        assert told(client)["ask"] is True


def test_how_long_a_choice_counts_is_the_companys_to_say(client):
    simple_list()
    Company.objects.create(pk=1, choice_days=30)
    assert send(client, all="yes").cookies[settings.CHOICE_COOKIE_NAME]["max-age"] == 30 * 24 * 3600
    with time_machine.travel(NOW + timedelta(days=30, seconds=1), tick=False):
        assert told(client)["ask"] is True


def test_one_network_cannot_fill_the_table_with_receipts(client, monkeypatch):
    simple_list()
    cache.clear()
    monkeypatch.setattr("portal.cookies.CHOICES_AN_HOUR", 2)
    assert [send(client, all="yes").status_code for _ in range(3)] == [302, 302, 429]
    assert CookieReceipt.objects.count() == 2
    other = Client(REMOTE_ADDR="192.0.2.7")
    assert send(other, all="no").status_code == 302
    cache.clear()


@pytest.mark.parametrize("path", [CHOICES, SAVED])
def test_pages_about_one_browser_are_kept_by_no_cache(client, path):
    simple_list()
    send(client, all="yes")
    response = client.get(path)
    assert "no-store" in response["Cache-Control"]
    assert "Sec-GPC" in response["Vary"]


@pytest.mark.parametrize("method", ["put", "delete"])
def test_other_methods_are_refused(client, method):
    simple_list()
    assert getattr(client, method)(CHOICES).status_code == 405


# --- Global Privacy Control ---------------------------------------------------------------


def test_a_browser_that_asks_us_not_to_is_told_that_it_is_off(client):
    simple_list()
    page = html(client, CHOICES, **GPC)
    assert "Your browser asks us not to. Optional cookies are off." in page
    assert 'type="radio"' not in page
    assert 'value="yes"' not in page


def test_the_wish_of_the_browser_is_recorded_and_wins(client):
    simple_list()
    send(client, gpc=True, all="yes")
    receipt = CookieReceipt.objects.get()
    assert (receipt.gpc, receipt.choices) == (True, {"analytics": False})
    assert "Your browser asks us not to." in html(client, SAVED)


@pytest.mark.parametrize("value", ["0", "true", "", "1, 1"])
def test_only_the_value_of_the_specification_counts(client, value):
    simple_list()
    assert told(client, headers={"Sec-GPC": value})["gpc"] is False


def test_the_header_switches_off_what_was_allowed_before(client):
    simple_list()
    send(client, all="yes")
    assert told(client)["groups"]["analytics"] == {"allowed": True, "reason": "chosen"}
    assert told(client, headers=GPC)["groups"]["analytics"] == {"allowed": False, "reason": "gpc"}


def test_we_say_that_we_heed_it(client):
    assert client.get("/.well-known/gpc.json").json() == {"gpc": True}
    simple_list()
    assert client.get("/.well-known/gpc.json").json() == {"gpc": True, "lastUpdate": "2026-03-02"}


# --- The platform -------------------------------------------------------------------------


def test_the_platform_is_told_what_a_browser_may_be_given(client):
    simple_list()
    send(client, all="yes")
    receipt = CookieReceipt.objects.get()
    response = Client().get(JSON, {"receipt": receipt.reference})
    assert response.json() == {
        "catalogue": 1,
        "receipt": receipt.reference,
        "chosen_at": "2026-03-02T12:00:00+00:00",
        "gpc": False,
        "ask": False,
        "groups": {
            "essential": {"allowed": True, "reason": "essential"},
            "analytics": {"allowed": True, "reason": "chosen"},
        },
    }
    assert response["Cache-Control"] == "no-store"
    assert "Sec-GPC" in response["Vary"]


def test_without_a_receipt_nothing_optional_is_allowed(client):
    simple_list()
    answer = told(client)
    assert answer["ask"] is True
    assert answer["groups"]["analytics"] == {"allowed": False, "reason": "not asked"}


def test_without_a_list_the_platform_gets_no_group(client):
    assert told(client) == {
        "catalogue": None, "receipt": None, "chosen_at": None, "gpc": False, "ask": False, "groups": {},
    }  # fmt: skip


def test_a_worn_out_receipt_says_nothing_to_the_platform_either(client):
    simple_list()
    send(client, all="yes")
    reference = CookieReceipt.objects.get().reference
    with time_machine.travel(NOW + timedelta(days=182, seconds=1), tick=False):
        assert Client().get(JSON, {"receipt": reference}).status_code == 404


def test_a_receipt_that_a_later_choice_replaced_says_nothing_to_the_platform(client):
    simple_list()
    send(client, all="yes")
    former = CookieReceipt.objects.get()
    send(client, all="no")
    assert CookieReceipt.objects.exclude(pk=former.pk).get().replaces == former
    assert Client().get(JSON, {"receipt": former.reference}).status_code == 404


@pytest.mark.parametrize("reference", ["", "none", "x" * 5000, "a\0b", "é"])
def test_a_receipt_that_does_not_exist_is_not_found(client, reference):
    simple_list()
    assert client.get(JSON, {"receipt": reference}).status_code == 404


def test_the_answer_costs_three_queries_whatever_the_list_holds(client, django_assert_num_queries):
    catalogue = simple_list()
    send(client, all="yes")
    receipt = CookieReceipt.objects.get(catalogue=catalogue)
    with django_assert_num_queries(3):
        Client().get(JSON, {"receipt": receipt.reference})
    assert Cookie.objects.count() == 2

"""Cookies at the desk: what staff see before they publish, and what nobody can change."""

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inventory.models import UNSORTED, CatalogueVersion, Cookie, CookieGroup
from tests.people.factories import UserFactory

from .cookie_factories import (
    NOW,
    CookieFactory,
    CookieGroupFactory,
    PurposeFactory,
    chosen,
    published,
    simple_list,
)

pytestmark = pytest.mark.django_db
LIST = "/admin/inventory/cookie/"
VERSIONS = "/admin/inventory/catalogueversion/"
RECEIPTS = "/admin/inventory/cookiereceipt/"


@pytest.fixture(autouse=True)
def _march():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(UserFactory(dov=True, group="privacy lead"))
    return client


def publish_page(version: CatalogueVersion) -> str:
    return reverse("admin:inventory_catalogueversion_do", args=[version.pk, "publish"])


def cookie_form(cookie: Cookie, **changes: object) -> dict[str, object]:
    fields = ("name", "provider", "controller", "domain", "description", "lifetime", "portal", "source_id")
    values = {name: getattr(cookie, name) for name in fields}
    return {**values, "group": cookie.group_id, "opened_revision": cookie.revision, **changes}


def change(desk: Client, cookie: Cookie, **changes: object):
    url = reverse("admin:inventory_cookie_change", args=[cookie.pk])
    response = desk.post(url, cookie_form(cookie, **changes))
    cookie.refresh_from_db()
    return response


def test_saving_a_cookie_reads_its_lifetime_anew(desk):
    cookie = CookieFactory(lifetime="forever")
    assert cookie.is_flagged
    assert change(desk, cookie, lifetime="2 years").status_code == 302
    assert (cookie.lifetime_kind, cookie.lifetime_seconds, cookie.is_flagged) == ("fixed", 63_072_000, False)


def test_an_unsorted_cookie_stays_flagged_until_it_is_sorted(desk):
    cookie = CookieFactory(group=CookieGroupFactory(code=UNSORTED, purpose=None))
    change(desk, cookie, description="Counts.")
    assert cookie.flag_reason == "It waits to be sorted into a group."
    change(desk, cookie, group=CookieGroupFactory().pk)
    assert not cookie.is_flagged


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"portal": "http://matomo.org"}, "begins with https://"),
        ({"name": "a\0b"}, "a control character"),
        ({"name": "x" * 201}, "at most 200 characters"),
        ({"group": "999999"}, "Select a valid choice"),
        ({"name": "taken"}, "stands in the list already"),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field(desk, changes, said):
    CookieFactory(name="taken")
    cookie = CookieFactory()
    assert said in change(desk, cookie, **changes).content.decode()


def test_two_people_with_one_cookie_open_do_not_overwrite_each_other(desk):
    cookie = CookieFactory()
    Cookie.objects.update(revision=3)
    assert "Changed since you opened it" in change(desk, cookie, lifetime="1 day").content.decode()


def test_the_list_shows_what_is_to_be_looked_at(desk):
    CookieFactory(name="fine")
    CookieFactory(name="odd", lifetime="forever")
    page = desk.get(LIST, {"is_flagged__exact": "1"}).content.decode()
    assert "It is kept without an end." in page
    assert ">odd<" in page
    assert ">fine<" not in page


def test_the_search_finds_the_beginning_of_a_name_with_its_capitals(desk):
    CookieFactory(name="_pk_id.7")
    CookieFactory(name="other")
    page = desk.get(LIST, {"q": "_pk"}).content.decode()
    assert ">_pk_id.7<" in page
    assert ">other<" not in page


@pytest.mark.parametrize("path", [LIST, RECEIPTS, VERSIONS, "/admin/inventory/cookiegroup/"])
def test_a_list_costs_the_same_whatever_it_holds(desk, path):
    catalogue = simple_list()
    chosen(catalogue, {})
    desk.get(path)
    with CaptureQueriesContext(connection) as few:
        desk.get(path)
    for _ in range(5):
        CookieFactory()
        chosen(catalogue, {})
    with CaptureQueriesContext(connection) as many:
        desk.get(path)
    assert len(many) == len(few)
    assert not any('."cookies"' in query["sql"] for query in many)


def test_a_groups_code_is_fixed_once_it_is_made(desk):
    group = CookieGroupFactory()
    page = desk.get(reverse("admin:inventory_cookiegroup_change", args=[group.pk])).content.decode()
    assert 'name="code"' not in page
    assert 'name="name"' in page


def test_receipts_are_looked_at_and_never_touched(desk):
    receipt = chosen(simple_list(), {"analytics": True})
    url = reverse("admin:inventory_cookiereceipt_change", args=[receipt.pk])
    page = desk.get(url).content.decode()
    assert receipt.reference in page
    assert "analytics" in page
    assert 'name="_save"' not in page
    assert desk.post(url, {"choices": "{}"}).status_code == 403
    assert desk.get(RECEIPTS + "add/").status_code == 403


def test_staff_prepare_a_list_see_what_changes_and_publish_it(desk):
    simple_list()
    CookieFactory(name="_pk_ses")
    desk.post(VERSIONS + "add/", {"note": "One more."})
    version = CatalogueVersion.objects.get(number=None)
    page = desk.get(reverse("admin:inventory_catalogueversion_change", args=[version.pk])).content.decode()
    assert "1 cookie new: _pk_ses." in page
    response = desk.post(publish_page(version), {"reason": "Checked.", "opened_revision": version.revision})
    assert response.status_code == 302
    version.refresh_from_db()
    assert version.number == 2


def test_only_one_list_is_prepared_at_a_time(desk):
    CatalogueVersion.objects.create()
    assert desk.get(VERSIONS + "add/").status_code == 403


def test_a_published_list_can_no_longer_be_edited(desk):
    version = simple_list()
    url = reverse("admin:inventory_catalogueversion_change", args=[version.pk])
    assert desk.post(url, {"note": "Other.", "opened_revision": version.revision}).status_code == 403
    assert "Publish…" not in desk.get(url).content.decode()


def test_before_publishing_staff_read_who_is_asked_again_and_what_is_left_out(desk):
    catalogue = simple_list()
    chosen(catalogue, {"analytics": True})
    CookieGroup.objects.filter(code="analytics").update(purpose=PurposeFactory(code="adverts"))
    CookieFactory(group=CookieGroupFactory(code=UNSORTED, purpose=None))
    CookieFactory(lifetime="forever")
    page = desk.get(publish_page(CatalogueVersion.objects.create())).content.decode()
    assert "1 browser that answered before will be asked again." in page
    assert "Publish and ask 1 browser again" in page
    assert "1 cookie left out, because nobody has sorted it" in page
    assert "1 cookie shown although still to be looked at." in page


def test_a_refusal_stands_beside_the_button_and_nothing_is_saved(desk):
    CookieFactory(group=CookieGroupFactory(purpose=None))
    version = CatalogueVersion.objects.create()
    response = desk.post(publish_page(version), {"reason": "Go.", "opened_revision": version.revision})
    assert "nobody would know what to say yes to" in response.content.decode()
    assert not CatalogueVersion.objects.published().exists()


@pytest.mark.parametrize(("group", "status"), [("privacy officer", 403), ("support", 403), ("auditor", 403)])
def test_only_a_lead_publishes(client, group, status):
    client.force_login(UserFactory(group=group))
    assert client.get(publish_page(CatalogueVersion.objects.create())).status_code == status


def test_the_lists_count_their_choices_together(desk: Client, django_assert_num_queries) -> None:
    chosen(simple_list(), {"analytics": False})
    for name in ("_one", "_two", "_three", "_four"):
        CookieFactory(name=name)
        published()
    desk.get(VERSIONS)  # fills the caches of content types
    with django_assert_num_queries(10):
        html = desk.get(VERSIONS).content.decode()
    assert html.count('<td class="field-answers">0</td>') == 4
    assert html.count('<td class="field-answers">1</td>') == 1

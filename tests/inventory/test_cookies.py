"""The list of cookies is frozen when it is published, and every choice is kept as it was made."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from audit.actors import SYSTEM
from audit.models import Event
from inventory import cookies
from inventory.cookies_catalogue import changes, content_now, gained
from inventory.cookies_choices import Reason, standings
from inventory.models import UNSORTED, CatalogueVersion, Cookie, CookieGroup, CookieReceipt
from law.models import Company

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


def refused(version: CatalogueVersion) -> str:
    with pytest.raises(cookies.NotReadyToPublish) as refusal:
        cookies.publish_catalogue(version, by=SYSTEM, at=NOW, reason="")
    return str(refusal.value)


# --- Publishing ---------------------------------------------------------------------------


def test_publishing_freezes_the_groups_their_purposes_and_the_cookies():
    version = simple_list()
    assert [group["code"] for group in version.groups] == ["essential", "analytics"]
    assert [purpose["code"] for purpose in version.groups[1]["purposes"]] == ["usage-figures"]
    Cookie.objects.filter(name="_pk_id").update(description="Something else.")
    version.refresh_from_db()
    assert version.cookies["analytics"][0]["description"] == "Tells visits apart."
    assert cookies.content_of(version).sha256() == version.sha256


def test_a_published_list_cannot_be_changed_in_the_database_either():
    version = simple_list()
    with pytest.raises(IntegrityError), transaction.atomic():
        CatalogueVersion.objects.filter(pk=version.pk).update(groups=[])
    with pytest.raises(IntegrityError), transaction.atomic():
        CatalogueVersion.objects.filter(pk=version.pk).delete()


def test_publishing_leaves_an_event_with_counts_and_no_names():
    simple_list()
    event = Event.objects.get(verb="inventory.publish_catalogue")
    assert event.details["number"] == 1
    assert event.details["added"] == 2
    assert "_pk_id" not in str(event.details)


def test_lists_are_numbered_one_after_the_other():
    simple_list()
    CookieFactory()
    assert published(NOW + timedelta(days=1)).number == 2


def test_only_one_list_is_in_preparation():
    CatalogueVersion.objects.create()
    with pytest.raises(IntegrityError), transaction.atomic():
        CatalogueVersion.objects.create()


def test_what_nobody_has_sorted_is_not_published():
    CookieFactory(name="stray", group=CookieGroupFactory(code=UNSORTED, name="Unsorted", purpose=None))
    assert "No sorted group has a cookie yet." in refused(CatalogueVersion.objects.create())


def test_unsorted_cookies_cannot_be_called_essential():
    group = CookieGroupFactory(code=UNSORTED, name="Unsorted", purpose=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        CookieGroup.objects.filter(pk=group.pk).update(is_essential=True)


def test_an_optional_group_without_a_live_purpose_is_refused_all_at_once():
    CookieFactory(group=CookieGroupFactory(purpose=None))
    ended = PurposeFactory(code="adverts", ended_on=NOW.date())
    CookieFactory(group=CookieGroupFactory(code="marketing", purpose=ended))
    sentence = refused(CatalogueVersion.objects.create())
    assert "“Analytics” is optional and has no purpose" in sentence
    assert "The purpose of “Marketing” has ended." in sentence


def test_a_purpose_ends_with_the_day_of_the_company_not_of_greenwich():
    Company.objects.create(pk=1, time_zone="America/New_York")
    ended = PurposeFactory(code="adverts", ended_on=date(2026, 3, 3))
    CookieFactory(group=CookieGroupFactory(code="marketing", purpose=ended))
    evening = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)  # of the 2nd in New York
    assert published(evening).is_published


def test_an_unchanged_list_is_not_published_again():
    simple_list()
    assert refused(CatalogueVersion.objects.create()) == "Nothing has changed since the list in force."


def test_a_published_list_is_not_published_again():
    version = simple_list()
    assert "published already" in refused(version)


def test_what_changed_between_two_lists_is_told_by_name():
    before = cookies.content_of(simple_list())
    Cookie.objects.filter(name="_pk_id").update(lifetime="1 day")
    CookieFactory(name="_pk_ses")
    Cookie.objects.filter(name="session").delete()
    what = changes(before, content_now())
    assert (what.added, what.removed, what.changed, what.groups) == (
        ["_pk_ses"], ["session"], ["_pk_id"], ["essential"],
    )  # fmt: skip


# --- Choosing -----------------------------------------------------------------------------


def test_a_choice_gives_a_receipt_that_names_nobody():
    receipt = chosen(simple_list(), {"analytics": True})
    assert receipt.choices == {"analytics": True}
    assert len(receipt.reference) == 23
    fields = {field.name for field in CookieReceipt._meta.get_fields()}
    assert fields == {"id", "reference", "catalogue", "choices", "gpc", "at", "replaces", "later"}


def test_a_receipt_cannot_be_changed_or_deleted():
    receipt = chosen(simple_list(), {"analytics": True})
    with pytest.raises(IntegrityError), transaction.atomic():
        CookieReceipt.objects.filter(pk=receipt.pk).update(choices={})
    with pytest.raises(IntegrityError), transaction.atomic():
        CookieReceipt.objects.filter(pk=receipt.pk).delete()


def test_no_answer_is_a_no():
    assert chosen(simple_list(), {}).choices == {"analytics": False}


def test_global_privacy_control_turns_every_yes_into_a_no():
    receipt = cookies.choose(simple_list(), {"analytics": True}, gpc=True, at=NOW)
    assert (receipt.choices, receipt.gpc) == ({"analytics": False}, True)


@pytest.mark.parametrize("code", ["essential", "nothing", "", "analytics\0"])
def test_an_answer_to_no_group_of_the_list_is_refused(code):
    with pytest.raises(cookies.UnknownGroup):
        chosen(simple_list(), {code: True})
    assert not CookieReceipt.objects.exists()


def test_the_same_form_sent_twice_is_one_choice():
    catalogue = simple_list()
    first, second = (
        cookies.choose(catalogue, {"analytics": True}, gpc=False, at=NOW, reference="abc") for _ in range(2)
    )
    assert first == second
    assert Event.objects.filter(verb="inventory.choose").count() == 1


def test_the_same_form_sent_again_with_other_answers_is_a_new_choice():
    catalogue = simple_list()
    first = cookies.choose(catalogue, {"analytics": True}, gpc=False, at=NOW, reference="abc")
    second = cookies.choose(catalogue, {"analytics": False}, gpc=False, at=NOW, reference="abc")
    assert second.replaces == first
    assert second.reference != "abc"
    assert list(CookieReceipt.objects.current(NOW)) == [second]


# --- Asked again --------------------------------------------------------------------------


def groups(*purposes: str, code: str = "analytics", essential: bool = False) -> list[dict]:
    return [{"code": code, "essential": essential, "purposes": [{"code": name} for name in purposes]}]


@pytest.mark.parametrize(
    ("before", "now", "asked"),
    [
        (groups("figures"), groups("figures"), set()),
        (groups("figures"), groups("figures", "adverts"), {"analytics"}),
        (groups("figures"), groups("adverts"), {"analytics"}),
        (groups("figures", "adverts"), groups("figures"), set()),
        (groups("figures"), groups("adverts", essential=True), set()),
        (groups("figures", essential=True), groups("figures"), set()),  # never answered: asked as new
        ([], groups("figures"), set()),
    ],
)
def test_a_group_is_asked_again_when_it_gains_a_purpose(before, now, asked):
    assert gained(before, now) == asked


def test_a_new_cookie_for_the_same_purpose_asks_nobody():
    catalogue = simple_list()
    receipt = chosen(catalogue, {"analytics": True})
    CookieFactory(name="_pk_ses")
    now = published(NOW + timedelta(days=1))
    its = standings(now.groups, catalogue.groups, receipt.choices, gpc=False)["analytics"]
    assert (its.is_allowed, its.is_to_be_asked) == (True, False)


def test_a_new_purpose_switches_the_group_off_until_it_is_answered():
    catalogue = simple_list()
    receipt = chosen(catalogue, {"analytics": True})
    CookieGroup.objects.filter(code="analytics").update(purpose=PurposeFactory(code="adverts"))
    now = published(NOW + timedelta(days=1))
    its = standings(now.groups, catalogue.groups, receipt.choices, gpc=False)["analytics"]
    assert (its.is_allowed, its.reason) == (False, Reason.NEW_PURPOSE)


def test_a_group_that_was_essential_counts_as_never_asked():
    now = groups("figures")
    its = standings(now, groups(essential=True), {}, gpc=False)["analytics"]
    assert (its.is_allowed, its.reason) == (False, Reason.NOT_ASKED)


def test_the_count_of_those_asked_again_knows_later_choices_and_old_age():
    catalogue = simple_list()
    first = chosen(catalogue, {"analytics": True})
    cookies.choose(catalogue, {"analytics": False}, gpc=False, at=NOW, replaces=first)
    chosen(catalogue, {}, at=NOW - timedelta(days=182, seconds=1))
    assert cookies.asked_again(content_now(), NOW) == 0
    CookieGroup.objects.filter(code="analytics").update(purpose=PurposeFactory(code="adverts"))
    assert cookies.asked_again(content_now(), NOW) == 1


def test_a_new_optional_group_is_asked_and_a_new_essential_one_is_not():
    catalogue = simple_list()
    chosen(catalogue, {"analytics": True})
    CookieFactory(group=CookieGroupFactory(code="safety", is_essential=True, purpose=None))
    assert cookies.asked_again(content_now(), NOW) == 0
    CookieFactory(group=CookieGroupFactory(code="labs", purpose=PurposeFactory(code="labs")))
    assert cookies.asked_again(content_now(), NOW) == 1


def test_a_purpose_and_a_group_in_use_are_not_deleted():
    simple_list()
    group = CookieGroup.objects.get(code="analytics")
    with pytest.raises(ProtectedError):
        group.delete()
    with pytest.raises(ProtectedError):
        group.purpose.delete()


def test_a_flag_without_a_reason_cannot_be_stored():
    cookie = CookieFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        Cookie.objects.filter(pk=cookie.pk).update(is_flagged=True)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"lifetime": "forever"}, "without an end"),
        ({"name": "=1+1"}, "No cookie can have this name."),
        ({"name": "a b"}, "No cookie can have this name."),
        ({"name": "_ga_*"}, "not marked as a beginning"),
        ({"name": "_ga_*", "is_wildcard": True}, ""),
        ({"name": "a*b", "is_wildcard": True}, "in the middle"),
    ],
)
def test_a_doubtful_cookie_is_flagged_with_the_reason(fields, why):
    cookie = CookieFactory(**fields)
    assert why in cookie.flag_reason
    assert cookie.is_flagged == bool(why)

"""Who may give whom which power, and who tries (two people, always)."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from audit.models import Event
from people import actions, groups, refusals
from people.models import AccessGrant, GrantStatus, User

from .factories import NOW, UserFactory

pytestmark = pytest.mark.django_db


def ask(user: User, by: User, **power: Any) -> AccessGrant:
    power = power or {"group": Group.objects.get(name=groups.LEAD)}
    return actions.request_access(user, by=by, at=NOW, reason="needed for her work", **power)


def test_a_power_takes_one_who_asks_and_a_superuser_who_approves() -> None:
    dov, lead, root = UserFactory(dov=True), UserFactory(group="privacy lead"), UserFactory(superuser=True)
    grant = ask(dov, lead)
    assert not dov.groups.exists()
    actions.approve_access(grant, by=root, at=NOW, reason="agreed")
    assert [group.name for group in dov.groups.all()] == ["privacy lead"]
    assert (grant.status, grant.approved_by) == (GrantStatus.APPROVED, root)
    assert set(Event.objects.values_list("verb", flat=True)) == {
        "people.request_access",
        "people.approve_access",
    }


def test_nobody_approves_what_they_asked_for_or_what_they_would_receive() -> None:
    root, other = UserFactory(superuser=True), UserFactory(superuser=True)
    for grant in (ask(UserFactory(), root), ask(root, other)):
        with pytest.raises(refusals.SecondPersonMissing):
            actions.approve_access(grant, by=root, at=NOW, reason="me")
    assert not AccessGrant.objects.filter(status=GrantStatus.APPROVED).exists()


def test_no_group_decides_about_powers() -> None:
    grant = ask(UserFactory(), UserFactory())
    for name in groups.MAY:
        with pytest.raises(refusals.SuperuserNeeded):
            actions.approve_access(grant, by=UserFactory(group=name), at=NOW, reason="please")


def test_the_database_itself_refuses_a_single_hand() -> None:
    root, dov = UserFactory(superuser=True), UserFactory()
    grant = ask(dov, root)
    for approver in (root, dov):
        with pytest.raises(IntegrityError), transaction.atomic():
            AccessGrant.objects.filter(pk=grant.pk).update(status="approved", approved_by=approver)
    with pytest.raises(IntegrityError), transaction.atomic():
        AccessGrant.objects.filter(pk=grant.pk).update(status="approved")
    with pytest.raises(IntegrityError), transaction.atomic():
        AccessGrant.objects.filter(pk=grant.pk).update(is_superuser=True)


def test_a_second_superuser_is_made_by_the_first_for_somebody_elses_request() -> None:
    root, lead, dov = UserFactory(superuser=True), UserFactory(group="privacy lead"), UserFactory()
    actions.approve_access(ask(dov, lead, is_superuser=True), by=root, at=NOW, reason="agreed")
    dov.refresh_from_db()
    assert dov.is_superuser


def test_a_power_is_asked_for_once_at_a_time() -> None:
    dov, lead = UserFactory(), UserFactory()
    ask(dov, lead)
    ask(dov, lead, is_superuser=True)
    for power in ({}, {"is_superuser": True}):
        with pytest.raises(refusals.PowerAskedForAlready):
            ask(dov, lead, **power)


def test_a_refused_power_is_not_given_and_can_be_asked_for_again() -> None:
    dov, lead, root = UserFactory(), UserFactory(), UserFactory(superuser=True)
    grant = ask(dov, lead)
    actions.refuse_access(grant, by=root, at=NOW, reason="not needed")
    assert not dov.groups.exists()
    with pytest.raises(refusals.GrantCannotMove):
        actions.approve_access(grant, by=root, at=NOW, reason="after all")
    assert ask(dov, lead).status == GrantStatus.REQUESTED


def test_a_power_taken_back_is_gone_at_once() -> None:
    dov, lead, root = UserFactory(), UserFactory(), UserFactory(superuser=True)
    grant = ask(dov, lead)
    actions.approve_access(grant, by=root, at=NOW, reason="agreed")
    actions.revoke_access(grant, by=root, at=NOW, reason="changed jobs")
    assert not dov.groups.exists()


def test_the_last_superuser_stays() -> None:
    root, helper = UserFactory(superuser=True), UserFactory(group="privacy lead")
    with pytest.raises(refusals.LastSuperuser):
        actions.deactivate(root, by=helper, at=NOW, reason="coup")
    with pytest.raises(refusals.NotYourself):
        actions.deactivate(helper, by=helper, at=NOW, reason="tired")


def test_who_comes_back_comes_back_without_powers() -> None:
    dov, root = UserFactory(group="privacy lead"), UserFactory(superuser=True)
    waiting = ask(dov, UserFactory(), is_superuser=True)
    actions.deactivate(dov, by=root, at=NOW, reason="left")
    actions.reactivate(dov, by=root, at=NOW, reason="returned")
    waiting.refresh_from_db()
    assert (dov.is_active, dov.groups.exists(), waiting.status) == (True, False, GrantStatus.REFUSED)
    assert dov.session_epoch == 2


def test_no_power_goes_to_an_account_that_is_off() -> None:
    grant = ask(UserFactory(inactive=True), UserFactory())
    with pytest.raises(refusals.UserIsInactive):
        actions.approve_access(grant, by=UserFactory(superuser=True), at=NOW, reason="oops")


# --- The groups themselves -----------------------------------------------------------------------


def permissions(name: str) -> set[str]:
    group = Group.objects.get(name=name)
    return {
        f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.select_related("content_type")
    }


def test_the_four_groups_are_there_and_migrating_again_changes_nothing() -> None:
    before = {name: permissions(name) for name in groups.MAY}
    Group.objects.get(name=groups.AUDITOR).permissions.clear()
    call_command("migrate", verbosity=0)
    assert {name: permissions(name) for name in groups.MAY} == before
    assert Group.objects.count() == 4


def test_an_auditor_sees_everything_and_changes_nothing() -> None:
    may = permissions(groups.AUDITOR)
    assert {"audit.view_event", "people.view_person", "policies.view_policyversion"} <= may
    assert all(".view_" in name for name in may)


def test_no_group_approves_powers_or_edits_accounts() -> None:
    for name in groups.MAY:
        staff = {p for p in permissions(name) if p.endswith(("_user", "_accessgrant"))}
        assert staff.isdisjoint({"people.change_user", "people.delete_user", "people.approve_accessgrant"})
        assert not {p for p in permissions(name) if p.startswith("auth.")}


@pytest.mark.parametrize(
    ("name", "may", "may_not"),
    [
        (groups.LEAD, "policies.publish_policyversion", "people.approve_accessgrant"),
        (groups.LEAD, "people.export_person", "people.change_accessgrant"),
        (groups.OFFICER, "people.verify_guardianship", "people.export_person"),
        (groups.OFFICER, "policies.submit_policyversion", "policies.approve_policyversion"),
        (groups.SUPPORT, "people.correct_person", "people.verify_guardianship"),
        (groups.SUPPORT, "people.view_person", "people.change_person"),
        (groups.AUDITOR, "people.view_user", "people.export_person"),
    ],
)
def test_each_group_may_what_its_name_says(name: str, may: str, may_not: str) -> None:
    held = permissions(name)
    assert may in held
    assert may_not not in held


# --- At the desk ---------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def no_second_factor(settings: Any) -> None:
    settings.MFA_REQUIRED = False


def press(client: Client, obj: AccessGrant | User, verb: str, **data: Any) -> Any:
    url = reverse(f"admin:people_{obj._meta.model_name}_do", args=[obj.pk, verb])
    return client.post(url, {"reason": "needed for her work", **data})


def test_a_lead_asks_and_a_superuser_approves_at_the_desk(client: Client) -> None:
    dov, lead, root = UserFactory(dov=True), UserFactory(group="privacy lead"), UserFactory(superuser=True)
    group = Group.objects.get(name=groups.OFFICER)
    client.force_login(lead)
    assert press(client, dov, "request-access", power=group.name).status_code == 302
    grant = AccessGrant.objects.get()
    assert press(client, grant, "approve").status_code == 403
    client.force_login(root)
    assert press(client, grant, "approve").status_code == 302
    assert dov.groups.get() == group


def test_a_superuser_cannot_be_both_hands_at_the_desk(client: Client) -> None:
    root = UserFactory(superuser=True)
    client.force_login(root)
    press(client, UserFactory(), "request-access", power="superuser")
    answer = press(client, AccessGrant.objects.get(), "approve")
    assert answer.status_code == 409
    assert "Somebody else must decide this" in answer.content.decode()
    assert User.objects.filter(is_superuser=True).count() == 1


@pytest.mark.parametrize("power", ["", "emperor", "1"])
def test_asking_for_no_or_an_unknown_power_is_a_form_error(client: Client, power: str) -> None:
    client.force_login(UserFactory(group="privacy lead"))
    answer = press(client, UserFactory(), "request-access", power=power)
    assert answer.status_code == 200
    assert not AccessGrant.objects.exists()


@pytest.mark.parametrize("who", [*groups.MAY, "superuser"])
def test_no_forged_post_changes_an_account_or_a_grant(client: Client, who: str) -> None:
    me = UserFactory(superuser=True) if who == "superuser" else UserFactory(group=who)
    grant = ask(me, UserFactory())
    client.force_login(me)
    forged = {
        "email": "x@evil.example",
        "is_superuser": "on",
        "groups": ["1"],
        "status": "approved",
        "password": "x",
    }
    for url in (
        reverse("admin:people_user_change", args=[me.pk]),
        reverse("admin:people_accessgrant_change", args=[grant.pk]),
        reverse("admin:people_accessgrant_add"),
    ):
        assert client.post(url, forged).status_code == 403
    before = (me.email, me.is_superuser)
    me.refresh_from_db()
    grant.refresh_from_db()
    assert (me.email, me.is_superuser, grant.status) == (*before, GrantStatus.REQUESTED)


def test_groups_and_second_factors_have_no_screen(client: Client) -> None:
    client.force_login(UserFactory(superuser=True))
    for path in ("auth/group/", "mfa/authenticator/", "account/emailaddress/"):
        assert client.get(f"/admin/{path}").status_code == 404


def test_a_new_colleague_starts_without_password_and_powers(client: Client) -> None:
    client.force_login(UserFactory(group="privacy lead"))
    answer = client.post(
        reverse("admin:people_user_add"),
        {"email": " New@Company.example ", "name": "Noor", "is_superuser": "on", "groups": ["1"]},
    )
    assert answer.status_code == 302
    noor = User.objects.get(email="new@company.example")
    assert (noor.is_superuser, noor.groups.exists(), noor.has_usable_password()) == (False, False, False)


@pytest.mark.parametrize(
    "email", ["a@x.org,b@x.org", "a@localhost", "", "taken@company.example", "a\x00@x.org"]
)
def test_a_bad_or_taken_address_of_a_colleague_is_a_form_error(client: Client, email: str) -> None:
    UserFactory(email="taken@company.example")
    client.force_login(UserFactory(group="privacy lead"))
    answer = client.post(reverse("admin:people_user_add"), {"email": email.upper(), "name": "Noor"})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["email"]


@pytest.mark.django_db(transaction=True)
def test_an_invitation_leads_to_a_password(client: Client, mailoutbox: list[Any]) -> None:
    noor = UserFactory(password="!unusable")
    client.force_login(UserFactory(group="privacy lead"))
    assert press(client, noor, "invite").status_code == 302
    link = next(word for word in mailoutbox[0].body.split() if "/password/reset/key/" in word)
    page = Client().get(link.split("8000")[1], follow=True)
    assert page.status_code == 200
    assert "token_fail" not in page.context or not page.context["token_fail"]


def test_a_lost_second_factor_is_reset_at_the_desk_and_never_ones_own(client: Client) -> None:
    dov, lead = UserFactory(dov=True), UserFactory(group="privacy lead")
    for user in (dov, lead):
        Authenticator.objects.create(user=user, type="totp", data={"secret": "x"})
    client.force_login(lead)
    assert press(client, lead, "reset-second-factor").status_code == 409
    assert press(client, dov, "reset-second-factor").status_code == 302
    assert list(Authenticator.objects.values_list("user", flat=True)) == [lead.pk]
    client.force_login(UserFactory(group="privacy officer"))
    assert press(client, lead, "reset-second-factor").status_code == 403

"""The policy desk: what staff see, what the forms refuse, what nobody can forge."""

from datetime import date
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from law.models import Company
from people.models import User
from policies.models import Policy, PolicyText, PolicyVersion, Significance, Status
from tests.people.factories import PersonFactory, UserFactory

from .factories import PolicyFactory, PolicyTextFactory, PolicyVersionFactory

pytestmark = pytest.mark.django_db
ADD = "/admin/policies/policyversion/add/"


@pytest.fixture
def dov() -> User:
    return UserFactory(dov=True, group="privacy lead")


@pytest.fixture
def desk(client: Client, dov: User) -> Client:
    client.force_login(dov)
    return client


def page(version: PolicyVersion) -> str:
    return reverse("admin:policies_policyversion_change", args=[version.pk])


def button(version: PolicyVersion, verb: str) -> str:
    return reverse("admin:policies_policyversion_do", args=[version.pk, verb])


def press(desk: Client, version: PolicyVersion, verb: str, **data: object):
    version.refresh_from_db()
    return desk.post(
        button(version, verb), {"opened_revision": version.revision, "reason": "Because.", **data}
    )


def form(written_for: Policy, body: str, **changes: object) -> dict[str, object]:
    return {
        "policy": written_for.pk, "effective_on": "2026-12-24", "note": "New.",
        "texts-TOTAL_FORMS": 1, "texts-INITIAL_FORMS": 0, "texts-MIN_NUM_FORMS": 1, "texts-MAX_NUM_FORMS": 1000,
        "texts-0-language": "en", "texts-0-title": "", "texts-0-summary": "We share less.", "texts-0-body": body,
        **changes,
    }  # fmt: skip


def test_staff_write_a_draft_with_its_text(desk: Client) -> None:
    response = desk.post(ADD, form(PolicyFactory(), "# Privacy\r\n\r\nWords.\r\n"))
    assert response.status_code == 302
    assert PolicyText.objects.get().body == "# Privacy\n\nWords.\n"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("texts-0-body", "", "This field is required."),
        ("texts-0-body", "Dear {email}", "Nobody would fill in {email}"),
        ("texts-0-body", "x" * 2_100_000, "2,000,000"),
        ("texts-0-body", "a\x00b", "Null characters are not allowed"),
        ("texts-0-body", "pay \u202egpj.exe", "turns the direction of writing"),
        ("texts-0-body", "# h\n" * 10_001, "10,000"),
        ("texts-0-summary", "{{ name }} pays", "Nobody would fill in"),
        ("texts-0-summary", "Hello{greeting}, you", "Nobody would fill in"),
        ("texts-0-title", "Hello{greeting}", "Nobody would fill in"),
        ("texts-0-summary", "s" * 1501, "1,500"),
        ("texts-0-language", "xx", "not one of the available choices"),
        ("note", "n" * 301, "at most 300"),
        ("effective_on", "31.02.2026", "Enter a valid date"),
        ("policy", "999", "not one of the available choices"),
    ],
)
def test_a_bad_field_says_so_beside_it_and_saves_nothing(
    desk: Client, field: str, value: str, sentence: str
) -> None:
    response = desk.post(ADD, form(PolicyFactory(), "# Privacy\n", **{field: value}))
    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert not PolicyVersion.objects.exists()


def test_the_longest_title_still_gives_a_subject(desk: Client) -> None:
    version = PolicyVersionFactory(policy__title="T" * 100, approved=True, effective_on=date(2099, 9, 30))
    for language in ("es", "fr", "de"):
        PolicyTextFactory(version=version, language=language)
    reading = reverse("admin:policies_policyversion_reading", args=[version.pk])
    for url in (reading, button(version, "publish")):
        assert desk.get(url).status_code == 200


def test_scripts_and_template_signs_are_shown_not_run(desk: Client) -> None:
    version = PolicyVersionFactory(text="<script>alert(1)</script> [x](javascript:alert(1)) 7*7")
    html = desk.get(reverse("admin:policies_policyversion_reading", args=[version.pk])).content.decode()
    assert "<script>alert" not in html
    assert 'href="javascript' not in html
    assert "&lt;script&gt;" in html


def test_staff_read_the_differences_before_anybody_else_does(desk: Client) -> None:
    policy = PolicyFactory()
    PolicyVersionFactory(
        policy=policy, history=True, effective_on=date(2025, 9, 1), text="We keep your name."
    )
    version = PolicyVersionFactory(policy=policy, text="We keep your full name.")
    html = desk.get(reverse("admin:policies_policyversion_reading", args=[version.pk])).content.decode()
    assert "1 of 1 passages is new, gone or different from the version of 1 September 2025." in html
    assert "full</ins>" in html


def test_an_unknown_place_of_a_policy_is_refused(desk: Client) -> None:
    data = {"title": "P", "slug": "p", "language": "en", "audience": "everybody", "places": "FR, ZZ"}
    response = desk.post("/admin/policies/policy/add/", data)
    assert "Not a country" in response.content.decode()
    desk.post("/admin/policies/policy/add/", {**data, "places": "fr, us-ca"})
    assert Policy.objects.get().place_list == ["FR", "US-CA"]


@pytest.mark.parametrize("state", ["review", "approved", "published", "history"])
def test_only_a_draft_can_be_edited_even_by_a_forged_post(desk: Client, state: str) -> None:
    version = PolicyVersionFactory(**{state: True}, effective_on=date(2026, 3, 2))
    response = desk.post(page(version), form(version.policy, "Something else", note="Forged."))
    assert response.status_code == 403
    version.refresh_from_db()
    assert version.note == "What is new"


def test_a_draft_changed_meanwhile_is_not_overwritten(desk: Client) -> None:
    version = PolicyVersionFactory()
    text = version.texts.get()
    data = form(
        version.policy,
        "Mine",
        **{"texts-INITIAL_FORMS": 1, "texts-0-id": text.pk, "texts-0-version": version.pk},
    )
    assert desk.post(page(version), {**data, "opened_revision": 0}).status_code == 302
    second = desk.post(page(version), {**data, "texts-0-body": "Theirs", "opened_revision": 0})
    assert "Changed since you opened it, by Dov" in second.content.decode()
    text.refresh_from_db()
    assert text.body == "Mine\n"


def test_the_buttons_lead_from_draft_to_published(desk: Client, client: Client, dov: User) -> None:
    Company.objects.create(pk=1, name="A", service="A", contact_email="a@a.org", postal_address="B")
    PersonFactory()
    version = PolicyVersionFactory(policy=PolicyFactory(main=True), effective_on=date(2099, 3, 2))
    press(desk, version, "decide-significance", significance=Significance.SIGNIFICANT)
    press(desk, version, "submit")
    assert press(desk, version, "approve").status_code == 403  # A22: one's own work
    client.force_login(UserFactory(group="privacy lead"))
    press(client, version, "approve")
    response = client.get(button(version, "publish"))
    assert "tell 1 person?" in response.content.decode()
    assert press(client, version, "publish").status_code == 302
    version.refresh_from_db()
    assert version.status == Status.PUBLISHED


def test_a_large_audience_has_to_be_typed(desk: Client) -> None:
    Company.objects.create(
        pk=1, name="A", service="A", contact_email="a@a.org", postal_address="B", large_audience=3
    )
    PersonFactory.create_batch(3)
    version = PolicyVersionFactory(
        policy=PolicyFactory(main=True), approved=True, effective_on=date(2099, 3, 2)
    )
    for verb in ("publish", "plan"):
        refused = press(desk, version, verb, typed_count="2", publish_on="2099-01-01").content.decode()
        assert "Type that number" in refused
    assert press(desk, version, "publish", typed_count="3").status_code == 302


def test_an_audience_of_nobody_has_to_be_typed_too(desk: Client) -> None:
    version = PolicyVersionFactory(
        policy=PolicyFactory(main=True), approved=True, effective_on=date(2099, 3, 2)
    )
    assert press(desk, version, "publish").status_code == 200
    version.refresh_from_db()
    assert version.status == Status.APPROVED


def test_a_refusal_stands_beside_the_form_with_what_was_typed(desk: Client) -> None:
    PersonFactory()
    version = PolicyVersionFactory(
        policy=PolicyFactory(main=True), approved=True, effective_on=date(2020, 1, 1)
    )
    response = press(desk, version, "publish", reason="My long reason")
    html = response.content.decode()
    assert response.status_code == 409
    assert "in the past" in html
    assert "My long reason" in html


@pytest.mark.parametrize("group", ["support", "auditor"])
def test_who_may_only_look_gets_no_buttons_and_a_403(client: Client, group: str) -> None:
    version = PolicyVersionFactory(approved=True)
    client.force_login(UserFactory(group=group))
    assert client.post(button(version, "publish"), {"reason": "x"}).status_code == 403
    assert client.post(ADD, form(version.policy, "x")).status_code == 403


@pytest.mark.parametrize(
    "url", [ADD, "/admin/policies/policyversion/1/reading/", "/admin/policies/policyversion/1/do/publish/"]
)
def test_strangers_are_sent_to_sign_in(client: Client, url: str) -> None:
    assert client.get(url).status_code == 302
    assert client.post(url).status_code == 302


@pytest.mark.parametrize(
    "probe",
    [
        {"policy__title__startswith": "P"},
        {"submitted_by__email__startswith": "d"},
        {"submitted_by__password__regex": "."},
    ],
)
def test_the_list_answers_no_question_it_was_not_built_for(desk: Client, probe: dict[str, str]) -> None:
    response = desk.get(f"/admin/policies/policyversion/?{urlencode(probe)}")
    assert response.status_code in (302, 400)


def test_published_versions_and_policies_cannot_be_deleted(desk: Client) -> None:
    version = PolicyVersionFactory(published=True)
    assert (
        desk.post(f"/admin/policies/policyversion/{version.pk}/delete/", {"post": "yes"}).status_code == 403
    )
    assert (
        desk.post(f"/admin/policies/policy/{version.policy_id}/delete/", {"post": "yes"}).status_code == 403
    )


def test_the_list_asks_the_same_few_questions_however_long_it_is(
    desk: Client, django_assert_num_queries
) -> None:
    PolicyVersionFactory(history=True)
    desk.get("/admin/policies/policyversion/")  # fills the caches of content types
    with CaptureQueriesContext(connection) as short:
        desk.get("/admin/policies/policyversion/")
    for day in range(1, 29):
        PolicyVersionFactory(history=True, effective_on=date(2024, 2, day), policy__slug=f"p{day}")
    with django_assert_num_queries(len(short)):
        desk.get("/admin/policies/policyversion/")


def test_the_list_of_policies_asks_nine_questions_however_long_it_is(
    desk: Client, django_assert_num_queries
) -> None:
    PolicyFactory.create_batch(20, reviewed_on=date(2024, 2, 1))
    desk.get("/admin/policies/policy/")  # fills the caches of content types
    with django_assert_num_queries(9):
        desk.get("/admin/policies/policy/")

"""The health of the registers: each fault is found, named, and leads to its cure."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit import promises
from audit.promises import State
from inventory import health
from inventory.letting_go import schedule
from inventory.models import Basis, Regime
from people.models import Role
from tests.people.factories import UserFactory

from .factories import (
    DataCategoryFactory,
    MeasureFactory,
    ProcessingActivityFactory,
    PurposeFactory,
    SystemFactory,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)
PAGE = "/admin/inventory/processingactivity/health/"


def ours() -> set[str]:
    return {check.code for check in health.checks if check.find.__module__ == "inventory.health"}


def found(code: str = "") -> list[str]:
    """Sentences of the core registers only: upper apps add checks of their own."""
    return [
        fault.sentence
        for diagnosis in health.examine(TODAY)
        for fault in diagnosis.faults
        if fault.code in ours() and (not code or fault.code == code)
    ]


def test_a_whole_register_has_no_fault() -> None:
    ProcessingActivityFactory()
    ProcessingActivityFactory(for_schools=True)
    MeasureFactory()
    DataCategoryFactory(never_held=True)
    assert found() == []


def test_a_category_no_live_activity_uses_is_found() -> None:
    DataCategoryFactory(name="Pet names")
    old = DataCategoryFactory(name="Fax numbers")
    ProcessingActivityFactory(ended=True, categories=[old])
    assert found("category-without-purpose") == [
        "“Fax numbers” is kept, but no purpose uses it.",
        "“Pet names” is kept, but no purpose uses it.",
    ]


@pytest.mark.parametrize(
    ("lack", "sentence"),
    [
        ({"basis": ""}, "“Ads” has no lawful basis."),
        ({"categories": []}, "“Ads” does not say which data it uses."),
        ({"systems": []}, "“Ads” does not say where its data lies."),
        ({"whose": []}, "“Ads” does not say whose data it uses."),
    ],
)
def test_an_activity_with_a_hole_is_found_until_it_ends(lack: dict[str, object], sentence: str) -> None:
    activity = ProcessingActivityFactory(name="Ads", **lack)
    assert found() == [sentence]
    activity.ended_on = TODAY
    activity.save()
    assert sentence not in found()


def test_an_activity_that_slipped_past_the_guard_on_card_numbers_is_found() -> None:
    ProcessingActivityFactory(name="Checkout", categories=[DataCategoryFactory(never_held=True)])
    assert found() == ["“Checkout” uses “Full card numbers”, which we tell people we never keep."]


def test_an_activity_that_names_what_has_ended_is_found() -> None:
    ProcessingActivityFactory(name="Ads", purpose=PurposeFactory(ended=True, name="Advertise"))
    assert "“Ads” goes on, but its purpose “Advertise” has ended." in found()
    ProcessingActivityFactory(name="Mail", systems=[SystemFactory(ended=True, name="Old disk")])
    assert "“Mail” names the system “Old disk”, which is no longer in use." in found()


def test_a_law_that_binds_one_purpose_binds_all() -> None:
    ProcessingActivityFactory(purpose__bases={Regime.EU_GDPR: Basis.CONTRACT, Regime.BR_LGPD: Basis.CONTRACT})
    ProcessingActivityFactory(purpose__name="Answer questions")
    assert found() == ["“Answer questions” has no lawful basis under Brazil LGPD."]


def test_laws_that_ask_consent_only_in_their_own_cases_bind_no_other_purpose() -> None:
    ProcessingActivityFactory(purpose__bases={Regime.EU_GDPR: Basis.CONTRACT, Regime.US_COPPA: Basis.CONSENT})
    ProcessingActivityFactory()
    assert found() == []


def test_a_purpose_for_learners_needs_words_for_them() -> None:
    ProcessingActivityFactory(purpose__name="Quiz", purpose__child_text="")
    ProcessingActivityFactory(purpose__child_text="", whose=[Role.GUARDIAN])
    assert found() == ["“Quiz” uses learners’ data and has no text for children."]


def test_a_safeguard_past_its_review_is_found() -> None:
    MeasureFactory(name="Backups", next_review_on=date(2026, 3, 1))
    MeasureFactory(next_review_on=TODAY)
    assert found() == ["The review of “Backups” was due on 1 March 2026."]


def test_a_system_nobody_answers_for_is_found() -> None:
    ProcessingActivityFactory(systems=[SystemFactory(name="Old disk", owner_email="")])
    assert found() == ["Nobody answers for “Old disk”."]


def test_a_fault_refers_to_its_row_as_an_audit_event_does() -> None:
    pets = DataCategoryFactory()
    (diagnosis,) = health.examine(TODAY)
    assert diagnosis.faults[0].reference == ("inventory.datacategory", str(pets.pk))


def test_of_a_thousand_faults_a_hundred_are_shown_and_the_rest_is_said() -> None:
    DataCategoryFactory.create_batch(health.SHOWN + 2)
    (diagnosis,) = health.examine(TODAY)
    assert (len(diagnosis.faults), diagnosis.count) == (100, "more than 100")


def test_looking_costs_the_same_however_many_faults_there_are(django_assert_num_queries) -> None:
    with CaptureQueriesContext(connection) as few:
        plant()
        before = len(few)
        health.examine(TODAY)
    looks = len(few) - before
    for _ in range(5):
        plant()
    with django_assert_num_queries(looks):
        health.examine(TODAY)


def plant() -> None:
    ProcessingActivityFactory(basis="", purpose__child_text="", systems=[SystemFactory(ended=True)])
    ProcessingActivityFactory(categories=[], purpose=PurposeFactory(ended=True))
    ProcessingActivityFactory(categories=[DataCategoryFactory(is_never_held=True)], purpose__bases={})
    MeasureFactory(overdue=True)


def test_the_page_groups_the_faults_and_leads_to_each(client: Client) -> None:
    activity = ProcessingActivityFactory(name="Ads", basis="")
    client.force_login(UserFactory(group="auditor"))
    html = client.get(PAGE).content.decode()
    assert "Activities without a lawful basis" in html
    url = f"/admin/inventory/processingactivity/{activity.pk}/change/"
    assert f'<a href="{url}">“Ads” has no lawful basis.</a>' in html


def test_the_page_says_when_nothing_is_wrong_and_what_it_looked_at(client: Client) -> None:
    client.force_login(UserFactory(group="auditor"))
    html = client.get(PAGE).content.decode()
    assert "Nothing is wrong in the registers." in html
    assert "Kept without a purpose" in html


def test_names_are_shown_not_run(client: Client) -> None:
    DataCategoryFactory(name="<script>alert(1)</script>")
    client.force_login(UserFactory(group="auditor"))
    assert "<script>alert" not in client.get(PAGE).content.decode()


@pytest.mark.parametrize("group", ["support"])
def test_who_does_not_see_the_registers_does_not_see_their_faults(client: Client, group: str) -> None:
    client.force_login(UserFactory(group=group))
    assert client.get(PAGE).status_code == 403
    assert "Health of the registers" not in client.get("/admin/").content.decode()


def test_the_morning_page_counts_the_faults(client: Client) -> None:
    client.force_login(UserFactory(group="privacy lead"))
    DataCategoryFactory.create_batch(2)
    html = client.get("/admin/").content.decode()
    assert f'<a href="{PAGE}"><strong>2</strong> ' in html


def test_the_count_is_believed_until_somebody_looks_at_the_faults(client: Client) -> None:
    client.force_login(UserFactory(group="privacy lead"))
    assert PAGE not in client.get("/admin/").content.decode()
    DataCategoryFactory.create_batch(2)
    assert PAGE not in client.get("/admin/").content.decode()
    client.get(PAGE)
    assert f'<a href="{PAGE}"><strong>2</strong> ' in client.get("/admin/").content.decode()


def state(code: str) -> promises.Finding:
    return next(p for p in promises.promises() if p.code == code).check(TODAY)


def test_each_category_directly_supports_platform_functionality() -> None:
    assert state("each-category-has-a-purpose").state is State.AT_RISK  # an empty register shows nothing
    ProcessingActivityFactory()
    assert state("each-category-has-a-purpose").state is State.KEPT
    pets = DataCategoryFactory(name="Pet names")
    finding = state("each-category-has-a-purpose")
    assert (finding.state, finding.rows) == (State.BROKEN, [pets])


def test_a_record_with_holes_puts_what_we_collect_at_risk_and_no_basis_breaks_it() -> None:
    ProcessingActivityFactory(systems=[])
    assert state("what-we-collect-is-complete").state is State.AT_RISK
    ProcessingActivityFactory(basis="")
    assert state("what-we-collect-is-complete").state is State.BROKEN


def test_card_numbers_are_only_guarded_once_they_are_declared() -> None:
    assert state("card-numbers-are-never-held").state is State.AT_RISK
    cards = DataCategoryFactory(never_held=True)
    assert state("card-numbers-are-never-held").state is State.KEPT
    ProcessingActivityFactory(categories=[cards])
    assert state("card-numbers-are-never-held").state is State.BROKEN


def test_the_ledger_shows_the_worst_first() -> None:
    DataCategoryFactory()
    states = [finding.state for _promise, finding in promises.examine(TODAY)]
    order = [State.BROKEN, State.AT_RISK, State.KEPT]
    assert states == sorted(states, key=order.index)


def test_two_checks_cannot_share_a_code() -> None:
    promises.promises()  # the apps' own are there first
    with pytest.raises(promises.PromisedTwice):
        promises.promise("card-numbers-are-never-held", "…")(lambda on: promises.kept("…"))


def test_equal_uses_are_folded_by_the_database() -> None:
    category = DataCategoryFactory()
    purpose = PurposeFactory()
    ProcessingActivityFactory.create_batch(3, purpose=purpose, categories=[category])
    with CaptureQueriesContext(connection) as asked:
        schedule.schedule(TODAY)
    assert len(asked) == 4
    [uses] = [query["sql"] for query in asked if "whose" in query["sql"] and "DISTINCT" in query["sql"]]
    with connection.cursor() as cursor:
        assert len(cursor.execute(uses).fetchall()) == 1


def test_what_is_said_of_many_is_said_once_and_each_keeps_its_link(client: Client) -> None:
    many = [ProcessingActivityFactory(basis="") for _ in range(3)]
    client.force_login(UserFactory(superuser=True))
    page = client.get(PAGE).content.decode()
    assert page.count("has no lawful basis.") == 1
    assert "Each of these 3 has no lawful basis." in page
    for activity in many:
        assert f'href="/admin/inventory/processingactivity/{activity.pk}/change/">{activity}</a>' in page

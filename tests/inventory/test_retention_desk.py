"""The desk's retention screens: rules, holds, sweeps and orders, by the people who may."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from inventory.desk import orders as admin_orders
from inventory.letting_go import health_retention, holds, orders, promises_retention, sweeps
from inventory.models import (
    CookieReceipt,
    CutoffOrder,
    HoldStatus,
    LegalHold,
    RetentionRule,
    Sweep,
    SweepStatus,
)
from law.loading import load_shipped_rows
from law.models import Company, RetentionSuggestion
from people.models import Person, User
from tests.people.factories import PersonFactory, UserFactory
from tests.requests.work_factories import CutoffOrderFactory

from .cookie_factories import CookieReceiptFactory
from .factories import DataCategoryFactory, ProcessingActivityFactory, PurposeFactory, SystemFactory
from .retention_factories import LegalHoldFactory, RetentionRuleFactory, account_schedule

pytestmark = pytest.mark.django_db
LONG_AGO = date(2020, 1, 1)
RULES, HOLDS, PROPOSE = (
    "/admin/inventory/retentionrule/add/",
    "/admin/inventory/legalhold/add/",
    "/admin/inventory/sweep/add/",
)


@pytest.fixture
def dov() -> User:
    return UserFactory.create(dov=True, group="privacy lead")


@pytest.fixture
def desk(client: Client, dov: User) -> Client:
    client.force_login(dov)
    return client


def page(row: models.Model) -> str:
    return reverse(f"admin:inventory_{row._meta.model_name}_change", args=[row.pk])


def press(desk: Client, row: models.Model, verb: str, app: str = "inventory", **data: object) -> str:
    row.refresh_from_db()
    url = reverse(f"admin:{app}_{row._meta.model_name}_do", args=[row.pk, verb])
    given = {"reason": "Because.", "opened_revision": getattr(row, "revision", ""), **data}
    return desk.post(url, given, follow=True).content.decode()


def rule_form(**changes: object) -> dict[str, object]:
    category, purpose = DataCategoryFactory.create(), PurposeFactory.create()
    return {
        "category": category.pk, "purpose": purpose.pk, "role": "", "start_event": "event", "number": "30",
        "unit": "days", "then": "delete", "legal_anchor": "", "note": "", **changes,
    }  # fmt: skip


def hold_form(dov: User, **changes: object) -> dict[str, object]:
    return {
        "title": "A claim", "reason": "Until it is settled.", "owner": dov.pk, "scope": "people",
        "role": "", "platform_ids": "", "review_on": timezone.localdate() + timedelta(days=90), **changes,
    }  # fmt: skip


# --- Rules ---------------------------------------------------------------------------------------


def test_a_rule_is_added_and_explains_itself_beside_the_others(desk: Client) -> None:
    desk.post(RULES, rule_form())
    html = desk.get(page(RetentionRule.objects.get())).content.decode()
    assert "must go 30 days after the event." in html


@pytest.mark.parametrize(
    ("field", "changes", "sentence"),
    [
        ("number", {"number": "", "unit": ""}, "never kept without an end (16 CFR 312.10)"),
        (
            "number",
            {"number": "", "unit": "", "role": "learner"},
            "never kept without an end (16 CFR 312.10)",
        ),
        ("number", {"number": "0"}, "above 0"),
        ("number", {"number": "", "role": "guardian"}, "a number and a unit, or neither"),
        ("number", {"unit": "", "role": "guardian"}, "a number and a unit, or neither"),
        ("number", {"number": "101", "unit": "years"}, "A century at most"),
        ("number", {"number": "-3"}, "greater than or equal to 0"),
        ("number", {"number": "99999999"}, "A century at most"),
        ("legal_anchor", {"is_protected_by_law": "on"}, "Name the law"),
        ("category", {"category": "999999"}, "not one of the available choices"),
        ("start_event", {"start_event": "whenever"}, "not one of the available choices"),
    ],
)
def test_a_rule_that_contradicts_itself_says_so_beside_the_field(
    desk: Client, field: str, changes: dict[str, str], sentence: str
) -> None:
    response = desk.post(RULES, rule_form(**changes))
    assert sentence in str(response.context["adminform"].form.errors[field])
    assert not RetentionRule.objects.exists()


def test_nobody_times_what_is_never_held(desk: Client) -> None:
    response = desk.post(RULES, rule_form(category=DataCategoryFactory.create(never_held=True).pk))
    assert "never keep this" in response.content.decode()


def test_adults_may_have_a_rule_without_an_end_and_the_health_page_finds_it(desk: Client) -> None:
    desk.post(RULES, rule_form(number="", unit="", role="guardian"))
    assert [fault.about for fault in health_retention.CHECKS[0].faults(date(2026, 3, 2))] == [
        RetentionRule.objects.get()
    ]


@pytest.mark.parametrize("role", ["", "learner"])
def test_the_database_refuses_childrens_data_without_an_end(role: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        RetentionRuleFactory.create(number=None, unit="", role=role)
    with pytest.raises(ValidationError, match="never kept without an end"):
        RetentionRule(number=None, unit="", role=role).validate_constraints(exclude=["category", "purpose"])


def test_the_schedule_page_says_how_long_and_why(desk: Client) -> None:
    account_schedule()
    html = desk.get(reverse("admin:inventory_retentionrule_schedule")).content.decode()
    assert "Account details must go 2 years after the last activity." in html


def test_a_suggestion_binds_nobody_until_it_is_adopted(desk: Client) -> None:
    load_shipped_rows()
    suggestion = RetentionSuggestion.objects.get(data_class="session_logs")
    assert (suggestion.number, suggestion.unit, suggestion.is_verified) == (90, "days", False)
    assert not RetentionRule.objects.exists()
    given = {"category": DataCategoryFactory.create().pk, "purpose": PurposeFactory.create().pk, "role": ""}
    press(desk, suggestion, "adopt", app="law", **given, number=30, unit="days")
    assert RetentionRule.objects.get().suggestion == suggestion
    assert "There is a rule for this" in press(
        desk, suggestion, "adopt", app="law", **given, number=9, unit="days"
    )


# --- Holds ---------------------------------------------------------------------------------------


def test_a_hold_is_drafted_placed_reviewed_and_released(desk: Client, dov: User) -> None:
    amina = PersonFactory.create(amina=True)
    desk.post(HOLDS, hold_form(dov, platform_ids=f"{amina.external_id},\n"))
    hold = LegalHold.objects.get()
    assert [row.person_id for row in hold.people.all()] == [amina.pk]
    press(desk, hold, "place")
    press(desk, hold, "review", review_on=timezone.localdate() + timedelta(days=200))
    press(desk, hold, "release")
    hold.refresh_from_db()
    assert hold.status == HoldStatus.RELEASED


@pytest.mark.parametrize(
    ("field", "changes", "sentence"),
    [
        ("review_on", {"review_on": ""}, "required"),
        ("review_on", {"review_on": date(2000, 1, 1)}, "has to lie in the future"),
        ("review_on", {"review_on": date(2099, 1, 1)}, "at most 12 months away"),
        ("platform_ids", {}, "Name the people"),
        ("platform_ids", {"platform_ids": "nobody-1 nobody-2"}, "2 of these ids are not in our records"),
        ("role", {"scope": "role"}, "Choose the role"),
        ("role", {"scope": "everyone", "role": "learner"}, "Leave this empty"),
    ],
)
def test_a_hold_that_would_not_hold_is_refused_beside_the_field(
    desk: Client, dov: User, field: str, changes: dict[str, object], sentence: str
) -> None:
    response = desk.post(HOLDS, hold_form(dov, **changes))
    assert sentence in str(response.context["adminform"].form.errors[field])
    assert not LegalHold.objects.exists()


def test_a_hold_in_force_cannot_be_rewritten(desk: Client, dov: User) -> None:
    hold = LegalHoldFactory.create(owner=dov, scope="everyone", status="in_force", placed_at=timezone.now())
    assert desk.get(page(hold)).status_code == 200
    assert desk.post(page(hold), hold_form(dov, title="Other")).status_code == 403


# --- Sweeps --------------------------------------------------------------------------------------


def propose(desk: Client) -> Sweep:
    desk.post(PROPOSE)
    return Sweep.objects.latest("pk")


def test_a_sweep_is_proposed_read_and_confirmed(desk: Client) -> None:
    account_schedule()
    PersonFactory.create_batch(2, last_active_on=LONG_AGO)
    assert "must go 2 years after the last activity" in desk.get(PROPOSE).content.decode()
    sweep = propose(desk)
    assert Person.objects.count() == 2
    question = desk.get(reverse("admin:inventory_sweep_do", args=[sweep.pk, "cancel"])).content.decode()
    assert "Cancel this proposal?" in question
    sweeps.confirm(sweep, by=sweep.proposed_by, at=timezone.now(), reason="Read.")
    sweeps.run(sweep, at=timezone.now())
    html = desk.get(page(sweep)).content.decode()
    assert "2 of 2 rows" in html
    assert "matches its fingerprint" in html


def test_the_confirmation_says_how_many_go_how_many_stay_and_what_other_systems_get(dov: User) -> None:
    from inventory.desk.sweeps import _confirmation

    rule = account_schedule()
    rule.purpose.activities.get().systems.add(SystemFactory.create(name="Platform"))
    people = PersonFactory.create_batch(3, last_active_on=LONG_AGO)
    PersonFactory.create(last_active_on=None)
    hold = LegalHoldFactory.create(owner=dov, people=people[:1], status="in_force", placed_at=timezone.now())
    says = _confirmation(sweeps.propose(by=dov, at=timezone.now()), None)  # type: ignore[arg-type]
    assert says.question == "Let 2 rows go and give 1 order to other systems?"
    assert hold.pk
    assert "People: 1 on hold or restricted, so not these." in says.not_
    assert any("1 of whom nobody has reported" in line for line in says.not_)
    assert "“Platform” gets 1 order: Account details." in says.happens
    assert not says.must_type_count


def test_a_large_sweep_asks_for_its_number(dov: User) -> None:
    from inventory.desk.sweeps import _confirmation

    Company.objects.update_or_create(pk=1, defaults={"large_audience": 2})
    account_schedule()
    PersonFactory.create_batch(2, last_active_on=LONG_AGO)
    assert _confirmation(sweeps.propose(by=dov, at=timezone.now()), None).must_type_count  # type: ignore[arg-type]


@pytest.fixture
def crowd(dov: User, monkeypatch: pytest.MonkeyPatch) -> Sweep:
    """Two go, and one is the most that one person may let go."""
    monkeypatch.setattr(sweeps, "MOST_ALONE", 1)
    account_schedule()
    PersonFactory.create_batch(2, last_active_on=LONG_AGO)
    return sweeps.propose(by=dov, at=timezone.now())


def test_whoever_proposed_it_cannot_let_a_crowd_go(desk: Client, crowd: Sweep) -> None:
    question = desk.get(reverse("admin:inventory_sweep_do", args=[crowd.pk, "confirm"])).content.decode()
    assert "A second person has to confirm it" in question
    assert "A second person has to confirm it" in press(desk, crowd, "confirm")
    assert Sweep.objects.get().status == SweepStatus.PROPOSED


def test_a_second_person_lets_a_crowd_go(client: Client, crowd: Sweep) -> None:
    client.force_login(UserFactory.create(group="privacy lead"))
    press(client, crowd, "confirm")
    assert Sweep.objects.get().status == SweepStatus.CONFIRMED


def test_the_database_lets_nobody_confirm_a_crowd_they_proposed(dov: User, crowd: Sweep) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Sweep.objects.filter(pk=crowd.pk).update(confirmed_by=dov)


def test_the_list_of_sweeps_asks_as_often_for_ten_as_for_two(desk: Client, dov: User) -> None:
    account_schedule()

    def queries(sweeps_more: int) -> int:
        for _ in range(sweeps_more):
            sweeps.cancel(sweeps.propose(by=dov, at=timezone.now()), by=dov, at=timezone.now(), reason="No.")
        with CaptureQueriesContext(connection) as asked:
            desk.get(reverse("admin:inventory_sweep_changelist"))
        return len(asked)

    queries(0)  # the first look also fills caches
    assert queries(2) == queries(8)


def test_a_second_proposal_is_refused_on_the_page(desk: Client) -> None:
    propose(desk)
    response = desk.post(PROPOSE)
    assert (response.status_code, Sweep.objects.count()) == (409, 1)
    assert "Another sweep is still open" in response.content.decode()


@pytest.mark.parametrize(("group", "status"), [("support", 403), ("auditor", 403), ("privacy officer", 302)])
def test_only_some_may_propose(client: Client, group: str, status: int) -> None:
    client.force_login(UserFactory.create(group=group))
    assert client.post(PROPOSE).status_code == status


def test_an_officer_proposes_and_a_lead_confirms(client: Client, desk: Client) -> None:
    sweep = propose(desk)
    client.force_login(UserFactory.create(group="privacy officer"))
    assert client.get(reverse("admin:inventory_sweep_do", args=[sweep.pk, "confirm"])).status_code == 403
    assert sweep.status == SweepStatus.PROPOSED


def test_an_order_is_answered_with_evidence_beside_the_field(desk: Client, dov: User) -> None:
    rule = account_schedule()
    rule.purpose.activities.get().systems.add(SystemFactory.create())
    held = PersonFactory.create(last_active_on=LONG_AGO, external_id="keep-me")
    LegalHoldFactory.create(owner=dov, people=[held], status="in_force", placed_at=timezone.now())
    sweeps.confirm(sweeps.propose(by=dov, at=timezone.now()), by=dov, at=timezone.now(), reason="Read.")
    order = CutoffOrder.objects.get()
    assert "on hold: keep-me" in desk.get(page(order)).content.decode()
    assert "This field is required" in press(desk, order, "answer", answer="done")
    press(desk, order, "answer", answer="done", evidence="Job 812.", count_done=0)
    order.refresh_from_db()
    assert (order.answer, order.answered_by) == ("done", dov)


# --- Health and promises -------------------------------------------------------------------------


def found(code: str, on: date) -> list[str]:
    check = next(check for check in health_retention.CHECKS if check.code == code)
    return [fault.sentence for fault in check.faults(on)]


def test_the_health_page_finds_a_category_that_nobody_has_timed() -> None:
    rule = account_schedule()
    on = date(2026, 3, 2)
    assert found(health_retention.WITHOUT_RULE, on) == []
    ProcessingActivityFactory.create(categories=[rule.category], purpose__name="Advertising")
    assert found(health_retention.WITHOUT_RULE, on) == [
        "“Advertising” uses “Account details”, and no rule says for how long."
    ]


def test_the_health_page_finds_holds_and_orders_left_alone(dov: User) -> None:
    rule = account_schedule()
    rule.purpose.activities.get().systems.add(SystemFactory.create(name="Platform"))
    LegalHoldFactory.create(
        owner=dov, scope="everyone", status="in_force", placed_at=timezone.now()
    ).categories.add(DataCategoryFactory.create())
    sweeps.confirm(sweeps.propose(by=dov, at=timezone.now()), by=dov, at=timezone.now(), reason="Read.")
    late = timezone.localdate() + timedelta(days=600)
    assert "was to be looked at by 2 March 2027" in found(health_retention.HOLD_OVERDUE, late)[0]
    assert "“Platform” has not answered by" in found(health_retention.ORDER_OVERDUE, late)[0]
    assert promises_retention.inactive_data_goes(late).state.value == "at risk"


def test_the_promise_of_an_end_is_broken_by_a_rule_without_one() -> None:
    on = date(2026, 3, 2)
    assert promises_retention.kept_only_as_long_as_necessary(on).state.value == "at risk"
    account_schedule()
    assert promises_retention.kept_only_as_long_as_necessary(on).state.value == "kept"
    RetentionRuleFactory.create(endless=True)
    assert promises_retention.kept_only_as_long_as_necessary(on).state.value == "broken"


@pytest.mark.parametrize(("logs", "state"), [(30, "kept"), (4_000, "broken")])
def test_the_promise_that_logs_go_before_records(logs: int, state: str) -> None:
    for code, number in {"session-logs": logs, "learning-records": 1_800, "certificates": 3_600}.items():
        category = DataCategoryFactory.create(code=code)
        RetentionRuleFactory.create(category=category, start_event="event", number=number, unit="days")
    assert promises_retention.records_persist_longer_than_logs(date(2026, 3, 2)).state.value == state


def test_the_promise_that_inactive_data_goes_needs_a_sweep(dov: User) -> None:
    account_schedule()
    PersonFactory.create(last_active_on=LONG_AGO)
    today = timezone.localdate()
    assert promises_retention.inactive_data_goes(today).state.value == "at risk"
    sweep = sweeps.confirm(
        sweeps.propose(by=dov, at=timezone.now()), by=dov, at=timezone.now(), reason="Read."
    )
    sweeps.run(sweep, at=timezone.now())
    assert promises_retention.inactive_data_goes(today).state.value == "kept"


def test_evidence_goes_by_a_button_of_its_own_and_never_by_the_proposers_hand(
    desk: Client, client: Client
) -> None:
    category = DataCategoryFactory.create(code="cookie-choices")
    RetentionRuleFactory.create(category=category, start_event="event")
    receipt = CookieReceiptFactory.create(at=timezone.now() - timedelta(days=900))
    sweep = propose(desk)
    said = desk.get(page(sweep)).content.decode()
    assert "Confirm, with evidence…" in said
    assert "Confirm…" not in said
    assert "You proposed this yourself" in press(desk, sweep, "confirm-with-evidence")
    client.force_login(UserFactory.create(group="privacy lead"))
    question = client.get(reverse("admin:inventory_sweep_do", args=[sweep.pk, "confirm-with-evidence"]))
    assert "Your word is recorded as that of a second person" in question.content.decode()
    press(client, sweep, "confirm-with-evidence")
    sweeps.run(sweep, at=timezone.now())
    assert not CookieReceipt.objects.filter(pk=receipt.pk).exists()
    assert "rows removed" in client.get("/admin/audit/disposal/").content.decode().lower()
    disposal = sweep.items.get().disposal
    shown = client.get(reverse("admin:audit_disposal_change", args=[disposal.pk])).content.decode()
    assert "cookie-choices" in shown


def test_whom_an_order_leaves_out_is_shown_in_part_and_taken_as_a_whole_with_a_reason(
    desk: Client, dov: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_orders, "NAMED", 2)
    people = [PersonFactory.create(external_id=f"platform-{number}") for number in range(3)]
    order = CutoffOrderFactory.create()
    hold = LegalHoldFactory.create(
        owner=dov, people=people, review_on=timezone.localdate() + timedelta(days=90)
    )
    holds.place(hold, by=dov, at=timezone.now())
    file = reverse("admin:inventory_cutofforder_leave_out", args=[order.pk])
    html = desk.get(page(order)).content.decode()
    assert "platform-0, platform-1 and 1 more" in html
    assert file in html
    assert "Write why." in desk.post(file).content.decode()
    lines = b"".join(desk.post(file, {"reason": "For the platform’s job."})).decode().splitlines()
    assert lines[1:] == ['"platform-0"', '"platform-1"', '"platform-2"']
    assert Event.objects.get(verb="inventory.export_left_out").details == {"rows": 3}


def test_who_does_not_answer_orders_takes_no_list_of_people(client: Client) -> None:
    client.force_login(UserFactory.create(group="auditor"))
    order = CutoffOrderFactory.create()
    assert client.get(page(order)).status_code == 200
    file = reverse("admin:inventory_cutofforder_leave_out", args=[order.pk])
    assert client.post(file, {"reason": "Curious."}).status_code == 403


def test_an_order_about_learners_names_no_guardian(dov: User) -> None:
    carla, ben = PersonFactory.create(carla=True), PersonFactory.create(ben=True)
    holds.place(
        LegalHoldFactory.create(
            owner=dov, people=[carla, ben], review_on=timezone.localdate() + timedelta(days=90)
        ),
        by=dov,
        at=timezone.now(),
    )
    assert list(orders.left_out(CutoffOrderFactory.create(role="learner"))) == [ben.external_id]

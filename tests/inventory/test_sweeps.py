"""Letting go: counted, confirmed by a person, done in windows that survive a kill; holds win."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.contrib import admin
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.models import Event
from audit.personal import StartEvent, Then
from inventory import tasks
from inventory.desk.orders import CutoffOrderAdmin
from inventory.desk.sweeps import SweepAdmin
from inventory.letting_go import holds, receipts, sweeps
from inventory.models import (
    CutoffOrder,
    HoldScope,
    LegalHold,
    ProcessingActivity,
    Sweep,
    SweepItem,
    SweepStatus,
)
from notices.models import Campaign, Notice, Tally
from people.models import Guardianship, Person, Role, User
from tests.notices.factories import CampaignFactory, NoticeFactory
from tests.people.factories import GuardianshipFactory, PersonFactory, UserFactory

from .factories import DataCategoryFactory, ProcessingActivityFactory, PurposeFactory, SystemFactory
from .retention_factories import LegalHoldFactory, RetentionRuleFactory, account_schedule

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LONG_AGO, LAST_DAY, DAY_AFTER = date(2020, 1, 1), date(2024, 11, 21), date(2024, 11, 22)


@pytest.fixture
def dov() -> User:
    return UserFactory.create(dov=True)


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "WINDOW", 2)


def proposed(dov: User) -> Sweep:
    return sweeps.propose(by=dov, at=NOW)


def confirmed(dov: User) -> Sweep:
    return sweeps.confirm(proposed(dov), by=dov, at=NOW, reason="Read the numbers.")


def swept(dov: User) -> Sweep:
    sweep = confirmed(dov)
    sweeps.run(sweep, at=NOW)
    sweep.refresh_from_db()
    return sweep


def stays(order: CutoffOrder) -> str:
    """What the desk tells whoever has to answer."""
    return CutoffOrderAdmin(CutoffOrder, admin.site).stays(order)


def placed(dov: User, **hold: object) -> LegalHold:
    return holds.place(LegalHoldFactory.create(owner=dov, **hold), by=dov, at=NOW)


def test_an_account_goes_the_day_after_its_period_and_is_kept_through_the_last(dov: User) -> None:
    account_schedule()
    gone, stays = (PersonFactory.create(last_active_on=day) for day in (LAST_DAY, DAY_AFTER))
    swept(dov)
    assert list(Person.objects.all()) == [stays]
    assert gone.pk != stays.pk


@pytest.mark.parametrize(
    ("seen", "kept_through"),
    [
        (date(2024, 1, 31), date(2024, 2, 29)),
        (date(2025, 1, 30), date(2025, 2, 28)),
        (date(2025, 12, 31), date(2026, 1, 31)),
        (date(2026, 3, 31), date(2026, 4, 30)),
    ],
)
def test_an_account_stays_through_its_last_day_at_the_ends_of_months(
    dov: User, seen: date, kept_through: date
) -> None:
    account_schedule(number=1, unit="months")
    PersonFactory.create(last_active_on=seen)
    noon = datetime.combine(kept_through, time(12), UTC)
    assert sweeps.propose(by=dov, at=noon).items.get().proposed_count == 0
    sweeps.cancel(Sweep.objects.get(), by=dov, at=noon, reason="Not yet.")
    assert sweeps.propose(by=dov, at=noon + timedelta(days=1)).items.get().proposed_count == 1


def test_a_proposal_counts_and_erases_nothing(dov: User) -> None:
    account_schedule()
    people = PersonFactory.create_batch(7, last_active_on=LONG_AGO)
    PersonFactory.create(last_active_on=None)
    item = proposed(dov).items.get()
    assert (item.proposed_count, item.held_count, item.unknown_count, item.done_count) == (7, 0, 1, 0)
    assert item.samples == [person.pk for person in people[:5]]
    assert Person.objects.count() == 8


def test_a_person_the_platform_never_reported_stays_until_they_have_left(dov: User) -> None:
    account_schedule()
    silent = PersonFactory.create()
    PersonFactory.create(left_at=NOW - timedelta(days=1000))
    swept(dov)
    assert list(Person.objects.all()) == [silent]


def test_a_guardian_stays_while_a_child_of_theirs_still_comes(dov: User) -> None:
    account_schedule()
    carla = PersonFactory.create(carla=True, last_active_on=LONG_AGO)
    GuardianshipFactory.create(
        guardian=carla, child=PersonFactory.create(ben=True, last_active_on=NOW.date())
    )
    idle = PersonFactory.create(carla=True, last_active_on=LONG_AGO)
    GuardianshipFactory.create(guardian=idle, child=PersonFactory.create(ben=True, last_active_on=LONG_AGO))
    swept(dov)
    assert set(Person.objects.values_list("given_name", flat=True)) == {"Carla", "Ben"}
    assert Guardianship.objects.get().guardian == carla


def test_emptied_people_keep_only_their_number_and_are_not_found_again(dov: User) -> None:
    account_schedule(then=Then.ANONYMIZE)
    amina = PersonFactory.create(amina=True, last_active_on=LONG_AGO)
    swept(dov)
    amina.refresh_from_db()
    assert (amina.external_id, amina.given_name, amina.email, amina.birth_date) == (
        f"erased-{amina.pk}",
        "",
        "",
        None,
    )
    with pytest.raises(sweeps.NothingToDo):
        confirmed(dov)


def test_a_role_with_a_rule_of_its_own_goes_by_that(dov: User) -> None:
    rule = account_schedule()
    RetentionRuleFactory.create(category=rule.category, purpose=rule.purpose, role=Role.LEARNER, number=1)
    day = date(2025, 6, 1)
    PersonFactory.create(amina=True, last_active_on=day)
    carla = PersonFactory.create(carla=True, last_active_on=day)
    swept(dov)
    assert list(Person.objects.all()) == [carla]


def test_another_live_purpose_without_a_rule_keeps_everything_and_says_so(dov: User) -> None:
    rule = account_schedule()
    ProcessingActivityFactory.create(
        categories=[rule.category], whose=["learner"], purpose__name="Advertising"
    )
    PersonFactory.create(last_active_on=LONG_AGO)
    sweep = proposed(dov)
    assert not sweep.items.exists()
    assert "the purpose “Advertising” uses this data and has no retention rule yet" in sweep.notes[0]


def test_two_purposes_of_one_name_are_two(dov: User) -> None:
    rule = account_schedule()
    ProcessingActivityFactory.create(
        categories=[rule.category], systems=[], whose=["learner"],
        purpose=PurposeFactory.create(code="another-one", name=rule.purpose.name),
    )  # fmt: skip
    PersonFactory.create(role=Role.LEARNER, last_active_on=LONG_AGO)
    sweep = proposed(dov)
    assert list(sweep.items.all()) == []
    assert (
        f"“{rule.purpose.name} (another-one)” uses this data and has no retention rule yet" in sweep.notes[0]
    )


def test_a_clock_we_do_not_record_keeps_the_rows_and_says_so(dov: User) -> None:
    account_schedule(start_event=StartEvent.COURSE_END)
    assert "We do not record the end of the course" in proposed(dov).notes[0]


# --- Holds -----------------------------------------------------------------------------------


def test_a_person_on_hold_stays_and_is_counted(dov: User) -> None:
    account_schedule()
    amina, _ben = (PersonFactory.create(last_active_on=LONG_AGO) for _ in range(2))
    placed(dov, people=[amina])
    sweep = swept(dov)
    assert list(Person.objects.all()) == [amina]
    assert [(item.proposed_count, item.held_count, item.done_count) for item in sweep.items.all()] == [
        (2, 1, 1)
    ]


@pytest.mark.parametrize(
    "scope", [{"scope": HoldScope.EVERYONE}, {"scope": HoldScope.ROLE, "role": Role.LEARNER}]
)
def test_a_hold_on_a_role_or_everyone_keeps_the_learners(dov: User, scope: dict[str, str]) -> None:
    account_schedule()
    PersonFactory.create(amina=True, last_active_on=LONG_AGO)
    placed(dov, **scope)
    with pytest.raises(
        holds.UnderHold, match=r"Hold \d+ “A claim about a certificate” keeps it; Dov answers for it"
    ):
        confirmed(dov)


def test_a_child_whose_guardian_is_on_hold_stays_with_the_link(dov: User) -> None:
    account_schedule()
    ben = PersonFactory.create(ben=True, last_active_on=LONG_AGO)
    link = GuardianshipFactory.create(
        child=ben, guardian=PersonFactory.create(carla=True, last_active_on=LONG_AGO)
    )
    placed(dov, people=[link.guardian])
    with pytest.raises(holds.UnderHold):
        confirmed(dov)


def test_a_hold_placed_between_two_windows_stops_the_next_one(dov: User, small_windows: None) -> None:
    account_schedule()
    people = PersonFactory.create_batch(6, last_active_on=LONG_AGO)
    sweep = confirmed(dov)
    sweeps.run(sweep, at=NOW, windows=1)
    placed(dov, people=people[:4])
    sweeps.run(sweep, at=NOW)
    assert list(Person.objects.order_by("pk")) == people[2:4]


def test_a_hold_on_another_category_keeps_nothing_here(dov: User) -> None:
    account_schedule()
    hold = LegalHoldFactory.create(owner=dov, people=[PersonFactory.create(last_active_on=LONG_AGO)])
    hold.categories.add(DataCategoryFactory.create())
    holds.place(hold, by=dov, at=NOW)
    swept(dov)
    assert not Person.objects.exists()


def test_a_released_hold_holds_nothing(dov: User) -> None:
    account_schedule()
    hold = placed(dov, people=[PersonFactory.create(last_active_on=LONG_AGO)])
    holds.release(hold, by=dov, at=NOW, reason="Settled.")
    swept(dov)
    assert not Person.objects.exists()


def test_what_was_counted_as_on_hold_waits_for_the_next_sweep(dov: User) -> None:
    account_schedule()
    amina, _ben = PersonFactory.create_batch(2, last_active_on=LONG_AGO)
    hold = placed(dov, people=[amina])
    sweep = proposed(dov)
    for _stage in ("proposed", "confirmed"):
        with pytest.raises(holds.SweepUnderWay, match=rf"{sweep} .* counted what this keeps as staying"):
            holds.release(hold, by=dov, at=NOW, reason="Settled.")
        if sweep.status == SweepStatus.PROPOSED:
            sweep = sweeps.confirm(sweep, by=dov, at=NOW, reason="Read the numbers.")
    sweeps.run(sweep, at=NOW)
    assert list(Person.objects.all()) == [amina]
    holds.release(hold, by=dov, at=NOW, reason="Settled.")
    assert Person.objects.count() == 1


def test_activity_reported_after_the_proposal_saves_the_account(dov: User) -> None:
    account_schedule()
    back, _gone = (PersonFactory.create(last_active_on=LONG_AGO) for _ in range(2))
    sweep = confirmed(dov)
    Person.objects.filter(pk=back.pk).update(last_active_on=NOW.date())
    sweeps.run(sweep, at=NOW)
    assert list(Person.objects.all()) == [back]


@pytest.mark.parametrize(
    ("review_on", "sentence"),
    [
        (date(2027, 11, 23), "at most 12 months away: by 22 November 2027"),
        (date(2026, 11, 22), "has to lie in the future"),
    ],
)
def test_a_hold_is_looked_at_again_within_a_year(dov: User, review_on: date, sentence: str) -> None:
    with pytest.raises(holds.ReviewTooFar, match=sentence):
        placed(dov, scope=HoldScope.EVERYONE, review_on=review_on)


def test_a_hold_over_nobody_is_not_placed(dov: User) -> None:
    with pytest.raises(holds.HoldsNobody):
        placed(dov)


def test_erasing_a_person_on_hold_is_refused_with_the_hold_and_its_owner(dov: User) -> None:
    amina = PersonFactory.create(amina=True)
    holds.refuse_if_held(amina, category="account-details")
    hold = placed(dov, people=[amina])
    with pytest.raises(holds.UnderHold, match=f"Hold {hold.pk} .* Dov answers for it .* 2 March 2027"):
        holds.refuse_if_held(amina, category="account-details")


@pytest.mark.parametrize("start", ["draft", "in_force", "released"])
def test_a_hold_moves_only_as_its_table_says(dov: User, start: str) -> None:
    deeds = {
        "in_force": lambda hold: holds.place(hold, by=dov, at=NOW),
        "released": lambda hold: holds.release(hold, by=dov, at=NOW, reason="Over."),
    }
    for wanted, deed in deeds.items():
        moments = {
            "placed_at": None if start == "draft" else NOW,
            "released_at": NOW if start == "released" else None,
        }
        hold = LegalHoldFactory.create(owner=dov, scope=HoldScope.EVERYONE, status=start, **moments)
        if wanted in LegalHold.transitions[start]:
            assert deed(hold).status == wanted
        else:
            with pytest.raises(holds.HoldCannotMove):
                deed(hold)


# --- The two steps, and what they leave behind ------------------------------------------------


def test_rules_changed_after_the_count_ask_for_a_new_one(dov: User) -> None:
    rule = account_schedule()
    PersonFactory.create(last_active_on=LONG_AGO)
    sweep = proposed(dov)
    rule.number = 9
    rule.save()
    with pytest.raises(sweeps.RulesChanged):
        sweeps.confirm(sweep, by=dov, at=NOW, reason="")


def test_only_one_sweep_is_open_at_a_time(dov: User) -> None:
    proposed(dov)
    with pytest.raises(sweeps.AnotherSweepIsOpen):
        proposed(dov)


def test_a_sweep_nobody_confirmed_does_not_run(dov: User) -> None:
    account_schedule()
    PersonFactory.create(last_active_on=LONG_AGO)
    sweeps.run(proposed(dov), at=NOW)
    assert Person.objects.exists()


def test_the_database_refuses_a_sweep_running_without_a_person(dov: User) -> None:
    sweep = proposed(dov)
    with pytest.raises(IntegrityError), transaction.atomic():
        Sweep.objects.filter(pk=sweep.pk).update(status=SweepStatus.RUNNING)


def test_the_receipt_says_what_went_and_cannot_be_changed(dov: User) -> None:
    account_schedule()
    PersonFactory.create_batch(3, last_active_on=LONG_AGO)
    sweep = swept(dov)
    assert [line["done"] for line in sweep.receipt["items"]] == [3]
    assert receipts.is_genuine(sweep)
    assert Event.objects.get(verb="inventory.finish_sweep").details["receipt_sha256"] == sweep.receipt_sha256
    with pytest.raises(IntegrityError), transaction.atomic():
        Sweep.objects.filter(pk=sweep.pk).update(receipt={})


def test_every_step_is_on_record_without_personal_values(dov: User) -> None:
    account_schedule()
    PersonFactory.create(given_name="Qanary", external_id="qanary-1", last_active_on=LONG_AGO)
    swept(dov)
    verbs = ["propose_sweep", "confirm_sweep", "start_sweep", "finish_sweep"]
    assert list(Event.objects.order_by("pk").values_list("verb", flat=True)) == [
        f"inventory.{verb}" for verb in verbs
    ]
    assert "anary" not in str(list(Event.objects.values())) + str(list(SweepItem.objects.values()))


def test_a_cancelled_sweep_stops_and_says_how_far_it_came(dov: User, small_windows: None) -> None:
    account_schedule()
    PersonFactory.create_batch(5, last_active_on=LONG_AGO)
    sweep = confirmed(dov)
    sweeps.run(sweep, at=NOW, windows=1)
    sweeps.cancel(sweep, by=dov, at=NOW, reason="Wrong rule.")
    sweeps.run(sweep, at=NOW)
    sweep.refresh_from_db()
    assert (Person.objects.count(), sweep.receipt["items"][0]["done"]) == (3, 2)


STEPS = {
    SweepStatus.PROPOSED: lambda dov: proposed(dov),
    SweepStatus.CONFIRMED: lambda dov: confirmed(dov),
    SweepStatus.RUNNING: lambda dov: _running(dov),
    SweepStatus.DONE: lambda dov: swept(dov),
    SweepStatus.CANCELLED: lambda dov: sweeps.cancel(proposed(dov), by=dov, at=NOW, reason="No."),
}


def _running(dov: User) -> Sweep:
    sweep = confirmed(dov)
    sweeps.run(sweep, at=NOW, windows=1)
    return sweep


@pytest.mark.parametrize("start", list(SweepStatus))
def test_a_sweep_moves_only_as_its_table_says(dov: User, start: SweepStatus) -> None:
    account_schedule()
    PersonFactory.create(last_active_on=LONG_AGO)
    sweep = STEPS[start](dov)
    sweep.refresh_from_db()
    assert sweep.status == start
    for deed, wanted in ((sweeps.confirm, SweepStatus.CONFIRMED), (sweeps.cancel, SweepStatus.CANCELLED)):
        with transaction.atomic():
            if wanted in Sweep.transitions[start]:
                assert deed(sweep, by=dov, at=NOW, reason="Because.").status == wanted
            else:
                with pytest.raises(sweeps.SweepCannotMove):
                    deed(sweep, by=dov, at=NOW, reason="Because.")
            transaction.set_rollback(True)


# --- Windows -----------------------------------------------------------------------------------


def test_killed_between_windows_it_goes_on_from_there(dov: User, small_windows: None) -> None:
    account_schedule()
    PersonFactory.create_batch(7, last_active_on=LONG_AGO)
    sweep = confirmed(dov)
    assert sweeps.run(sweep, at=NOW, windows=2)
    assert Person.objects.count() == 3
    assert not sweeps.run(sweep, at=NOW)
    assert sweep.items.get().done_count == 7


def test_killed_inside_a_window_nothing_of_it_is_done_and_nothing_is_counted_twice(
    dov: User, small_windows: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_schedule()
    PersonFactory.create_batch(5, last_active_on=LONG_AGO)
    sweep = confirmed(dov)
    sweeps.run(sweep, at=NOW, windows=1)
    with monkeypatch.context() as patch:
        # By then the rows are deleted, and the cursor is not yet written.
        patch.setattr(SweepItem, "save", _killed)
        with pytest.raises(KeyboardInterrupt):
            sweeps.run(sweep, at=NOW)
    assert Person.objects.count() == 3
    sweeps.run(sweep, at=NOW)
    assert (Person.objects.count(), sweep.items.get().done_count) == (0, 5)


def _killed(*_args: object, **_kwargs: object) -> None:
    raise KeyboardInterrupt


def test_running_it_twice_does_nothing_more(dov: User) -> None:
    account_schedule()
    PersonFactory.create(last_active_on=LONG_AGO)
    sweep = swept(dov)
    late = PersonFactory.create(last_active_on=LONG_AGO)
    assert not sweeps.run(sweep, at=NOW)
    tasks.sweep()
    assert list(Person.objects.all()) == [late]


def test_the_task_goes_on_with_what_was_confirmed(dov: User) -> None:
    account_schedule()
    PersonFactory.create(last_active_on=LONG_AGO)
    sweep = confirmed(dov)
    tasks.sweep()
    sweep.refresh_from_db()
    assert sweep.status == SweepStatus.DONE


def people_last_seen(day: date, count: int) -> None:
    Person.objects.bulk_create(
        [Person(external_id=f"{day}-{n}", role=Role.LEARNER, last_active_on=day) for n in range(count)],
        batch_size=2_000,
    )


def statements_of_a_full_window(sweep: Sweep) -> int:
    sweeps.run(sweep, at=NOW, windows=1)  # the first also starts the sweep
    with CaptureQueriesContext(connection) as queries:
        sweeps.run(sweep, at=NOW, windows=1)
    return len(queries)


def test_a_window_takes_the_same_few_statements_whatever_its_size(
    dov: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_schedule()
    people_last_seen(LONG_AGO, 1_000)
    sweep = confirmed(dov)
    seen = []
    for window in (2, 400):
        monkeypatch.setattr(sweeps, "WINDOW", window)
        seen.append(statements_of_a_full_window(sweep))
    assert seen[0] == seen[1] <= 13  # one of them asks whether anybody is restricted


@pytest.mark.parametrize("count", [2_000, pytest.param(100_000, marks=pytest.mark.long)])
def test_a_crowd_of_idle_accounts_goes_and_the_others_stay(dov: User, count: int) -> None:
    account_schedule()
    people_last_seen(LONG_AGO, count)
    people_last_seen(NOW.date(), 1_000)
    sweep = swept(dov)
    assert (Person.objects.count(), sweep.receipt["items"][0]["done"]) == (1_000, count)


def test_what_this_software_has_stopped_keeping_is_passed_over_and_the_rest_goes_on(dov: User) -> None:
    account_schedule()
    PersonFactory.create(last_active_on=LONG_AGO)
    sweep = confirmed(dov)
    gone = SweepItem.objects.get()
    gone.pk, gone.holding = None, "people.pigeon"
    gone.save()
    sweeps.run(sweep, at=NOW)
    sweep.refresh_from_db()
    assert (sweep.status, Person.objects.count()) == (SweepStatus.DONE, 0)
    assert sweep.notes[-1].startswith("people.pigeon (account-details): this software has stopped keeping it")
    page = SweepAdmin(Sweep, admin.site)
    assert "People.pigeon" in page.numbers(sweep)


# --- Our own mail records ----------------------------------------------------------------------


def old_campaign() -> Campaign:
    campaign = CampaignFactory.create(opened_at=NOW - timedelta(days=800))
    for status, count in {"sent": 3, "posted": 1, "waiting": 1}.items():
        NoticeFactory.create_batch(count, campaign=campaign, status=status)
    return campaign


def test_old_notices_go_and_their_counts_stay(dov: User) -> None:
    messages = DataCategoryFactory.create(code="messages-sent")
    RetentionRuleFactory.create(category=messages, start_event=StartEvent.SENT)
    campaign = old_campaign()
    before = campaign.counts()
    swept(dov)
    assert [notice.status for notice in Notice.objects.all()] == ["waiting"]
    assert campaign.counts() == before
    NoticeFactory.create_batch(2, campaign=campaign, status="sent")
    swept(dov)
    assert Tally.objects.get(campaign=campaign, status="sent").count == 5


# --- Other systems -----------------------------------------------------------------------------


def test_an_outside_system_gets_an_order_with_the_people_on_hold_left_out(dov: User) -> None:
    rule = account_schedule()
    platform = SystemFactory.create()
    rule.purpose.activities.get().systems.add(platform, SystemFactory.create(fulfilment="database"))
    held, _other = (PersonFactory.create(last_active_on=LONG_AGO) for _ in range(2))
    placed(dov, people=[held])
    confirmed(dov)
    order = CutoffOrder.objects.get()
    assert (order.system, order.before, order.count_expected) == (platform, DAY_AFTER, 1)
    assert order.due_on == date(2026, 12, 22)


def test_a_hold_on_everyone_placed_after_an_order_stands_on_the_order(dov: User) -> None:
    account_schedule()
    ProcessingActivity.objects.get().systems.add(SystemFactory.create())
    confirmed(dov)
    order = CutoffOrder.objects.get()
    assert stays(order) == "nobody"
    placed(dov, scope=HoldScope.EVERYONE)
    assert stays(order) == "everyone (on hold): nothing may go now"


def test_an_order_is_answered_once_and_with_evidence(dov: User) -> None:
    rule = account_schedule()
    rule.purpose.activities.get().systems.add(SystemFactory.create())
    confirmed(dov)
    order = CutoffOrder.objects.get()
    with pytest.raises(sweeps.EvidenceMissing):
        sweeps.answer(order, by=dov, at=NOW, answer="done", evidence="  ")
    sweeps.answer(
        order, by=dov, at=NOW, answer="done", evidence="Job 812, log kept in the ticket.", count_done=3
    )
    with pytest.raises(sweeps.AnsweredAlready):
        sweeps.answer(order, by=dov, at=NOW, answer="nothing", evidence="Second thoughts.")
    with pytest.raises(IntegrityError), transaction.atomic():
        CutoffOrder.objects.update(evidence="Something else.")


def test_equal_uses_of_a_system_are_folded_by_the_database(dov: User) -> None:
    rule, system = account_schedule(), SystemFactory.create()
    for _number in range(3):
        ProcessingActivityFactory.create(
            purpose=rule.purpose, categories=[rule.category], systems=[system], whose=rule.category.whose
        )
    with CaptureQueriesContext(connection) as asked:
        confirmed(dov)
    looks = {query["sql"] for query in asked if "processingactivity_systems" in query["sql"]}
    assert looks
    with connection.cursor() as cursor:
        for sql in looks:
            cursor.execute(sql)
            rows = cursor.fetchall()
            assert len(rows) == len(set(rows))


def test_no_second_order_while_one_like_it_is_open(dov: User) -> None:
    rule = account_schedule()
    rule.purpose.activities.get().systems.add(SystemFactory.create())
    swept(dov)
    with pytest.raises(sweeps.NothingToDo):
        confirmed(dov)
    assert CutoffOrder.objects.count() == 1

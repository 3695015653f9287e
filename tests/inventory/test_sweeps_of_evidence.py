"""Our own records have an end too: cookie receipts, letters and old audit events, by a second person's word."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from audit.actions import record, seal_all
from audit.actors import SYSTEM
from audit.disposing import PROOFS, SecondPersonNeeded
from audit.models import Disposal, DisposedRow, Event
from audit.personal import StartEvent
from audit.verification import verify
from inventory.letting_go import holds, sweeps
from inventory.models import CookieReceipt, DataCategory, HoldScope, Sweep, SweepStatus
from inventory.personal import CHOICES, RECORD
from notices.models import Letter
from people.models import Role, User
from tests.notices.factories import CampaignFactory, LetterFactory, NoticeFactory
from tests.people.factories import PersonFactory, UserFactory

from .cookie_factories import CookieReceiptFactory
from .factories import DataCategoryFactory
from .retention_factories import LegalHoldFactory, RetentionRuleFactory, account_schedule

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OLD, FRESH = NOW - timedelta(days=800), NOW - timedelta(days=10)


@pytest.fixture
def dov() -> User:
    return UserFactory.create(dov=True)


@pytest.fixture
def lead() -> User:
    return UserFactory.create()


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "WINDOW", 2)


def two_years(code: str, start: StartEvent = StartEvent.EVENT, **rule: object) -> None:
    category = DataCategoryFactory.create(code=code)
    RetentionRuleFactory.create(category=category, start_event=start, **rule)


def confirmed(dov: User, lead: User) -> Sweep:
    sweep = sweeps.propose(by=dov, at=NOW)
    return sweeps.confirm_with_evidence(sweep, by=lead, at=NOW, reason="Read the numbers.")


def swept(dov: User, lead: User) -> Sweep:
    sweep = confirmed(dov, lead)
    sweeps.run(sweep, at=NOW)
    sweep.refresh_from_db()
    return sweep


def old_events(count: int) -> list[Event]:
    events = [record("people.read", by=SYSTEM, at=OLD) for _ in range(count)]
    seal_all(at=OLD)
    return events


def test_old_receipts_go_and_fresh_ones_stay(dov: User, lead: User) -> None:
    two_years(CHOICES)
    old = CookieReceiptFactory.create(at=OLD)
    fresh = CookieReceiptFactory.create(at=FRESH, replaces=old)
    sweep = swept(dov, lead)
    fresh.refresh_from_db()
    assert list(CookieReceipt.objects.all()) == [fresh]
    assert fresh.replaces_id == old.pk
    assert sweep.receipt["items"][0]["disposal"] == Disposal.objects.get().pk


def test_old_events_go_and_the_record_stays_whole(dov: User, lead: User, small_windows: None) -> None:
    two_years(RECORD)
    old_events(5)
    record("people.read", by=SYSTEM, at=FRESH)
    swept(dov, lead)
    seal_all(at=NOW)
    assert [event.at for event in Event.objects.filter(verb="people.read")] == [FRESH]
    assert verify(at=NOW).disposed == 5


@pytest.mark.parametrize("count", [2_000, pytest.param(100_000, marks=pytest.mark.long)])
def test_a_crowd_of_old_events_goes_and_the_record_stays_whole(dov: User, lead: User, count: int) -> None:
    two_years(RECORD)
    blank: dict[str, Any] = {"verb": "people.read", "actor_kind": "system", "fields": [], "details": {}}
    Event.objects.bulk_create((Event(at=OLD, **blank) for _n in range(count)), batch_size=5_000)
    seal_all(at=OLD)
    swept(dov, lead)
    seal_all(at=NOW)
    assert verify(at=NOW).disposed == count


def test_a_last_window_with_nothing_left_ends_the_sweep(dov: User, lead: User, small_windows: None) -> None:
    two_years(RECORD)
    old_events(4)
    assert swept(dov, lead).status == SweepStatus.DONE


def test_evidence_that_runs_out_after_the_count_waits_for_the_next_sweep(dov: User) -> None:
    account_schedule()
    PersonFactory.create(last_active_on=OLD.date())
    two_years(CHOICES)
    sweep = sweeps.propose(by=dov, at=NOW)
    receipt = CookieReceiptFactory.create(at=OLD)
    sweeps.run(sweeps.confirm(sweep, by=dov, at=NOW, reason="Read."), at=NOW)
    assert CookieReceipt.objects.filter(pk=receipt.pk).exists()
    assert Sweep.objects.get().status == SweepStatus.DONE


def test_evidence_that_is_all_on_hold_is_approved_by_nobody(dov: User, lead: User) -> None:
    two_years(CHOICES)
    two_years(RECORD)
    old_events(1)
    CookieReceiptFactory.create(at=OLD)
    hold = LegalHoldFactory.create(scope=HoldScope.EVERYONE, owner=dov)
    hold.categories.add(DataCategory.objects.get(code=CHOICES))
    holds.place(hold, by=dov, at=NOW)
    assert swept(dov, lead).status == SweepStatus.DONE
    assert [disposal.table for disposal in Disposal.objects.all()] == ["audit_event"]
    assert CookieReceipt.objects.count() == 1


def test_events_no_seal_covers_yet_stay(dov: User, lead: User) -> None:
    two_years(RECORD)
    unsealed = record("people.read", by=SYSTEM, at=OLD)
    sweep = sweeps.propose(by=dov, at=NOW)
    assert not sweep.takes_evidence
    assert Event.objects.filter(pk=unsealed.pk).exists()


def test_what_says_which_evidence_went_never_goes(dov: User, lead: User) -> None:
    two_years(RECORD)
    old_events(3)
    swept(dov, lead)
    seal_all(at=NOW)
    later = NOW + timedelta(days=2_000)
    sweep = sweeps.propose(by=dov, at=later)
    sweeps.run(sweeps.confirm_with_evidence(sweep, by=lead, at=later, reason="Again."), at=later)
    assert set(PROOFS) <= set(Event.objects.values_list("verb", flat=True))
    seal_all(at=later)
    assert verify(at=later).disposed > 3


def test_letters_go_when_nobody_points_to_them_any_more(dov: User, lead: User) -> None:
    two_years("letters-sent", StartEvent.SENT)
    campaign = CampaignFactory.create(opened_at=OLD)
    lone, needed = (LetterFactory.create(campaign=campaign, variant=v) for v in ("adult", "guardian"))
    NoticeFactory.create(campaign=campaign, letter=needed, status="sent")
    swept(dov, lead)
    assert list(Letter.objects.all()) == [needed]
    assert lone != needed


def test_whoever_proposed_it_cannot_let_evidence_go(dov: User) -> None:
    two_years(CHOICES)
    CookieReceiptFactory.create(at=OLD)
    sweep = sweeps.propose(by=dov, at=NOW)
    with pytest.raises(SecondPersonNeeded), transaction.atomic():
        sweeps.confirm_with_evidence(sweep, by=dov, at=NOW, reason="Read.")
    assert Sweep.objects.get().status == SweepStatus.PROPOSED


def test_an_ordinary_confirmation_is_not_enough_for_evidence(dov: User, lead: User) -> None:
    two_years(CHOICES)
    CookieReceiptFactory.create(at=OLD)
    sweep = sweeps.propose(by=dov, at=NOW)
    with pytest.raises(sweeps.TakesEvidence, match="a second person confirms it"):
        sweeps.confirm(sweep, by=lead, at=NOW, reason="Read.")


def test_without_the_sweep_the_database_lets_no_receipt_go(dov: User) -> None:
    receipt = CookieReceiptFactory.create(at=OLD)
    with pytest.raises(IntegrityError, match="is evidence"), transaction.atomic():
        CookieReceipt.objects.filter(pk=receipt.pk)._raw_delete("default")


def test_a_cancelled_sweep_leaves_only_the_rows_it_took_on_the_list(
    dov: User, lead: User, small_windows: None
) -> None:
    two_years(CHOICES)
    CookieReceiptFactory.create_batch(5, at=OLD)
    sweep = confirmed(dov, lead)
    sweeps.run(sweep, at=NOW, windows=1)
    sweeps.cancel(sweep, by=lead, at=NOW, reason="Wrong rule.")
    assert (CookieReceipt.objects.count(), DisposedRow.objects.count()) == (3, 2)


@pytest.mark.parametrize("scope", [{"scope": HoldScope.EVERYONE}, {"scope": HoldScope.PEOPLE}])
def test_events_about_a_person_on_hold_stay(dov: User, lead: User, scope: dict[str, str]) -> None:
    two_years(RECORD)
    amina = PersonFactory.create(amina=True)
    record("people.read", amina, by=dov, at=OLD)
    old_events(1)
    hold = LegalHoldFactory.create(owner=dov, people=[amina], **scope)
    holds.place(hold, by=dov, at=NOW)
    item = sweeps.propose(by=dov, at=NOW).items.get()
    assert (item.proposed_count, item.held_count) == (2, 2 if scope["scope"] == "everyone" else 1)


def test_a_rule_for_one_role_takes_no_receipt_for_they_have_no_person(dov: User) -> None:
    two_years(CHOICES, role=Role.LEARNER)
    CookieReceiptFactory.create(at=OLD)
    assert sweeps.propose(by=dov, at=NOW).items.get().proposed_count == 0

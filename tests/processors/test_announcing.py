"""From a difference in the register to a mail, once each."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction

from audit.models import Event
from law.models import Company
from notices.models import Campaign, Notice
from notices.models import Status as NoticeStatus
from processors.models import Announcement, SubprocessorChange
from processors.public_list import announcing
from tests.people.factories import UserFactory

from .change_factories import ChangeFactory, SubscriptionFactory
from .factories import ProcessorFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
JULY = date(2026, 7, 1)


def approved():
    return ProcessorFactory(approved=True)


@pytest.fixture
def dov():
    return UserFactory(dov=True)


def announce(*rows: SubprocessorChange, by, effective_on: date = JULY) -> Announcement:
    return announcing.announce(rows, effective_on=effective_on, by=by, at=NOW, reason="A new host.")


def test_each_confirmed_subscriber_is_told_once_in_their_language(dov):
    SubscriptionFactory(address="carla@family.example", language="es")
    SubscriptionFactory(unconfirmed=True)
    SubscriptionFactory(ended=True)
    announcement = announce(ChangeFactory(name="Brightpage"), by=dov)
    notice = Notice.objects.get()
    assert (notice.address, notice.status, notice.greeting) == ("carla@family.example", "waiting", "")
    assert notice.letter.language == "es"
    assert "Brightpage" in notice.letter.body_text
    assert announcement.changes.get().announced_at == NOW


def test_a_mail_is_in_its_readers_language_and_marks_what_staff_wrote_in_english(dov):
    soon(ChangeFactory(), by=dov, because="the old host closes.")
    letter = Campaign.objects.get().letters.get(language="de")
    assert "Lesson videos. Orte: Vereinigte Staaten." in letter.body_text
    assert '<span lang="en">Lesson videos</span>. Orte: Vereinigte Staaten.' in letter.body_html
    assert 'Der Grund: <span lang="en">the old host closes.</span>' in letter.body_html
    assert "<span lang" not in Campaign.objects.get().letters.get(language="en").body_html


def test_a_subscriber_never_has_the_number_of_a_person(dov):
    SubscriptionFactory()
    announce(ChangeFactory(), by=dov)
    assert Notice.objects.get().recipient_id > 1 << 40


def test_several_changes_are_one_mail_and_one_line_in_the_record(dov):
    SubscriptionFactory.create_batch(2)
    announce(*ChangeFactory.create_batch(6), by=dov)
    letter = Campaign.objects.get().letters.get(language="en")
    assert "The page lists all 6 changes." in letter.body_text
    assert Notice.objects.count() == 2
    assert Event.objects.get(verb="processors.announce").details["told"] == 2


def test_a_change_is_announced_once(dov):
    change = ChangeFactory()
    announce(change, by=dov)
    with pytest.raises(announcing.AlreadyAnnounced):
        announce(change, by=dov)
    assert Announcement.objects.count() == 1


def test_nothing_cannot_be_announced(dov):
    with pytest.raises(announcing.NothingToAnnounce):
        announce(by=dov)


def test_a_day_within_the_notice_period_is_too_soon(dov):
    with pytest.raises(announcing.TooSoon, match="30 days’ notice, so it can take effect on 1 July 2026"):
        announce(ChangeFactory(), by=dov, effective_on=date(2026, 6, 30))
    assert announce(ChangeFactory(), by=dov, effective_on=JULY).effective_on == JULY


def test_the_notice_period_is_the_companys(dov):
    Company(processor_notice_days=60).save()
    with pytest.raises(announcing.TooSoon, match="60 days"):
        announce(ChangeFactory(), by=dov)


def soon(*rows: SubprocessorChange, by, **how) -> Announcement:
    how = {"effective_on": date(2026, 6, 2), **how}
    return announcing.announce_at_short_notice(rows, by=by, at=NOW, reason="Fire.", **how)


def test_what_cannot_wait_is_told_at_short_notice_with_a_reason_on_record(dov):
    SubscriptionFactory()
    soon(ChangeFactory(), by=dov, because="the old host burned down.")
    assert "at short notice, because the old host burned down." in Notice.objects.get().letter.body_text
    assert Event.objects.get(verb="processors.announce_at_short_notice").reason == "Fire."


def test_what_keeps_the_notice_period_is_not_called_short(dov):
    with pytest.raises(announcing.InGoodTime, match="1 July 2026 keeps the notice period"):
        soon(ChangeFactory(), by=dov, effective_on=JULY)
    soon(ChangeFactory(), by=dov, effective_on=date(2026, 6, 30))


def test_the_public_reads_no_reason_that_nobody_wrote_for_it(dov):
    SubscriptionFactory()
    soon(ChangeFactory(), by=dov)
    body = Notice.objects.get().letter.body_text
    assert "This comes at short notice. If you do not agree, tell us at once." in body
    assert "Fire" not in body


def test_yesterday_is_never_announced(dov):
    with pytest.raises(announcing.InThePast):
        soon(ChangeFactory(), by=dov, effective_on=date(2026, 5, 31))


def test_a_correction_stands_in_the_history_and_tells_nobody(dov):
    SubscriptionFactory()
    change = ChangeFactory(kind="name", was={"name": "Brigtpage"}, becomes={"name": "Brightpage"})
    done = announcing.correct(
        [change], by=dov, at=NOW, reason="A typing error.", because="a letter was missing."
    )
    assert (done.effective_on, done.is_correction) == (NOW.date(), True)
    assert list(SubprocessorChange.objects.told()) == [change]
    assert not Notice.objects.exists()


@pytest.mark.parametrize("kind", ["added", "removed"])
def test_who_comes_or_goes_is_no_mistake_of_the_list(dov, kind):
    with pytest.raises(announcing.NoMistake):
        announcing.correct([ChangeFactory(kind=kind)], by=dov, at=NOW, reason="Quietly.")


def test_a_line_that_named_one_company_twice_was_a_mistake(dov):
    twin = ProcessorFactory(ended=True, merged_into=ProcessorFactory(active=True))
    change = ChangeFactory(kind="removed", processor=twin)
    assert announcing.correct([change], by=dov, at=NOW, reason="One company.").is_correction


def test_a_later_word_does_not_take_effect_before_an_earlier_one(dov):
    arrival = ChangeFactory(processor=approved())
    announce(arrival, by=dov, effective_on=date(2026, 8, 1))
    move = ChangeFactory(kind="place", processor=arrival.processor, name="Brightpage", becomes={"places": []})
    with pytest.raises(announcing.OutOfOrder, match="1 August 2026"):
        announce(move, by=dov)
    announce(move, by=dov, effective_on=date(2026, 8, 1))
    with pytest.raises(announcing.OutOfOrder, match="after it first"):
        announcing.withdraw(arrival, by=dov, at=NOW, reason="No.")


def test_what_was_announced_cannot_be_changed_or_removed(dov):
    change = ChangeFactory()
    announce(change, by=dov)
    for spoil in (
        lambda: SubprocessorChange.objects.update(after="Nothing of note"),
        lambda: SubprocessorChange.objects.all().delete(),
        lambda: Announcement.objects.update(effective_on=date(2020, 1, 1)),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            spoil()


def test_who_was_told_hears_that_it_will_not_come(dov):
    SubscriptionFactory.create_batch(2)
    change = ChangeFactory(name="Brightpage", processor=approved())
    announce(change, by=dov)
    first, second = Notice.objects.order_by("pk")
    Notice.objects.filter(pk=first.pk).update(status=NoticeStatus.SENT)
    announcing.withdraw(change, by=dov, at=NOW, reason="They withdrew.")
    assert Notice.objects.get(pk=second.pk).status == "cancelled"
    news = Notice.objects.get(campaign__event="processors.change_withdrawn")
    assert news.recipient_id == first.recipient_id
    assert "It will not come" in news.letter.body_text


def test_mails_go_out_while_part_of_the_announcement_stands(dov):
    SubscriptionFactory()
    gone, stays = ChangeFactory(processor=approved()), ChangeFactory()
    announce(gone, stays, by=dov)
    announcing.withdraw(gone, by=dov, at=NOW, reason="They withdrew.")
    assert set(Notice.objects.values_list("campaign__event", "status")) == {
        ("processors.list_change", "waiting"),
        ("processors.change_withdrawn", "waiting"),
    }


def test_what_was_only_gathered_is_not_put_away_by_hand(dov):
    change = ChangeFactory()
    with pytest.raises(announcing.NothingToAnnounce, match="Nobody was told of it"):
        announcing.withdraw(change, by=dov, at=NOW, reason="A nuisance.")
    assert list(SubprocessorChange.objects.gathered()) == [change]


def test_what_is_in_effect_cannot_be_withdrawn(dov):
    with pytest.raises(announcing.TooLate):
        announcing.withdraw(ChangeFactory(told_for=date(2026, 6, 1)), by=dov, at=NOW, reason="Regret.")


def test_the_stage_follows_from_the_dates():
    ChangeFactory(name="a")
    ChangeFactory(name="b", told_for=JULY)
    ChangeFactory(name="c", told_for=date(2026, 6, 1))
    ChangeFactory(name="d", told_for=JULY, withdrawn_at=NOW, withdrawal_reason="No.")
    rows = SubprocessorChange.objects.with_stage(NOW.date())
    stages = {row.name: row.stage for row in rows}  # type: ignore[attr-defined]  # from with_stage
    assert stages == {"a": "gathered", "b": "announced", "c": "in effect", "d": "withdrawn"}


def test_schools_may_join_those_who_are_told(dov, monkeypatch):
    asked = []

    def schools(campaign, letters, rows):
        asked.append((campaign.event, len(rows)))
        return announcing.subscribers(campaign, letters, rows).none()

    monkeypatch.setattr(announcing, "audiences", [announcing.subscribers, schools])
    announce(ChangeFactory(), by=dov)
    assert asked == [("processors.list_change", 1)]

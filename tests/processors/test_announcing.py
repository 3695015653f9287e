"""From a difference in the register to a mail, once each."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction

from audit.models import Event
from notices.models import Campaign, Notice
from notices.models import Status as NoticeStatus
from processors import announcing, changes
from processors.models import Announcement, ChangeKind, SubprocessorChange
from tests.people.factories import UserFactory

from .change_factories import ChangeFactory, ListedFactory, SubscriptionFactory
from .factories import ProcessorFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
JULY = date(2026, 7, 1)


@pytest.fixture
def dov():
    return UserFactory(dov=True)


def announce(*rows: SubprocessorChange, by, effective_on: date = JULY) -> Announcement:
    return announcing.announce(rows, effective_on=effective_on, by=by, at=NOW, reason="A new host.")


def test_an_arrival_says_what_for_and_where():
    brightpage = ListedFactory(name="Brightpage", places=["US", "IE"])
    change = changes.note_added(brightpage, at=NOW)
    assert (change.kind, change.name) == ("added", "Brightpage")
    assert change.after == "Lesson videos. Places: United States, Ireland."


def test_an_arrival_is_gathered_once_also_when_it_was_told_before():
    brightpage = ListedFactory()
    assert changes.note_added(brightpage, at=NOW)
    assert changes.note_added(brightpage, at=NOW) is None
    SubprocessorChange.objects.all().delete()
    ChangeFactory(processor=brightpage, told_for=JULY)
    assert changes.note_added(brightpage, at=NOW) is None


def test_what_is_undone_before_anybody_was_told_leaves_nothing_to_tell():
    brightpage = ListedFactory(places=["US"])
    changes.note_added(brightpage, at=NOW)
    assert changes.note_removed(brightpage, at=NOW) is None
    changes.note(brightpage, ChangeKind.PLACE, before="United States", after="Ireland", at=NOW)
    assert changes.note(brightpage, ChangeKind.PLACE, before="Ireland", after="United States", at=NOW) is None
    assert not SubprocessorChange.objects.exists()


def test_two_moves_before_anybody_was_told_are_one():
    brightpage = ListedFactory()
    changes.note(brightpage, ChangeKind.PLACE, before="United States", after="Ireland", at=NOW)
    changes.note(brightpage, ChangeKind.PLACE, before="Ireland", after="Spain", at=NOW)
    change = SubprocessorChange.objects.get()
    assert (change.before, change.after) == ("United States", "Spain")


def test_a_new_name_and_new_work_of_a_listed_company_are_told():
    brightpage = ListedFactory(name="Brightpage", description="Lesson games")
    changes.note_name(brightpage, before="Dimpage", at=NOW)
    changes.note_purpose(brightpage, before="Lesson videos", at=NOW)
    rows = SubprocessorChange.objects.order_by("pk").values_list("kind", "before", "after")
    assert list(rows) == [("name", "Dimpage", "Brightpage"), ("purpose", "Lesson videos", "Lesson games")]


def test_a_company_the_public_does_not_know_changes_in_silence():
    plan = ProcessorFactory()
    changes.note_name(plan, before="Secret", at=NOW)
    changes.note_places(plan, before="Spain", at=NOW)
    assert not SubprocessorChange.objects.exists()


def test_a_new_place_before_the_arrival_was_told_belongs_to_the_arrival():
    brightpage = ListedFactory(places=["US"])
    changes.note_added(brightpage, at=NOW)
    brightpage.places.create(country="IE")
    changes.note_places(brightpage, before="United States", at=NOW)
    assert SubprocessorChange.objects.get().after.endswith("United States, Ireland.")


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


def test_nothing_and_yesterday_cannot_be_announced(dov):
    with pytest.raises(announcing.NothingToAnnounce):
        announce(by=dov)
    with pytest.raises(announcing.InThePast):
        announce(ChangeFactory(), by=dov, effective_on=date(2026, 5, 31))


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
    change = ChangeFactory(name="Brightpage")
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
    gone, stays = ChangeFactory.create_batch(2)
    announce(gone, stays, by=dov)
    announcing.withdraw(gone, by=dov, at=NOW, reason="They withdrew.")
    assert set(Notice.objects.values_list("campaign__event", "status")) == {
        ("processors.list_change", "waiting"),
        ("processors.change_withdrawn", "waiting"),
    }


def test_what_was_only_gathered_is_put_away_and_nobody_hears_of_it(dov):
    SubscriptionFactory()
    change = ChangeFactory()
    announcing.withdraw(change, by=dov, at=NOW, reason="A typing error.")
    assert not Notice.objects.exists()
    assert list(SubprocessorChange.objects.gathered()) == []


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

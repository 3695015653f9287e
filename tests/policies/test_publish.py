"""What a publication sets in motion: everyone concerned is told once, or nothing happens at all."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from audit.models import Event
from law.models import Company
from notices import actions as notices
from notices.models import Campaign, Notice
from notices.models import Status as NoticeStatus
from people.models import Person
from policies import actions, announcing, audience
from policies.models import PolicyVersion, Status
from tests.people.factories import GuardianshipFactory, PersonFactory, UserFactory

from .factories import PolicyFactory, PolicyTextFactory, PolicyVersionFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.fixture
def version() -> PolicyVersion:
    """Approved and significant, in English and Spanish."""
    Company.objects.create(
        pk=1,
        name="Aloraoraex",
        service="Aloraoraex",
        contact_email="help@aloraoraex.org",
        postal_address="Dayton",
    )
    version = PolicyVersionFactory(
        policy=PolicyFactory(main=True), approved=True, effective_on=date(2026, 3, 2)
    )
    PolicyTextFactory(version=version, language="es", summary="Compartimos su nombre con una empresa más.")
    return version


def publish(version: PolicyVersion) -> Campaign:
    actions.publish(version, by=UserFactory(), at=NOW)
    return Campaign.objects.get(event=announcing.CHANGE)


def test_carla_gets_one_letter_for_both_children_in_words_for_guardians(version: PolicyVersion) -> None:
    carla = PersonFactory(carla=True)
    for child in (PersonFactory(amina=True), PersonFactory(ben=True)):
        GuardianshipFactory(child=child, guardian=carla)
    notice = publish(version).notices.get()
    assert (notice.recipient_id, notice.address, notice.status) == (
        carla.pk,
        carla.email,
        NoticeStatus.WAITING,
    )
    assert notice.letter.variant == "guardian"
    assert notice.letter.subject == "A privacy change on 2 March 2026 for your learner"


def test_a_letter_comes_in_the_persons_language_or_the_original(version: PolicyVersion) -> None:
    rosa, xavier = PersonFactory(language="es"), PersonFactory(language="fr")
    languages = dict(publish(version).notices.values_list("recipient_id", "letter__language"))
    assert languages == {rosa.pk: "es", xavier.pk: "en"}


def test_who_has_no_usable_address_gets_the_prominent_notice(version: PolicyVersion) -> None:
    people = {PersonFactory(no_address=True), PersonFactory(undeliverable=True), PersonFactory(ben=True)}
    posted = publish(version).notices.filter(status=NoticeStatus.POSTED, address="")
    assert set(posted.values_list("recipient_id", flat=True)) == {person.pk for person in people}


def test_a_letter_holds_nothing_about_a_person_but_the_greeting(version: PolicyVersion) -> None:
    ben = PersonFactory(ben=True, family_name="Qanary")
    GuardianshipFactory(child=ben)
    for letter in publish(version).letters.all():
        words = letter.subject + letter.body_text + letter.body_html
        assert "Qanary" not in words
        assert "Ben" not in words
        assert words.count("{greeting}") == 2


def test_the_mail_says_what_changes_and_where_to_read_it(version: PolicyVersion) -> None:
    letter = publish(version).letters.get(variant="adult", language="en")
    for words in (
        "From 2 March 2026",
        "We share your name with one more company.",
        "not a yes to anything optional",
    ):
        assert words in letter.body_text
        assert words in letter.body_html
    assert "/versions/2026-03-02/changes/" in letter.body_text


def test_the_text_is_frozen_with_its_fingerprint_in_the_audit_event(version: PolicyVersion) -> None:
    PersonFactory()
    publish(version)
    event = Event.objects.about(version).get(verb="policies.publish")
    assert event.details["sha256"] == {text.language: text.sha256 for text in version.texts.all()}
    assert event.details["told"] == {"guardian": 0, "adult": 1, "child": 0}


def test_an_editorial_change_writes_to_nobody(version: PolicyVersion) -> None:
    PersonFactory()
    PolicyVersion.objects.filter(pk=version.pk).update(significance="editorial")
    actions.publish(version, by=UserFactory(), at=NOW)
    assert not Notice.objects.exists()


def test_announcing_again_writes_nothing(version: PolicyVersion) -> None:
    PersonFactory.create_batch(3)
    publish(version)
    assert announcing.announce_change(version, at=NOW) == {"guardian": 0, "adult": 0, "child": 0}


def test_when_telling_fails_nothing_is_published(
    version: PolicyVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("notices.actions.record", broken)
    with pytest.raises(RuntimeError):
        actions.publish(version, by=UserFactory(), at=NOW)
    version.refresh_from_db()
    assert (version.status, Notice.objects.count(), Campaign.objects.count()) == (Status.APPROVED, 0, 0)
    assert not Event.objects.filter(verb="policies.publish").exists()


def test_a_crowd_is_recorded_in_as_many_statements_as_one_person(
    version: PolicyVersion, django_assert_num_queries
) -> None:
    groups = announcing.audience_groups(version.policy, NOW)
    PersonFactory.create_batch(50)
    campaign, _ = notices.open_campaign(
        announcing.CHANGE, version, letters=announcing.letters(version, announcing.CHANGE), at=NOW
    )
    letters = list(campaign.letters.all())
    with django_assert_num_queries(3):
        for group in groups:
            notices.record(campaign, audience.recipients(group, letters, "en"), at=NOW)
    assert campaign.notices.count() == 50


def test_withdrawing_stops_what_waits_and_tells_who_was_told(version: PolicyVersion) -> None:
    told, waiting, posted = PersonFactory(), PersonFactory(), PersonFactory(no_address=True)
    campaign = publish(version)
    campaign.notices.filter(recipient_id=told.pk).update(status=NoticeStatus.SENT)
    actions.withdraw(version, by=UserFactory(), at=NOW, reason="The provider went out of business.")
    news = Campaign.objects.get(event=announcing.WITHDRAWAL)
    assert campaign.notices.get(recipient_id=waiting.pk).status == NoticeStatus.CANCELLED
    assert dict(news.notices.values_list("recipient_id", "status")) == {
        told.pk: "waiting",
        posted.pk: "posted",
    }
    assert (
        news.letters.filter(language="en").first().subject
        == "Our privacy policy does not change on 2 March 2026"
    )


def test_a_parked_mail_cannot_announce_what_was_withdrawn(version: PolicyVersion) -> None:
    PersonFactory()
    campaign = publish(version)
    campaign.notices.update(status=NoticeStatus.PARKED)
    actions.withdraw(version, by=UserFactory(), at=NOW, reason="A mistake.")
    assert campaign.notices.get().status == NoticeStatus.CANCELLED


def test_a_withdrawal_reaches_who_may_have_been_told_and_nobody_who_left(version: PolicyVersion) -> None:
    """A sender had Amina's mail in hand as it was cancelled; nobody can know whether it went out."""
    amina, left = PersonFactory(), PersonFactory()
    campaign = publish(version)
    campaign.notices.filter(recipient_id=amina.pk).update(lease_token=uuid4())
    campaign.notices.filter(recipient_id=left.pk).update(status=NoticeStatus.SENT)
    Person.objects.filter(pk=left.pk).update(left_at=NOW)
    actions.withdraw(version, by=UserFactory(), at=NOW, reason="A mistake.")
    news = Campaign.objects.get(event=announcing.WITHDRAWAL)
    assert list(news.notices.values_list("recipient_id", flat=True)) == [amina.pk]


def test_withdrawing_before_anybody_was_told_is_quiet(version: PolicyVersion) -> None:
    publish(version)
    actions.withdraw(version, by=UserFactory(), at=NOW, reason="A mistake.")
    assert Event.objects.get(verb="policies.withdraw").details == {"stopped": 0, "told": 0}


@pytest.mark.parametrize("event", [announcing.CHANGE, announcing.WITHDRAWAL])
def test_the_longest_day_of_every_language_leaves_a_subject_that_is_read_whole(event: str) -> None:
    version = PolicyVersionFactory(
        policy=PolicyFactory(main=True), approved=True, effective_on=date(2026, 9, 30)
    )
    for language in ("es", "fr", "de"):
        PolicyTextFactory(version=version, language=language)
    subjects = [draft.subject for draft in announcing.letters(version, event)]
    assert len(subjects) >= 4
    assert [subject for subject in subjects if len(subject) > 60] == []

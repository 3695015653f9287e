import pytest
from django.db.models import F, Value

from audit.actors import SYSTEM
from audit.models import Event
from law.models import Company
from notices import actions
from notices.letters import LetterRefused
from notices.models import Campaign, Letter, Notice, Status

from .factories import LONG_AGO, CampaignFactory, LetterFactory, NoticeFactory, draft

pytestmark = pytest.mark.django_db


def recipients(letter, **changed):
    """Any table can be the source; here the campaigns themselves play the audience."""
    columns = {
        "recipient_id": F("id"),
        "address": Value("carla@family.example"),
        "greeting": Value("Carla"),
        "letter_id": Value(letter.pk),
        "status": Value("waiting"),
    }
    return Campaign.objects.annotate(**{**columns, **changed}).values_list(*columns)


def test_a_campaign_is_opened_once_and_keeps_its_first_words():
    company = Company.current()
    first, is_new = actions.open_campaign("policies.changed", company, letters=[draft()], at=LONG_AGO)
    again, is_newer = actions.open_campaign(
        "policies.changed", company, letters=[draft(subject="Other words")], at=LONG_AGO
    )
    assert (first, is_new, is_newer) == (again, True, False)
    assert Letter.objects.get().subject == draft().subject


def test_words_are_frozen_in_one_unicode_form_with_their_fingerprint():
    decomposed = draft(subject="Änderung")
    actions.open_campaign("policies.changed", Company.current(), letters=[decomposed], at=LONG_AGO)
    letter = Letter.objects.get()
    assert letter.subject == "Änderung"
    assert letter.sha256 == draft(subject="Änderung").sha256 == decomposed.sha256


@pytest.mark.parametrize(
    "broken",
    [
        {"subject": "Change\r\nBcc: everybody@example.org"},
        {"subject": "Change\nagain"},
        {"subject": "  "},
        {"subject": "x" * 121},
        {"body_text": "Hello,"},
        {"body_text": "Hello{greeting}, hello{greeting},"},
        {"body_html": "<p>Hello,</p>"},
        {"body_html": "<p>Hello{greeting}, \0</p>"},
        {"language": "tlh"},
    ],
)
def test_a_broken_letter_is_refused_and_nothing_is_opened(broken):
    with pytest.raises(LetterRefused):
        actions.open_campaign(
            "policies.changed", Company.current(), letters=[draft(), draft(**broken)], at=LONG_AGO
        )
    assert not Campaign.objects.exists()


def test_a_campaign_without_letters_is_refused():
    with pytest.raises(LetterRefused):
        actions.open_campaign("policies.changed", Company.current(), letters=[], at=LONG_AGO)


def test_recording_writes_each_person_once_however_often_it_runs():
    letter = LetterFactory()
    CampaignFactory.create_batch(4)
    assert actions.record(letter.campaign, recipients(letter), at=LONG_AGO) == 5
    CampaignFactory()
    assert actions.record(letter.campaign, recipients(letter), at=LONG_AGO) == 1
    assert actions.record(letter.campaign, recipients(letter), at=LONG_AGO) == 0
    assert Notice.objects.count() == 6


def test_a_recorded_notice_is_like_one_the_model_would_write():
    letter = LetterFactory()
    actions.record(letter.campaign, recipients(letter), at=LONG_AGO)
    recorded = Notice.objects.values().get()
    made = NoticeFactory(letter=LetterFactory(), address="carla@family.example", greeting="Carla")
    expected = Notice.objects.values().get(pk=made.pk)
    same = set(expected) - {"id", "campaign_id", "letter_id", "recipient_id"}
    assert {name: recorded.get(name) for name in same} == {name: expected.get(name) for name in same}


def test_an_empty_audience_writes_nothing():
    letter = LetterFactory()
    nobody = recipients(letter).filter(pk__in=[])
    assert actions.record(letter.campaign, nobody, at=LONG_AGO) == 0
    assert actions.record(letter.campaign, recipients(letter).none(), at=LONG_AGO) == 0


def test_percent_signs_and_filters_pass_into_the_statement_unharmed():
    letter = LetterFactory()
    odd = recipients(letter, greeting=Value("100% {greeting}")).filter(event__contains="policies")
    assert actions.record(letter.campaign, odd, at=LONG_AGO) == 1
    assert Notice.objects.get().greeting == "100% {greeting}"


def test_columns_in_another_order_are_refused():
    letter = LetterFactory()
    swapped = recipients(letter).values_list("recipient_id", "greeting", "address", "letter_id", "status")
    with pytest.raises(TypeError):
        actions.record(letter.campaign, swapped, at=LONG_AGO)


def test_cancelling_stops_what_waits_and_nothing_else():
    letter = LetterFactory()
    waiting = NoticeFactory(letter=letter)
    parked = NoticeFactory(letter=letter, status=Status.PARKED)
    sent = NoticeFactory(letter=letter, status=Status.SENT)
    elsewhere = NoticeFactory()
    stopped = actions.cancel_waiting(letter.campaign, by=SYSTEM, at=LONG_AGO, reason="A wrong date")
    statuses = [Notice.objects.get(pk=notice.pk).status for notice in (waiting, parked, sent, elsewhere)]
    assert (stopped, statuses) == (2, [Status.CANCELLED, Status.CANCELLED, Status.SENT, Status.WAITING])
    event = Event.objects.get()
    assert (event.verb, event.details, event.reason) == (
        "notices.cancel_waiting",
        {"stopped": 2},
        "A wrong date",
    )


def test_cancelling_when_nothing_waits_is_refused():
    with pytest.raises(actions.NothingWaiting):
        actions.cancel_waiting(CampaignFactory(), by=SYSTEM, at=LONG_AGO, reason="A wrong date")


def test_a_parked_notice_goes_back_with_a_clean_count():
    notice = NoticeFactory(status=Status.PARKED, attempts=75, crashes=5, failure="451")
    actions.retry(notice, by=SYSTEM, at=LONG_AGO, reason="Server mended")
    notice.refresh_from_db()
    assert (notice.status, notice.attempts, notice.crashes, notice.failure) == (Status.WAITING, 0, 0, "")
    with pytest.raises(actions.NotParked):
        actions.retry(notice, by=SYSTEM, at=LONG_AGO, reason="Again")


def test_all_parked_notices_of_a_campaign_go_back_together():
    letter = LetterFactory()
    NoticeFactory.create_batch(3, letter=letter, status=Status.PARKED)
    assert actions.retry_parked(letter.campaign, by=SYSTEM, at=LONG_AGO, reason="Server mended") == 3
    with pytest.raises(actions.NotParked):
        actions.retry_parked(letter.campaign, by=SYSTEM, at=LONG_AGO, reason="Again")

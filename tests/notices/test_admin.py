from datetime import date

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from audit.models import Event
from notices.models import Notice, Status
from tests.people.factories import UserFactory
from tests.policies.factories import PolicyVersionFactory

from .factories import CampaignFactory, LetterFactory, NoticeFactory

pytestmark = pytest.mark.django_db


def permitted(client, *codenames):
    dov = UserFactory(dov=True)
    dov.user_permissions.set(
        Permission.objects.filter(content_type__app_label__in=["notices", "policies"], codename__in=codenames)
    )
    client.force_login(dov)
    return client


@pytest.fixture
def dov(client, settings):
    settings.MFA_REQUIRED = False
    return permitted(client, "view_campaign", "view_letter", "view_notice", "cancel_campaign", "retry_notice")


def url(name, *args):
    return reverse(f"admin:notices_{name}", args=args)


def test_a_campaign_shows_its_counts_and_links_to_the_notices_they_count(dov):
    letter = LetterFactory()
    NoticeFactory.create_batch(3, letter=letter)
    NoticeFactory(letter=letter, status=Status.BOUNCED)
    NoticeFactory()
    shown = dov.get(url("campaign_change", letter.campaign_id)).content.decode()
    link = f"{url('notice_changelist')}?campaign__id__exact={letter.campaign_id}&amp;status__exact=waiting"
    assert link in shown
    listed = dov.get(link.replace("&amp;", "&"))
    assert listed.context["cl"].result_count == 3


def test_watching_a_campaign_reloads_only_when_asked(dov):
    letter = LetterFactory()
    NoticeFactory.create_batch(3, letter=letter)
    NoticeFactory(letter=letter, status=Status.SENT)
    response = dov.get(url("campaign_watch", letter.campaign_id))
    shown = response.content.decode()
    assert "1 of 4 notices are done, 3 are waiting." in shown
    assert '<progress id="progress" value="1" max="4">' in shown
    assert "http-equiv" not in shown
    assert "Refresh" not in response.headers


@pytest.mark.parametrize("may_open", [True, False])
def test_a_campaign_is_called_by_what_it_is_about_and_leads_there_whoever_may_open_it(client, dov, may_open):
    if may_open:
        permitted(client, "view_campaign", "view_policyversion")
    version = PolicyVersionFactory(effective_on=date(2027, 1, 5))
    campaign = CampaignFactory(
        event="policies.significant_change", object_type="policies.policyversion", object_ref=version.pk
    )
    title = "Privacy policy of 5 January 2027: significant change"
    listed = dov.get(url("campaign_changelist")).content.decode()
    assert title in listed
    shown = dov.get(url("campaign_change", campaign.pk)).content.decode()
    assert f"<h1>{title}</h1>" in shown
    assert (f'href="/admin/policies/policyversion/{version.pk}/change/"' in shown) is may_open


def test_the_lists_ask_the_same_few_questions_however_long_they_are(dov, django_assert_max_num_queries):
    NoticeFactory.create_batch(30)
    for name in ("campaign_changelist", "notice_changelist"):
        with django_assert_max_num_queries(12):
            assert dov.get(url(name)).status_code == 200


def test_a_notice_is_found_by_its_whole_address_in_any_case(dov):
    NoticeFactory(address="amina@family.example")
    NoticeFactory(address="amina2@family.example")
    for term, found in (("Amina@Family.example", 1), ("amina", 0)):
        assert dov.get(url("notice_changelist"), {"q": term}).context["cl"].result_count == found


def test_lists_and_titles_name_nobody(dov):
    notice = NoticeFactory(greeting="Qanary", address="qanary@family.example")
    listed = dov.get(url("notice_changelist")).content.decode()
    assert "qanary" not in listed.lower()
    assert f"Notice {notice.pk}" in listed


def test_the_page_of_a_notice_shows_the_mail_and_notes_who_looked(dov):
    notice = NoticeFactory(greeting="<Amina>")
    shown = dov.get(url("notice_change", notice.pk)).content.decode()
    assert "Hello &lt;Amina&gt;," in shown
    assert f'sandbox src="{url("notice_html", notice.pk)}"' in shown
    read = Event.objects.get(verb="notices.read")
    assert (read.object_ref, read.actor_kind) == (str(notice.pk), "staff")


def test_the_preview_alone_may_carry_styles_and_can_do_nothing(dov):
    notice = NoticeFactory(greeting="<Amina>")
    preview = dov.get(url("notice_html", notice.pk))
    assert "<p>Hello &lt;Amina&gt;,</p>" in preview.content.decode()
    policy = preview.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; sandbox;")
    assert "frame-ancestors 'self'" in policy
    assert preview.headers["X-Frame-Options"] == "SAMEORIGIN"
    page = dov.get(url("notice_change", notice.pk))
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"


def test_a_letter_shows_its_frozen_words_with_the_greeting_open(dov):
    letter = LetterFactory()
    assert "{greeting}" in dov.get(url("letter_html", letter.pk)).content.decode()
    assert letter.sha256 in dov.get(url("letter_change", letter.pk)).content.decode()


@pytest.mark.parametrize(
    "name", ["notice_html", "notice_change", "letter_html", "campaign_watch", "campaign_change"]
)
def test_staff_without_leave_see_nothing(client, settings, name):
    settings.MFA_REQUIRED = False
    notice = NoticeFactory()
    pk = {"notice": notice.pk, "letter": notice.letter_id, "campaign": notice.campaign_id}[name.split("_")[0]]
    assert permitted(client).get(url(name, pk)).status_code == 403
    assert not Event.objects.exists()


def test_what_does_not_exist_is_not_found(dov):
    for name in ("notice_html", "letter_html", "campaign_watch"):
        assert dov.get(url(name, 4711)).status_code == 404


def test_cancelling_says_how_many_and_asks_for_a_reason(dov):
    letter = LetterFactory()
    NoticeFactory.create_batch(3, letter=letter)
    NoticeFactory(letter=letter, status=Status.SENT)
    press = url("campaign_do", letter.campaign_id, "cancel-waiting")
    asked = dov.get(press).content.decode()
    assert "3 people will not get this mail." in asked
    assert "1 person already told stay told." in asked
    dov.post(press, {"reason": ""})
    assert Notice.objects.filter(status=Status.CANCELLED).count() == 0
    dov.post(press, {"reason": "A wrong date"})
    assert Notice.objects.filter(status=Status.CANCELLED).count() == 3


def test_a_parked_notice_can_be_tried_again_and_a_sent_one_cannot(dov):
    parked, sent = NoticeFactory(status=Status.PARKED, attempts=75), NoticeFactory(status=Status.SENT)
    for notice in (parked, sent):
        dov.post(url("notice_do", notice.pk, "retry"), {"reason": "Server mended"})
        notice.refresh_from_db()
    assert [parked.status, sent.status] == [Status.WAITING, Status.SENT]


def test_all_parked_notices_of_a_campaign_can_be_tried_again(dov):
    letter = LetterFactory()
    NoticeFactory.create_batch(3, letter=letter, status=Status.PARKED)
    dov.post(url("campaign_do", letter.campaign_id, "retry-parked"), {"reason": "Server mended"})
    assert Notice.objects.filter(status=Status.WAITING).count() == 3


def test_nothing_can_be_added_or_changed_by_hand(dov):
    notice = NoticeFactory()
    assert dov.get(url("notice_add")).status_code == 403
    assert dov.post(url("notice_change", notice.pk), {"status": "sent"}).status_code == 403
    assert dov.post(url("notice_changelist"), {"action": "delete_selected"}).status_code == 405
    notice.refresh_from_db()
    assert notice.status == Status.WAITING

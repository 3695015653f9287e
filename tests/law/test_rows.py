"""Law rows: dated, sourced, approved by somebody, never edited."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from audit.models import Event
from law import actions, loading
from law.models import AgeOfConsent, Company
from tests.people.factories import UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def france() -> AgeOfConsent:
    return AgeOfConsent.objects.get(place="FR")


def test_loading_again_adds_nothing_and_changes_nothing(france: AgeOfConsent) -> None:
    actions.switch_off(france, by=UserFactory(), at=NOW, reason="Under study.")
    assert loading.load_shipped_rows() == 0
    france.refresh_from_db()
    assert france.is_on is False


@pytest.mark.parametrize(
    ("field", "value"), [("place", "France"), ("place", "us-ca"), ("parent_needed_below", "2130")]
)
def test_a_slip_of_the_finger_makes_no_row(client: Client, field: str, value: str) -> None:
    client.force_login(UserFactory(group="privacy lead"))
    fact = {"place": "KE", "rule": "coppa", "parent_needed_below": "18", "source": "Act", "checked": "Read"}
    rows = AgeOfConsent.objects.count()
    assert client.post("/admin/law/ageofconsent/add/", {**fact, field: value}).status_code == 200
    assert AgeOfConsent.objects.count() == rows
    assert client.post("/admin/law/ageofconsent/add/", fact).status_code == 302


def test_an_approved_row_cannot_be_changed_by_anybody(france: AgeOfConsent) -> None:
    actions.approve(france, by=UserFactory(), at=NOW, reason="Read Art. 45.")
    for change in ({"parent_needed_below": 13}, {"source": "?"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            AgeOfConsent.objects.filter(pk=france.pk).update(**change)


def test_a_row_is_approved_once(france: AgeOfConsent) -> None:
    actions.approve(france, by=UserFactory(), at=NOW, reason="Read it.")
    with pytest.raises(actions.AlreadyApproved):
        actions.approve(france, by=UserFactory(), at=NOW, reason="Me too.")


def test_what_stands_from_memory_is_approved_before_it_is_switched_on() -> None:
    iceland, dov = AgeOfConsent.objects.get(place="IS"), UserFactory()
    with pytest.raises(actions.NotVerified):
        actions.switch_on(iceland, by=dov, at=NOW, reason="Looks right.")
    actions.approve(iceland, by=dov, at=NOW, reason="Read Act 90/2018.")
    actions.switch_on(iceland, by=dov, at=NOW, reason="Approved.")
    assert [event.verb for event in Event.objects.about(iceland)] == ["law.switch_on", "law.approve"]


def test_a_row_ends_after_it_began_and_goes_on_explaining_the_past(france: AgeOfConsent) -> None:
    dov = UserFactory()
    with pytest.raises(actions.EndsBeforeItStarts):
        actions.end(france, by=dov, at=NOW, reason="?", in_force_until=date(2018, 5, 25))
    actions.end(france, by=dov, at=NOW, reason="New law.", in_force_until=date(2027, 1, 1))
    assert AgeOfConsent.objects.in_force(date(2026, 12, 31)).filter(pk=france.pk).exists()
    assert not AgeOfConsent.objects.in_force(date(2027, 1, 1)).filter(pk=france.pk).exists()


def test_the_desk_shows_a_row_and_edits_none(client: Client, france: AgeOfConsent) -> None:
    client.force_login(UserFactory(group="privacy lead"))
    url = f"/admin/law/ageofconsent/{france.pk}/change/"
    assert client.get(url).status_code == 200
    assert client.post(url, {"parent_needed_below": 13}).status_code == 403


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("time_zone", "Mars/Phobos", "not a time zone"),
        ("contact_email", "help", "valid email"),
        ("notice_days", "-1", "greater than or equal to 0"),
        ("review_months", "0", "greater than or equal to 1"),
        ("unknown_age_europe", "99", "less than or equal to 21"),
    ],
)
def test_company_facts_are_checked_beside_their_field(
    client: Client, field: str, value: str, sentence: str
) -> None:
    good = {
        "name": "Aloraoraex", "service": "Aloraoraex", "contact_email": "help@aloraoraex.org", "postal_address": "Dayton",
        "review_months_low": 24, "review_months_medium": 12, "review_months_high": 6, "listing_months": 12,
        "adequacy_warning_days": 180, "transfer_laws": ["eu_gdpr"],
        "country": "US", "time_zone": "America/New_York", "notice_days": 30, "review_months": 12,
        "choice_days": 182, "hold_review_months": 12, "order_days": 30, "processor_notice_days": 30,
        "review_warning_days": 60, "large_audience": 1000, "unknown_age_europe": 16, "unknown_age_elsewhere": 18,
    }  # fmt: skip
    client.force_login(UserFactory(superuser=True))
    response = client.post("/admin/law/company/add/", {**good, field: value})
    assert sentence in response.content.decode()
    assert not Company.objects.exists()
    client.post("/admin/law/company/add/", good)
    assert Company.current().name == "Aloraoraex"


def test_a_second_company_is_refused(client: Client) -> None:
    Company.objects.create(pk=1, name="A", service="A", contact_email="a@a.org", postal_address="B")
    client.force_login(UserFactory(superuser=True))
    assert client.get("/admin/law/company/add/").status_code == 403
    with pytest.raises(IntegrityError), transaction.atomic():
        Company.objects.create(pk=2, name="B")

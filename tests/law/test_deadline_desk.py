"""The same question by command and on the desk's page; rows that wait to be looked at again."""

import json
from datetime import UTC, date, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from audit.models import Event
from law import actions
from law.models import ClosedDay, Regime
from tests.people.factories import UserFactory

from .vectors import Example, example

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAGE = "/admin/law/regime/calculate/"


def ask(*args: str) -> dict[str, Any]:
    out = StringIO()
    call_command("deadline", *args, stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def asked(one: Example) -> dict[str, Any]:
    return ask(one.regime, one.place, one.received_at, *one.events.split(), "--kind", one.kind)


@pytest.mark.parametrize(
    "what",
    [
        "leap year",
        "still the day before in UTC",
        "three months from receipt",
        "pause for a clarification, both",
        "Sixty days for an appeal",
        "Iowa",
        "Thirty days from discovery",
        "Hours run on over a holiday",
        "Thanksgiving",
    ],
)
def test_the_command_prints_both_dates_and_the_reasons(what: str) -> None:
    one = example(what)
    answer = asked(one)
    assert (answer["strict_due"], answer["legal_due"]) == (one.strict_due, one.legal_due)
    assert answer["explanation"]


def test_the_command_counts_with_the_days_staff_wrote() -> None:
    ClosedDay.objects.create(place="FR", day=date(2026, 9, 30), name="Strike", is_corrected=True)
    answer = asked(example("No 31 September"))
    assert answer["legal_due"] == "2026-10-01"
    assert "30 September (Strike)" in answer["explanation"]


def test_a_law_without_a_number_gives_null_and_a_target() -> None:
    answer = asked(example("The Rule names no number"))
    assert (answer["strict_due"], answer["legal_due"], answer["target_due"]) == (None, None, "2026-05-18")


@pytest.mark.parametrize(
    ("code", "words"),
    [("kr_pipa", "This row is switched off"), ("jp_appi", "stands from memory only")],
)
def test_a_row_that_is_off_or_unread_answers_and_says_so(code: str, words: str) -> None:
    assert words in ask(code, "KR", "2026-05-04T10:00+09:00")["explanation"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("eu_gdrp", "DE", "2026-05-04"), "No law is called “eu_gdrp”"),
        (("eu_gdpr", "Germany", "2026-05-04"), "is not a place"),
        (("eu_gdpr", "DE", "yesterday"), "is not a moment"),
        (("eu_gdpr", "DE", "2026-02-30"), "not a moment that exists"),
        (("eu_gdpr", "DE", "2026-05-04", "phoned"), "No event is called “phoned”"),
        (("eu_gdpr", "DE", "2026-05-04", "id_requested=soon"), "write a day"),
        (("eu_gdpr", "DE", "2026-05-04", "id_requested=2026-02-30"), "not a day that exists"),
        (("eu_gdpr", "DE", "2026-05-04", "affected=many"), "a number of people"),
        (("eu_gdpr", "DE", "2026-05-04", "id_received=2026-05-01"), "before the receipt"),
        (("eu_gdpr", "DE", "2026-05-04", "--kind", "party"), "invalid choice"),
    ],
)
def test_what_cannot_be_read_is_refused_in_plain_words(args: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        ask(*args)


def test_a_moment_without_an_offset_is_read_by_the_clock_of_the_place() -> None:
    answer = ask("eu_gdpr", "DE", "2026-06-30T23:30")
    assert "Tuesday 30 June 2026 at 23:30 by the clock of Europe/Berlin" in answer["explanation"]


# --- The page ----------------------------------------------------------------------------------------


def page(client: Client, group: str = "privacy officer", **typed: str) -> str:
    client.force_login(UserFactory(group=group))
    return client.get(PAGE, typed).content.decode()


def test_the_page_gives_the_same_answer_in_words(client: Client) -> None:
    html = page(
        client, law="uk_gdpr", place="GB-ENG", received_at="2026-03-03T09:00", kind="respond",
        clarification_requested="2026-03-10", clarification_received="2026-03-17",
    )  # fmt: skip
    assert "Wednesday 8 April 2026" in html
    assert "Monday 13 April 2026" in html
    assert "8 days do not count" in html


def test_the_page_keeps_the_clock_of_the_place(client: Client) -> None:
    html = page(client, law="eu_gdpr", place="DE", received_at="2026-05-01T16:20", kind="breach_authority")
    assert "Monday 4 May 2026, 16:20 CEST" in html


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"place": "Germany"}, "Write a country, or country and region"),
        ({"law": "eu_gdrp"}, "Select a valid choice"),
        ({"id_received": "2026-01-01"}, "before the receipt"),
    ],
)
def test_the_page_says_what_is_wrong(client: Client, typed: dict[str, str], words: str) -> None:
    good = {"law": "eu_gdpr", "place": "DE", "received_at": "2026-03-03T09:00", "kind": "respond"}
    html = page(client, **{**good, **typed})
    assert words in html
    assert "How it was counted" not in html


def test_the_page_is_empty_at_first_and_found_from_the_list(client: Client) -> None:
    assert "errorlist" not in page(client)
    assert PAGE in client.get("/admin/law/regime/").content.decode()


def test_support_may_not_see_it(client: Client) -> None:
    client.force_login(UserFactory(group="support"))
    assert client.get(PAGE).status_code == 403


# --- Looking again -----------------------------------------------------------------------------------


def test_a_row_checked_long_ago_waits_in_the_morning(client: Client) -> None:
    brazil = Regime.objects.get(code="br_lgpd")
    Regime.objects.filter(pk=brazil.pk).update(checked_on=date(2020, 1, 1))
    client.force_login(UserFactory(group="privacy lead"))
    assert (
        "law row in use, to be compared with the source again: regimes"
        in client.get("/admin/").content.decode()
    )
    html = client.get("/admin/law/regime/?check=due").content.decode()
    assert "Brazil LGPD" in html
    assert "Swiss" not in html


def test_a_check_is_noted_on_an_approved_row_too() -> None:
    brazil, dov = Regime.objects.get(code="br_lgpd"), UserFactory()
    actions.approve(brazil, by=dov, at=NOW, reason="Read Art. 19.")
    actions.check_again(brazil, by=dov, at=datetime(2027, 2, 1, 12, tzinfo=UTC), reason="Read it again.")
    brazil.refresh_from_db()
    assert brazil.checked_on == date(2027, 2, 1)
    assert [event.verb for event in Event.objects.about(brazil)] == ["law.check_again", "law.approve"]


@pytest.mark.parametrize("path", ["regime", "statelaw", "refusalground", "closedday"])
def test_every_list_and_add_page_opens(client: Client, path: str) -> None:
    client.force_login(UserFactory(group="privacy lead"))
    assert client.get(f"/admin/law/{path}/").status_code == 200
    assert client.get(f"/admin/law/{path}/add/").status_code == 200


def test_a_number_without_its_unit_makes_no_row(client: Client) -> None:
    client.force_login(UserFactory(group="privacy lead"))
    fact = {
        "code": "ke_dpa", "name": "Kenya", "places": "KE", "protects": "everyone", "rights": "access", "trust": "B",
        "last_day": "none", "identity_effect": "none", "clarification_effect": "none", "source": "Act", "checked": "Read",
        "response_n": "7",
    }  # fmt: skip
    assert (
        "Write the number and its unit, or neither."
        in client.post("/admin/law/regime/add/", fact).content.decode()
    )
    client.post("/admin/law/regime/add/", {**fact, "response_unit": "calendar_day"})
    assert str(Regime.objects.get(code="ke_dpa").period("response")) == "7 days"

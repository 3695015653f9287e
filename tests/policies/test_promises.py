"""A text that promises what is not so stays where it is, unless a second person writes why (design, truth 10)."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from audit import promises
from audit.models import Event
from audit.promises import Finding, Promise
from inventory.models import System
from people.models import User
from policies import actions, promising, refusals
from policies.models import PolicyVersion, Status
from policies.tasks import publish_due
from tests.inventory.factories import SystemFactory
from tests.people.factories import UserFactory

from .factories import PolicyVersionFactory
from .test_desk import button, press

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
SENTENCE = "we never sell your homework"
TEXT = "# Privacy\n\nAnd **we never\nsell** your homework, to anybody.\n"


class House:
    """What the checks find, and how often they were asked."""

    def __init__(self) -> None:
        self.finding: Finding = promises.kept("Nobody buys any.")
        self.asked = 0

    def check(self, on: date) -> Finding:
        self.asked += 1
        return self.finding

    def breaks(self, *rows: System) -> None:
        self.finding = promises.broken("“The market” buys homework.", rows)


@pytest.fixture(autouse=True)
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    promises.promises()
    house = House()
    monkeypatch.setattr(promises, "_promises", {"homework": Promise("homework", SENTENCE, house.check)})
    return house


@pytest.fixture
def version() -> PolicyVersion:
    return PolicyVersionFactory(approved=True, text=TEXT)


@pytest.fixture
def dov() -> User:
    return UserFactory(dov=True, group="privacy lead")


def publish(version: PolicyVersion, by: User | None = None) -> PolicyVersion:
    return actions.publish(version, by=by or UserFactory(), at=NOW)


def answer(version: PolicyVersion, by: User) -> PolicyVersion:
    return actions.answer_for_promises(version, by=by, at=NOW, reason="The contract is signed on Monday.")


def test_a_text_whose_promises_are_kept_is_published_and_each_check_runs_once(
    version: PolicyVersion, house: House
) -> None:
    assert publish(version).status == Status.PUBLISHED
    assert house.asked == 1


def test_a_broken_promise_stops_the_publication_in_words(version: PolicyVersion, house: House) -> None:
    house.breaks()
    with pytest.raises(refusals.PromiseBroken, match=f"“{SENTENCE}”, and that is broken: “The market” buys"):
        publish(version)
    version.refresh_from_db()
    assert version.status == Status.APPROVED


def test_a_promise_the_text_does_not_make_stops_nothing(house: House) -> None:
    house.breaks()
    assert publish(PolicyVersionFactory(approved=True)).status == Status.PUBLISHED
    assert house.asked == 0


def test_a_promise_at_risk_stops_nothing(version: PolicyVersion, house: House) -> None:
    house.finding = promises.at_risk("A buyer has asked.")
    assert publish(version).status == Status.PUBLISHED


def test_a_second_persons_reason_lets_it_go_out_and_is_on_record(
    version: PolicyVersion, house: House, dov: User
) -> None:
    house.breaks()
    publish(answer(version, dov))
    said = Event.objects.get(verb="policies.publish").details
    assert (said["broken"], said["answered_by"], said["answer"]) == (
        ["homework"], dov.pk, "The contract is signed on Monday.",
    )  # fmt: skip
    assert Event.objects.get(verb="policies.answer_for_promises").reason == said["answer"]


def test_whoever_put_it_forward_cannot_answer_for_it(version: PolicyVersion, house: House) -> None:
    house.breaks()
    assert version.submitted_by
    with pytest.raises(refusals.NeedsSecondPerson, match="A second person has to answer for its promises"):
        answer(version, version.submitted_by)
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyVersion.objects.update(despite_by=version.submitted_by)


def test_whoever_answered_for_it_does_not_publish_or_plan_it(
    version: PolicyVersion, house: House, dov: User
) -> None:
    house.breaks()
    answer(version, dov)
    with pytest.raises(refusals.NeedsSecondPerson, match="Somebody else publishes or plans it"):
        publish(version, by=dov)
    with pytest.raises(refusals.NeedsSecondPerson):
        actions.plan(version, by=dov, at=NOW, reason="Soon.", publish_on=date(2026, 1, 20))


def test_whoever_planned_it_cannot_answer_for_it(version: PolicyVersion, house: House, dov: User) -> None:
    actions.plan(version, by=dov, at=NOW, reason="Soon.", publish_on=date(2026, 1, 20))
    house.breaks()
    with pytest.raises(refusals.NeedsSecondPerson, match="You planned its publication yourself"):
        answer(version, dov)


def test_nobody_answers_for_promises_that_are_kept(version: PolicyVersion, dov: User) -> None:
    with pytest.raises(refusals.NothingToAnswerFor):
        answer(version, dov)


def test_an_answer_counts_for_the_promises_broken_then_and_no_others(
    version: PolicyVersion, house: House, dov: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.breaks()
    answer(version, dov)
    more = Promise("privacy", "to anybody", lambda on: promises.broken("Something else."))
    monkeypatch.setitem(promises._promises, "privacy", more)
    with pytest.raises(refusals.PromiseBroken, match="Something else"):
        publish(version)


def test_sending_back_forgets_the_answer(version: PolicyVersion, house: House, dov: User) -> None:
    house.breaks()
    sent_back = actions.send_back(answer(version, dov), by=UserFactory(), at=NOW, reason="A typo.")
    sent_back.refresh_from_db()
    assert (sent_back.despite_by, sent_back.despite_reason, sent_back.despite_promises) == (None, "", [])


# --- Planned, and broken meanwhile -------------------------------------------------------------


def test_a_promise_that_breaks_before_the_planned_hour_stops_it_and_the_morning_page_says_so(
    version: PolicyVersion, house: House, dov: User, client: Client
) -> None:
    actions.plan(version, by=UserFactory(), at=NOW, reason="Soon.", publish_on=date(2026, 1, 20))
    house.breaks()
    with time_machine.travel(datetime(2026, 1, 20, 12, tzinfo=UTC), tick=False):
        assert publish_due() == 0
        client.force_login(dov)
        assert f"The text promises “{SENTENCE}”, and that is broken" in client.get("/admin/").content.decode()


@pytest.mark.parametrize("mended", [True, False])
def test_once_mended_or_answered_for_it_goes_out_with_the_next_minute(
    version: PolicyVersion, house: House, dov: User, mended: bool
) -> None:
    actions.plan(version, by=UserFactory(), at=NOW, reason="Soon.", publish_on=date(2026, 1, 20))
    house.breaks()
    if mended:
        house.finding = promises.kept("Nobody buys any.")
    else:
        answer(version, dov)
    with time_machine.travel(datetime(2026, 1, 20, 12, tzinfo=UTC), tick=False):
        assert publish_due() == 1


# --- At the desk -------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["publish", "plan", "answer-for-promises"])
def test_the_confirmation_page_names_the_broken_promise_and_leads_to_the_records(
    version: PolicyVersion, house: House, dov: User, client: Client, verb: str
) -> None:
    market = SystemFactory(name="The market")
    house.breaks(market)
    client.force_login(dov)
    page = client.get(button(version, verb)).content.decode()
    assert f"The text promises “{SENTENCE}”. That is broken, and stops the publication" in page
    assert reverse("admin:inventory_system_change", args=[market.pk]) in page
    assert house.asked == 1


def test_the_page_says_that_nothing_is_published_and_nobody_told_while_a_promise_is_broken(
    version: PolicyVersion, house: House, dov: User, client: Client
) -> None:
    house.breaks()
    with time_machine.travel(NOW):
        client.force_login(dov)
        page = client.get(button(version, "publish")).content.decode()
    assert "it cannot be published now" in page
    assert "Nothing is published and nobody is told." in page
    assert "What happens" not in page
    assert "Publish and tell" not in page


def test_a_promise_at_risk_is_shown_and_the_answer_too(
    version: PolicyVersion, house: House, dov: User, client: Client
) -> None:
    client.force_login(UserFactory(group="privacy lead"))
    house.finding = promises.at_risk("A buyer has asked.")
    assert "That is at risk: A buyer has asked." in client.get(button(version, "publish")).content.decode()
    house.breaks()
    answer(version, dov)
    assert "Dov has written why it may go out" in client.get(button(version, "publish")).content.decode()


def test_who_may_not_see_a_record_gets_the_sentence_without_the_link(
    version: PolicyVersion, house: House
) -> None:
    house.breaks(SystemFactory())
    said = promising.warnings(version, UserFactory(), promising.standings(version, on=NOW.date()))
    assert "href" not in said[0]


def test_two_colleagues_publish_in_spite_of_it_and_the_check_runs_once_a_press(
    version: PolicyVersion, house: House, dov: User, client: Client
) -> None:
    house.breaks()
    client.force_login(dov)
    with time_machine.travel(NOW, tick=False):
        assert press(client, version, "publish", typed_count="0").status_code == 409
        assert press(client, version, "answer-for-promises").status_code == 302
        client.force_login(UserFactory(group="privacy lead"))
        house.asked = 0
        assert press(client, version, "publish", typed_count="0").status_code == 302
    assert house.asked == 1


@pytest.mark.parametrize(
    "text",
    ["We never sell your homework.", "we _never_ sell\nyour **homework**", "WE NEVER SELL YOUR HOMEWORK"],
)
def test_the_words_are_found_however_they_are_set(text: str) -> None:
    assert [promise.code for promise in promises.carried_by(text)] == ["homework"]

"""Approving many law rows at once: read, chosen, with a reason; never those nobody read."""

import re
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Event
from law import actions, lines
from law.desk.deadlines import RegimeAdmin
from law.loading import load_shipped_rows
from law.models import ChecklistItem, LawRow, Regime
from people.models import User
from tests.people.factories import NOW, UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/admin/law/checklistitem/approve/"


@pytest.fixture
def dov() -> User:
    return UserFactory.create(group="privacy lead")


@pytest.fixture
def desk(client: Client, dov: User) -> Client:
    load_shipped_rows()
    client.force_login(dov)
    return client


def read_rows(count: int = 3) -> list[ChecklistItem]:
    return list(ChecklistItem.objects.filter(is_verified=True, approved_at=None)[:count])


def unread_row() -> ChecklistItem:
    ChecklistItem.objects.filter(pk=read_rows(1)[0].pk).update(is_verified=False)
    return ChecklistItem.objects.filter(is_verified=False).first()  # type: ignore[return-value]


def keys(rows: list[ChecklistItem]) -> list[int]:
    return [row.pk for row in rows]


def test_the_list_leads_to_the_page_which_offers_only_what_was_read(desk: Client) -> None:
    unread = unread_row()
    assert PAGE in desk.get(reverse("admin:law_checklistitem_changelist")).content.decode()
    html = desk.get(PAGE).content.decode()
    assert f'name="rows" value="{read_rows(1)[0].pk}"' in html
    assert f'name="rows" value="{unread.pk}"' not in html
    assert "Only one by one" in html


def test_the_next_page_says_how_many_and_names_the_sources_and_saves_nothing(desk: Client) -> None:
    rows = read_rows()
    html = desk.post(PAGE, {"rows": keys(rows)}).content.decode()
    assert "Approve 3 rows" in html
    assert rows[0].source in html
    assert not ChecklistItem.objects.exclude(approved_at=None).exists()


def test_with_a_reason_each_row_is_approved_with_an_event_of_its_own(desk: Client, dov: User) -> None:
    rows = read_rows()
    before = Event.objects.count()
    assert "Write why." in desk.post(PAGE, {"rows": keys(rows), "reason": " "}).content.decode()
    response = desk.post(PAGE, {"rows": keys(rows), "reason": "Read Art. 28 today."})
    assert response.status_code == 302
    assert set(ChecklistItem.objects.filter(approved_by=dov)) == set(rows)
    events = Event.objects.filter(verb="law.approve")
    assert {(event.object_ref, event.reason) for event in events} == {
        (str(row.pk), "Read Art. 28 today.") for row in rows
    }
    assert Event.objects.count() == before + 3


def test_a_row_nobody_read_and_one_already_approved_are_refused_with_all_the_rest(
    desk: Client, dov: User
) -> None:
    unread, (first, second) = unread_row(), read_rows(2)
    actions.approve(second, by=dov, at=NOW, reason="Read it.")
    for other in (unread, second):
        response = desk.post(PAGE, {"rows": [first.pk, other.pk], "reason": "All of them."})
        assert response.status_code == 422
        assert "Choose again." in response.content.decode()
    with pytest.raises(actions.NotVerified):
        actions.approve_many([first, unread], by=dov, at=NOW, reason="All.")
    with pytest.raises(actions.AlreadyApproved):
        actions.approve_many([first, second], by=dov, at=NOW, reason="All.")
    first.refresh_from_db()
    assert first.approved_at is None


def test_only_those_who_may_approve_one_may_approve_many(client: Client) -> None:
    load_shipped_rows()
    client.force_login(UserFactory.create(group="privacy officer"))
    assert client.get(PAGE).status_code == 403
    assert PAGE not in client.get(reverse("admin:law_checklistitem_changelist")).content.decode()


def test_what_a_row_says_is_words_never_markup_or_codes(desk: Client) -> None:
    html = desk.get("/admin/law/regime/approve/").content.decode()
    assert "&lt;img" not in html
    assert "<dt>Response</dt><dd>30 days</dd>" in html
    assert "access, rectification" in html
    assert "<dt>Not so</dt><dd>receipt day disputed" in html


def test_rows_stand_in_groups_with_their_counts_and_since_when(desk: Client) -> None:
    html = desk.get(PAGE).content.decode()
    waiting = ChecklistItem.objects.filter(is_verified=True, set="gdpr28").count()
    assert f"GDPR Art. 28(3): contract with a processor</a> ({waiting})" in html
    assert (
        html.count("<legend>")
        == ChecklistItem.objects.filter(is_verified=True).order_by().values("set").distinct().count()
    )
    regimes = desk.get("/admin/law/regime/approve/").content.decode()
    assert "Since 5 February 2026, until 19 June 2026." in regimes


def test_a_row_that_follows_another_shows_what_changes_and_leads_to_it(desk: Client) -> None:
    first = Regime.objects.filter(code="eu_gdpr").get()
    second = Regime.objects.get(pk=first.pk)
    second.pk, second.in_force_from, second.response_n = None, date(2030, 1, 1), None
    second.response_unit, second.fee_rule = "", ""
    second.save()
    (line,) = lines.lines([second], RegimeAdmin.facts)
    assert line.follows == first
    assert [(fact.label, fact.before, fact.words) for fact in line.facts if fact.is_changed] == [
        ("response", "1 month", "nothing"), ("fee rule", first.fee_rule, "nothing"),
    ]  # fmt: skip
    html = desk.get("/admin/law/regime/approve/").content.decode()
    assert "<del>1 month</del>" in html
    assert f'<a href="/admin/law/regime/{first.pk}/change/">the row before it</a>: 2 changes' in html


@pytest.mark.parametrize("model", LawRow.__subclasses__(), ids=lambda model: model.__name__)
def test_every_kind_of_row_can_be_read_in_a_steady_number_of_questions(
    desk: Client, model: type[LawRow]
) -> None:
    url = reverse(f"admin:law_{model._meta.model_name}_approve")
    html = desk.get(url).content.decode()
    assert html.count("<article") == model._default_manager.filter(is_verified=True, approved_at=None).count()
    assert "None" not in "".join(re.findall(r"<dd>.*?</dd>|<dt>.*?</dt>", html)).replace(
        "None in the Rule", ""
    )
    with CaptureQueriesContext(connection) as asked:
        desk.get(url)
    assert len(asked) <= 12


def test_a_number_too_long_for_any_key_is_no_choice(desk: Client) -> None:
    answer = desk.post(PAGE, {"rows": ["9" * 30]})
    assert answer.status_code == 422
    assert "Choose again." in answer.content.decode()


def test_a_plain_no_is_said_also_of_a_row_whose_name_holds_these_two_letters(desk: Client) -> None:
    row = Regime.objects.filter(is_receipt_day_disputed=False).first()
    assert row is not None
    row.code = row.name = "notice_rules"
    (line,) = lines.lines([row], RegimeAdmin.facts)
    assert "receipt day disputed" in next(fact.words for fact in line.facts if fact.label == "not so")

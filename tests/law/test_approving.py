"""Approving many law rows at once: read, chosen, with a reason; never those nobody read."""

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from law import actions
from law.loading import load_shipped_rows
from law.models import ChecklistItem
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
    assert "response: 30 days" in html
    assert "access, rectification" in html
    assert "receipt day disputed: no" in html


def test_a_number_too_long_for_any_key_is_no_choice(desk: Client) -> None:
    answer = desk.post(PAGE, {"rows": ["9" * 30]})
    assert answer.status_code == 422
    assert "Choose again." in answer.content.decode()

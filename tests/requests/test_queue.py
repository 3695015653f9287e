"""The queue: what stands in it, in which order, how it is narrowed, and at what price."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Event
from people.models import User
from requests import actions
from requests.erasing import erasure
from requests.keeping import vault
from requests.models import (
    Channel,
    IdentityDocument,
    LetterTemplate,
    Outcome,
    RightsRequest,
    Stage,
    Task,
    TaskFile,
    TaskStage,
)
from tests.people.factories import NOW, PersonFactory, UserFactory

from .factories import IdentityCheckFactory, RequestFactory
from .work_factories import TaskFactory

pytestmark = pytest.mark.django_db
QUEUE = "/admin/requests/rightsrequest/"
ENTER, SPAM = f"{QUEUE}enter/", f"{QUEUE}spam/"


@pytest.fixture(autouse=True)
def _on_the_day_it_came():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def dov() -> User:
    return UserFactory(dov=True, group="privacy lead")


@pytest.fixture
def desk(client: Client, dov: User) -> Client:
    client.force_login(dov)
    return client


def listed(desk: Client, query: str = "") -> list[RightsRequest]:
    response = desk.get(f"{QUEUE}?{query}")
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def test_what_waits_for_us_stands_first_by_its_strict_date(desk: Client) -> None:
    calm, late = RequestFactory(in_review=True), RequestFactory(in_review=True, overdue=True)
    RequestFactory()
    RequestFactory(closed=True)
    assert listed(desk) == [late, calm]
    assert "late 59 days" in desk.get(QUEUE).content.decode()


def test_a_late_case_stays_in_the_queue_whoever_it_waits_for(desk: Client) -> None:
    case = RequestFactory(fulfilling=True, overdue=True)
    TaskFactory(request=case, stage=TaskStage.ASKED)
    assert listed(desk) == [case]
    assert "systems: 0 of 1 answered" in desk.get(QUEUE).content.decode()


@pytest.mark.parametrize(
    ("query", "made"),
    [
        ("view=others", lambda: TaskFactory(request=RequestFactory(fulfilling=True)).request),
        ("view=late", lambda: RequestFactory(overdue=True)),
        ("view=unverified", lambda: RequestFactory()),
        ("view=closed", lambda: RequestFactory(closed=True)),
        ("whose=mine", lambda: RequestFactory(in_review=True, owner=User.objects.get(name="Dov"))),
        ("place=DE", lambda: RequestFactory(in_review=True, place="DE")),
        ("right__exact=erasure", lambda: RequestFactory(in_review=True, erasure=True)),
        ("waits=reading", lambda: with_message()),
        ("waits=erasure", lambda: proposed()),
        ("waits=task", lambda: TaskFactory(request=RequestFactory(fulfilling=True), due_at=NOW - timedelta(days=1)).request),
        ("waits=today", lambda: RequestFactory(in_review=True, received_at=NOW - timedelta(days=28))),
    ],
)  # fmt: skip
def test_each_view_shows_its_own(desk: Client, query: str, made) -> None:
    other = RequestFactory(in_review=True, owner=UserFactory())
    case = made()
    if query == "waits=today":
        RightsRequest.objects.filter(pk=case.pk).update(strict_due_on=NOW.date())
    assert listed(desk, query) == [case]
    assert other in listed(desk, "view=open")


def with_message() -> RightsRequest:
    case = RequestFactory(closed=True)
    actions.hear(case, "And now?", by=case.requester, at=NOW)
    return case


def proposed() -> RightsRequest:
    case = RequestFactory(erasure=True, in_review=True)
    erasure.propose(case, by=UserFactory(), at=NOW, reason="They asked.")
    return case


def test_a_case_is_found_by_reference_platform_id_and_address_wherever_it_stands(desk: Client) -> None:
    case = RequestFactory(closed=True, particulars__email="amina@family.example")
    RequestFactory(in_review=True)
    for term in (case.reference[:7].lower(), case.subject.external_id, "AMINA@family.example"):
        assert listed(desk, f"q={term}") == [case]
    assert listed(desk, "q=nobody@family.example") == []


def test_the_list_names_nobody(desk: Client) -> None:
    case = RequestFactory(
        in_review=True, particulars__name="Amina Moreau", particulars__email="a@family.example"
    )
    html = desk.get(QUEUE).content.decode()
    for hidden in ("Moreau", "a@family.example", case.subject.email, case.subject.external_id):
        assert hidden not in html


def cost(desk: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert desk.get(url).status_code == 200
    return len(queries)


def test_the_queue_costs_the_same_for_two_cases_and_for_twenty(desk: Client) -> None:
    for case in RequestFactory.create_batch(2, fulfilling=True):
        TaskFactory(request=case)
    desk.get(QUEUE)
    before = cost(desk, f"{QUEUE}?view=open")
    for case in RequestFactory.create_batch(18, fulfilling=True, owner=UserFactory()):
        TaskFactory(request=case)
    assert (before, cost(desk, f"{QUEUE}?view=open")) == (11, 11)


def test_a_case_costs_the_same_with_one_task_and_with_ten(desk: Client, dov: User) -> None:
    case = RequestFactory(fulfilling=True)
    page = reverse("admin:requests_rightsrequest_change", args=[case.pk])
    TaskFactory(request=case)
    actions.say(case, "Hello.", by=dov, at=NOW)
    actions.hear(case, "Hello.", by=case.requester, at=NOW)
    desk.get(page)
    before = cost(desk, page)
    for _ in range(9):
        TaskFactory(request=case)
        actions.say(case, "And again.", by=dov, at=NOW)
    assert cost(desk, page) == before


# --- What came by phone, post or mail -------------------------------------------------------------


def told(**changes: object) -> dict[str, object]:
    return {
        "rights": ["access"], "channel": "phone", "received_on": "2026-02-27", "requester_kind": "self",
        "place": "fr", "language": "fr", "details": "Rang and asked for a copy.",
        "submission": "6f1f2a9e-7f0f-4c36-9f1c-0d4b5e6f7a8b", **changes,
    }  # fmt: skip


def test_a_call_becomes_a_case_that_counts_from_the_day_it_came(desk: Client) -> None:
    amina = PersonFactory()
    assert desk.post(ENTER, told(subject=amina.external_id)).status_code == 302
    case = RightsRequest.objects.get()
    assert (case.channel, case.subject, case.requester, case.place) == (Channel.PHONE, amina, amina, "FR")
    assert (case.stage, str(case.strict_due_on)) == (Stage.UNVERIFIED, "2026-03-27")


def test_pressed_twice_it_is_entered_once(desk: Client) -> None:
    for _ in range(2):
        assert desk.post(ENTER, told()).status_code == 302
    assert RightsRequest.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"received_on": "2026-03-03"}, "This day has not come yet."),
        ({"received_on": "1999-03-03"}, "More than ten years ago?"),
        ({"rights": []}, "This field is required."),
        ({"rights": ["everything"]}, "is not one of the available choices"),
        ({"subject": "nobody-1"}, "Nobody on file has this platform id."),
        ({"place": "XX"}, "Not a place we know."),
        ({"place": "US-XX"}, "Not a place we know."),
        ({"details": ""}, "Write down who asks"),
        ({"details": "a\x00b"}, "cannot be stored"),
        ({"name": "Amina\u202e"}, "direction"),
    ],
)
def test_a_wrong_entry_says_so_and_saves_nothing(desk: Client, changes: dict, sentence: str) -> None:
    answer = desk.post(ENTER, told(**changes))
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not RightsRequest.objects.exists()


# --- Floods -----------------------------------------------------------------------------------------


def test_a_flood_is_looked_at_and_closed_with_a_reason(desk: Client) -> None:
    spam = RequestFactory.create_batch(3, particulars__details="Buy now")
    real, confirmed = RequestFactory(), RequestFactory(in_review=True)
    assert "Buy now" in desk.get(SPAM).content.decode()
    chosen = [case.pk for case in (*spam, confirmed)]
    assert desk.post(SPAM, {"cases": chosen, "reason": "One text, many senders."}).status_code == 302
    assert RightsRequest.objects.filter(outcome=Outcome.SPAM).count() == 3
    real.refresh_from_db()
    confirmed.refresh_from_db()
    assert (real.is_open, confirmed.is_open) == (True, True)


@pytest.mark.parametrize(
    "data", [{"reason": "Spam."}, {"cases": [1], "reason": " "}, {"cases": ["x"], "reason": "Spam."}]
)
def test_nothing_is_spam_without_a_tick_and_a_reason(desk: Client, data: dict) -> None:
    case = RequestFactory(pk=1)
    assert desk.post(SPAM, data).status_code == 200
    case.refresh_from_db()
    assert case.is_open


def test_more_than_fifty_at_once_are_refused(desk: Client) -> None:
    chosen = [case.pk for case in RequestFactory.create_batch(51, subject=None, requester=None)]
    answer = desk.post(SPAM, {"cases": chosen, "reason": "A flood."})
    assert "At most 50 at once" in answer.content.decode()
    assert not RightsRequest.objects.filter(stage=Stage.CLOSED).exists()


# --- Files ------------------------------------------------------------------------------------------


@pytest.fixture
def document() -> IdentityDocument:
    check = IdentityCheckFactory(method="document")
    stored = vault.seal(check.request, [b"<html><script>"])
    return IdentityDocument.objects.create(
        check_made=check, kind="png", path=stored.path, size=14, received_at=NOW, destroy_after=NOW
    )


def download(row: IdentityDocument | TaskFile) -> str:
    return reverse(f"admin:requests_{row._meta.model_name}_download", args=[row.pk])


def test_a_document_is_a_download_that_no_browser_runs_and_is_on_record(desk: Client, document, dov) -> None:
    answer = desk.get(download(document))
    assert b"".join(answer.streaming_content) == b"<html><script>"  # type: ignore[attr-defined]
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert Event.objects.filter(verb="requests.open_identitydocument", actor_ref=str(dov.pk)).exists()


def test_looking_at_documents_is_a_power_of_its_own(client: Client, document) -> None:
    client.force_login(UserFactory(group="auditor"))
    assert client.get(download(document)).status_code == 403
    page = reverse("admin:requests_identitydocument_change", args=[document.pk])
    assert client.get(page).status_code == 403


def test_a_document_asks_for_a_fresh_login(desk: Client, document, settings) -> None:
    settings.MFA_REQUIRED = True
    answer = desk.get(download(document))
    assert answer.status_code == 302
    assert not Event.objects.filter(verb="requests.open_identitydocument").exists()


def test_a_destroyed_document_is_gone(desk: Client, document) -> None:
    IdentityDocument.objects.filter(pk=document.pk).update(path="", destroyed_at=NOW)
    assert desk.get(download(document)).status_code == 404


# --- Tasks ------------------------------------------------------------------------------------------


def answer(desk: Client, task, **data: object):
    task.refresh_from_db()
    url = reverse("admin:requests_task_do", args=[task.pk, "answer"])
    return desk.post(url, {"opened_revision": task.revision, "reason": "", **data})


def test_staff_answer_for_a_system(desk: Client, dov: User) -> None:
    task = TaskFactory()
    assert answer(desk, task, answer="done", count_done=3).status_code == 302
    task.refresh_from_db()
    assert (task.answer, task.count_done, task.answered_by) == ("done", 3, dov)


@pytest.mark.postgresql
def test_a_case_is_held_before_its_task_so_that_no_two_wait_for_each_other(desk: Client) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert answer(desk, TaskFactory(), answer="nothing").status_code == 302
    held = [query["sql"] for query in asked if "FOR UPDATE" in query["sql"]]
    assert "rightsrequest" in held[0].split("WHERE")[0]
    assert "requests_task" in held[1].split("WHERE")[0]


def test_an_exception_without_words_is_refused(desk: Client) -> None:
    task = TaskFactory()
    assert "Say why it was not done" in answer(desk, task, answer="exception").content.decode()
    task.refresh_from_db()
    assert task.stage == TaskStage.WAITING


def test_a_parked_task_is_tried_again(desk: Client) -> None:
    task = TaskFactory(stage=TaskStage.PARKED)
    url = reverse("admin:requests_task_do", args=[task.pk, "again"])
    assert desk.post(url, {"opened_revision": task.revision, "reason": ""}).status_code == 302
    task.refresh_from_db()
    assert task.stage == TaskStage.WAITING


@pytest.mark.parametrize(
    "name", ["task", "package", "connection", "lettertemplate", "taskfile", "identitydocument"]
)
def test_every_list_around_a_case_opens(desk: Client, name: str, document) -> None:
    TaskFactory()
    assert desk.get(reverse(f"admin:requests_{name}_changelist")).status_code == 200


def test_a_letter_with_an_unknown_name_is_not_saved(desk: Client) -> None:
    template = LetterTemplate.objects.first()
    page = reverse("admin:requests_lettertemplate_change", args=[template.pk])
    form = {"body": "Dear {email}", "opened_revision": template.revision}
    assert "{email}" in desk.post(page, form).content.decode()
    template.refresh_from_db()
    assert "{email}" not in template.body


# --- From one case to the next -----------------------------------------------------------------


def onward(desk: Client, case: RightsRequest, kept: str = "") -> str:
    response = desk.get(f"{QUEUE}{case.pk}/next/", {"_changelist_filters": kept} if kept else {})
    assert response.status_code == 302
    return str(response["Location"])


def test_the_next_case_is_the_one_that_stands_behind_it_in_the_queue(desk: Client) -> None:
    calm, late = RequestFactory(in_review=True), RequestFactory(in_review=True, overdue=True)
    assert onward(desk, late) == f"{QUEUE}{calm.pk}/change/"
    assert onward(desk, calm) == QUEUE


def test_the_list_somebody_came_with_is_kept_from_case_to_case(desk: Client, dov: User) -> None:
    first = RequestFactory(in_review=True, overdue=True, owner=dov)
    RequestFactory(in_review=True)
    mine = RequestFactory(in_review=True, owner=dov)
    kept = "_changelist_filters=whose%3Dmine"
    assert onward(desk, first, "whose=mine") == f"{QUEUE}{mine.pk}/change/?{kept}"
    assert onward(desk, mine, "whose=mine") == f"{QUEUE}?whose=mine"


def test_a_case_that_was_closed_meanwhile_still_leads_to_the_next(desk: Client) -> None:
    done, waiting = RequestFactory(closed=True), RequestFactory(in_review=True)
    assert onward(desk, done) == f"{QUEUE}{waiting.pk}/change/"


def test_closed_cases_are_walked_from_the_newest_to_the_oldest(desk: Client) -> None:
    old, new = RequestFactory(closed=True), RequestFactory(closed=True)
    assert onward(desk, new, "view=closed").startswith(f"{QUEUE}{old.pk}/change/")
    assert onward(desk, old, "view=closed") == f"{QUEUE}?view=closed"


def test_a_list_that_cannot_be_asked_for_ends_the_walk_at_the_queue(desk: Client) -> None:
    case = RequestFactory(in_review=True)
    RequestFactory(in_review=True)
    assert onward(desk, case, "stage__isnull=maybe").startswith(QUEUE)


def test_nobody_walks_the_queue_without_leave_to_see_it(client: Client) -> None:
    case = RequestFactory(in_review=True)
    client.force_login(UserFactory(is_staff=True))
    assert client.get(f"{QUEUE}{case.pk}/next/").status_code == 403


def test_a_deed_leads_back_to_the_case_with_the_same_list_behind_it(desk: Client) -> None:
    case = RequestFactory(in_review=True)
    kept = "_changelist_filters=view%3Dopen"
    page = desk.get(f"{QUEUE}{case.pk}/change/?{kept}").content.decode()
    assert f"{QUEUE}{case.pk}/do/take/?{kept}" in page
    assert f'<a href="{QUEUE}?view=open">Back to the queue</a>' in page
    answer = desk.post(f"{QUEUE}{case.pk}/do/take/?{kept}", {"opened_revision": case.revision})
    assert answer["Location"] == f"{QUEUE}{case.pk}/change/?{kept}"


def test_a_case_names_who_still_has_to_answer_where_it_is_seen_first(desk: Client) -> None:
    task = TaskFactory(request=RequestFactory(fulfilling=True))
    page = desk.get(f"{QUEUE}{task.request.pk}/change/").content.decode()
    assert f'Waiting for <a href="/admin/requests/task/{task.pk}/change/">{task.whose}</a>' in page


def test_the_list_of_tasks_opens_on_what_waits_with_the_most_urgent_first(desk: Client) -> None:
    later, sooner = TaskFactory(due_at=NOW + timedelta(days=9)), TaskFactory(due_at=NOW + timedelta(days=2))
    over = TaskFactory(stage=TaskStage.CANCELLED)

    def shown(query: str = "") -> list[Task]:
        return list(desk.get(f"/admin/requests/task/{query}").context["cl"].result_list)

    assert shown() == [sooner, later]
    assert over in shown("?standing=all")
    assert shown("?standing=cancelled") == [over]

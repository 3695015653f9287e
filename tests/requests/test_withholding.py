"""Columns and rows kept out of a part of ours: never in what goes out, told with the reason, taken back at will."""

import json
import tracemalloc
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from audit.models import Event
from people.models import User
from requests.copies import copying, packages, reviewing, withheld
from requests.copies.reviewing import Spots
from requests.keeping import vault
from requests.models import CopyPart, Happened, Message, RightsRequest, SealedFile, Why, Withholding
from requests.refusals import WrongStage
from requests.saying import letters
from tests.people.factories import NOW, UserFactory

from .test_reviewing import going_out, ours
from .work_factories import CaseFactory

pytestmark = pytest.mark.django_db
MESSAGES = "this-service/requests-message-rights-requests"


@pytest.fixture
def dov() -> User:
    return UserFactory(dov=True)


@pytest.fixture
def case() -> RightsRequest:
    """Amina asks for her copy and wrote three messages; one names Zoe, a classmate."""
    return with_messages("Hello.", "Zoe Classmate copied me.", "Are you there?")


def with_messages(*bodies: str) -> RightsRequest:
    case = CaseFactory(stage="release", language="en")
    common = {"request": case, "sender_kind": "person", "sender_ref": str(case.requester_id), "sent_at": NOW}
    Message.objects.bulk_create([Message(body=body, **common) for body in bodies], batch_size=2_000)
    built(case)
    return RightsRequest.objects.get(pk=case.pk)


def built(case: RightsRequest) -> None:
    packages.start(case, at=NOW)
    assert packages.build_due(at=NOW) == 1


def messages(case: RightsRequest) -> CopyPart:
    return case.copy_parts.get(holding__startswith="requests.message.")


def keep_out(case: RightsRequest, dov: User, *, columns: Any = (), rows: Any = (), **how: Any) -> int:
    how = {"part": messages(case), "why": Why.OTHERS, "reason": "A classmate is named.", **how}
    return reviewing.withhold(case, spots=Spots(columns, rows), by=dov, at=NOW, **how)


def rows_out(case: RightsRequest) -> list[dict[str, Any]]:
    return json.loads(going_out(case)[f"{MESSAGES}.json"])


def test_a_column_stays_out_of_the_data_and_of_the_page(case, dov):
    keep_out(case, dov, columns=["body"])
    files = going_out(case)
    assert [set(row) for row in json.loads(files[f"{MESSAGES}.json"])] == [
        {"request", "sent_at", "sender_kind"}
    ] * 3
    assert not [name for name, content in files.items() if b"Zoe" in content or b"Hello." in content]


def test_a_row_stays_out_of_both_and_is_not_counted(case, dov):
    keep_out(case, dov, rows=[2])
    files = going_out(case)
    assert [row["body"] for row in json.loads(files[f"{MESSAGES}.json"])] == ["Hello.", "Are you there?"]
    assert b"Zoe" not in files[f"{MESSAGES}.html"]
    assert "2 entries" in files[f"{MESSAGES}.html"].decode()
    (part,) = [one for one in json.loads(files["index.json"])["contents"] if one["withheld_inside"]]
    assert part["entries"] == 2


def test_a_column_of_one_row_stays_out_and_the_page_says_so_in_its_place(case, dov):
    keep_out(case, dov, columns=["body"], rows=[2])
    assert [row.get("body") for row in rows_out(case)] == ["Hello.", None, "Are you there?"]
    page = going_out(case)[f"{MESSAGES}.html"].decode()
    assert page.count('class="out">kept out</td>') == 1
    assert "Zoe" not in page


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Messages: the column “Text” is left out in 3 rows. It holds data of other people"),
        ("es", "«Texto»"),
        ("fr", "«\u00a0Texte\u00a0»"),
        ("de", "„Text“"),
    ],
)
def test_letter_and_index_say_what_stays_out_and_why(case, dov, language, words):
    RightsRequest.objects.filter(pk=case.pk).update(language=language)
    case.refresh_from_db()
    keep_out(case, dov, columns=["body"])
    letter = letters.draft(case, "copy", **letters.of_copy(case))
    with translation.override(language):
        (line,) = withheld.lines(case)
    assert f"– {line}" in letter
    assert words in letter
    assert letters.routes(case) in letter
    page = going_out(case)["index.html"].decode()
    assert line.why in page


def test_rows_of_one_reason_make_one_line(case, dov):
    keep_out(case, dov, rows=[1, 2])
    keep_out(case, dov, rows=[3], why=Why.PRIVILEGE)
    assert [line.how for line in withheld.lines(case)] == ["2 rows are left out", "1 row is left out"]
    assert (
        Withholding.objects.first().ground is None
        or Withholding.objects.first().ground.code == "gdpr_others_rights"
    )


def test_what_was_looked_through_before_has_to_be_looked_through_again(case, dov):
    everything = list(case.copy_parts.all())
    reviewing.look_through(case, parts=everything, by=dov, at=NOW)
    keep_out(case, dov, rows=[2])
    with pytest.raises(packages.NotLookedThrough, match="1 of"):
        packages.release(case, by=dov, at=NOW)
    reviewing.look_through(case, parts=everything, by=dov, at=NOW)
    reviewing.give_back(case, part=messages(case), chosen=[Withholding.objects.get().pk], by=dov, at=NOW)
    with pytest.raises(packages.NotLookedThrough, match="1 of"):
        packages.release(case, by=dov, at=NOW)
    assert "Zoe Classmate copied me." in [row["body"] for row in rows_out(case)]


def test_what_went_out_is_kept_as_codes_and_numbers(case, dov):
    keep_out(case, dov, columns=["body"], rows=[2])
    reviewing.look_through(case, parts=list(case.copy_parts.all()), by=dov, at=NOW)
    package = packages.release(case, by=dov, at=NOW)
    (inside,) = [part["inside"] for part in package.contents if part["inside"]]
    assert inside == [{"column": "body", "why": "others", "rows": 1}]
    assert case.events.filter(kind=Happened.WITHHELD).get().facts["rows"] == [2]


@pytest.mark.parametrize(
    ("spots", "refusal"),
    [
        (Spots(["sender"]), reviewing.SpotGone),
        (Spots(["request__subject"]), reviewing.SpotGone),
        (Spots(rows=[4]), reviewing.SpotGone),
        (Spots(rows=[0]), reviewing.SpotGone),
        (Spots(), reviewing.NothingChosen),
        (Spots(["body"], range(1, 4_000)), reviewing.SpotGone),
    ],
)
def test_what_is_not_there_is_refused(case, dov, spots, refusal):
    with pytest.raises(refusal):
        reviewing.withhold(
            case, part=messages(case), spots=spots, why="others", by=dov, at=NOW, reason="Zoe."
        )
    assert Withholding.objects.count() == 0


def test_the_same_twice_is_refused_and_a_whole_column_swallows_its_cells(case, dov):
    keep_out(case, dov, columns=["body"], rows=[2])
    with pytest.raises(reviewing.NothingChosen):
        keep_out(case, dov, columns=["body"], rows=[2])
    keep_out(case, dov, columns=["body"])
    assert [(one.column, one.row, one.rows) for one in Withholding.objects.all()] == [("body", None, 3)]
    with pytest.raises(reviewing.NothingChosen):
        keep_out(case, dov, columns=["body"], rows=[1])


def test_a_part_that_was_put_together_anew_is_another_part(case, dov):
    part = messages(case)
    keep_out(case, dov, rows=[2])
    Message.objects.filter(request=case).first().delete()
    built(case)
    assert (Withholding.objects.count(), messages(case).looked_at) == (0, None)
    with pytest.raises(reviewing.SpotGone, match="put together anew"):
        keep_out(case, dov, rows=[2], part=part)


def test_a_part_that_did_not_change_keeps_what_stays_out(case, dov):
    keep_out(case, dov, rows=[2])
    case.subject.given_name = "Aminata"
    case.subject.save()
    built(case)
    assert len(rows_out(case)) == 2


def test_a_part_left_out_needs_nothing_inside(case, dov):
    keep_out(case, dov, rows=[2])
    reviewing.leave_out(case, parts=[messages(case)], why="others", by=dov, at=NOW, reason="All of it.")
    assert Withholding.objects.count() == 0
    with pytest.raises(reviewing.AlreadyDecided):
        keep_out(case, dov, rows=[2])


def test_after_the_release_nothing_is_kept_out_any_more(case, dov):
    RightsRequest.objects.filter(pk=case.pk).update(stage="closed", outcome="done", closed_at=NOW)
    with pytest.raises(WrongStage):
        keep_out(case, dov, rows=[2])


def test_a_name_that_stays_out_stands_above_no_page(case, dov):
    keep_out(case, dov, columns=["given_name", "family_name"], part=ours(case))
    assert json.loads(going_out(case)["index.json"])["person"] == ""
    assert b"Amina" not in b"".join(going_out(case).values())


def test_an_erasure_takes_what_stays_out_with_its_part(case, dov):
    keep_out(case, dov, rows=[2])
    packages.remove_all(case, at=NOW)
    assert (Withholding.objects.count(), SealedFile.objects.count()) == (0, 0)


# --- The screen --------------------------------------------------------------------------------


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(UserFactory(superuser=True, name="Dov"))
    return client


def screen(part: CopyPart) -> str:
    return reverse("admin:requests_copypart_rows", args=[part.pk])


def send(
    desk: Client, case: RightsRequest, verb: str = "withhold", revision: int | None = None, **typed: Any
) -> Any:
    case.refresh_from_db()
    opened = case.revision if revision is None else revision
    typed = {"why": "others", "reason": "Zoe is named.", "opened_revision": opened, **typed}
    return desk.post(screen(messages(case)), {"verb": verb, **typed})


def test_an_officer_ticks_a_column_and_takes_it_back(desk, case):
    page = desk.get(screen(messages(case))).content.decode()
    assert "Zoe Classmate copied me." in page
    assert send(desk, case, columns=["body"]).status_code == 302
    page = desk.get(screen(messages(case))).content.decode()
    assert "Column “Text”, all 3 rows that say something" in page
    assert "<del>Zoe Classmate copied me.</del>" in page
    assert send(desk, case, "give_back", chosen=[Withholding.objects.get().pk]).status_code == 302
    assert Withholding.objects.count() == 0
    assert Event.objects.filter(verb__in=["requests.withhold_rows", "requests.give_back_rows"]).count() == 2


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"columns": ["sender"]},
        {"rows": ["99"]},
        {"rows": ["two"]},
        {"rows": ["2"], "why": "because"},
        {"rows": ["2"], "reason": ""},
        {"rows": ["2"], "opened_revision": ""},
    ],
)
def test_bad_ticks_are_refused_beside_the_table(desk, case, typed):
    answer = send(desk, case, **typed)
    assert answer.status_code == 200
    assert "Nothing was saved." in answer.content.decode()
    assert Withholding.objects.count() == 0


def test_of_two_officers_at_once_the_second_is_told(desk, case):
    case.refresh_from_db()
    opened = case.revision
    assert send(desk, case, rows=["2"], revision=opened).status_code == 302
    answer = send(desk, case, rows=["3"], revision=opened)
    assert "Changed since you opened it" in answer.content.decode()
    assert [one.row for one in Withholding.objects.all()] == [2]


def test_a_verb_or_a_part_that_is_not_there(desk, case):
    assert send(desk, case, "burn", rows=["2"]).status_code == 404
    url = screen(messages(case))
    messages(case).delete()
    assert desk.get(url).status_code == 302


def test_rows_are_for_those_who_work_on_cases(client, case):
    client.force_login(UserFactory(is_staff=True))
    assert client.get(screen(messages(case))).status_code == 403


def test_each_page_that_is_read_is_on_record(desk, case):
    desk.get(screen(messages(case)), {"page": "x"})
    assert Event.objects.get(verb="requests.open_copypart").details == {"page": 1}


def test_fifty_rows_to_a_page_and_the_last_one_is_short(desk):
    case = with_messages(*(f"Message {number}." for number in range(1, 121)))
    page = desk.get(screen(messages(case)), {"page": "3"}).content.decode()
    assert "Page 3 of 3" in page
    assert page.count('name="rows"') == 20
    assert "Message 101." in page
    assert "Message 100." not in page
    assert "Page 3 of 3" in desk.get(screen(messages(case)), {"page": "900"}).content.decode()


def test_a_late_page_costs_the_memory_of_its_rows():
    case = with_messages(*(f"Message {number}: {'x' * 400}" for number in range(20_000)))
    part = messages(case)
    tracemalloc.start()
    row = next(copying.rows(part, after=19_999))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert row["body"].startswith("Message 19999:")
    assert peak < 2 * 2**20


def test_rows_shown_beside_a_refused_form_are_read_and_so_on_record(desk, case):
    answer = desk.post(screen(messages(case)) + "?page=1", {"verb": "withhold"})
    assert "Zoe Classmate copied me." in answer.content.decode()
    assert Event.objects.get(verb="requests.open_copypart").details == {"page": 1}


@pytest.mark.parametrize("number", ["9" * 30, "9" * 5_000])
def test_a_number_no_row_can_have_takes_nothing_back(desk, case, number):
    answer = send(desk, case, "give_back", chosen=[number])
    assert "Tick what is to go out after all" in answer.content.decode()


# --- Sealed before columns were counted --------------------------------------------------------


@pytest.fixture
def older(case: RightsRequest) -> RightsRequest:
    case.copy_parts.update(filled={})
    return case


def test_a_part_sealed_before_columns_were_counted_is_shown_and_cut_like_any_other(older, desk):
    page = desk.get(screen(messages(older))).content.decode()
    assert "Zoe Classmate copied me." in page
    assert send(desk, older, columns=["body"]).status_code == 302
    assert Withholding.objects.get().rows == 3


def test_a_copy_released_before_columns_were_counted_keeps_its_pages_to_read(older):
    page = going_out(older)[f"{MESSAGES}.html"].decode()
    assert "Zoe Classmate copied me." in page
    assert "kept out" not in page


def test_the_page_of_a_part_whose_file_is_gone_still_opens(older, desk):
    vault.remove(messages(older).path)
    part = messages(older)
    assert desk.get(reverse("admin:requests_copypart_change", args=[part.pk])).status_code == 200

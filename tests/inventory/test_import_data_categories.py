"""Lists of data come in from a file: looked at first, never guessed, never twice, staff's words kept."""

import io
import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from audit.models import Event
from inventory import categories_import
from inventory.categories_health import CHECKS
from inventory.categories_import import ChangedMeanwhile, Given, Plan, read
from inventory.models import DataCategory, DataElement, Origin, Sensitivity
from people.csv_files import FileRefused
from people.models import User
from tests.people.factories import NOW, UserFactory

from .factories import DataCategoryFactory

pytestmark = pytest.mark.django_db
HEADER = "category,element"
OPEN = Given()
ROWS = ("Learner name,First name", "Learner name,Family name", 'Bus,"Pick-up / drop-off, at school"')


def plan(*rows: str, header: str = HEADER, given: Given = OPEN) -> Plan:
    return read(io.BytesIO("\r\n".join([header, *rows, ""]).encode()), given)


def bring_in(*rows: str, header: str = HEADER, given: Given = OPEN) -> Plan:
    made = plan(*rows, header=header, given=given)
    made.apply(by=User.objects.first() or UserFactory(), at=NOW)
    return made


def run(tmp_path: Path, *rows: str, header: str = HEADER, **options: object) -> list[str]:
    file, out = tmp_path / "list.csv", io.StringIO()
    file.write_text("\n".join([header, *rows, ""]))
    call_command("import_data_categories", str(file), stdout=out, **options)
    return out.getvalue().splitlines()


def stored() -> dict[str, list[str]]:
    return {row.name: list(row.elements.values_list("name", flat=True)) for row in DataCategory.objects.all()}


def remarks(made: Plan, kind: str) -> list[tuple[int, str]]:
    return [(line, text) for line, its, text in made.remarks if its == kind]


# --- The command --------------------------------------------------------------------------


def test_without_apply_nothing_is_written(tmp_path):
    lines = run(tmp_path, *ROWS)
    assert lines[-2] == "Nothing was written. Add --apply to write it."
    counts = json.loads(lines[-1])
    assert (counts["categories_new"], counts["elements_new"], counts["applied"]) == (2, 3, False)
    assert not DataCategory.objects.exists()


def test_with_apply_every_category_and_element_comes_in_as_it_stands(tmp_path):
    run(tmp_path, *ROWS, apply=True)
    assert stored() == {
        "Bus": ["Pick-up / drop-off, at school"],
        "Learner name": ["First name", "Family name"],
    }


def test_a_second_apply_writes_nothing(tmp_path):
    run(tmp_path, *ROWS, apply=True)
    events = Event.objects.count()
    counts = json.loads(run(tmp_path, *ROWS, apply=True)[-1])
    assert (counts["categories_new"], counts["elements_new"], counts["flagged"]) == (0, 0, 0)
    assert (counts["categories_known"], counts["elements_known"]) == (2, 3)
    assert Event.objects.count() == events


def test_what_is_given_once_is_said_of_every_line(tmp_path):
    run(tmp_path, *ROWS, apply=True, origin="received", whose=["learner"])
    bus = DataCategory.objects.get(code="bus")
    assert (bus.origin, bus.whose) == (Origin.RECEIVED, ["learner"])


def test_a_missing_file_is_refused_in_words(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_data_categories", str(tmp_path / "no.csv"))


@pytest.mark.parametrize("text", [b"", b"name,colour\r\na,b\r\n", b"category\r\nBus\r\n", b"PK\x03\x04rest"])
def test_a_file_that_is_no_such_list_is_refused_whole(text):
    with pytest.raises(FileRefused):
        read(io.BytesIO(text))


# --- Row by row ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (",Grades", "category: It is empty."),
        ("Bus,", "element: It is empty."),
        (f"{'x' * 101},Grades", "category: Use 100 characters at most; this has 101."),
        (f"Bus,{'x' * 201}", "element: Use 200 characters at most; this has 201."),
        ("Bus,gr\u202eades", "element: "),
        ("Bus", "The row has 1 cells; the header has 2."),
    ],
)
def test_a_row_that_cannot_be_used_is_named_with_its_reason_and_the_others_come_in(row, why):
    made = bring_in(row, "Learner name,First name")
    assert len(remarks(made, "rejected")) == 1
    line, text = remarks(made, "rejected")[0]
    assert line == 2
    assert text.startswith(why)
    assert stored() == {"Learner name": ["First name"]}


def test_an_element_that_stands_twice_comes_in_once():
    made = bring_in("Bus,Card number", "Bus,card NUMBER")
    assert remarks(made, "rejected") == [(3, "stands in line 2 already.")]
    assert stored() == {"Bus": ["Card number"]}


def test_two_spellings_of_a_category_are_one_and_two_categories_that_are_too_alike_are_none():
    made = bring_in("Bus card,Number", "BUS CARD,Color", "Bus-card,Name")
    assert stored() == {"Bus card": ["Number", "Color"]}
    assert (3, "category: spelled “Bus card” in line 2, and that was taken.") in remarks(made, "flagged")
    assert remarks(made, "rejected") == [
        (4, "category: too like “Bus card” of line 2; tell the two apart in words.")
    ]


def test_what_the_file_does_not_say_is_left_open_flagged_and_never_guessed():
    made = bring_in("Bus,Card number", "Bus,Other data (specify)")
    bus = DataCategory.objects.get()
    assert (bus.origin, bus.whose, bus.sensitivity) == ("", [], Sensitivity.CONFIDENTIAL)
    assert remarks(made, "flagged") == [
        (2, "origin and whose: not said. Choose on the page of the category."),
        (2, "sensitivity: not said. “Confidential” was taken, to be careful."),
        (3, "element: “Other data (specify)” asks for words of our own; it comes in as it stands."),
    ]


def test_what_stays_open_is_a_fault_until_somebody_chooses():
    bring_in("Bus,Card number")
    assert open_ones() == ["“Bus” does not say where it comes from and whose data it is."]
    DataCategory.objects.update(origin=Origin.RECEIVED)
    assert open_ones() == ["“Bus” does not say whose data it is."]
    DataCategory.objects.update(whose=["learner"])
    assert open_ones() == []


def open_ones() -> list[str]:
    [check] = CHECKS
    return [fault.sentence for fault in check.faults(NOW.date())]


def test_a_file_that_says_more_is_taken_at_its_word():
    header = "Data category;Data element;Source;Sensitivity;Whose"
    made = bring_in(
        "Health;Allergies;Received from others;special;learner, guardian",
        "Health;Doctor;;;",
        "Mood;Diary;the moon;;",
        "Mood;Diary;;;aliens",
        header=header,
    )
    health = DataCategory.objects.get()
    assert (health.origin, health.sensitivity, health.whose) == (
        "received", "special", ["learner", "guardian"],
    )  # fmt: skip
    assert [line for line, _text in remarks(made, "rejected")] == [4, 5]
    assert remarks(made, "rejected")[0][1].startswith("origin: Write one of provided, ")


def test_a_name_without_a_latin_letter_still_gets_a_code():
    bring_in("Имя ученика,Имя", "Школа,Класс")
    assert stored() == {"Имя ученика": ["Имя"], "Школа": ["Класс"]}


# --- What stands here already -------------------------------------------------------------


def test_staffs_words_are_kept_and_the_list_still_knows_them():
    bring_in("Bus,Card number")
    DataCategory.objects.update(name="Bus rides", origin=Origin.PROVIDED, whose=["learner"])
    DataElement.objects.update(name="Number of the bus card")
    made = bring_in("Bus,Card number", given=Given("received", ("learner",)))
    assert stored() == {"Bus rides": ["Number of the bus card"]}
    assert made.counts().writes == 0
    assert remarks(made, "flagged") == [
        (2, "category: the register calls it “Bus rides”, and that stays."),
        (2, "origin: the register says something else, and that stays."),
    ]


def test_what_was_left_open_is_completed_and_said():
    bring_in("Bus,Card number")
    made = bring_in("Bus,Card number", given=Given("received", ("learner",)))
    assert remarks(made, "completed") == [
        (2, "origin: was open in the register."),
        (2, "whose: was open in the register."),
    ]
    assert DataCategory.objects.get().origin == Origin.RECEIVED


def test_new_elements_join_a_category_of_the_register_behind_its_own():
    category = DataCategoryFactory(name="Grades", code="marks")
    category.elements.create(name="Final grade", order=4)
    bring_in("grades,Final grade", "grades,Midterm grade")
    assert stored() == {"Grades": ["Final grade", "Midterm grade"]}


def test_nothing_is_listed_under_what_we_never_hold():
    DataCategoryFactory(never_held=True)
    made = bring_in("Full card numbers,Number", "Full card numbers,Expiry")
    assert [line for line, _text in remarks(made, "rejected")] == [2, 3]
    assert not DataElement.objects.exists()


def test_whoever_changed_the_category_meanwhile_wins():
    DataCategoryFactory(name="Bus", code="bus")
    made = plan("Bus,Card number")
    DataCategory.objects.update(revision=7)
    with pytest.raises(ChangedMeanwhile):
        made.apply(by=UserFactory(), at=NOW)
    assert not DataElement.objects.exists()
    assert not Event.objects.filter(verb="inventory.import_data_categories").exists()


def test_two_imports_at_once_write_the_list_once():
    first, second = plan("Bus,Card number"), plan("Bus,Card number")
    first.apply(by=UserFactory(), at=NOW)
    with pytest.raises(ChangedMeanwhile):
        second.apply(by=UserFactory(), at=NOW)
    assert stored() == {"Bus": ["Card number"]}


def test_the_record_counts_and_names_no_words():
    bring_in("Bus,Card number")
    event = Event.objects.get(verb="inventory.import_data_categories")
    assert event.details["elements_new"] == 1
    assert len(event.details["sha256"]) == 64
    assert "Card" not in json.dumps(event.details)


def test_a_file_longer_than_anything_honest_is_refused(monkeypatch):
    monkeypatch.setattr(categories_import, "MOST_ROWS", 2)
    with pytest.raises(FileRefused, match="more than 2 rows"):
        plan("a,1", "b,2", "c,3")


# --- The desk -----------------------------------------------------------------------------


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(UserFactory(group="privacy lead"))
    return client


PAGE = "/admin/inventory/datacategory/import/"


def look(desk: Client, *rows: str, **data: object):
    file = SimpleUploadedFile("list.csv", "\n".join([HEADER, *rows]).encode())
    return desk.post(PAGE, {"file": file, **data})


def test_staff_look_first_and_then_write_what_they_saw(desk):
    seen = look(desk, "Bus,Card number", origin="received", whose=["learner"])
    assert "Elements added: 1; here already: 0." in seen.content.decode()
    assert not DataCategory.objects.exists()
    done = desk.post(PAGE, {"signed": seen.context["signed"]})
    assert done.url == reverse("admin:inventory_datacategory_changelist")
    assert stored() == {"Bus": ["Card number"]}
    assert Event.objects.get(verb="inventory.import_data_categories").actor_kind == "staff"


def test_a_look_that_was_tampered_with_is_refused(desk):
    seen = look(desk, "Bus,Card number")
    response = desk.post(PAGE, {"signed": "x" + seen.context["signed"]})
    assert "That look is too old. Choose the file again." in response.content.decode()
    assert not DataCategory.objects.exists()


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"x,y\n1,2\n", b"category,element\n" + b"a,b\n" * 60_000]
)
def test_a_file_of_another_kind_comes_back_with_a_sentence(desk, content):
    response = desk.post(PAGE, {"file": SimpleUploadedFile("list.csv", content)})
    assert response.status_code == 200
    assert "desk-note bad" in response.content.decode() or "errorlist" in response.content.decode()


def test_whoever_may_not_add_categories_may_not_bring_them_in(client):
    client.force_login(UserFactory(group="auditor"))
    assert client.get(PAGE).status_code == 403

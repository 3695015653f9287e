"""The copy: what is inside, who may have it, and when it is gone."""

import json
import tracemalloc
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from notices.models import Notice, Status
from requests.copies import gathering, packages
from requests.copies.zipping import Entry, zipped
from requests.keeping import vault
from requests.models import Happened, Package, RightsRequest, TaskFile
from requests.models.vault import SealedFile
from requests.others import work
from tests.inventory.factories import ProcessingActivityFactory
from tests.notices.factories import NoticeFactory
from tests.people.factories import NOW, GuardianshipFactory, UserFactory

from .factories import RequestFactory
from .work_factories import CaseFactory, TaskFactory

pytestmark = pytest.mark.django_db
PERSON, PAGE = (f"this-service/people-person-account-details.{kind}" for kind in ("json", "html"))


def built(case) -> Package:
    packages.start(case, at=NOW)
    assert packages.build_due(at=NOW) == 1
    package = packages.ready(case)
    assert package is not None
    return package


def opened(case, package) -> zipfile.ZipFile:
    return zipfile.ZipFile(BytesIO(b"".join(packages.look(package))))


def released(case) -> Package:
    built(case)
    case.copy_parts.update(looked_at=NOW, looked_by=UserFactory())
    return packages.release(case, by=UserFactory(), at=NOW)


def case_parts(task) -> int:
    return task.request.copy_parts.count()


def test_the_copy_holds_the_person_as_json_and_as_a_page():
    case = CaseFactory()

    inside = opened(case, built(case))

    (row,) = json.loads(inside.read(PERSON))
    assert row["given_name"] == "Amina"
    assert "Amina" in inside.read(PAGE).decode()


def test_the_copy_tells_why_and_who_receives_it():
    activity = ProcessingActivityFactory()
    case = CaseFactory()

    index = opened(case, built(case)).read("index.html").decode()

    assert activity.purpose.name in index
    assert f'href="{PAGE}"' in index


def test_somebody_elses_number_is_not_in_the_copy():
    link = GuardianshipFactory()
    case = CaseFactory(subject=link.child)

    (row,) = json.loads(opened(case, built(case)).read("this-service/people-guardianship-family-links.json"))

    assert (row["child"], row["guardian"]) == ("you", "another person")


def test_what_others_handed_over_lies_beside_it_under_a_safe_name():
    task = TaskFactory()
    upload = SimpleUploadedFile("../../etc/pass wd.csv", b"a,b\n1,2\n")
    work.answer(task, answer="done", uploads=[upload], by=UserFactory(), at=NOW)

    names = opened(task.request, built(task.request)).namelist()

    assert "from-001/pass-wd.csv" in names
    assert not [name for name in names if ".." in name or name.startswith("/")]


def test_words_of_a_stranger_stay_words_in_the_page():
    case = CaseFactory(subject__given_name="<script>alert(1)</script>")

    page = opened(case, built(case)).read(PAGE).decode()

    assert "<script>" not in page


def test_nobody_fetches_what_nobody_looked_through():
    case = CaseFactory()
    built(case)

    with pytest.raises(packages.CopyOver):
        packages.fetch(case, by=case.requester, at=NOW)


def test_a_released_copy_can_be_fetched_so_often_and_so_long():
    case = CaseFactory()
    released(case)
    for _ in range(5):
        packages.fetch(case, by=case.requester, at=NOW)

    with pytest.raises(packages.CopyOver):
        packages.fetch(case, by=case.requester, at=NOW)

    assert case.events.filter(kind=Happened.DOWNLOADED).count() == 5


def test_past_its_day_the_copy_is_gone_from_the_disk(django_capture_on_commit_callbacks):
    case = CaseFactory()
    package = released(case)
    paths = list(case.copy_parts.values_list("path", flat=True))
    assert package.expires_at is not None
    later = package.expires_at + timedelta(seconds=1)

    assert packages.open_to(case, later) is None
    with django_capture_on_commit_callbacks(execute=True):
        assert packages.remove_expired(at=later) == 1
    with pytest.raises(vault.NotInVault):
        list(vault.open_sealed(case, paths[0]))


def test_an_erasure_takes_every_copy_and_handed_over_file():
    task = TaskFactory()
    work.answer(
        task, answer="done", uploads=[SimpleUploadedFile("a.csv", b"1,2\n")], by=UserFactory(), at=NOW
    )
    package = released(task.request)

    packages.remove_all(task.request, at=NOW)

    package.refresh_from_db()
    assert (case_parts(task), package.removed_at) == (0, NOW)
    assert TaskFile.objects.get().destroyed_at == NOW


def test_a_new_copy_takes_the_place_of_one_that_was_not_released():
    case = CaseFactory()
    first = built(case)

    second = built(case)

    first.refresh_from_db()
    assert first.removed_at == NOW
    assert packages.ready(case) == second


def test_a_worker_that_died_leaves_a_copy_that_another_one_makes():
    case = CaseFactory()
    packages.start(case, at=NOW)
    assert packages._claim() is not None  # and then the worker is gone
    assert packages.build_due(at=NOW) == 0

    Package.objects.update(lease_until=NOW)

    assert packages.build_due(at=NOW) == 1


def test_a_full_disk_leaves_no_half_copy(monkeypatch):
    def full(*_anything):
        raise vault.VaultFull

    case = CaseFactory()
    monkeypatch.setattr(vault, "seal", full)
    packages.start(case, at=NOW)

    assert packages.build_due(at=NOW) == 0

    package = case.packages.get()
    assert (package.built_at, package.failure) == (None, "VaultFull")


def test_rows_are_read_in_pieces():
    case = CaseFactory()
    first = NoticeFactory(recipient_id=case.subject_id, status=Status.SENT)
    rows = [
        Notice(
            campaign=first.campaign,
            letter=first.letter,
            recipient_id=10**9 + number,
            address="x@family.example",
            status=Status.SENT,
            due_at=NOW,
        )
        for number in range(20_000)
    ]
    Notice.objects.bulk_create(rows, batch_size=2000)
    Notice.objects.filter(pk=first.pk).update(address="amina@family.example")
    part = next(part for part in gathering.parts(case.subject) if part.holding.model is Notice)

    tracemalloc.start()
    size = sum(len(piece) for piece in gathering.as_json(part.rows()))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size > 0
    assert peak < 8 * 2**20


def test_a_zip_of_any_length_costs_the_same_memory():
    def endless():
        for _ in range(400):
            yield b"0123456789abcdef" * 4096

    tracemalloc.start()
    size = sum(len(piece) for piece in zipped([Entry("big.txt", endless())], at=NOW))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size > 0
    assert peak < 4 * 2**20


def test_what_others_handed_over_goes_with_the_copy_that_was_made_of_it():
    task = TaskFactory()
    upload = SimpleUploadedFile("amina.csv", b"a,b\n1,2\n")
    work.answer(task, answer="done", uploads=[upload], by=UserFactory(), at=NOW)
    package = released(task.request)
    RightsRequest.objects.filter(pk=task.request_id).update(stage="closed", outcome="done", closed_at=NOW)
    assert packages.remove_handed_over(at=NOW) == 0

    assert package.expires_at is not None
    packages.remove_expired(at=package.expires_at)

    assert packages.remove_handed_over(at=NOW) == 1
    assert (TaskFile.objects.get().name, SealedFile.objects.count()) == ("", 0)
    package.refresh_from_db()
    assert "amina" not in str(package.contents)


def test_a_childs_copy_does_not_hold_what_a_parent_wrote():
    asked = RequestFactory(of_guardian=True, particulars__details="He must never read this.")

    theirs = [part.holding.label for part in gathering.parts(asked.requester)]
    childs = [part.holding.label for part in gathering.parts(asked.subject)]

    assert "requests.particulars" in theirs
    assert "requests.particulars" not in childs


def test_a_copy_whose_key_was_destroyed_this_moment_is_over():
    case = CaseFactory()
    released(case)
    vault.shred(case, by=UserFactory(), at=NOW)

    with pytest.raises(packages.CopyOver):
        packages.fetch(case, by=case.requester, at=NOW)

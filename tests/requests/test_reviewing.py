"""Looking a copy through: what is blacked out or left out, why, and that it never goes out by mistake."""

import json
import zipfile
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation

from audit.models import Event
from requests import clocks
from requests.copies import packages, reviewing, withheld
from requests.keeping.files import FileRefused
from requests.models import CopyPart, Happened, Package, RightsRequest, SealedFile, Stage, TaskFile, Why
from requests.others import work
from requests.refusals import GroundDoesNotFit, WrongStage
from requests.saying import letters
from requests.turns import next_move
from tests.people.factories import NOW, GuardianshipFactory, UserFactory

from .work_factories import CaseFactory, TaskFactory

pytestmark = pytest.mark.django_db
SECRET = b"lesson,friend\n1,Zoe Classmate\n"
BLACKENED = b"lesson,friend\n1,[blacked out]\n"


@pytest.fixture
def dov():
    return UserFactory(dov=True)


@pytest.fixture
def case(dov) -> RightsRequest:
    """A platform handed over a file that names a classmate; everything waits to be looked at."""
    task = TaskFactory(system__name="Lesson platform", request__language="fr")
    clocks.propose_regimes(task.request)
    upload = SimpleUploadedFile("amina-and-zoe.csv", SECRET)
    work.answer(task, answer="done", uploads=[upload], by=dov, at=NOW)
    packages.build_due(at=NOW)
    return RightsRequest.objects.get(pk=task.request_id)


def handed_over(case) -> CopyPart:
    return case.copy_parts.get(file__isnull=False)


def ours(case) -> CopyPart:
    return case.copy_parts.get(holding="people.person.account-details")


def everything(case) -> list[CopyPart]:
    return list(case.copy_parts.all())


def redacted(content: bytes = BLACKENED, name: str = "redacted.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def replace(case, dov, part=None, **how) -> CopyPart:
    how = {"upload": redacted(), "why": Why.OTHERS, "reason": "A classmate is named.", **how}
    return reviewing.replace(case, part=part or handed_over(case), by=dov, at=NOW, **how)


def leave_out(case, dov, part, why=Why.OTHERS) -> int:
    return reviewing.leave_out(case, parts=[part], why=why, by=dov, at=NOW, reason="A classmate.")


def going_out(case) -> dict[str, bytes]:
    package = packages.ready(case)
    assert package is not None
    inside = zipfile.ZipFile(BytesIO(b"".join(packages.look(package))))
    return {name: inside.read(name) for name in inside.namelist()}


def test_nothing_is_released_that_nobody_looked_through(case, dov):
    with pytest.raises(packages.NotLookedThrough, match="2 of 2 parts"):
        packages.release(case, by=dov, at=NOW)
    reviewing.look_through(case, parts=[ours(case)], by=dov, at=NOW)
    with pytest.raises(packages.NotLookedThrough, match="1 of 2 parts of the copy was"):
        packages.release(case, by=dov, at=NOW)
    assert next_move(case, NOW.date()).button == "look-through"
    assert Package.objects.get().released_at is None


def test_a_look_keeps_who_and_when_and_stands_in_the_timeline(case, dov):
    assert reviewing.look_through(case, parts=everything(case), by=dov, at=NOW) == 2
    part = handed_over(case)
    assert (part.looked_by, part.looked_at) == (dov, NOW)
    assert case.events.get(kind=Happened.LOOKED).facts == {"parts": 2, "of": 2}
    assert packages.release(case, by=dov, at=NOW).released_at == NOW


def test_the_redacted_file_goes_out_and_the_original_does_not(case, dov):
    replace(case, dov)
    files = going_out(case)
    assert files["from-001/redacted.csv"] == BLACKENED
    assert not [name for name, content in files.items() if b"Zoe" in content or "zoe" in name]


def test_the_original_of_a_replaced_part_stays_sealed_past_the_copy(case, dov):
    replace(case, dov)
    reviewing.look_through(case, parts=everything(case), by=dov, at=NOW)
    package = packages.release(case, by=dov, at=NOW)
    RightsRequest.objects.filter(pk=case.pk).update(stage="closed", outcome="partly", closed_at=NOW)
    assert package.expires_at is not None
    packages.remove_expired(at=package.expires_at)
    assert packages.remove_handed_over(at=NOW) == 0
    part = case.copy_parts.get()
    assert b"".join(vault_of(part, part.original)) == SECRET
    assert b"".join(vault_of(part, part.redacted_path)) == BLACKENED


def vault_of(part: CopyPart, path: str):
    from requests.keeping import vault

    return vault.open_sealed(part.request, path)


def test_what_was_withheld_goes_when_the_time_of_the_case_is_over(case, dov):
    from requests.personal import PARTS

    replace(case, dov)
    leave_out(case, dov, ours(case))
    (way,) = PARTS.ways.values()
    assert way(PARTS.rows().filter(request=case), NOW) == 2
    assert (CopyPart.objects.count(), SealedFile.objects.count()) == (0, 0)
    assert TaskFile.objects.get().name == ""


def test_a_part_of_our_own_rows_can_be_left_out(case, dov):
    leave_out(case, dov, ours(case))
    files = going_out(case)
    assert not [name for name in files if name.startswith("this-service/")]
    with translation.override("fr"):
        (line,) = withheld.lines(case)
    assert line.why in files["index.html"].decode()
    (part,) = [part for part in json.loads(files["index.json"])["contents"] if part["withheld"]]
    assert (part["withheld"], part["why"], part["file"]) == (line.how, line.why, "")


def test_the_ground_of_the_law_is_kept_where_there_is_one(case, dov):
    assert replace(case, dov).ground.code == "gdpr_others_rights"
    assert replace(case, dov, why=Why.PRIVILEGE).ground is None
    with pytest.raises(GroundDoesNotFit):
        replace(case, dov, why=Why.NOT_PORTABLE)


@pytest.mark.parametrize("language", ["en", "es", "fr", "de"])
def test_the_letter_says_what_is_missing_and_why_in_its_language(case, dov, language):
    case.language = language
    case.save()
    replace(case, dov)
    letter = letters.draft(case, "copy", **letters.of_copy(case))
    with translation.override(language):
        (line,) = withheld.lines(case)
    assert f"– {line}" in letter
    assert "GDPR Art. 15(4), 20(4)" in letter
    assert letters.routes(case) in letter
    assert "amina-and-zoe" not in letter


def test_a_whole_copy_says_that_nothing_is_missing(case):
    assert withheld.words(RightsRequest(language="en", pk=case.pk + 1)).startswith("The copy is whole")


def test_all_of_it_can_be_taken_back_before_the_release(case, dov):
    replace(case, dov)
    leave_out(case, dov, ours(case))
    sealed = SealedFile.objects.count()
    assert reviewing.take_back(case, parts=everything(case), by=dov, at=NOW) == 2
    assert case.copy_parts.unseen().count() == 2
    assert SealedFile.objects.count() == sealed - 1
    assert going_out(case)["from-001/amina-and-zoe.csv"] == SECRET


def test_after_the_release_nothing_is_decided_any_more(case, dov):
    reviewing.look_through(case, parts=everything(case), by=dov, at=NOW)
    RightsRequest.objects.filter(pk=case.pk).update(stage="closed", outcome="done", closed_at=NOW)
    with pytest.raises(WrongStage):
        leave_out(case, dov, ours(case))


def test_a_part_of_another_case_is_never_touched(case, dov):
    stranger = CaseFactory(stage=Stage.RELEASE)
    packages.start(stranger, at=NOW)
    packages.build_due(at=NOW)
    with pytest.raises(reviewing.NothingChosen):
        leave_out(case, dov, ours(stranger))
    with pytest.raises(reviewing.NothingChosen):
        replace(case, dov, part=ours(stranger))


def test_an_archive_is_no_redacted_file_and_nothing_is_kept_of_it(case, dov):
    sealed = SealedFile.objects.count()
    with pytest.raises(FileRefused, match="content is something else"):
        replace(case, dov, upload=redacted(b"PK\x03\x04..."))
    assert (SealedFile.objects.count(), handed_over(case).decision) == (sealed, "")


def test_what_did_not_change_keeps_its_marks_when_an_answer_is_corrected(case, dov):
    replace(case, dov)
    reviewing.look_through(case, parts=everything(case), by=dov, at=NOW)
    task = case.tasks.get()
    work.answer(task, answer="done", uploads=[redacted(b"1,2\n", "more.csv")], by=dov, at=NOW)
    packages.build_due(at=NOW)
    assert [part.what for part in case.copy_parts.unseen()] == ["more.csv"]
    assert case.copy_parts.count() == 3


def test_rows_that_changed_since_have_to_be_looked_at_again(case, dov):
    reviewing.look_through(case, parts=everything(case), by=dov, at=NOW)
    case.subject.given_name = "Aminata"
    case.subject.save()
    packages.start(case, at=NOW)
    packages.build_due(at=NOW)
    assert [part.holding for part in case.copy_parts.unseen()] == ["people.person.account-details"]
    assert b"Aminata" in going_out(case)["this-service/people-person-account-details.json"]


def test_the_other_guardian_is_nowhere_in_a_childs_copy(case, dov):
    link = GuardianshipFactory(
        child=case.subject, guardian__given_name="Ottilie", guardian__email="o@x.example"
    )
    packages.start(case, at=NOW)
    packages.build_due(at=NOW)
    inside = b"".join(going_out(case).values())
    assert b"another person" in inside
    assert not [
        word for word in (b"Ottilie", b"o@x.example", link.guardian.external_id.encode()) if word in inside
    ]


def test_an_erasure_leaves_no_part_and_no_words_of_an_owner(case, dov):
    from requests.erasing.forgetting import forget

    case.tasks.update(answer="exception", answer_text="Amina's notes lie with Mrs. Young.")
    forget([case.subject_id], keep={"rights-requests"}, at=NOW)
    assert (CopyPart.objects.count(), case.tasks.get().answer_text) == (0, "–")


def test_the_time_of_a_case_clears_what_owners_wrote(case):
    from requests.personal import ANSWERS

    case.tasks.update(answer_text="Found under another name.")
    for way in ANSWERS.ways.values():
        way(ANSWERS.rows(), NOW)
    assert (case.tasks.get().answer_text, ANSWERS.rows().count()) == ("", 0)


def test_a_part_is_read_by_colleagues_alone_and_each_read_is_written_down(client, case, dov):
    url = reverse("admin:requests_copypart_download", args=[ours(case).pk])
    client.force_login(UserFactory(is_staff=True))
    assert client.get(url).status_code == 403
    client.force_login(UserFactory(superuser=True))
    page = b"".join(client.get(url))
    data = b"".join(client.get(url, {"as": "data"}))
    assert b"<dt>First name</dt>" in page
    assert data.startswith(b"[\n{")
    assert client.get(url, {"as": "redacted"}).status_code == 404
    assert Event.objects.filter(verb="requests.open_copypart").count() == 2


def test_what_a_killed_worker_sealed_for_nothing_is_swept(case, dov):
    from datetime import timedelta

    from requests.erasing import letting_go
    from requests.keeping import vault

    kept = SealedFile.objects.count()
    vault.seal(case, [b"half a copy"])
    SealedFile.objects.update(sealed_at=NOW - timedelta(days=2))
    assert letting_go.unclaimed(at=NOW) == 1
    assert SealedFile.objects.count() == kept

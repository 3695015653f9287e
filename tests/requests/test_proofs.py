"""Identity documents come in only when asked for, and go with the verdict."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from audit.models import Event
from requests import actions
from requests.keeping import vault
from requests.models import Happened, IdentityDocument, Method, SealedFile
from requests.proving import proofs
from requests.refusals import NotAsked, TooManyDocuments
from tests.people.factories import NOW, UserFactory

from .factories import RequestFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def card():
    out = BytesIO()
    Image.new("RGB", (8, 8), "white").save(out, "JPEG")
    return SimpleUploadedFile("my card.jpg", out.getvalue())


@pytest.fixture
def case():
    case = RequestFactory(place="GB-ENG")
    actions.ask_identity(case, method=Method.DOCUMENT, by=UserFactory(), at=NOW)
    return case


def hand_in(case, at=NOW):
    return proofs.hand_in(case, card(), by=case.requester, at=at)


def test_what_nobody_asked_for_is_not_kept():
    with pytest.raises(NotAsked):
        hand_in(RequestFactory())
    assert not SealedFile.objects.exists()


def test_it_lies_sealed_until_the_verdict_and_is_gone_with_it(case, django_capture_on_commit_callbacks):
    document = hand_in(case)
    path = vault._on_disk(document.path)
    assert path.exists()
    with django_capture_on_commit_callbacks(execute=True):
        actions.confirm_identity(case, method=Method.DOCUMENT, by=UserFactory(), at=NOW + DAY)
    document.refresh_from_db()
    assert (document.path, document.name, document.destroyed_at) == ("", "", NOW + DAY)
    assert not path.exists()


@pytest.mark.parametrize(
    "end",
    [
        lambda case: actions.fail_identity(case, by=UserFactory(), at=NOW, reason="Another face."),
        lambda case: actions.withdraw(case, by=case.requester, at=NOW),
        lambda case: actions.amend(case, by=case.requester, at=NOW, about="another child"),
        lambda case: actions.ask_identity(case, method=Method.DOCUMENT, by=UserFactory(), at=NOW),
        lambda case: proofs.destroy_due(at=NOW + 21 * DAY),
    ],
)
def test_it_goes_whatever_ends_the_question(case, end):
    hand_in(case)
    end(case)
    assert not IdentityDocument.objects.filter(destroyed_at=None).exists()
    assert not SealedFile.objects.exists()


def test_our_slowness_is_not_the_requesters_time(case):
    """UK GDPR Art. 12A: the month begins when they handed it in, not when we looked."""
    hand_in(case, at=NOW + DAY)
    actions.confirm_identity(case, method=Method.DOCUMENT, by=UserFactory(), at=NOW + 10 * DAY)
    assert case.events.get(kind=Happened.ID_RECEIVED).at == NOW + DAY
    assert case.legal_due_on.isoformat() == "2026-04-07"  # the 3rd is Good Friday


def test_three_are_enough(case):
    for _side in range(3):
        hand_in(case)
    with pytest.raises(TooManyDocuments):
        hand_in(case)


def test_the_log_says_that_one_came_and_nothing_of_what_it_was(case):
    hand_in(case)
    event = Event.objects.get(verb="requests.hand_in")
    assert "card" not in str(event.details)

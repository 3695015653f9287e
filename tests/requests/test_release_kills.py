"""A copy is released whole or not at all, and a part is blacked out whole or not at all, wherever it is killed."""

from collections.abc import Callable
from itertools import count

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from people.models import User
from requests import actions
from requests.copies import packages, reviewing
from requests.erasing import letting_go
from requests.keeping import vault
from requests.models import CopyPart, Package, RightsRequest, SealedFile, Stage
from tests.people.factories import NOW, UserFactory

from .factories import RequestFactory
from .road import LETTER
from .test_kills import anew, everything, is_killed

pytestmark = pytest.mark.django_db(transaction=True)


def copies() -> list[object]:
    return [
        sorted(CopyPart.objects.values_list("pk", "looked_at", "decision", "redacted_path")),
        sorted(Package.objects.values_list("pk", "released_at", "expires_at")),
        sorted(SealedFile.objects.values_list("path")),
    ]


def rows() -> list[object]:
    """Without the names of files: one that was sealed for nothing goes with a sweep, as below."""
    *found, _files = everything()
    return found


def kills(deed: Callable[[], object]) -> int:
    """Killed at each write in turn nothing has happened; let alone, it happens. Returns the kills."""
    before = (copies(), rows())
    for number in count(1):
        if not is_killed(deed, at_write=number):
            return number - 1
        letting_go.unclaimed(at=timezone.now() + 2 * vault.LEFTOVER_AFTER)  # sealed, and never joined
        assert (copies(), rows()) == before, f"half done after write {number}"
    raise AssertionError


@pytest.fixture
def case() -> RightsRequest:
    case = RequestFactory(access=True, fulfilling=True, particulars=False)
    actions.put_forward(case, by=UserFactory(), at=NOW)
    packages.build_due(at=NOW)
    return case


def test_blacking_out_looking_through_and_releasing(case: RightsRequest) -> None:
    dov: User = UserFactory(dov=True)

    def black_out() -> None:
        upload = SimpleUploadedFile("redacted.txt", b"Amina, and somebody.")
        (part,) = case.copy_parts.all()
        reviewing.replace(anew(case), part=part, upload=upload, why="others", by=dov, at=NOW, reason="Ben.")

    assert kills(black_out) > 3
    later = timezone.now() + 2 * vault.LEFTOVER_AFTER
    assert vault.sweep_leftovers(at=later) > 0
    assert case.copy_parts.get().redacted_path
    release = lambda: actions.release(anew(case), by=dov, at=NOW, letter=LETTER)  # noqa: E731
    assert kills(release) > 6
    assert anew(case).stage == Stage.CLOSED
    assert packages.open_to(case, NOW) is not None
    assert case.messages.count() == 1

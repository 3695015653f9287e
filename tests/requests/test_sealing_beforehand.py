"""A redacted file is sealed before the transaction that joins it to the copy, and a fault in between leaves nothing."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from requests.copies import packages, reviewing
from requests.keeping import vault
from requests.models import RightsRequest, SealedFile
from requests.refusals import WrongStage
from tests.people.factories import NOW, UserFactory

from .work_factories import CaseFactory

pytestmark = pytest.mark.django_db(transaction=True)


class LightsOut(Exception):
    pass


@pytest.fixture
def case() -> RightsRequest:
    """Amina's copy, which waits to be looked through."""
    case = CaseFactory(stage="release")
    packages.start(case, at=NOW)
    packages.build_due(at=NOW)
    return case


def upload() -> SimpleUploadedFile:
    return SimpleUploadedFile("redacted.csv", b"lesson,friend\n1,[blacked out]\n")


def press(client: Client, case: RightsRequest) -> Any:
    client.force_login(UserFactory(superuser=True, name="Dov"))
    url = reverse("admin:requests_rightsrequest_do", args=[case.pk, "replace-part"])
    case.refresh_from_db()
    typed = {"part": case.copy_parts.get().pk, "why": "others", "upload": upload(), "reason": "Ben is named."}
    return client.post(url, {"opened_revision": case.revision, **typed})


def in_vault() -> tuple[int, int]:
    """Rows that know a file, and files."""
    return SealedFile.objects.count(), len(list(Path(settings.VAULT_DIR).glob("??/*")))


def test_the_desk_seals_before_it_holds_the_database(client, case, monkeypatch):
    held, seal = [], vault.seal

    def watched(*how):
        held.append(connection.in_atomic_block)
        return seal(*how)

    monkeypatch.setattr(vault, "seal", watched)
    assert press(client, case).status_code == 302
    assert held == [False]
    assert case.copy_parts.get().redacted_name == "redacted.csv"


def test_a_fault_between_the_two_halves_leaves_no_file(client, case, monkeypatch):
    def out(*_anything, **_how):
        raise LightsOut

    before = in_vault()
    monkeypatch.setattr(reviewing, "_decide", out)
    with pytest.raises(LightsOut):
        press(client, case)
    assert in_vault() == before
    assert case.copy_parts.get().decision == ""


def test_what_is_refused_in_the_second_half_leaves_no_file(client, case):
    before = in_vault()
    RightsRequest.objects.filter(pk=case.pk).update(stage="closed", outcome="done", closed_at=NOW)
    with pytest.raises(WrongStage):
        reviewing.replace(
            case,
            part=case.copy_parts.get(),
            upload=upload(),
            why="others",
            by=UserFactory(),
            at=NOW,
            reason="Ben.",
        )
    assert in_vault() == before

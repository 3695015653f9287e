"""An identity document, handed in at the public page: only when asked for, and only what we can bear
(bad inputs 43 to 52)."""

from io import BytesIO

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from requests.models import IdentityDocument, Method
from tests.requests.factories import IdentityCheckFactory, RequestFactory

from .asking import words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh():
    cache.clear()


def picture(kind: str = "JPEG") -> bytes:
    written = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(written, kind)
    return written.getvalue()


@pytest.fixture
def page():
    """Where Amina may hand one in."""
    check = IdentityCheckFactory.create(method=Method.DOCUMENT)
    return f"/requests/{check.request.reference}/document/"


def hand_in(client, page, content, name="card.jpg"):
    return client.post(page, {"document": SimpleUploadedFile(name, content)})


def test_the_status_page_says_that_a_document_is_asked_for(client, page):
    home = page.removesuffix("document/")
    said = words(client.get(home))
    assert "Please show who you are" in said
    assert f'href="{page}"' in client.get(home).content.decode()


@pytest.mark.parametrize(
    ("kind", "name"), [("JPEG", "card.jpg"), ("PNG", "../../etc/passwd"), ("JPEG", "\u202egpj.exe")]
)
def test_a_picture_is_kept_whatever_its_name_says(client, page, kind, name):
    assert "Your document is with us" in words(hand_in(client, page, picture(kind), name))
    kept = IdentityDocument.objects.get()
    assert kept.kind == kind.lower()
    assert "/" not in kept.name
    assert "\u202e" not in kept.name


@pytest.mark.parametrize(
    ("content", "name", "status", "sentence"),
    [
        (b"\xff\xd8\xff" + b"x" * (10 * 2**20), "card.jpg", 413, "The most we can take is 10 MB."),
        (b"MZ\x90\x00 not a picture", "id.jpg.exe", 422, "whatever its name says"),
        (b"<svg onload='alert(1)'>", "id.jpg", 422, "whatever its name says"),
        (b"GIF89a=1;alert(1)", "id.jpg", 422, "whatever its name says"),
        (b"PK\x03\x04zip", "id.pdf", 422, "whatever its name says"),
        (picture()[:200], "card.jpg", 422, "damaged, or was cut off"),
        (b"", "card.jpg", 422, "This file is empty."),
    ],
)
def test_anything_else_is_refused_with_a_reason(client, page, content, name, status, sentence):
    response = hand_in(client, page, content, name)
    assert response.status_code == status
    assert words(response).count(sentence) == 2
    assert not IdentityDocument.objects.exists()


def test_no_file_at_all_is_named(client, page):
    response = client.post(page)
    assert (response.status_code, "Choose a file." in words(response)) == (422, True)


def test_a_fourth_document_waits_for_somebody_to_look(client, page):
    for _ in range(3):
        hand_in(client, page, picture())
    assert "We have enough documents now." in words(hand_in(client, page, picture()))
    assert IdentityDocument.objects.count() == 3


def test_52_a_thousand_and_one_fields_are_a_bad_request(client):
    response = client.post("/requests/new/details/", {f"field{number}": "" for number in range(1001)})
    assert response.status_code == 400
    assert words(response)


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_hands_in_what_nobody_asked_for(client, method):
    request = RequestFactory.create()
    response = getattr(client, method)(f"/requests/{request.reference}/document/")
    assert response.status_code == 409
    assert not IdentityDocument.objects.exists()

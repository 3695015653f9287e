"""Identity documents as they arrive: each bad one is refused in a sentence its sender can act on."""

import io
import struct
import zipfile
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from requests.keeping import vault
from requests.models import RightsRequest, SealedFile
from requests.proving import documents
from tests.people.factories import NOW

pytestmark = pytest.mark.django_db
GPS_FIELD, MODEL_FIELD, ORIENTATION = 0x8825, 0x0110, 0x0112


@pytest.fixture
def case():
    return RightsRequest.objects.create(right="access", received_at=NOW)


def picture(form="JPEG", size=(60, 40), **options):
    out = io.BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(out, format=form, **options)
    return out.getvalue()


def pdf(inside=b""):
    return b"%PDF-1.7\n1 0 obj <<" + inside + b">> endobj\nstartxref\n9\n%%EOF\n"


def zipped(name="word/document.xml", content=b"x"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def flood(width, height):
    """A PNG of a few bytes that says it is as large as a house."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def upload(content, name="passport.jpg"):
    return SimpleUploadedFile(name, content)


def refusal(content, name="passport.jpg"):
    with pytest.raises(documents.DocumentRefused) as refused:
        documents.examine(upload(content, name))
    return refused.value.messages[0]


@pytest.mark.parametrize(
    ("content", "kind"),
    [(picture(), "jpeg"), (picture("PNG"), "png"), (pdf(), "pdf")],
    ids=["jpeg", "png", "pdf"],
)
def test_pictures_and_pdfs_are_sealed_for_the_case(case, content, kind):
    taken = documents.take(upload(content, "my passport.heic.exe"), case)

    assert (taken.kind, taken.name) == (kind, "my passport.heic.exe")
    assert b"".join(vault.open_sealed(case, taken.stored.path)).startswith(content[:4])


def test_the_place_a_photo_was_taken_is_not_kept(case):
    exif = Image.Exif()
    exif[MODEL_FIELD] = "Phone of Carla"
    exif.get_ifd(GPS_FIELD).update({1: "N", 2: (48.0, 51.0, 24.0)})
    sent = picture(exif=exif, comment=b"Rue de la Paix")
    taken = documents.take(upload(sent), case)
    kept = b"".join(vault.open_sealed(case, taken.stored.path))

    assert b"Phone of Carla" in sent
    assert b"Rue de la Paix" in sent
    assert b"Exif" not in kept
    assert b"Rue de la Paix" not in kept
    assert dict(Image.open(io.BytesIO(kept)).getexif()) == {}


def test_a_photo_taken_sideways_stands_upright_without_its_exif():
    exif = Image.Exif()
    exif[ORIENTATION] = 6

    _kind, kept = documents.examine(upload(picture(size=(60, 40), exif=exif)))
    assert Image.open(io.BytesIO(kept)).size == (40, 60)


def test_what_hides_behind_a_picture_is_not_kept():
    _kind, kept = documents.examine(upload(picture() + b"<script>alert(1)</script>" + zipped()))

    assert b"<script>" not in kept
    assert b"PK\x05\x06" not in kept


def test_a_large_photo_is_kept_at_a_legible_size():
    large = io.BytesIO()
    Image.new("RGB", (6400, 6200)).save(large, format="JPEG")
    _kind, kept = documents.examine(upload(large.getvalue()))

    assert 3000 <= min(Image.open(io.BytesIO(kept)).size) <= 3200


def test_a_pdf_stays_closed_whatever_it_would_do():
    dangerous = pdf(b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>")

    assert documents.examine(upload(dangerous)) == ("pdf", dangerous)


def test_what_comes_out_again_is_a_download_in_a_sandbox():
    response = documents.as_download([pdf()], name="document-7.pdf", size=len(pdf()))

    assert response["Content-Disposition"] == 'attachment; filename="document-7.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox")
    assert response["Content-Type"] == "application/octet-stream"


# --- Bad inputs ----------------------------------------------------------------------------------


def test_a_file_over_10_mb_is_refused_with_its_size():
    assert refusal(b"\xff\xd8\xff" + bytes(11 * 1024 * 1024)).startswith("This file has 11.0 MB.")


def test_a_size_that_lies_does_not_help():
    lying = upload(b"\xff\xd8\xff" + bytes(11 * 1024 * 1024))
    lying.size = 10

    with pytest.raises(documents.DocumentRefused, match=r"too_large|MB"):
        documents.examine(lying)


DISGUISED = {
    "id.jpg.exe": b"MZ\x90\x00" + bytes(60),
    "id.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "page.jpg": b"<!doctype html><script>alert(1)</script>",
    "gif.jpg": b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)//",
    "bomb.zip": zipped("zeros", bytes(5_000_000)),
    "nested.zip": zipped("inner.zip", zipped()),
    "letter.docx": zipped(),
    "eicar.pdf": rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*",
    "webp.png": b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    "space.pdf": b" %PDF-1.7\n%%EOF",
    "pdf-and-zip.pdf": pdf() + zipped(),
}


@pytest.mark.parametrize("name", DISGUISED)
def test_what_is_no_picture_and_no_pdf_is_refused_by_its_content(name):
    assert "What is inside this file is something else" in refusal(DISGUISED[name], name)


@pytest.mark.parametrize("size", [(50_000, 50_000), (12_000, 9_000), (5_001, 5_000)])
def test_a_flood_of_pixels_is_refused_before_it_is_decoded(size):
    assert "too many points" in refusal(flood(*size), "flood.png")


def test_an_empty_file_is_refused():
    assert refusal(b"") == "This file is empty. Please choose it again."


DAMAGED = {
    "half.jpg": picture()[:400],
    "half.png": picture("PNG")[:400],
    "head.jpg": b"\xff\xd8\xff\xe0",
    "half.pdf": pdf()[:20],
    "noise.png": b"\x89PNG\r\n\x1a\n" + bytes(50),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_file_that_was_cut_off_is_refused(name):
    assert refusal(DAMAGED[name], name).startswith("This file is damaged, or was cut off")


@pytest.mark.parametrize("brand", documents.HEIC)
def test_a_photo_in_apples_own_format_is_refused_with_the_way_out(brand):
    assert "a screenshot" in refusal(b"\x00\x00\x00\x18ftyp" + brand + bytes(40), "IMG_0001.jpg")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        (r"D:\scans\passport.jpg", "passport.jpg"),
        ("CON", "CON"),
        ("a\x00.jpg", "a.jpg"),
        ("\u202egpj.exe", "gpj.exe"),
        ("pass\nport\t.jpg", "passport.jpg"),
        ("é" * 300 + ".jpg", "é" * 100),
        ("護照.jpg", "護照.jpg"),
        ("\ud800.jpg", ".jpg"),
        ("", ""),
    ],
)
def test_a_name_is_kept_as_text_only(sent, kept):
    assert documents.cleaned_name(sent) == kept


def test_a_refused_document_leaves_nothing_in_the_vault(case):
    with pytest.raises(documents.DocumentRefused):
        documents.take(upload(b"nothing of use"), case)

    assert not SealedFile.objects.exists()


def test_a_post_with_too_many_files_or_fields_is_refused(client):
    files = client.post("/language/", {"files": [upload(b"x") for _ in range(21)]})
    fields = client.post("/language/", {f"f{number}": "x" for number in range(1001)})

    assert (files.status_code, fields.status_code) == (400, 400)
    assert b"<h1" in files.content

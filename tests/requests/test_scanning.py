"""A scanner, where one is configured: a small clamd of our own that speaks INSTREAM."""

import io
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from requests.keeping import files, scanning, vault
from requests.models import SealedFile
from requests.proving import documents

from .factories import RequestFactory

PDF = b"%PDF-1.4\n1 0 obj\n%%EOF\n"
# In two halves, so that no scanner takes this file for the test file of all scanners.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Clamd(threading.Thread):
    """Takes one file at a time, says FOUND for EICAR, else OK, or whatever it is told to say."""

    def __init__(self, line: socket.socket, says: bytes | None = None) -> None:
        super().__init__(daemon=True)
        self.line, self.says = line, says
        self.heard: list[bytes] = []

    def run(self) -> None:
        while True:
            try:
                caller, _address = self.line.accept()
            except OSError:  # closed at the end of the test
                return
            with caller, caller.makefile("rb") as stream:
                caller.sendall(self.answer(stream))

    def answer(self, stream: io.BufferedReader) -> bytes:
        assert stream.read(10) == b"zINSTREAM\0"
        content = b""
        while size := struct.unpack("!I", stream.read(4))[0]:
            content += stream.read(size)
        self.heard.append(content)
        if self.says is not None:
            return self.says
        return b"stream: Eicar-Test-Signature FOUND\0" if EICAR in content else b"stream: OK\0"


@contextmanager
def listening(line: socket.socket, says: bytes | None = None) -> Iterator[Clamd]:
    with line:
        line.listen()
        clamd = Clamd(line, says)
        clamd.start()
        yield clamd
        line.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def clamd(settings) -> Iterator[Clamd]:
    with listening(socket.create_server(("127.0.0.1", 0))) as it:
        settings.CLAMD = f"tcp://127.0.0.1:{it.line.getsockname()[1]}"
        yield it


def upload(content: bytes, name: str = "letter.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_a_clean_file_is_let_through_whole_and_stands_at_its_beginning(clamd):
    file = io.BytesIO(b"x" * (scanning.CHUNK + 1))
    scanning.scan(file)
    assert (clamd.heard, file.tell()) == ([b"x" * (scanning.CHUNK + 1)], 0)


def test_51_eicar_is_refused(clamd):
    with pytest.raises(scanning.Infected):
        scanning.scan(io.BytesIO(EICAR))


def test_over_a_socket_of_this_machine_too(settings, tmp_path):
    line = socket.socket(socket.AF_UNIX)
    line.bind(str(tmp_path / "clamd"))
    settings.CLAMD = f"unix://{tmp_path}/clamd"
    with listening(line), pytest.raises(scanning.Infected):
        scanning.scan(io.BytesIO(EICAR))


@pytest.mark.parametrize("says", [b"INSTREAM size limit exceeded. ERROR\0", b"", b"stream: O"])
def test_an_answer_that_is_not_ok_lets_nothing_through(settings, says):
    with listening(socket.create_server(("127.0.0.1", 0)), says) as it:
        settings.CLAMD = f"tcp://127.0.0.1:{it.line.getsockname()[1]}"
        with pytest.raises(scanning.ScannerSilent):
            scanning.scan(io.BytesIO(PDF))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "unix:///nowhere/clamd"])
def test_a_scanner_that_is_away_lets_nothing_through(settings, address):
    settings.CLAMD = address
    with pytest.raises(scanning.ScannerSilent):
        scanning.scan(io.BytesIO(PDF))


def test_without_a_scanner_nobody_is_asked(settings):
    settings.CLAMD = ""
    scanning.scan(io.BytesIO(EICAR))


@pytest.mark.django_db
def test_a_document_with_something_bad_in_it_is_refused_and_not_kept(clamd):
    with pytest.raises(documents.DocumentRefused, match="harm a computer"):
        documents.take(upload(PDF + EICAR + b"\n%%EOF"), RequestFactory.create())
    assert not SealedFile.objects.exists()


@pytest.mark.django_db
def test_a_document_is_refused_while_the_scanner_is_away(settings):
    settings.CLAMD = "tcp://127.0.0.1:1"
    with pytest.raises(documents.DocumentRefused, match="cannot check files now"):
        documents.take(upload(PDF), RequestFactory.create())


@pytest.mark.django_db
def test_a_file_handed_over_with_something_bad_in_it_is_refused(clamd):
    case = RequestFactory.create()
    with pytest.raises(files.FileRefused, match="scanner"), files.sealed_alone(case, upload(EICAR, "a.txt")):
        pass
    with files.sealed_alone(case, upload(b"Amina", "a.txt")) as taken:
        assert b"".join(vault.open_sealed(case, taken.stored.path)) == b"Amina"

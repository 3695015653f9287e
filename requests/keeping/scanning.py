"""An optional look by a virus scanner at what strangers and owners of systems hand in (clamd's INSTREAM).

Where a scanner is configured and cannot be asked, nothing is taken in: a scanner that fails open protects nobody."""

import socket
import struct
from typing import BinaryIO
from urllib.parse import urlsplit

from django.conf import settings

CHUNK = 64 * 1024  # bytes
PATIENCE = 30  # seconds, for each word to and from the scanner
LONGEST_ANSWER = 4096  # bytes
PORT = 3310


class Infected(Exception):
    """The scanner found something. Its name for it is not shown to whoever sent the file."""


class ScannerSilent(Exception):
    """Configured, and not to be asked now."""


def scan(file: BinaryIO) -> None:
    """From the file's beginning, which is where it stands afterwards. Slow: call it outside `atomic`.

    Raises Infected, ScannerSilent. Does nothing where no scanner is configured."""
    if not settings.CLAMD:
        return
    file.seek(0)
    try:
        answer = _ask(settings.CLAMD, file)
    except OSError as trouble:
        raise ScannerSilent(str(trouble)) from trouble
    finally:
        file.seek(0)
    if answer.endswith("FOUND"):
        raise Infected(answer)
    if answer != "stream: OK":  # an error, a limit exceeded, or a connection cut off
        raise ScannerSilent(answer or "no answer")


def _ask(address: str, file: BinaryIO) -> str:
    """https://docs.clamav.net/manual/Usage/ClamdProtocol: zINSTREAM, then each piece behind its length, then zero."""
    with _connected(address) as line:
        line.sendall(b"zINSTREAM\0")
        while piece := file.read(CHUNK):
            line.sendall(struct.pack("!I", len(piece)) + piece)
        line.sendall(struct.pack("!I", 0))
        return _answer(line)


def _connected(address: str) -> socket.socket:
    """`tcp://host:port` or `unix:///path`."""
    where = urlsplit(address)
    if where.scheme == "tcp":
        return socket.create_connection((where.hostname or "", where.port or PORT), timeout=PATIENCE)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(PATIENCE)
    try:
        line.connect(where.path)
    except OSError:
        line.close()
        raise
    return line


def _answer(line: socket.socket) -> str:
    heard = b""
    while not heard.endswith(b"\0") and len(heard) < LONGEST_ANSWER:
        piece = line.recv(LONGEST_ANSWER)
        if not piece:
            break
        heard += piece
    return heard.rstrip(b"\0\n").decode("utf-8", "replace").strip()

"""The other end of our calls on this machine: the documented example, or a handler of the test's own, over TLS.

The certificate is for a name alone, not for an address, so that a call which works has checked the name."""

import importlib.util
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from requests.others import calls, patience
from tests.architecture.places import ROOT

HOST = "receiver.example"


def certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "receiver.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


def example() -> Any:
    """The documented example as a module of its own, so that two of them hold different people."""
    spec = importlib.util.spec_from_file_location("receiver", ROOT / "docs" / "examples" / "receiver.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler], certificate: Path) -> Iterator[int]:
    """Runs a handler over TLS on a free port, and gives the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def allow(patch: Any, certificate: Path) -> None:
    """Let this machine be called, by name and with that certificate; `patch(module, name, value)`."""
    trusted = ssl.create_default_context(cafile=str(certificate))
    patch(calls, "_looked_up", lambda host, port: ["127.0.0.1"])
    patch(calls, "_is_public", lambda address: address == "127.0.0.1")
    patch(
        calls,
        "_client",
        lambda: httpx.Client(
            timeout=30,
            follow_redirects=False,
            trust_env=False,
            transport=patience.Transport(patience.TOTAL, verify=trusted),
        ),
    )

"""A call that ends: httpx limits each wait, and a server that drips a byte a minute keeps a worker for ever.

Here every wait of one call, from the connection to the last byte, is paid from one purse of seconds."""

import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

TOTAL = 60.0  # seconds for one call, whatever it does; well below the lease of its task


class Purse:
    """Seconds that are left. `wait` is what one operation may take of them."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def wait(self, wanted: float | None) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the whole call took too long")
        return left if wanted is None else min(left, wanted)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, purse: Purse) -> None:
        self._stream, self._purse = stream, purse

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._purse.wait(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._purse.wait(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._purse.wait(timeout))
        return _Stream(stream, self._purse)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, purse: Purse) -> None:
        self._inner, self._purse = httpcore.SyncBackend(), purse

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._inner.connect_tcp(host, port, self._purse.wait(timeout), local_address, socket_options)
        return _Stream(stream, self._purse)


class Transport(httpx.HTTPTransport):
    """httpx's own, with our sockets underneath. For one call: its purse is filled once."""

    def __init__(self, seconds: float, *, verify: ssl.SSLContext | None = None) -> None:
        context = verify or httpx.create_ssl_context(trust_env=False)
        super().__init__(verify=context, trust_env=False)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(ssl_context=context, network_backend=_Backend(Purse(seconds)))

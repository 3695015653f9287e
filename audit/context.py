"""Of the request being served: its id, so that log lines and audit events can be laid side by side, and who reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

_request_id: ContextVar[str] = ContextVar("request_id", default="")

current_request_id = _request_id.get
set_request_id = _request_id.set


class Reader(Protocol):
    def has_perm(self, perm: str) -> bool: ...


_reader: ContextVar[Reader | None] = ContextVar("reader", default=None)


@contextmanager
def read_by(reader: Reader) -> Iterator[None]:
    """A page of the desk is for somebody: what they may not open is no link to them."""
    token = _reader.set(reader)
    try:
        yield
    finally:
        _reader.reset(token)


def reader_may(*permissions: str) -> bool:
    """Any of these; yes where nobody in particular reads."""
    reader = _reader.get()
    return reader is None or any(map(reader.has_perm, permissions))

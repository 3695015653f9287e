"""The id of the request being served, so that log lines and audit events can be laid side by side."""

from contextvars import ContextVar

_request_id: ContextVar[str] = ContextVar("request_id", default="")

current_request_id = _request_id.get
set_request_id = _request_id.set

"""Log lines as JSON. A line holds a reference and a kind of event, never what somebody typed."""

import json
import logging
from datetime import UTC, datetime

from audit.context import current_request_id


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": current_request_id(),
        }
        if record.exc_info and record.exc_info[0]:
            # The class and the place; the message of an exception may quote personal data.
            line["error"] = record.exc_info[0].__name__
            line["where"] = _place(record)
        return json.dumps({key: value for key, value in line.items() if value}, ensure_ascii=False)


def _place(record: logging.LogRecord) -> str:
    traceback = record.exc_info[2] if record.exc_info else None
    while traceback and traceback.tb_next:
        traceback = traceback.tb_next
    return f"{traceback.tb_frame.f_code.co_filename}:{traceback.tb_lineno}" if traceback else ""

"""The log: lines of text or of JSON, to standard error."""

from __future__ import annotations

import json
import logging
import re
import sys
from contextvars import ContextVar
from typing import Literal

# the number of the request that is answered, as its proxy calls it or as we do
REQUEST: ContextVar[str | None] = ContextVar("REQUEST", default=None)
# what would end a line, turn it round, or tell a terminal to do something
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def _plain(record: logging.LogRecord) -> str:
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", record.getMessage())


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _plain(record),
        }
        if (number := REQUEST.get()) is not None:
            line["request_id"] = number
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class _Text(logging.Formatter):
    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's own name)
        record.message = _plain(record)
        return super().formatMessage(record)


def configure(form: Literal["text", "json"]) -> None:
    """Send all logs, uvicorn's too, to standard error in one form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.access", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    # its warnings are of what clients sent, who could fill the log by it
    logging.getLogger("uvicorn.error").addFilter(lambda record: record.levelno != logging.WARNING)

"""Logs as JSON lines on stderr, without what names a visitor.

Access logs stay off, since they hold addresses; what a service counts is in its metrics.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

FIELDS = ("town", "key_day", "slice", "partition", "offset", "generation", "log_end", "lost", "seconds")
"""What a record may carry beside its message (`extra=`); a closed list, so that nothing slips into a log."""


class JsonLines(logging.Formatter):
    """One record, one line: time (UTC), level, logger, message, fields, and the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a JSON object on one line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{name: getattr(record, name) for name in FIELDS if hasattr(record, name)},
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure(level: str = "INFO", stream: TextIO = sys.stderr) -> None:
    """Send every log of this process to the stream as JSON lines. Called once, by what starts the process."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # They hold visitors' addresses.
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("httpx").setLevel("WARNING")
    # It writes several lines a second while a broker is away; the log producer says it once.
    logging.getLogger("kafka").setLevel("CRITICAL")
    # It writes a traceback at each attempt while the server is away; who asked it says so in a line.
    logging.getLogger("clickhouse_driver").setLevel("CRITICAL")

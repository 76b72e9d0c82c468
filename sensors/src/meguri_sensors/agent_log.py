"""The agent's log: JSON lines on stderr, which systemd keeps; without what names a visitor."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Final, TextIO

FIELDS: Final = ("town", "interface", "detections", "bytes", "reason", "counts")
"""What a record may carry beside its message (`extra=`); a closed list, so that nothing slips into a log."""


class JsonLines(logging.Formatter):
    """One record, one line: time (UTC), level, message, fields, and the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a JSON object on one line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **{name: getattr(record, name) for name in FIELDS if hasattr(record, name)},
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure(stream: TextIO = sys.stderr) -> None:
    """Send every log of this process to the stream as JSON lines. Called once, by what starts the process."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)

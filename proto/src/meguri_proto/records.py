"""Records of the log, read from bytes."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from meguri_proto.schema.guide_pb2 import GuideEvent
from meguri_proto.schema.log_pb2 import Record


class UnreadableError(ValueError):
    """The bytes are no message of the contract."""


def read_record(value: bytes) -> Record:
    """A record of the topic `detections`; one of a newer producer may have no body that is known here.

    Raises:
        UnreadableError: these bytes are no record.
    """
    try:
        return Record.FromString(value)
    except DecodeError as error:
        raise UnreadableError(f"{len(value)} bytes are no record of the log") from error


def read_guide_event(value: bytes) -> GuideEvent:
    """An event of the topic `guide-events`.

    Raises:
        UnreadableError: these bytes are no guide event.
    """
    try:
        return GuideEvent.FromString(value)
    except DecodeError as error:
        raise UnreadableError(f"{len(value)} bytes are no guide event") from error

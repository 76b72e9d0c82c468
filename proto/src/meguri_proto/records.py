"""Messages of the topics, read from bytes."""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from meguri_proto.schema.counts_pb2 import CountBatch
from meguri_proto.schema.guide_pb2 import GuideEvent
from meguri_proto.schema.log_pb2 import Record
from meguri_proto.schema.sales_pb2 import Sale, Sales
from meguri_proto.schema.survey_pb2 import SurveyAnswer, SurveyAnswers
from meguri_proto.schema.upload_pb2 import Batch

_M = TypeVar("_M", bound=Message)


class UnreadableError(ValueError):
    """The bytes are no message of the contract."""


def read_record(value: bytes) -> Record:
    """A record of the topic `detections`; one of a newer producer may have no body that is known here.

    Raises:
        UnreadableError: these bytes are no record.
    """
    return _read(Record, value, "record of the log")


def read_guide_events(value: bytes) -> list[GuideEvent]:
    """The events of a message of the topic `guide-events`.

    Raises:
        UnreadableError: these bytes are no guide event.
    """
    event = _read(GuideEvent, value, "guide event")
    return [event, *event.further]


def read_sales(value: bytes) -> list[Sale]:
    """The sales of a message of the topic `sales`.

    Raises:
        UnreadableError: these bytes are no sales.
    """
    return list(_read(Sales, value, "sales").sales)


def read_counts(value: bytes) -> CountBatch:
    """A message of the topic `counts`.

    Raises:
        UnreadableError: these bytes are no counts.
    """
    return _read(CountBatch, value, "counts")


def read_survey_answers(value: bytes) -> list[SurveyAnswer]:
    """The answers of a message of the topic `survey-answers`.

    Raises:
        UnreadableError: these bytes are no answers.
    """
    return list(_read(SurveyAnswers, value, "survey answers").answers)


def read_batch(value: bytes) -> Batch:
    """A batch of detections, which a message of the topic `dead-letters` may hold.

    Raises:
        UnreadableError: these bytes are no batch.
    """
    return _read(Batch, value, "batch")


def _read(message: type[_M], value: bytes, what: str) -> _M:
    try:
        return message.FromString(value)
    except DecodeError as error:
        raise UnreadableError(f"{len(value)} bytes are no {what}") from error

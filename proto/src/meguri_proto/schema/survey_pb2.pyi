from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SurveyAnswers(_message.Message):
    __slots__ = ("answers",)
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    answers: _containers.RepeatedCompositeFieldContainer[SurveyAnswer]
    def __init__(self, answers: _Optional[_Iterable[_Union[SurveyAnswer, _Mapping]]] = ...) -> None: ...

class SurveyAnswer(_message.Message):
    __slots__ = ("town", "sheet_id", "question", "answer", "language", "at_ms", "key_day", "version", "free_text", "estimated_ms")
    TOWN_FIELD_NUMBER: _ClassVar[int]
    SHEET_ID_FIELD_NUMBER: _ClassVar[int]
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    KEY_DAY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    FREE_TEXT_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_MS_FIELD_NUMBER: _ClassVar[int]
    town: str
    sheet_id: str
    question: str
    answer: str
    language: str
    at_ms: int
    key_day: int
    version: int
    free_text: str
    estimated_ms: int
    def __init__(self, town: _Optional[str] = ..., sheet_id: _Optional[str] = ..., question: _Optional[str] = ..., answer: _Optional[str] = ..., language: _Optional[str] = ..., at_ms: _Optional[int] = ..., key_day: _Optional[int] = ..., version: _Optional[int] = ..., free_text: _Optional[str] = ..., estimated_ms: _Optional[int] = ...) -> None: ...

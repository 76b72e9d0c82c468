from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GuideEvent(_message.Message):
    __slots__ = ("town", "event_id", "sight", "language", "kind", "at_ms", "version", "key_day", "walk", "seconds", "rating", "estimated_ms", "further")
    TOWN_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    SIGHT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    KEY_DAY_FIELD_NUMBER: _ClassVar[int]
    WALK_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    RATING_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_MS_FIELD_NUMBER: _ClassVar[int]
    FURTHER_FIELD_NUMBER: _ClassVar[int]
    town: str
    event_id: str
    sight: str
    language: str
    kind: str
    at_ms: int
    version: int
    key_day: int
    walk: int
    seconds: int
    rating: int
    estimated_ms: int
    further: _containers.RepeatedCompositeFieldContainer[GuideEvent]
    def __init__(self, town: _Optional[str] = ..., event_id: _Optional[str] = ..., sight: _Optional[str] = ..., language: _Optional[str] = ..., kind: _Optional[str] = ..., at_ms: _Optional[int] = ..., version: _Optional[int] = ..., key_day: _Optional[int] = ..., walk: _Optional[int] = ..., seconds: _Optional[int] = ..., rating: _Optional[int] = ..., estimated_ms: _Optional[int] = ..., further: _Optional[_Iterable[_Union[GuideEvent, _Mapping]]] = ...) -> None: ...

from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CountBatch(_message.Message):
    __slots__ = ("town", "counter", "counts")
    TOWN_FIELD_NUMBER: _ClassVar[int]
    COUNTER_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    town: str
    counter: str
    counts: _containers.RepeatedCompositeFieldContainer[Count]
    def __init__(self, town: _Optional[str] = ..., counter: _Optional[str] = ..., counts: _Optional[_Iterable[_Union[Count, _Mapping]]] = ...) -> None: ...

class Count(_message.Message):
    __slots__ = ("quantity", "from_ms", "to_ms", "count", "key_day", "version")
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    FROM_MS_FIELD_NUMBER: _ClassVar[int]
    TO_MS_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    KEY_DAY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    quantity: str
    from_ms: int
    to_ms: int
    count: int
    key_day: int
    version: int
    def __init__(self, quantity: _Optional[str] = ..., from_ms: _Optional[int] = ..., to_ms: _Optional[int] = ..., count: _Optional[int] = ..., key_day: _Optional[int] = ..., version: _Optional[int] = ...) -> None: ...

from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Upload(_message.Message):
    __slots__ = ("batches", "recording", "town_time_ms")
    BATCHES_FIELD_NUMBER: _ClassVar[int]
    RECORDING_FIELD_NUMBER: _ClassVar[int]
    TOWN_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    batches: _containers.RepeatedCompositeFieldContainer[Batch]
    recording: bool
    town_time_ms: int
    def __init__(self, batches: _Optional[_Iterable[_Union[Batch, _Mapping]]] = ..., recording: _Optional[bool] = ..., town_time_ms: _Optional[int] = ...) -> None: ...

class Batch(_message.Message):
    __slots__ = ("boot", "sequence", "key_day", "key_check", "base_time_ms", "count", "time_offset_ms", "device", "rssi", "kind", "fingerprint", "sequence_number", "sensor")
    BOOT_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    KEY_DAY_FIELD_NUMBER: _ClassVar[int]
    KEY_CHECK_FIELD_NUMBER: _ClassVar[int]
    BASE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    TIME_OFFSET_MS_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    RSSI_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SENSOR_FIELD_NUMBER: _ClassVar[int]
    boot: int
    sequence: int
    key_day: int
    key_check: int
    base_time_ms: int
    count: int
    time_offset_ms: bytes
    device: bytes
    rssi: bytes
    kind: bytes
    fingerprint: bytes
    sequence_number: bytes
    sensor: str
    def __init__(self, boot: _Optional[int] = ..., sequence: _Optional[int] = ..., key_day: _Optional[int] = ..., key_check: _Optional[int] = ..., base_time_ms: _Optional[int] = ..., count: _Optional[int] = ..., time_offset_ms: _Optional[bytes] = ..., device: _Optional[bytes] = ..., rssi: _Optional[bytes] = ..., kind: _Optional[bytes] = ..., fingerprint: _Optional[bytes] = ..., sequence_number: _Optional[bytes] = ..., sensor: _Optional[str] = ...) -> None: ...

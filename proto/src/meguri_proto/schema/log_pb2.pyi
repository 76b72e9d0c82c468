from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Record(_message.Message):
    __slots__ = ("rules", "detections", "tick", "refused", "refold", "sealed")
    RULES_FIELD_NUMBER: _ClassVar[int]
    DETECTIONS_FIELD_NUMBER: _ClassVar[int]
    TICK_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    REFOLD_FIELD_NUMBER: _ClassVar[int]
    SEALED_FIELD_NUMBER: _ClassVar[int]
    rules: Rules
    detections: Detections
    tick: Tick
    refused: Refused
    refold: Refold
    sealed: Sealed
    def __init__(self, rules: _Optional[_Union[Rules, _Mapping]] = ..., detections: _Optional[_Union[Detections, _Mapping]] = ..., tick: _Optional[_Union[Tick, _Mapping]] = ..., refused: _Optional[_Union[Refused, _Mapping]] = ..., refold: _Optional[_Union[Refold, _Mapping]] = ..., sealed: _Optional[_Union[Sealed, _Mapping]] = ...) -> None: ...

class Rules(_message.Message):
    __slots__ = ("town", "key_day", "version", "day_start_ms", "day_end_ms", "gap_ms", "lateness_ms", "sensors", "slice", "slices", "staff_ms", "equipment_ms")
    TOWN_FIELD_NUMBER: _ClassVar[int]
    KEY_DAY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DAY_START_MS_FIELD_NUMBER: _ClassVar[int]
    DAY_END_MS_FIELD_NUMBER: _ClassVar[int]
    GAP_MS_FIELD_NUMBER: _ClassVar[int]
    LATENESS_MS_FIELD_NUMBER: _ClassVar[int]
    SENSORS_FIELD_NUMBER: _ClassVar[int]
    SLICE_FIELD_NUMBER: _ClassVar[int]
    SLICES_FIELD_NUMBER: _ClassVar[int]
    STAFF_MS_FIELD_NUMBER: _ClassVar[int]
    EQUIPMENT_MS_FIELD_NUMBER: _ClassVar[int]
    town: str
    key_day: int
    version: int
    day_start_ms: int
    day_end_ms: int
    gap_ms: int
    lateness_ms: int
    sensors: _containers.RepeatedCompositeFieldContainer[SensorRule]
    slice: int
    slices: int
    staff_ms: int
    equipment_ms: int
    def __init__(self, town: _Optional[str] = ..., key_day: _Optional[int] = ..., version: _Optional[int] = ..., day_start_ms: _Optional[int] = ..., day_end_ms: _Optional[int] = ..., gap_ms: _Optional[int] = ..., lateness_ms: _Optional[int] = ..., sensors: _Optional[_Iterable[_Union[SensorRule, _Mapping]]] = ..., slice: _Optional[int] = ..., slices: _Optional[int] = ..., staff_ms: _Optional[int] = ..., equipment_ms: _Optional[int] = ...) -> None: ...

class SensorRule(_message.Message):
    __slots__ = ("sensor", "place", "minimum_rssi")
    SENSOR_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_RSSI_FIELD_NUMBER: _ClassVar[int]
    sensor: str
    place: str
    minimum_rssi: int
    def __init__(self, sensor: _Optional[str] = ..., place: _Optional[str] = ..., minimum_rssi: _Optional[int] = ...) -> None: ...

class Detections(_message.Message):
    __slots__ = ("segments", "time_offset_ms", "device", "rssi", "kind", "fingerprint", "sequence_number")
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    TIME_OFFSET_MS_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    RSSI_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    segments: _containers.RepeatedCompositeFieldContainer[Segment]
    time_offset_ms: bytes
    device: bytes
    rssi: bytes
    kind: bytes
    fingerprint: bytes
    sequence_number: bytes
    def __init__(self, segments: _Optional[_Iterable[_Union[Segment, _Mapping]]] = ..., time_offset_ms: _Optional[bytes] = ..., device: _Optional[bytes] = ..., rssi: _Optional[bytes] = ..., kind: _Optional[bytes] = ..., fingerprint: _Optional[bytes] = ..., sequence_number: _Optional[bytes] = ...) -> None: ...

class Segment(_message.Message):
    __slots__ = ("town", "sensor", "boot", "sequence", "key_day", "base_time_ms", "count", "slice")
    TOWN_FIELD_NUMBER: _ClassVar[int]
    SENSOR_FIELD_NUMBER: _ClassVar[int]
    BOOT_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    KEY_DAY_FIELD_NUMBER: _ClassVar[int]
    BASE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    SLICE_FIELD_NUMBER: _ClassVar[int]
    town: str
    sensor: str
    boot: int
    sequence: int
    key_day: int
    base_time_ms: int
    count: int
    slice: int
    def __init__(self, town: _Optional[str] = ..., sensor: _Optional[str] = ..., boot: _Optional[int] = ..., sequence: _Optional[int] = ..., key_day: _Optional[int] = ..., base_time_ms: _Optional[int] = ..., count: _Optional[int] = ..., slice: _Optional[int] = ...) -> None: ...

class Tick(_message.Message):
    __slots__ = ("town", "town_time_ms")
    TOWN_FIELD_NUMBER: _ClassVar[int]
    TOWN_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    town: str
    town_time_ms: int
    def __init__(self, town: _Optional[str] = ..., town_time_ms: _Optional[int] = ...) -> None: ...

class Refused(_message.Message):
    __slots__ = ("town", "sensor", "key_day", "town_time_ms", "detections", "lead_ms")
    TOWN_FIELD_NUMBER: _ClassVar[int]
    SENSOR_FIELD_NUMBER: _ClassVar[int]
    KEY_DAY_FIELD_NUMBER: _ClassVar[int]
    TOWN_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    DETECTIONS_FIELD_NUMBER: _ClassVar[int]
    LEAD_MS_FIELD_NUMBER: _ClassVar[int]
    town: str
    sensor: str
    key_day: int
    town_time_ms: int
    detections: int
    lead_ms: int
    def __init__(self, town: _Optional[str] = ..., sensor: _Optional[str] = ..., key_day: _Optional[int] = ..., town_time_ms: _Optional[int] = ..., detections: _Optional[int] = ..., lead_ms: _Optional[int] = ...) -> None: ...

class Refold(_message.Message):
    __slots__ = ("town", "key_day", "slice")
    TOWN_FIELD_NUMBER: _ClassVar[int]
    KEY_DAY_FIELD_NUMBER: _ClassVar[int]
    SLICE_FIELD_NUMBER: _ClassVar[int]
    town: str
    key_day: int
    slice: int
    def __init__(self, town: _Optional[str] = ..., key_day: _Optional[int] = ..., slice: _Optional[int] = ...) -> None: ...

class Sealed(_message.Message):
    __slots__ = ("town", "key_day")
    TOWN_FIELD_NUMBER: _ClassVar[int]
    KEY_DAY_FIELD_NUMBER: _ClassVar[int]
    town: str
    key_day: int
    def __init__(self, town: _Optional[str] = ..., key_day: _Optional[int] = ...) -> None: ...

"""The kernel that reads messages of the log: many at once, without an object for any of them.

It reads what ingest writes: a `Record` of `Detections` in protobuf's wire format, each field in its place.
Everything else (ticks, rules, a newer producer's fields, columns that disagree, bytes that are no message)
is left to protobuf itself, message by message; so this reader may be strict, and must never be wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from meguri_proto.columns import DTYPES

from meguri_flow.domain.compiling import kernel
from meguri_flow.domain.hearing import Columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SEGMENT: Final = np.dtype(
    [
        ("message", "i8"),
        ("run", "i8"),
        ("sequence", "i8"),
        ("base_ms", "i8"),
        ("start", "i8"),
        ("count", "i8"),
    ]
)
"""A delivery: the index of its message, its run, and where its detections are in the columns."""

SOURCE: Final = np.dtype(
    [
        ("town", "i8"),
        ("town_length", "i8"),
        ("sensor", "i8"),
        ("sensor_length", "i8"),
        ("boot", "u8"),
        ("key_day", "i8"),
        ("slice", "i8"),
        ("run", "i8"),
    ]
)
"""Where deliveries come from: positions of names in the bytes, and its newest run."""

RUN: Final = np.dtype([("source", "i8"), ("first", "i8"), ("last", "i8"), ("segments", "i8")])
"""Deliveries of one source whose sequence numbers count up by one, and how many they are."""

_COLUMNS: Final = 6
"""Of a message; the first four are folded: times, devices, RSSI, kinds."""
_COUNT: Final = 6
"""Behind the positions of a message's columns: how many detections it has."""

_LEAST_SEGMENT: Final = 16
"""Bytes of one with names and a boot; messages with more segments than that leaves room for are left."""
_MOST_SOURCES: Final = 1 << 15
"""Of one read; messages that would bring more are left to protobuf."""

# Tags of fields: number x 8 + wire type.
_LENGTH = 2
"""The wire type of what begins with its length."""
_RECORD_DETECTIONS = 0x12
_SEGMENTS = 0x0A
_TIMES = 0x12
"""The first of the columns; their tags are 8 apart."""
_TOWN, _SENSOR, _BOOT = 0x0A, 0x12, 0x19
_SEQUENCE, _KEY_DAY, _BASE, _SEGMENT_COUNT, _SLICE = 0x20, 0x28, 0x30, 0x38, 0x40
_ASCII = 0x80
_MOST_COUNT = 1 << 31
_MOST_SEQUENCE = 1 << 62


class Read(NamedTuple):
    """What the kernel found in messages."""

    data: bytes
    """The messages one after another."""
    is_plain: NDArray[np.bool_]
    """(messages,) what was read here; the others are left."""
    segments: NDArray[np.void]
    sources: NDArray[np.void]
    runs: NDArray[np.void]
    columns: Columns

    def town(self, source: int) -> str:
        """The town that a source names."""
        at, length = int(self.sources["town"][source]), int(self.sources["town_length"][source])
        return self.data[at : at + length].decode("ascii")

    def sensor(self, source: int) -> str:
        """The sensor that a source names."""
        at, length = int(self.sources["sensor"][source]), int(self.sources["sensor_length"][source])
        return self.data[at : at + length].decode("ascii")


@kernel
def _varint(data: NDArray[np.uint8], at: int, end: int) -> tuple[np.uint64, int]:
    """The number at a position and where it ends; -1 if it does not end within ten bytes."""
    value = np.uint64(0)
    shift = np.uint64(0)
    while at < end and shift < np.uint64(70):
        byte = data[at]
        at += 1
        value |= np.uint64(byte & 0x7F) << shift
        if byte < _ASCII:
            return value, at
        shift += np.uint64(7)
    return np.uint64(0), -1


@kernel
def _is_ascii(data: NDArray[np.uint8], at: int, end: int) -> bool:
    for index in range(at, end):  # noqa: SIM110 - a kernel has no generators
        if data[index] >= _ASCII:
            return False
    return True


@kernel
def _fixed64(data: NDArray[np.uint8], at: int) -> np.uint64:
    value = np.uint64(0)
    for index in range(8):
        value |= np.uint64(data[at + index]) << np.uint64(8 * index)
    return value


@kernel
def _name(data: NDArray[np.uint8], at: int, end: int, tag: int, length: int, source: Any) -> int:  # noqa: ANN401
    """Note where a name lies; where it ends, or -1 if it is none."""
    if length < 0 or length > end - at or not _is_ascii(data, at, at + length):
        return -1
    if tag == _TOWN:
        source.town, source.town_length = at, length
    else:
        source.sensor, source.sensor_length = at, length
    return at + length


@kernel
def _number(tag: int, value: np.uint64, segment: Any, source: Any) -> bool:  # noqa: ANN401
    """Note the number of a field; False if it is too large, or of no field that is known."""
    if tag == _BASE:
        segment.base_ms = np.int64(value)
    elif tag == _SEQUENCE and value < np.uint64(_MOST_SEQUENCE):
        segment.sequence = np.int64(value)
    elif value >= np.uint64(_MOST_COUNT):
        return False
    elif tag == _KEY_DAY:
        source.key_day = np.int64(value >> np.uint64(1)) ^ -np.int64(value & np.uint64(1))
    elif tag == _SEGMENT_COUNT:
        segment.count = np.int64(value)
    elif tag == _SLICE:
        source.slice = np.int64(value)
    else:
        return False
    return True


@kernel
def _segment(data: NDArray[np.uint8], at: int, end: int, segment: Any, source: Any) -> bool:  # noqa: ANN401
    """Read a segment's fields into two records; whether it is what ingest writes."""
    source.town = source.town_length = source.sensor = source.sensor_length = 0
    source.boot = np.uint64(0)
    source.key_day = source.slice = 0
    segment.sequence = segment.base_ms = segment.count = 0
    while 0 <= at < end:
        tag = data[at]
        if tag == _BOOT:
            if at + 9 > end:
                return False
            source.boot = _fixed64(data, at + 1)
            at += 9
            continue
        value, at = _varint(data, at + 1, end)
        if at < 0:
            return False
        if tag in (_TOWN, _SENSOR):
            at = _name(data, at, end, tag, int(np.int64(value)), source)
        elif not _number(tag, value, segment, source):
            return False
    return at == end


@kernel
def _mixed(mixed: np.uint64, value: np.uint64) -> np.uint64:
    mixed = (mixed ^ value) * np.uint64(0x9E3779B97F4A7C15)
    return mixed ^ (mixed >> np.uint64(29))


@kernel
def _same_bytes(data: NDArray[np.uint8], one: int, other: int, length: int) -> bool:
    for index in range(length):  # noqa: SIM110 - a kernel has no generators
        if data[one + index] != data[other + index]:
            return False
    return True


@kernel
def _source_of(
    data: NDArray[np.uint8],
    source: Any,  # noqa: ANN401 - a record
    sources: NDArray[np.void],
    n_sources: int,
    table: NDArray[np.int32],
) -> int:
    """The number of the source that equals the wanted one, which becomes the next if there is none."""
    mixed = _mixed(source.boot, np.uint64(source.key_day) ^ (np.uint64(source.slice) << np.uint64(32)))
    for index in range(source.town, source.town + source.town_length):
        mixed = _mixed(mixed, np.uint64(data[index]))
    mixed = _mixed(mixed, np.uint64(_ASCII))
    for index in range(source.sensor, source.sensor + source.sensor_length):
        mixed = _mixed(mixed, np.uint64(data[index]))
    slot = np.int64(mixed >> np.uint64(20)) & (table.size - 1)
    while table[slot] >= 0:
        number = table[slot]
        known = sources[number]
        if (
            known.boot == source.boot
            and known.key_day == source.key_day
            and known.slice == source.slice
            and known.town_length == source.town_length
            and known.sensor_length == source.sensor_length
            and _same_bytes(data, known.town, source.town, source.town_length)
            and _same_bytes(data, known.sensor, source.sensor, source.sensor_length)
        ):
            return int(number)
        slot = (slot + 1) & (table.size - 1)
    table[slot] = n_sources
    sources[n_sources] = source
    sources[n_sources].run = -1
    return n_sources


@kernel
def _message(
    data: NDArray[np.uint8],
    at: int,
    end: int,
    segments: NDArray[np.void],
    read_sources: NDArray[np.void],
    n_segments: int,
    place: NDArray[np.int64],
    size_of: NDArray[np.int64],
) -> int:
    """Read one message; how many segments there are now, or -1 if it is not what ingest writes."""
    value, body = _varint(data, at + 1, end)
    if at >= end or data[at] != _RECORD_DETECTIONS or body < 0 or np.int64(value) != end - body:
        return -1
    at = body
    for column in range(_COLUMNS):
        place[column], size_of[column] = -1, 0
    total = 0
    while at < end:
        tag = data[at]
        value, at = _varint(data, at + 1, end)
        size = int(np.int64(value))
        if at < 0 or size < 0 or size > end - at:
            return -1
        column = int((np.int64(tag) - _TIMES) >> 3)
        if tag == _SEGMENTS and n_segments < segments.size:
            segment = segments[n_segments]
            if not _segment(data, at, at + size, segment, read_sources[n_segments]):
                return -1
            total += segment.count
            n_segments += 1
        elif tag & 7 == _LENGTH and 0 <= column < _COLUMNS and place[column] < 0:
            place[column], size_of[column] = at, size
        else:
            return -1
        at += size
    place[_COUNT] = total
    agree = size_of[0] == 4 * total and size_of[1] == 8 * total
    agree = agree and size_of[2] == total and size_of[3] == total
    return n_segments if agree else -1


@kernel
def _read(
    data: NDArray[np.uint8],
    ends: NDArray[np.int64],
    is_plain: NDArray[np.bool_],
    places: NDArray[np.int64],
    segments: NDArray[np.void],
    read_sources: NDArray[np.void],
    sources: NDArray[np.void],
    runs: NDArray[np.void],
    table: NDArray[np.int32],
) -> tuple[int, int, int, int]:
    """Numbers of segments, sources, runs and detections."""
    n_segments = n_sources = n_runs = n_detections = 0
    size_of = np.empty(_COLUMNS, np.int64)
    begin = 0
    for message in range(ends.size):
        end = ends[message]
        found = _message(data, begin, end, segments, read_sources, n_segments, places[message], size_of)
        begin = end
        if n_sources + found - n_segments > sources.size:
            found = -1
        is_plain[message] = found >= 0
        for index in range(n_segments, found):
            segment = segments[index]
            number = _source_of(data, read_sources[index], sources, n_sources, table)
            n_sources = max(n_sources, number + 1)
            source = sources[number]
            if source.run < 0 or runs[source.run].last + 1 != segment.sequence:
                source.run = n_runs
                runs[n_runs].source = number
                runs[n_runs].first = segment.sequence
                runs[n_runs].segments = 0
                n_runs += 1
            runs[source.run].last = segment.sequence
            runs[source.run].segments += 1
            segment.run = source.run
            segment.message = message
            segment.start = n_detections
            n_detections += segment.count
        n_segments = max(n_segments, found)
    return n_segments, n_sources, n_runs, n_detections


@kernel
def _copy(
    source: NDArray[np.uint8], source_at: int, target: NDArray[np.uint8], target_at: int, length: int
) -> None:
    for index in range(length):  # not a slice, whose errors take a second to compile
        target[target_at + index] = source[source_at + index]


@kernel
def _gather(
    data: NDArray[np.uint8],
    is_plain: NDArray[np.bool_],
    places: NDArray[np.int64],
    time_offset_ms: NDArray[np.uint8],
    device: NDArray[np.uint8],
    rssi: NDArray[np.uint8],
    kind: NDArray[np.uint8],
) -> None:
    """Copy the columns of all messages behind each other."""
    done = 0
    for message in range(is_plain.size):
        if not is_plain[message]:
            continue
        place = places[message]
        count = place[_COUNT]
        if count == 0:
            continue
        _copy(data, place[0], time_offset_ms, 4 * done, 4 * count)
        _copy(data, place[1], device, 8 * done, 8 * count)
        _copy(data, place[2], rssi, done, count)
        _copy(data, place[3], kind, done, count)
        done += count


def read_messages(values: Sequence[bytes]) -> Read:
    """Read the messages that are as ingest writes them; the others are marked and left."""
    data = b"".join(values)
    ends = np.cumsum(np.fromiter(map(len, values), np.int64, len(values)))
    is_plain = np.zeros(len(values), np.bool_)
    places = np.zeros((len(values), _COUNT + 1), np.int64)
    most = len(data) // _LEAST_SEGMENT + 1
    segments, read_sources = np.empty(most, SEGMENT), np.empty(most, SOURCE)
    sources, runs = np.empty(min(most, _MOST_SOURCES), SOURCE), np.empty(most, RUN)
    table = np.full(1 << (2 * sources.size).bit_length(), -1, np.int32)
    array = np.frombuffer(data, np.uint8)
    n_segments, n_sources, n_runs, n_detections = _read(
        array, ends, is_plain, places, segments, read_sources, sources, runs, table
    )
    columns = Columns(*(np.empty(n_detections, DTYPES[name]) for name in Columns._fields))
    _gather(array, is_plain, places, *(column.view(np.uint8) for column in columns))
    return Read(data, is_plain, segments[:n_segments], sources[:n_sources], runs[:n_runs], columns)

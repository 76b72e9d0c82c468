"""A day's detections as columns, unpacked from the records that the flow folds: the same rows for others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from meguri_proto.columns import read_columns
from meguri_proto.schema.log_pb2 import Record, Rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from meguri_proto.schema.log_pb2 import Detections
    from numpy.typing import NDArray


@dataclass(frozen=True)
class PackedDay:
    """The day's rules and, in the log's order, columns of equal length."""

    rules: Rules
    places: list[str]
    time_ms: NDArray[np.int64]
    device: NDArray[np.uint64]
    place: NDArray[np.uint8]
    """Index into `places`."""
    rssi: NDArray[np.int8]
    message: NDArray[np.int64]
    """The number of the message that brought it."""

    def __len__(self) -> int:
        return len(self.time_ms)

    @property
    def minimum_rssi(self) -> int:
        """The same for all sensors."""
        (minimum,) = {sensor.minimum_rssi for sensor in self.rules.sensors}
        return minimum

    def of_messages(self, one_in: int, detections: int) -> PackedDay:
        """The detections of one message in so many, up to a number of them.

        Fewer messages over longer: as many devices are around, but visits begin and end.
        """
        return self._only(np.flatnonzero(self.message % one_in == 0)[:detections])

    def of_devices(self, one_in: int) -> PackedDay:
        """What about one device in so many caused."""
        return self._only(np.flatnonzero(self.device % np.uint64(one_in) == 0))

    def _only(self, kept: NDArray[np.intp]) -> PackedDay:
        columns = ("time_ms", "device", "place", "rssi", "message")
        return replace(self, **{name: getattr(self, name)[kept] for name in columns})


def unpacked(rules: bytes, messages: Iterable[bytes]) -> PackedDay:
    """Of a day's records: the one that opens it, and those with detections."""
    opening = Record.FromString(rules).rules
    places = list(dict.fromkeys(sensor.place for sensor in opening.sensors))
    place_of = {sensor.sensor: places.index(sensor.place) for sensor in opening.sensors}
    blocks = [_columns(Record.FromString(message).detections, place_of) for message in messages]
    columns = [np.concatenate(column) for column in zip(*blocks, strict=True)]
    message = np.repeat(np.arange(len(blocks)), [len(block[0]) for block in blocks])
    return PackedDay(opening, places, *columns, message)


def _columns(detections: Detections, place_of: Mapping[str, int]) -> tuple[NDArray, ...]:
    """Times, devices, places and signals of one message."""
    counts = [segment.count for segment in detections.segments]
    columns = read_columns(detections, sum(counts))
    base_ms = np.array([segment.base_time_ms for segment in detections.segments])
    place = np.array([place_of[segment.sensor] for segment in detections.segments], np.uint8)
    return (
        np.repeat(base_ms, counts) + columns["time_offset_ms"],
        columns["device"],
        np.repeat(place, counts),
        columns["rssi"],
    )

"""The rules of one key day, in the form that the kernels read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from meguri_proto.schema.log_pb2 import Rules
    from numpy.typing import NDArray

BIN_MS = 5 * 60_000
"""Presence and sensor health are kept by five minutes, counted from the key day's start."""
_MOVE_MS = 3 * 3_600_000


class DayKey(NamedTuple):
    """The unit of folding: a slice of a town's key day, which nothing of another one bears on."""

    town: str
    key_day: int
    slice: int = 0


class Bounds(NamedTuple):
    """What cuts visits and moves. Milliseconds."""

    start_ms: int
    end_ms: int
    gap_ms: int
    """A longer pause ends a visit."""
    move_ms: int
    """How long after a visit's last detection a move may lead to the next one; never less than the gap."""


@dataclass(frozen=True)
class DayRules:
    """What a `Rules` record says, with places and sensors numbered in its order."""

    town: str
    key_day: int
    slice: int
    version: int
    start_ms: int
    end_ms: int
    gap_ms: int
    lateness_ms: int
    staff_ms: int
    """A device that stays so long in the day is staff's; 0: none is marked."""
    equipment_ms: int
    """And one that stays so long is equipment; 0: none is marked."""
    places: tuple[str, ...]
    sensors: tuple[str, ...]
    sensor_index: dict[str, int]
    sensor_place: NDArray[np.int16]
    """(sensors,) the index of the place that each sensor hears."""
    sensor_minimum_rssi: NDArray[np.int8]
    """(sensors,) dBm."""

    @property
    def key(self) -> DayKey:
        """Which day's they are."""
        return DayKey(self.town, self.key_day, self.slice)

    @property
    def bounds(self) -> Bounds:
        """The day's bounds in time."""
        return Bounds(self.start_ms, self.end_ms, self.gap_ms, max(_MOVE_MS, self.gap_ms))

    @property
    def bins(self) -> int:
        """How many five-minute bins the day has (fewer or more where the clocks change)."""
        return -(-(self.end_ms - self.start_ms) // BIN_MS)


def day_rules(record: Rules) -> DayRules:
    """Number the places and sensors of a record.

    Raises:
        ValueError: the record cannot be the rules of a day.
    """
    if record.day_end_ms <= record.day_start_ms or record.gap_ms <= 0:
        raise ValueError(f"rules of {record.town} day {record.key_day} end before they start, or have no gap")
    places = tuple(dict.fromkeys(sensor.place for sensor in record.sensors))
    sensors = tuple(sensor.sensor for sensor in record.sensors)
    return DayRules(
        town=record.town,
        key_day=record.key_day,
        slice=record.slice,
        version=record.version,
        start_ms=record.day_start_ms,
        end_ms=record.day_end_ms,
        gap_ms=record.gap_ms,
        lateness_ms=record.lateness_ms,
        staff_ms=record.staff_ms,
        equipment_ms=record.equipment_ms,
        places=places,
        sensors=sensors,
        sensor_index={name: index for index, name in enumerate(sensors)},
        sensor_place=np.array([places.index(s.place) for s in record.sensors], np.int16),
        sensor_minimum_rssi=np.array([s.minimum_rssi for s in record.sensors], np.int8),
    )

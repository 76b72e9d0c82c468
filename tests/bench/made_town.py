"""A town made up for measuring: the records of one key day of it, in the order of the log.

A device stays at one place. Each message is one delivery of one sensor, and the deliveries are spread
evenly over a span of the day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from meguri_proto.columns import DTYPES, write_columns
from meguri_proto.schema.log_pb2 import Record, Rules, Segment, SensorRule, Tick

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

KEY_DAY, START_MS, DAY_MS = 20_000, 1_728_000_000_000, 86_400_000
_AT_ONCE = 1 << 20
"""Detections that are made at once."""


@dataclass(frozen=True)
class MadeTown:
    """How large the town is."""

    name: str = "bench"
    sensors: int = 100
    places: int = 10
    devices: int = 20_000
    around: float = 0.1
    """The share of the devices that is there at a time; they come and go evenly. 1: all, all the time."""
    gap_ms: int = 30 * 60_000
    lateness_ms: int = 10 * 60_000
    delivery_ms: int = 60_000
    """From the first to the last detection of a message, at most."""

    def rules(self) -> bytes:
        """The record that opens the day."""
        sensors = [
            SensorRule(sensor=f"s{number}", place=f"p{number % self.places}", minimum_rssi=-80)
            for number in range(self.sensors)
        ]
        rules = Rules(
            town=self.name,
            key_day=KEY_DAY,
            version=1,
            day_start_ms=START_MS,
            day_end_ms=START_MS + DAY_MS,
            gap_ms=self.gap_ms,
            lateness_ms=self.lateness_ms,
            sensors=sensors,
        )
        return Record(rules=rules).SerializeToString()

    def tick(self, after_ms: int) -> bytes:
        """It is so long after the day's start."""
        return Record(tick=Tick(town=self.name, town_time_ms=START_MS + after_ms)).SerializeToString()

    def deliveries(
        self, messages: int, detections: int, first_ms: int = 0, last_ms: int = DAY_MS - 3_600_000
    ) -> Iterator[bytes]:
        """So many messages of so many detections, from `first_ms` to `last_ms` after the day's start."""
        there = max(self.places, int(self.devices * self.around))
        share = np.arange(messages) / messages
        base_ms = (first_ms + share * (last_ms - first_ms)).astype(np.int64)
        begin = (share * (self.devices - there)).astype(np.int64)
        rng = np.random.default_rng(20_241_004)
        rows = max(1, _AT_ONCE // detections)
        for start in range(0, messages, rows):
            numbers = np.arange(start, min(start + rows, messages))
            shape = (len(numbers), detections)
            person = begin[numbers, None] + rng.integers(0, there, shape)
            at_place = person - person % self.places + (numbers % self.sensors % self.places)[:, None]
            yield from self._records(rng, numbers, base_ms[numbers], at_place % self.devices)

    def everybody(self, detections: int) -> Iterator[bytes]:
        """Messages by which every device is heard once, near enough, in the day's first minute."""
        rng = np.random.default_rng(20_241_005)
        at_start = np.zeros(1, np.int64)
        for place in range(self.places):
            persons = rng.permutation(np.arange(place, self.devices, self.places))
            for turn, start in enumerate(range(0, len(persons), detections)):
                number = np.array([place + turn * self.sensors])
                some = persons[None, start : start + detections]
                yield from self._records(rng, number, at_start, some, boot=2, weakest=-80)

    def _records(
        self,
        rng: np.random.Generator,
        numbers: NDArray,
        base_ms: NDArray,
        persons: NDArray,
        *,
        boot: int = 1,
        weakest: int = -85,
    ) -> Iterator[bytes]:
        shape = persons.shape
        columns = {
            "time_offset_ms": np.sort(rng.integers(0, self.delivery_ms, shape), axis=1),
            "device": _pseudonyms(persons),
            "rssi": rng.integers(weakest, -40, shape),
            "kind": np.ones(shape),
            "fingerprint": rng.integers(1, 2**32, shape),
            "sequence_number": rng.integers(0, 4_096, shape),
        }
        columns = {name: columns[name].astype(dtype, copy=False) for name, dtype in DTYPES.items()}
        for row, number in enumerate(numbers.tolist()):
            record = Record()
            record.detections.segments.append(
                Segment(
                    town=self.name,
                    sensor=f"s{number % self.sensors}",
                    boot=boot,
                    sequence=number // self.sensors,
                    key_day=KEY_DAY,
                    base_time_ms=START_MS + int(base_ms[row]),
                    count=shape[1],
                )
            )
            write_columns(record.detections, {name: column[row] for name, column in columns.items()})
            yield record.SerializeToString()


def _pseudonyms(persons: NDArray) -> NDArray[np.uint64]:
    """Another number of 64 bits for each, as evenly spread as pseudonyms are."""
    mixed = (persons.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))

"""One partition of the log: its records in order, each to the key day that it belongs to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from meguri_proto.columns import DTYPES
from meguri_proto.reasons import RejectReason
from meguri_proto.records import UnreadableError, read_record

from meguri_flow.domain.day import Day
from meguri_flow.domain.day_rules import day_rules
from meguri_flow.domain.hearing import NEVER, Columns, Steps
from meguri_flow.domain.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meguri_proto.schema.log_pb2 import Detections, Refused, Rules, Segment, Tick

SEALED_AFTER_MS = 24 * 3_600_000
"""A key day is forgotten this long after its end, in town time."""

_FOLDED = ("time_offset_ms", "device", "rssi", "kind")


class Rejected(NamedTuple):
    """A record, or one delivery of it, that could not be folded."""

    offset: int
    reason: RejectReason
    sensor: str
    """Empty if the whole record could not be read."""
    detections: int


_Step: TypeAlias = tuple[int, int, int, int, int, int]
"""One entry of `Steps`: message, start, detections, base, sensor, tick."""


@dataclass
class Partition:
    """The state of a partition: a function of its messages below `next_offset` and of nothing else."""

    next_offset: int = 0
    days: dict[tuple[str, int], Day] = field(default_factory=dict)
    town_times: dict[str, int] = field(default_factory=dict)
    """The greatest tick of each town: by it a key day is forgotten."""
    unknown_records: int = 0
    """Records of a kind that this version does not know (a newer producer)."""
    last_rows: Rows = field(default_factory=Rows)
    """Rows of days that were forgotten since rows were last taken."""

    def observe(self, messages: Iterable[tuple[int, bytes]]) -> list[Rejected]:
        """Fold messages, given as offset and value, in the order of their offsets.

        How they are grouped into calls changes neither the state nor any row.

        Returns:
            What was not folded, and why.

        Raises:
            ValueError: an offset that is below `next_offset`.
        """
        read = _Read(self)
        for offset, value in messages:
            if offset < self.next_offset:
                raise ValueError(f"offset {offset} was folded before: the next is {self.next_offset}")
            read.take(offset, value)
            self.next_offset = offset + 1
        read.fold()
        return read.rejected

    def take_rows(self) -> Rows:
        """The rows of all days that became certain or changed since the last call."""
        rows, self.last_rows = self.last_rows, Rows()
        for day in self.days.values():
            rows.extend(day.take_rows(self.next_offset))
        return rows


class _Read:
    """The messages of one call of `observe`, sorted to their key days without touching a detection."""

    def __init__(self, partition: Partition) -> None:
        self._partition = partition
        self._steps: defaultdict[tuple[str, int], list[_Step]] = defaultdict(list)
        self._pieces: list[Detections] = []
        self._length = 0
        self.rejected: list[Rejected] = []

    def take(self, offset: int, value: bytes) -> None:
        try:
            record = read_record(value)
        except UnreadableError:
            self._reject(offset, RejectReason.UNREADABLE)
            return
        body = record.WhichOneof("body")
        if body == "detections":
            self._detections(offset, record.detections)
        elif body == "tick":
            self._tick(offset, record.tick)
        elif body == "rules":
            self._rules(offset, record.rules)
        elif body == "refused":
            self._refused(record.refused)
        else:
            self._partition.unknown_records += 1

    def fold(self) -> None:
        columns = Columns(
            *(
                np.frombuffer(b"".join([getattr(piece, name) for piece in self._pieces]), DTYPES[name])
                for name in _FOLDED
            )
        )
        for key, steps in self._steps.items():
            arrays = Steps(*np.array(steps, np.int64).T.copy())
            self._partition.days[key].fold(arrays, columns)
        self._steps.clear()
        self._pieces, self._length = [], 0

    def _reject(self, offset: int, reason: RejectReason, sensor: str = "", detections: int = 0) -> None:
        self.rejected.append(Rejected(offset, reason, sensor, detections))

    def _rules(self, offset: int, record: Rules) -> None:
        key = (record.town, record.key_day)
        sealed = record.day_end_ms + SEALED_AFTER_MS <= self._partition.town_times.get(record.town, NEVER)
        if key in self._partition.days or sealed:
            return
        try:
            self._partition.days[key] = Day(day_rules(record))
        except ValueError:
            self._reject(offset, RejectReason.UNREADABLE)

    def _refused(self, refused: Refused) -> None:
        """Of a day or sensor that is not there any more there is nothing to say."""
        day = self._partition.days.get((refused.town, refused.key_day))
        sensor = day.rules.sensor_index.get(refused.sensor) if day else None
        if day is not None and sensor is not None:
            day.count_refused(sensor, refused.town_time_ms, refused.detections, refused.lead_ms)

    def _tick(self, offset: int, tick: Tick) -> None:
        times = self._partition.town_times
        times[tick.town] = max(times.get(tick.town, NEVER), tick.town_time_ms)
        keys = [key for key in self._partition.days if key[0] == tick.town]
        for key in keys:
            self._steps[key].append((offset, 0, 0, 0, 0, tick.town_time_ms))
        forgotten = [
            key
            for key in keys
            if self._partition.days[key].rules.end_ms + SEALED_AFTER_MS <= times[tick.town]
        ]
        if forgotten:
            self.fold()
        for key in forgotten:
            self._partition.last_rows.extend(self._partition.days.pop(key).take_rows(offset + 1))

    def _detections(self, offset: int, record: Detections) -> None:
        total = sum(segment.count for segment in record.segments)
        if any(len(getattr(record, name)) != total * DTYPES[name].itemsize for name in _FOLDED):
            self._reject(offset, RejectReason.COLUMNS_DISAGREE, detections=total)
            return
        start = self._length
        self._pieces.append(record)
        self._length += total
        for segment in record.segments:
            self._segment(offset, segment, start)
            start += segment.count

    def _segment(self, offset: int, segment: Segment, start: int) -> None:
        day = self._partition.days.get((segment.town, segment.key_day))
        if day is None:
            self._reject(offset, RejectReason.DAY_NOT_OPENED, segment.sensor, segment.count)
            return
        sensor = day.rules.sensor_index.get(segment.sensor)
        if sensor is None:
            self._reject(offset, RejectReason.UNKNOWN_SENSOR, segment.sensor, segment.count)
        elif day.takes(sensor, segment.boot, segment.sequence):
            step = (offset, start, segment.count, segment.base_time_ms, sensor, NEVER)
            self._steps[segment.town, segment.key_day].append(step)
        else:
            day.count_duplicates(sensor, segment.base_time_ms, segment.count)

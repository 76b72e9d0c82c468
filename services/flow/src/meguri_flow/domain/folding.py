"""Messages of the log, many at once, to the key days they belong to: in order, and each delivery once."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from meguri_proto.columns import DTYPES
from meguri_proto.reasons import RejectReason
from meguri_proto.records import UnreadableError, read_record

from meguri_flow.domain.day_rules import DayKey
from meguri_flow.domain.hearing import NEVER, Columns, Steps
from meguri_flow.domain.reading import read_messages

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from meguri_proto.schema.log_pb2 import Detections, Record, Refold, Rules, Tick
    from numpy.typing import NDArray

    from meguri_flow.domain.day import Day

_NO_DAY, _NO_SENSOR = -1, -2


class Rejected(NamedTuple):
    """A record, or one delivery of it, that could not be folded."""

    offset: int
    reason: RejectReason
    sensor: str
    """Empty if the whole record could not be read."""
    detections: int


class Folder(Protocol):
    """What holds the days, and knows what follows from records that are not detections."""

    days: dict[DayKey, Day]
    unknown_records: int

    def open_day(self, offset: int, rules: Rules) -> None:
        """Open the key day of the rules. Raises ValueError: they cannot be the rules of a day."""

    def tick(self, offset: int, tick: Tick) -> None:
        """Take note of a town's time; its days know it already."""

    def ask_refold(self, offset: int, refold: Refold) -> None:
        """Take note that a day is to be folded again."""


def fold_messages(
    folder: Folder, messages: Sequence[tuple[int, bytes]], only: DayKey | None = None
) -> list[Rejected]:
    """Fold messages, given as offset and value, in their order. How they are grouped changes nothing.

    Args:
        folder: holds the days.
        messages: of one partition.
        only: the one day that is folded, where the others are somebody else's.

    Returns:
        What was not folded, and why.
    """
    return _Messages(folder, messages, only).fold()


class _Messages:
    """The messages of one call: read at once, folded up to each record that changes more than a day."""

    def __init__(self, folder: Folder, messages: Sequence[tuple[int, bytes]], only: DayKey | None) -> None:
        self._folder = folder
        self._only = only
        self._values = [value for _, value in messages]
        self._offsets = np.fromiter((offset for offset, _ in messages), np.int64, len(messages))
        self._read = read_messages(self._values)
        self._segments = self._read.segments
        self._folded = 0
        """How many segments are."""
        self._ticks: defaultdict[DayKey, list[tuple[int, int]]] = defaultdict(list)
        """Offset and time of those not folded yet."""
        self._sources: _Sources | None = None
        self._rejected: list[Rejected] = []

    def fold(self) -> list[Rejected]:
        for index in np.flatnonzero(~self._read.is_plain).tolist():
            self._take(index, int(self._offsets[index]))
        self._fold_before(len(self._values))
        return self._rejected

    def _take(self, index: int, offset: int) -> None:
        """Take a message that the kernel left."""
        try:
            record = read_record(self._values[index])
        except UnreadableError:
            self._rejected.append(Rejected(offset, RejectReason.UNREADABLE, "", 0))
            return
        body = record.WhichOneof("body")
        if body == "tick":
            self._tick(index, offset, record.tick)
        elif body == "refused":
            self._refused(record)
        elif body is None:
            self._folder.unknown_records += 1
        elif body != "sealed":
            self._fold_before(index)
            self._sources = None
            self._change(offset, record, body)

    def _change(self, offset: int, record: Record, body: str) -> None:
        """Take a record before which everything is folded."""
        if body == "detections":
            self._fold_record(offset, record.detections)
        elif body == "refold":
            self._folder.ask_refold(offset, record.refold)
        else:
            try:
                self._folder.open_day(offset, record.rules)
            except ValueError:
                self._rejected.append(Rejected(offset, RejectReason.UNREADABLE, "", 0))

    def _tick(self, index: int, offset: int, tick: Tick) -> None:
        days = [(key, day) for key, day in self._folder.days.items() if key.town == tick.town]
        for key, _ in days:
            self._ticks[key].append((offset, tick.town_time_ms))
        if any(day.turns_at(tick.town_time_ms) for _, day in days):
            self._fold_before(index + 1)
            self._sources = None
        self._folder.tick(offset, tick)

    def _refused(self, record: Record) -> None:
        """Of a day or sensor that is not there any more there is nothing to say."""
        refused = record.refused
        day = self._folder.days.get(DayKey(refused.town, refused.key_day))
        sensor = day.rules.sensor_index.get(refused.sensor) if day else None
        if day is not None and sensor is not None:
            day.count_refused(sensor, refused.town_time_ms, refused.detections, refused.lead_ms)

    def _fold_record(self, offset: int, record: Detections) -> None:
        """Fold one message as protobuf read it."""
        total = sum(segment.count for segment in record.segments)
        columns = [np.frombuffer(getattr(record, name), np.uint8) for name in Columns._fields]
        if any(
            len(column) != total * DTYPES[name].itemsize
            for name, column in zip(Columns._fields, columns, strict=True)
        ):
            self._rejected.append(Rejected(offset, RejectReason.COLUMNS_DISAGREE, "", total))
            return
        read = Columns(
            *(column.view(DTYPES[name]) for name, column in zip(Columns._fields, columns, strict=True))
        )
        start = 0
        for segment in record.segments:
            key = DayKey(segment.town, segment.key_day, segment.slice)
            sensor = self._sensor(key, segment.sensor)
            if sensor < 0:
                self._reject(offset, key, sensor, segment.sensor, segment.count)
            else:
                day = self._folder.days[key]
                if day.takes(sensor, segment.boot, segment.sequence, segment.sequence):
                    step = (offset, start, segment.count, segment.base_time_ms, sensor, NEVER)
                    day.fold(_steps(day, *(np.array([field], np.int64) for field in step)), read)
                else:
                    day.count_duplicates(sensor, segment.base_time_ms, segment.count)
            start += segment.count

    def _fold_before(self, index: int) -> None:
        """Fold what the kernel read of the messages before this one, and the ticks among them."""
        end = int(np.searchsorted(self._segments["message"], index))
        segments = self._segments[self._folded : end]
        self._folded = end
        days, sensor_of = self._deliveries(segments)
        ticks, self._ticks = self._ticks, defaultdict(list)
        for key in {*days, *ticks}:
            chosen = segments[days[key]] if key in days else segments[:0]
            sensors = sensor_of[days[key]] if key in days else sensor_of[:0]
            self._fold_day(self._folder.days[key], chosen, sensors, ticks[key])

    def _fold_day(
        self, day: Day, segments: NDArray[np.void], sensors: NDArray[np.int64], ticks: list[tuple[int, int]]
    ) -> None:
        tick = np.array(ticks, np.int64).reshape(-1, 2)
        nothing = np.zeros(len(tick), np.int64)
        message = np.concatenate([self._offsets[segments["message"]], tick[:, 0]])
        order = np.argsort(message, kind="stable")
        steps = (
            message,
            np.concatenate([segments["start"], nothing]),
            np.concatenate([segments["count"], nothing]),
            np.concatenate([segments["base_ms"], nothing]),
            np.concatenate([sensors, nothing]),
            np.concatenate([np.full(len(segments), NEVER), tick[:, 1]]),
        )
        day.fold(_steps(day, *(field[order] for field in steps)), self._read.columns)

    def _deliveries(
        self, segments: NDArray[np.void]
    ) -> tuple[dict[DayKey, NDArray[np.bool_]], NDArray[np.int64]]:
        """Which segments each day takes, and the sensor of each segment: those that are folded first now."""
        if self._sources is None:
            self._sources = self._named_sources()
        sources = self._sources
        source = self._read.runs["source"][segments["run"]]
        taken = sources.sensor[source] >= 0
        runs, first, counts = np.unique(segments["run"], return_index=True, return_counts=True)
        for run, index, count in zip(runs.tolist(), first.tolist(), counts.tolist(), strict=True):
            number = int(source[index])
            sensor = int(sources.sensor[number])
            sequence = int(segments["sequence"][index])
            if sensor < 0 or not sources.day(number).takes(
                sensor, int(self._read.sources["boot"][number]), sequence, sequence + count - 1
            ):
                self._take_singly(number, segments, np.flatnonzero(segments["run"] == run), taken)
        day_of = np.where(taken, sources.day_number[source], _NO_DAY)
        days = {sources.keys[number]: day_of == number for number in np.unique(day_of[taken]).tolist()}
        return days, sources.sensor[source]

    def _take_singly(
        self, number: int, segments: NDArray[np.void], of_run: NDArray[np.int64], taken: NDArray[np.bool_]
    ) -> None:
        """Judge the deliveries of a run one by one: of some day or sensor unknown, or some folded before."""
        sources = self._sources
        assert sources is not None  # noqa: S101 - set by the only caller
        sensor = int(sources.sensor[number])
        boot = int(self._read.sources["boot"][number])
        for index in of_run.tolist():
            segment = segments[index]
            count = int(segment["count"])
            if sensor < 0:
                offset = int(self._offsets[segment["message"]])
                self._reject(
                    offset, sources.keys_of_sources[number], sensor, self._read.sensor(number), count
                )
                continue
            sequence = int(segment["sequence"])
            if not sources.day(number).takes(sensor, boot, sequence, sequence):
                sources.day(number).count_duplicates(sensor, int(segment["base_ms"]), count)
                taken[index] = False

    def _named_sources(self) -> _Sources:
        read, folder = self._read, self._folder
        keys_of_sources = [
            DayKey(read.town(number), int(source["key_day"]), int(source["slice"]))
            for number, source in enumerate(read.sources)
        ]
        sensors = [self._sensor(key, read.sensor(number)) for number, key in enumerate(keys_of_sources)]
        keys = list(folder.days)
        numbers = {key: number for number, key in enumerate(keys)}
        return _Sources(
            folder.days,
            keys,
            keys_of_sources,
            np.array([numbers.get(key, _NO_DAY) for key in keys_of_sources], np.int64),
            np.array(sensors, np.int64),
        )

    def _sensor(self, key: DayKey, name: str) -> int:
        """The index of a sensor in the rules of its day, or why it has none."""
        day = self._folder.days.get(key)
        if day is None or day.is_over:
            return _NO_DAY
        return day.rules.sensor_index.get(name, _NO_SENSOR)

    def _reject(self, offset: int, key: DayKey, why: int, sensor: str, count: int) -> None:
        if self._only in (None, key):
            reason = RejectReason.DAY_NOT_OPENED if why == _NO_DAY else RejectReason.UNKNOWN_SENSOR
            self._rejected.append(Rejected(offset, reason, sensor, count))


class _Sources(NamedTuple):
    """What the sources of the messages are in the days that are open."""

    days: dict[DayKey, Day]
    keys: list[DayKey]
    """Of the days."""
    keys_of_sources: list[DayKey]
    day_number: NDArray[np.int64]
    """(sources,) the index in `keys`."""
    sensor: NDArray[np.int64]
    """(sources,) the index in the day's rules; _NO_DAY or _NO_SENSOR where there is none."""

    def day(self, source: int) -> Day:
        """The day of a source that has one."""
        return self.days[self.keys_of_sources[source]]


def _steps(day: Day, *fields: NDArray[np.int64]) -> Steps:
    """The steps of a day, of all their fields but the last."""
    return Steps._make([*fields, day.held_ms(fields[0])])


def checked(messages: Iterable[tuple[int, bytes]], next_offset: int) -> list[tuple[int, bytes]]:
    """The messages as a list, if their offsets rise from `next_offset` on.

    Raises:
        ValueError: one of them does not.
    """
    listed = list(messages)
    for offset, _ in listed:
        if offset < next_offset:
            raise ValueError(f"offset {offset} was folded before: the next is {next_offset}")
        next_offset = offset + 1
    return listed

"""What was heard and is not delivered yet, in a folder that survives a power cut and has a bound.

Batches stand in segments in the order they were heard; a position says what ingest has. The position may lag
behind after a crash: then batches go out again under the same names, which changes nothing. A key day that
ended 24 hours ago becomes five-minute counts, and its pseudonyms are gone from the folder.
"""

from __future__ import annotations

import errno
import fcntl
import json
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from meguri_proto.quantities import Quantity

from meguri_sensors.batches import BATCHES_OF_AN_UPLOAD
from meguri_sensors.durable_files import replace_file
from meguri_sensors.five_minute_counts import FiveMinuteCount, five_minute_counts
from meguri_sensors.spool_segments import (
    HEADER_BYTES,
    Record,
    SegmentDay,
    SegmentReader,
    SegmentWriter,
    record_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from meguri_proto.schema.upload_pb2 import Batch

SEALED_AFTER_MS: Final = 24 * 3_600_000
"""After its end a key day takes what was late for so long."""
SEGMENT_BYTES: Final = 1 << 20
"""A segment that is this long is followed by another; the smallest part that is given up for new ones."""
_DISK_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_POSITION: Final = "position.json"
_SEGMENT_NAME: Final = "{:010}.batches"
_COUNTS_NAME: Final = "{:010}.counts"


class SpoolError(RuntimeError):
    """The folder cannot be used; the message is a sentence that says why and what to do."""


@dataclass(frozen=True)
class Figures:
    """How the spool stands, in detections unless said otherwise; what was lost is counted over restarts."""

    waiting: int = 0
    """Not acknowledged."""
    bytes: int = 0
    """Of the segments."""
    dropped: int = 0
    """Given up because the bound was reached or the disk could not be written."""
    damaged: int = 0
    """In records that could not be read back."""
    counted: int = 0
    """Of days that were over, which became counts."""


@dataclass(frozen=True)
class Delivery:
    """Batches to be uploaded together, and what of the spool they are."""

    batches: tuple[Batch, ...]
    records: tuple[tuple[int, Record], ...]
    """Segment and record of everything up to there, what cannot be read included."""
    damaged: int
    """Detections in records that cannot be read."""
    after: tuple[int, int]
    """Segment and offset behind the last record."""


@dataclass(frozen=True)
class CountsOfADay:
    """Counts to be told, and the file they are in."""

    counts: tuple[FiveMinuteCount, ...]
    path: Path


@dataclass
class _Segment:
    number: int
    path: Path
    day: SegmentDay
    size: int
    waiting: int


class Spool:
    """The folder; one process uses it at a time, two threads of it may: one appends, the other delivers.

    Args:
        folder: made if it is not there.
        bound_bytes: of all segments together; the oldest go first.

    Raises:
        SpoolError: the folder cannot be read or written, or another process uses it.
    """

    def __init__(self, folder: Path, bound_bytes: int) -> None:
        self._folder = folder
        self._bound_bytes = bound_bytes
        self._lock = Lock()
        self._writer: SegmentWriter | None = None
        self._segments: list[_Segment] = []
        self._dropped_on_their_way: set[int] = set()
        self.cut_bytes = 0
        """Of records that were being written when the machine stopped, found when the folder was opened."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock_file = (folder / "lock").open("w")
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SpoolError(f"Another process uses the spool {folder}: stop it first.") from None
        except OSError as error:
            raise SpoolError(f"The spool {folder} cannot be written: {error.strerror}.") from error
        self._position, self._lost = self._read_position()
        try:
            self._open()
        except OSError as error:
            raise SpoolError(f"The spool {folder} cannot be read: {error.strerror}.") from error

    def close(self) -> None:
        """Let another process use the folder."""
        with self._lock:
            self._close_writer()
            self._lock_file.close()

    @property
    def figures(self) -> Figures:
        """How the spool stands now."""
        with self._lock:
            return replace(
                self._lost,
                waiting=sum(each.waiting for each in self._segments),
                bytes=sum(each.size for each in self._segments),
            )

    def append(self, batch: Batch, day: SegmentDay) -> None:
        """Keep a batch; when this returns it survives a power cut, or it is counted as dropped.

        Args:
            batch: what was heard.
            day: the batch's key day.

        Raises:
            SpoolError: the disk could not be written, though it is not full; the batch is dropped.
        """
        record = record_of(batch)
        with self._lock:
            room = self._bound_bytes - len(record) - HEADER_BYTES  # if a segment has to begin for it
            while sum(each.size for each in self._segments) > room:
                if not self._drop_oldest():
                    break
            while True:
                try:
                    self._append(record, batch.count, day)
                except OSError as error:
                    if error.errno in _DISK_FULL and self._drop_oldest():
                        continue
                    self._lose(dropped=batch.count)
                    raise SpoolError(
                        f"The spool {self._folder} cannot be written: {error.strerror}; what was heard since "
                        "then is lost. Check the disk."
                    ) from error
                return

    def next_delivery(self) -> Delivery | None:
        """The oldest batches that are not acknowledged; None if there are none."""
        with self._lock:
            found = _Found(self._position)
            for segment in list(self._segments):
                try:
                    with SegmentReader(segment.path) as reader:
                        found.add(segment.number, reader, self._offset_in(segment))
                except (OSError, ValueError):
                    self._lose(damaged=segment.waiting)
                    self._remove(segment)
                if len(found.batches) == BATCHES_OF_AN_UPLOAD:
                    break
            if found.after == self._position:
                return None
            return Delivery(tuple(found.batches), tuple(found.records), found.damaged, found.after)

    def acknowledge(self, delivery: Delivery) -> None:
        """Ingest has what was delivered, or will never take it: forget it."""
        with self._lock:
            by_number = {each.number: each for each in self._segments}
            for number, record in delivery.records:
                if number in by_number:
                    by_number[number].waiting -= record.detections
                elif number in self._dropped_on_their_way:
                    self._lose(dropped=-record.detections)
            self._dropped_on_their_way.clear()
            self._lose(damaged=delivery.damaged)
            self._position = delivery.after
            while self._segments and self._is_done(self._segments[0]):
                self._remove(self._segments[0])
            self._write_position()

    def seal(self, now_ms: int) -> None:
        """Turn the days that ended 24 hours ago into counts."""
        with self._lock:
            days = {each.day for each in self._segments if each.day.end_ms + SEALED_AFTER_MS < now_ms}
        for day in days:
            self.seal_day(day.key_day)

    def seal_day(self, key_day: int) -> None:
        """Turn what is not acknowledged of a key day into counts, and remove its batches.

        Raises:
            SpoolError: the counts cannot be written; the batches stay.
        """
        with ExitStack() as files:
            with self._lock:
                segments = [each for each in self._segments if each.day.key_day == key_day]
                if not segments:
                    return
                if segments[-1] is self._segments[-1]:
                    self._close_writer()
                readers = [files.enter_context(SegmentReader(each.path)) for each in segments]
                offsets = [self._offset_in(each) for each in segments]
            found, damaged = _by_time(readers, offsets)
            batches = (batch for reader, record in found if (batch := reader.batch(record)) is not None)
            day = segments[-1].day
            counts = list(five_minute_counts(batches, day.start_ms, day.end_ms))
        path = self._folder / _COUNTS_NAME.format(segments[-1].number)
        text = json.dumps({"key_day": key_day, "counts": [asdict(each) for each in counts]})
        try:
            replace_file(path, text, survives_power=True)
        except OSError as error:
            raise SpoolError(f"The spool {self._folder} cannot be written: {error.strerror}.") from error
        with self._lock:
            for segment in segments:
                if segment in self._segments:
                    self._remove(segment)
                else:  # it was dropped while it was counted
                    self._lose(dropped=-segment.waiting)
            self._lose(counted=sum(record.detections for _, record in found), damaged=damaged)
            self._write_position()

    def next_counts(self) -> CountsOfADay | None:
        """The counts of the first sealed day that was not told; None if there are none.

        Raises:
            SpoolError: they cannot be read.
        """
        for path in sorted(self._folder.glob("*.counts")):
            return CountsOfADay(_read_counts(path)[1], path)
        return None

    def counts_told(self, told: CountsOfADay) -> None:
        """Ingest has the counts, or will never take them: forget them."""
        told.path.unlink(missing_ok=True)

    def _open(self) -> None:
        for leftover in self._folder.glob("*.new"):
            leftover.unlink()
        sealed = {_read_counts(path)[0]: int(path.stem) for path in sorted(self._folder.glob("*.counts"))}
        for path in sorted(self._folder.glob("*.batches")):
            number = int(path.stem)
            segment = self._scanned(number, path)
            if segment is None or number <= sealed.get(segment.day.key_day, 0) or self._is_done(segment):
                path.unlink()
            else:
                self._segments.append(segment)
        numbers = [self._position[0], *sealed.values(), *(each.number for each in self._segments)]
        self._last_number = max(numbers)

    def _scanned(self, number: int, path: Path) -> _Segment | None:
        """The segment as its file is; None if nothing of the file can be used."""
        try:
            with SegmentReader(path) as reader:
                segment = _Segment(number, path, reader.day, path.stat().st_size, 0)
                offset = self._offset_in(segment)
                whole = HEADER_BYTES
                for record in reader.records():
                    whole = record.after
                    segment.waiting += record.detections if record.offset >= offset else 0
                self.cut_bytes += segment.size - whole
        except ValueError:
            return None
        return segment

    def _append(self, record: bytes, detections: int, day: SegmentDay) -> None:
        last = self._segments[-1] if self._segments else None
        if self._writer and last and (last.day != day or last.size >= SEGMENT_BYTES):
            self._close_writer()
        if self._writer is None or last is None:
            path = self._folder / _SEGMENT_NAME.format(self._last_number + 1)
            self._writer = SegmentWriter(path, day)
            self._last_number += 1
            last = _Segment(self._last_number, path, day, self._writer.size, 0)
            self._segments.append(last)
        self._writer.append(record)
        last.size = self._writer.size
        last.waiting += detections

    def _drop_oldest(self) -> bool:
        if not self._segments:
            return False
        oldest = self._segments[0]
        self._dropped_on_their_way.add(oldest.number)
        self._lose(dropped=oldest.waiting)
        self._remove(oldest)
        self._write_position()
        return True

    def _remove(self, segment: _Segment) -> None:
        if self._writer and segment is self._segments[-1]:
            self._close_writer()
        segment.path.unlink(missing_ok=True)
        self._segments.remove(segment)

    def _close_writer(self) -> None:
        if self._writer:
            self._writer.close()
            self._writer = None

    def _offset_in(self, segment: _Segment) -> int:
        number, offset = self._position
        return offset if number == segment.number else 0

    def _is_done(self, segment: _Segment) -> bool:
        return (segment.number, segment.size) <= self._position or not segment.waiting

    def _lose(self, *, dropped: int = 0, damaged: int = 0, counted: int = 0) -> None:
        self._lost = replace(
            self._lost,
            dropped=self._lost.dropped + dropped,
            damaged=self._lost.damaged + damaged,
            counted=self._lost.counted + counted,
        )

    def _read_position(self) -> tuple[tuple[int, int], Figures]:
        try:
            stored = json.loads((self._folder / _POSITION).read_text("utf-8"))
            position = int(stored["segment"]), int(stored["offset"])
            lost = Figures(**{name: int(stored[name]) for name in ("dropped", "damaged", "counted")})
        except (OSError, ValueError, KeyError, TypeError):
            # Not there yet, or the power went while it was written: everything is delivered once more.
            return (0, 0), Figures()
        return position, lost

    def _write_position(self) -> None:
        number, offset = self._position
        lost = self._lost
        stored = {
            "segment": number,
            "offset": offset,
            "dropped": lost.dropped,
            "damaged": lost.damaged,
            "counted": lost.counted,
        }
        with suppress(OSError):  # what was delivered is then delivered once more
            replace_file(self._folder / _POSITION, json.dumps(stored), survives_power=False)


class _Found:
    """What is read for one delivery."""

    def __init__(self, after: tuple[int, int]) -> None:
        self.batches: list[Batch] = []
        self.records: list[tuple[int, Record]] = []
        self.damaged = 0
        self.after = after

    def add(self, number: int, reader: SegmentReader, offset: int) -> None:
        """Read on in a segment until there is enough."""
        for record in reader.records(offset):
            if len(self.batches) == BATCHES_OF_AN_UPLOAD:
                return
            batch = reader.batch(record)
            if batch is None:
                self.damaged += record.detections
            else:
                self.batches.append(batch)
            self.records.append((number, record))
            self.after = number, record.after


def _by_time(
    readers: list[SegmentReader], offsets: list[int]
) -> tuple[list[tuple[SegmentReader, Record]], int]:
    """The readable records in the order of their earliest detections, and detections in the others."""
    found: list[tuple[int, int, Record]] = []
    damaged = 0
    for number, (reader, offset) in enumerate(zip(readers, offsets, strict=True)):
        for record in reader.records(offset):
            batch = reader.batch(record)
            if batch is None:
                damaged += record.detections
            else:
                found.append((batch.base_time_ms, number, record))
    return [(readers[number], record) for _, number, record in sorted(found)], damaged


def _read_counts(path: Path) -> tuple[int, tuple[FiveMinuteCount, ...]]:
    """Key day and counts of a file."""
    try:
        stored = json.loads(path.read_text("utf-8"))
        return int(stored["key_day"]), tuple(_count(fields) for fields in stored["counts"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SpoolError(f"{path} of the spool cannot be read any more: remove it.") from error


def _count(fields: dict[str, Any]) -> FiveMinuteCount:
    return FiveMinuteCount(
        Quantity(fields["quantity"]), int(fields["from_ms"]), int(fields["to_ms"]), int(fields["count"])
    )

"""Cuts what was heard into batches: a function of the detections and their order, and of nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from meguri_proto.columns import DTYPES, Kind, write_columns
from meguri_proto.schema.upload_pb2 import Batch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_sensors.day_keys import DayKey
    from meguri_sensors.probe_requests import Heard

LARGEST_BATCH: Final = 2_000
"""Detections."""
BATCHES_OF_AN_UPLOAD: Final = 8
"""Batches delivered together at most: about 300 kB."""
LONGEST_SPAN_MS: Final = 5 * 60_000
"""From a batch's earliest to its latest detection: less than any sensible lateness, so that a batch whose
latest detection was ticked just before is never late."""


class Batcher:
    """Collects detections; gives back a batch whenever the next one would no longer fit.

    A batch holds detections of one key day. Sequences count up from 0 within each key day: (boot, sequence,
    key day) names a batch, so a day that could not be delivered shifts no other day's names.

    Args:
        boot: of all batches.
        span_ms: the longest time from a batch's earliest to its latest detection.
        sequences: the next sequence of each key day, where it is not 0.
    """

    def __init__(
        self, boot: int, span_ms: int = LONGEST_SPAN_MS, sequences: Mapping[int, int] | None = None
    ) -> None:
        self._boot = boot
        self._span_ms = span_ms
        self._day: DayKey | None = None
        self._times: list[int] = []
        self._heard: list[Heard] = []
        self._earliest = self._latest = 0
        self._from_ms = self._to_ms = 0
        """Between which the next detection has to be to fit."""
        self.sequences: dict[int, int] = dict(sequences or {})
        """The next sequence of each key day."""

    def add(self, time_ms: int, heard: Heard, day: DayKey) -> Batch | None:
        """Take a detection, heard under the day's key; the batch that had to be closed for it, if any."""
        closed = None
        fits = day is self._day and self._from_ms <= time_ms <= self._to_ms
        if not fits or len(self._times) == LARGEST_BATCH:
            closed = self.close()
            self._day = day
            self._earliest = self._latest = time_ms
            self._from_ms, self._to_ms = time_ms - self._span_ms, time_ms + self._span_ms
        elif time_ms > self._latest:
            self._latest, self._from_ms = time_ms, time_ms - self._span_ms
        elif time_ms < self._earliest:
            self._earliest, self._to_ms = time_ms, time_ms + self._span_ms
        self._times.append(time_ms)
        self._heard.append(heard)
        return closed

    def close(self) -> Batch | None:
        """The batch collected so far, if there is any; the next detection begins another."""
        day, self._day = self._day, None
        if day is None:
            return None
        sequence = self.sequences.get(day.key_day, 0)
        self.sequences[day.key_day] = sequence + 1
        batch = Batch(
            boot=self._boot,
            sequence=sequence,
            key_day=day.key_day,
            key_check=day.check,
            base_time_ms=self._earliest,
            count=len(self._times),
        )
        devices, signals, fingerprints, sequence_numbers, are_random = zip(*self._heard, strict=True)
        write_columns(
            batch,
            {
                "time_offset_ms": np.array(self._times, np.int64) - self._earliest,
                "device": np.array(devices, np.uint64),
                "rssi": np.array(signals, np.int8),
                "kind": np.where(are_random, Kind.PROBE_REQUEST_RANDOM, Kind.PROBE_REQUEST),
                "fingerprint": np.array(fingerprints, np.uint32),
                "sequence_number": np.array(sequence_numbers, np.uint16),
            },
        )
        self._times, self._heard = [], []
        return batch


def last_ms(batch: Batch) -> int:
    """The batch's latest detection, epoch milliseconds."""
    return batch.base_time_ms + int(np.frombuffer(batch.time_offset_ms, DTYPES["time_offset_ms"]).max())

"""Delivers the village chunk by chunk: its history at full speed, then what is heard now, at its pace.

Of each chunk the town's clock is ticked to its end, then every sensor uploads what it heard, all at once.
A chunk is at most as long as the town's lateness, so nothing in it is late after that tick; and the next
one begins when everything of it was acknowledged.
"""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from meguri_sensors.batches import BATCHES_OF_AN_UPLOAD, LONGEST_SPAN_MS, Batcher
from meguri_sensors.capture_file import CaptureFile
from meguri_sensors.day_keys import DayKeys
from meguri_sensors.listening import Counts, listen

from meguri_village.days import Day
from meguri_village.progress import Progress, ProgressFile
from meguri_village.truth import write_truth

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from meguri_proto.schema.upload_pb2 import Batch
    from meguri_sensors.uplink import Uplink

    from meguri_village.people import Village

LONGEST_CHUNK_MS: Final = 10 * 60_000
"""Of the history, where the town's lateness is not shorter."""
LIVE_CHUNK_MS: Final = 10_000
"""Of what is heard now."""


class Step(NamedTuple):
    """What was delivered since this process began, after one more chunk."""

    phase: Literal["history", "live"]
    """`live` once everything up to now was delivered."""
    town_time_ms: int
    frames: int
    detections: int
    """That ingest has in the log."""
    rejected: int
    """Frames that could not be read, and detections that ingest did not accept or has no key for."""


class Filling:
    """One village on its way into Meguri.

    Args:
        village: the village.
        uplinks: of each sensor by its name; the first one's has the token for ticks.
        folder: for the progress and the truth; it exists.
        start_ms: where the history begins, unless the folder holds a progress: then that goes on.
        until_ms: where the village ends; None for never.

    Raises:
        ProgressError: the folder holds another village's progress.
    """

    def __init__(
        self,
        village: Village,
        uplinks: Mapping[str, Uplink],
        folder: Path,
        start_ms: int,
        until_ms: int | None = None,
    ) -> None:
        self._village = village
        self._town = village.town
        self._uplinks = uplinks
        self._clockwork = next(iter(uplinks.values()))
        self._keys = DayKeys(self._clockwork.keys)
        self._folder = folder
        self._until_ms = until_ms
        self._file = ProgressFile(folder, village)
        self._progress: Progress = self._file.load(start_ms)
        self._day = Day(village, self._town.key_day_at(self._progress.done_ms))
        self._counts = Counts()
        self._accepted = self._refused = 0

    def run(
        self, now_ms: Callable[[], int], wait: Callable[[float], object], report: Callable[[Step], None]
    ) -> None:
        """Deliver until the village ends.

        Args:
            now_ms: the wall clock, epoch milliseconds.
            wait: waits for a number of seconds; it may raise to end the run.
            report: told after every chunk.

        Raises:
            UplinkError: ingest did not take what was delivered.
            OSError: the folder cannot be written.
        """
        with ThreadPoolExecutor(len(self._uplinks), "uplink") as pool:
            while self._until_ms is None or self._progress.done_ms < self._until_ms:
                now = now_ms()
                end = self._chunk_end(now)
                if end is None:
                    wait((self._progress.done_ms + LIVE_CHUNK_MS - now) / 1_000)
                    continue
                is_live = now - end < LIVE_CHUNK_MS
                self._deliver(pool, end, is_live=is_live)
                report(
                    Step(
                        "live" if is_live else "history",
                        end,
                        self._counts.frames,
                        self._accepted,
                        self._counts.rejected.total() + self._counts.undeliverable.total() + self._refused,
                    )
                )
        if self._until_ms is not None:
            self._clockwork.tick(self._until_ms + self._town.gap_ms + self._town.lateness_ms + 1)

    def _chunk_end(self, now_ms: int) -> int | None:
        """Where the next chunk ends; None if its time has not come."""
        begun = self._progress.done_ms
        if self._progress.sending_until_ms is not None:
            return self._progress.sending_until_ms
        longest = max(LIVE_CHUNK_MS, min(LONGEST_CHUNK_MS, self._town.lateness_ms))
        end = min(begun + longest, self._day.end_ms)
        if self._until_ms is not None:
            end = min(end, self._until_ms)
        if end <= now_ms:
            return end
        passed = (now_ms - begun) // LIVE_CHUNK_MS
        return begun + passed * LIVE_CHUNK_MS if passed > 0 else None

    def _deliver(self, pool: ThreadPoolExecutor, end_ms: int, *, is_live: bool) -> None:
        progress = replace(self._progress, sending_until_ms=end_ms)
        self._file.save(progress)
        self._clockwork.tick(end_ms)
        heard, sequences = self._listen(progress.done_ms, end_ms)
        accepted = sum(pool.map(self._upload, heard, heard.values()))
        self._accepted += accepted
        self._refused += sum(batch.count for batches in heard.values() for batch in batches) - accepted
        is_day_over = end_ms == self._day.end_ms
        if is_day_over or is_live or end_ms == self._until_ms:
            write_truth(self._day, progress.start_ms, end_ms, self._folder)
        self._progress = replace(
            progress, done_ms=end_ms, sending_until_ms=None, sequences={} if is_day_over else sequences
        )
        self._file.save(self._progress)
        if is_day_over:
            self._day = Day(self._village, self._day.key_day + 1)

    def _listen(self, from_ms: int, to_ms: int) -> tuple[dict[str, list[Batch]], dict[str, int]]:
        """What each sensor heard as batches, and each one's next sequence."""
        key_day = self._day.key_day
        heard, sequences = {}, {}
        for sensor in self._uplinks:
            capture = CaptureFile(io.BytesIO(self._day.capture(sensor, from_ms, to_ms)))
            batcher = Batcher(
                self._boot(sensor),
                min(LONGEST_SPAN_MS, to_ms - from_ms),
                {key_day: self._progress.sequences.get(sensor, 0)},
            )
            heard[sensor] = list(listen(capture.packets(), self._keys.at, batcher, self._counts))
            sequences[sensor] = batcher.sequences[key_day]
        return heard, sequences

    def _upload(self, sensor: str, batches: list[Batch]) -> int:
        """Deliver a sensor's batches; how many detections were accepted."""
        accepted = 0
        for first in range(0, len(batches), BATCHES_OF_AN_UPLOAD):
            together = batches[first : first + BATCHES_OF_AN_UPLOAD]
            accepted += self._uplinks[sensor].upload(together, recording=True).accepted
        return accepted

    def _boot(self, sensor: str) -> int:
        """The same after a restart, another in every other run, sensor and key day."""
        of = (self._town.town, sensor, self._village.seed, self._village.size, self._progress.start_ms)
        text = "|".join(map(str, (*of, self._day.key_day)))
        return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")

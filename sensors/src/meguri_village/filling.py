"""Delivers the village: its history day by day at full speed, then what happens now, at its pace.

What the sensors told of a stretch of time is one upload with the town's new time: the clock moves there
first, and the tick stands behind the detections, so nothing of a stretch is late. Then the tills, counters
and phones tell their part of it. The next stretch begins when everything was acknowledged.
"""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from meguri_sensors.batches import Batcher, last_ms
from meguri_sensors.capture_file import CaptureFile
from meguri_sensors.day_keys import DayKeys
from meguri_sensors.listening import Counts, listen

from meguri_village.days import Day
from meguri_village.posting import Posted
from meguri_village.progress import Progress, ProgressFile
from meguri_village.truth import write_truth

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from meguri_proto.schema.upload_pb2 import Batch
    from meguri_sensors.uplink import Uplink

    from meguri_village.outlets import Outlets
    from meguri_village.village import Village

LIVE_CHUNK_MS: Final = 10_000
"""Of what happens now."""
_LONGEST_SPAN_MS: Final = 10 * 60_000
"""Of a batch, where the town's lateness is not shorter: batches in the order of their beginnings are then
never late."""
_MOST_BATCHES: Final = 4_000
"""In one upload."""
_POSTS_AT_ONCE: Final = 4


class Step(NamedTuple):
    """What was delivered since this process began, after one more stretch of time."""

    phase: Literal["history", "live"]
    """`live` once everything up to now was delivered."""
    town_time_ms: int
    frames: int
    detections: int
    """That ingest has in the log."""
    sales: int
    """Likewise, later versions included."""
    guide_events: int
    """Likewise, with the answers to the guide's questions."""
    rejected: int
    """Frames that could not be read, and whatever was not accepted."""


class Filling:
    """One village on its way into Meguri.

    Args:
        village: the village.
        uplink: with a replayer's token, for detections and ticks.
        outlets: for everything else.
        folder: for the progress and the truth; it exists.
        start_ms: where the history begins, unless the folder holds a progress: then that goes on.
        until_ms: where the village ends; None for never.

    Raises:
        ProgressError: the folder holds another village's progress.
    """

    def __init__(  # noqa: PLR0913, PLR0917  what it is made of
        self,
        village: Village,
        uplink: Uplink,
        outlets: Outlets,
        folder: Path,
        start_ms: int,
        until_ms: int | None = None,
    ) -> None:
        self._village = village
        self._town = village.town
        self._uplink = uplink
        self._outlets = outlets
        self._keys = DayKeys(uplink.keys)
        self._folder = folder
        self._until_ms = until_ms
        self._file = ProgressFile(folder, village)
        self._progress: Progress = self._file.load(start_ms)
        self._day = Day(village, self._town.key_day_at(self._progress.done_ms))
        self._counts = Counts()
        self._detections = self._refused = self._sales = self._guide_events = 0

    def run(
        self, now_ms: Callable[[], int], wait: Callable[[float], object], report: Callable[[Step], None]
    ) -> None:
        """Deliver until the village ends.

        Args:
            now_ms: the wall clock, epoch milliseconds.
            wait: waits for a number of seconds; it may raise to end the run.
            report: told after every stretch.

        Raises:
            UplinkError: a service did not take what was delivered.
            OSError: the folder cannot be written.
        """
        with ThreadPoolExecutor(_POSTS_AT_ONCE, "outlets") as pool:
            while self._until_ms is None or self._progress.done_ms < self._until_ms:
                now = now_ms()
                end = self._stretch_end(now)
                if end is None:
                    wait((self._progress.done_ms + LIVE_CHUNK_MS - now) / 1_000)
                    continue
                is_live = now - end < LIVE_CHUNK_MS
                self._deliver(pool, end, is_live=is_live)
                rejected = self._counts.rejected.total() + self._counts.undeliverable.total() + self._refused
                report(
                    Step(
                        "live" if is_live else "history",
                        end,
                        self._counts.frames,
                        self._detections,
                        self._sales,
                        self._guide_events,
                        rejected,
                    )
                )
        if self._until_ms is not None:
            self._uplink.tick(self._until_ms + self._town.gap_ms + self._town.lateness_ms + 1)

    def _stretch_end(self, now_ms: int) -> int | None:
        """Where the next stretch ends; None if its time has not come."""
        begun = self._progress.done_ms
        if self._progress.sending_until_ms is not None:
            return self._progress.sending_until_ms
        end = next(cut for cut in self._day.cuts if cut > begun)
        if self._until_ms is not None:
            end = min(end, self._until_ms)
        if end <= now_ms:
            return end
        passed = (now_ms - begun) // LIVE_CHUNK_MS
        return begun + passed * LIVE_CHUNK_MS if passed > 0 else None

    def _deliver(self, pool: ThreadPoolExecutor, end_ms: int, *, is_live: bool) -> None:
        progress = replace(self._progress, sending_until_ms=end_ms)
        self._file.save(progress)
        sequences = self._tell_detections(progress, end_ms)
        self._tell_the_rest(pool, progress.done_ms, end_ms)
        is_day_over = end_ms == self._day.end_ms
        if is_day_over or is_live or end_ms == self._until_ms:
            write_truth(self._day, progress.start_ms, end_ms, self._folder)
        self._progress = replace(
            progress, done_ms=end_ms, sending_until_ms=None, sequences={} if is_day_over else sequences
        )
        self._file.save(self._progress)
        if is_day_over:
            self._day = Day(self._village, self._day.key_day + 1)

    def _tell_detections(self, progress: Progress, end_ms: int) -> dict[str, int]:
        """Deliver what the sensors told; each one's next sequence."""
        # The key of a day is handed out when the town is not far from it.
        if progress.done_ms == progress.start_ms:
            self._uplink.tick(progress.start_ms)
        batches, sequences = self._listen(progress, end_ms)
        batches.sort(key=lambda batch: (batch.base_time_ms, batch.sensor, batch.sequence))
        while batches:
            part, batches = batches[:_MOST_BATCHES], batches[_MOST_BATCHES:]
            town_time_ms = min(end_ms, max(map(last_ms, part))) if batches else end_ms
            answer = self._uplink.upload(part, recording=True, town_time_ms=town_time_ms)
            self._detections += answer.accepted
            self._refused += sum(batch.count for batch in part) - answer.accepted
            if not batches:
                return sequences
        self._uplink.tick(end_ms)
        return sequences

    def _listen(self, progress: Progress, to_ms: int) -> tuple[list[Batch], dict[str, int]]:
        """What the sensors told as batches, and each one's next sequence."""
        key_day = self._day.key_day
        span_ms = min(_LONGEST_SPAN_MS, self._town.lateness_ms)
        told: list[Batch] = []
        sequences = {}
        for sensor in self._town.sensors:
            capture = CaptureFile(io.BytesIO(self._day.capture(sensor, progress.done_ms, to_ms)))
            batcher = Batcher(self._boot(sensor), span_ms, {key_day: progress.sequences.get(sensor, 0)})
            for batch in listen(capture.packets(), self._keys.at, batcher, self._counts):
                batch.sensor = sensor
                told.append(batch)
            sequences[sensor] = batcher.sequences[key_day]
        return told, sequences

    def _tell_the_rest(self, pool: ThreadPoolExecutor, from_ms: int, to_ms: int) -> None:
        """Let tills, counters and phones tell what happened, all at once."""
        day, outlets = self._day, self._outlets
        is_live = to_ms - from_ms <= LIVE_CHUNK_MS
        told = [each for each in day.tellings if from_ms <= each.told_ms < to_ms]
        counted = [each for each in day.counts if from_ms < each.to_ms <= to_ms]
        uses = [each for each in day.uses if from_ms <= each.at_ms < to_ms]
        answers = [each for each in day.answers if from_ms <= each.at_ms < to_ms]
        by_shop = groupby(sorted(told, key=lambda each: each.sale.shop), lambda each: each.sale.shop)
        by_counter = groupby(counted, lambda each: each.counter)

        sales = [
            pool.submit(partial(outlets.sales, list(tellings), is_live=is_live)) for _, tellings in by_shop
        ]
        counts = [pool.submit(outlets.counts, list(each)) for _, each in by_counter]
        guide = outlets.guide(uses, answers) if uses or answers else Posted(0, 0)
        self._guide_events += guide.accepted
        self._sales += sum(each.result().accepted for each in sales)
        posted = [guide, *(each.result() for each in (*sales, *counts))]
        self._refused += sum(each.rejected for each in posted)

    def _boot(self, sensor: str) -> int:
        """The same after a restart, another in every other run, sensor and key day."""
        of = (self._town.town, sensor, self._village.seed, self._village.size, self._progress.start_ms)
        text = "|".join(map(str, (*of, self._day.key_day)))
        return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")

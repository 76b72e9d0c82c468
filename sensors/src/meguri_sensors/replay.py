"""Replays a capture into a recording town at full speed, the way a sensor would have delivered it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from meguri_sensors.batches import BATCHES_OF_AN_UPLOAD, LONGEST_SPAN_MS, Batcher, last_ms
from meguri_sensors.capture_file import CaptureFile
from meguri_sensors.day_keys import DayKey, DayKeys, NoKey
from meguri_sensors.listening import Counts, listen
from meguri_sensors.verdicts import FrameReject

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import BinaryIO

    from meguri_proto.schema.upload_pb2 import Batch

    from meguri_sensors.uplink import Uplink
    from meguri_sensors.verdicts import CaptureVerdict

_HASHED_BLOCK: Final = 1 << 20


class ReplayProgress(NamedTuple):
    """How far a replay is."""

    bytes_read: int
    bytes_total: int
    frames: int
    accepted: int
    """Detections that are in the log."""
    town_time_ms: int


@dataclass(frozen=True)
class ReplayReport:
    """What became of a capture's frames; times are epoch milliseconds, None if nothing was delivered."""

    verdict: CaptureVerdict
    sentence: str
    """The verdict for people."""
    frames: int
    probe_requests: int
    other_frames: int
    rejected_frames: Mapping[FrameReject, int]
    accepted: int
    """Detections that ingest has in the log; those of an earlier replay among them."""
    rejected: Mapping[str, int]
    """Detections that ingest did not accept, by reason."""
    undeliverable: Mapping[str, int]
    """Detections of key days that have no key (any more), by reason."""
    batches: int
    uploads: int
    town_time_ms: int | None
    """The last tick: every visit of the capture is closed by it."""

    def as_dict(self) -> dict[str, object]:
        """The report as JSON takes it."""
        return {
            "verdict": self.verdict.value,
            "sentence": self.sentence,
            "frames": self.frames,
            "probe_requests": self.probe_requests,
            "other_frames": self.other_frames,
            "rejected_frames": {reason.value: count for reason, count in self.rejected_frames.items()},
            "accepted": self.accepted,
            "rejected": dict(self.rejected),
            "undeliverable": dict(self.undeliverable),
            "batches": self.batches,
            "uploads": self.uploads,
            "town_time_ms": self.town_time_ms,
        }


def replay(
    path: str | Path, uplink: Uplink, progress: Callable[[ReplayProgress], None] | None = None
) -> ReplayReport:
    """Deliver a capture's probe requests to a recording town and tick its clock along.

    The batches and their names follow from the file's bytes (and the town's lateness): a second replay
    delivers the same batches again, which changes nothing.

    Args:
        path: the capture.
        uplink: of the sensor that is to have heard it; it needs a token for ticks.
        progress: called after every upload.

    Raises:
        OSError: the file cannot be read.
        UplinkError: ingest did not answer, or refused.
    """
    path = Path(path)
    with path.open("rb") as stream:
        boot = _hash(stream)
        total = stream.tell()
        stream.seek(0)
        return _Replay(CaptureFile(stream), total, boot, uplink, progress).run()


class _Replay:
    def __init__(
        self,
        capture: CaptureFile,
        bytes_total: int,
        boot: int,
        uplink: Uplink,
        progress: Callable[[ReplayProgress], None] | None,
    ) -> None:
        self._capture = capture
        self._bytes_total = bytes_total
        self._boot = boot
        self._uplink = uplink
        self._progress = progress
        self._keys = DayKeys(uplink.keys)
        self._counts = Counts()
        self._together: list[Batch] = []
        self._accepted = self._batches = self._uploads = 0
        self._rejected: Counter[str] = Counter()
        self._last_ms: int | None = None
        self._town_time_ms: int | None = None

    def run(self) -> ReplayReport:
        packets = self._capture.packets()
        first = next(packets, None)
        if first is not None:
            self._tick(first.time_ms)
            rules = self._keys.rules_at(first.time_ms)
            batcher = Batcher(self._boot, min(LONGEST_SPAN_MS, rules.lateness_ms))
            opt_outs = self._uplink.opt_outs()
            for batch in listen(chain([first], packets), self._key_at, batcher, self._counts, opt_outs):
                self._take(batch, rules.lateness_ms)
            self._deliver()
            if self._last_ms is not None:
                self._tick(self._last_ms + rules.gap_ms + rules.lateness_ms + 1)
        return self._report()

    def _key_at(self, time_ms: int) -> DayKey | NoKey:
        # Keys are handed out a few days ahead of town time at most, so the town's clock goes there first;
        # and before it does, everything from before is delivered, or it would be late.
        self._deliver()
        self._tick(time_ms)
        return self._keys.at(time_ms)

    def _take(self, batch: Batch, lateness_ms: int) -> None:
        """Put batches together while the tick to their latest detection makes none of them late."""
        together = [*self._together, batch]
        earliest = min(each.base_time_ms for each in together)
        if max(map(last_ms, together)) - earliest > lateness_ms or len(together) > BATCHES_OF_AN_UPLOAD:
            self._deliver()
        self._together.append(batch)

    def _deliver(self) -> None:
        if not self._together:
            return
        together, self._together = self._together, []
        latest = max(map(last_ms, together))
        self._tick(latest)
        answer = self._uplink.upload(together, recording=True)
        self._last_ms = latest if self._last_ms is None else max(self._last_ms, latest)
        self._accepted += answer.accepted
        self._batches += len(together)
        self._uploads += 1
        for rejection in answer.rejected:
            self._rejected[rejection.reason] += rejection.detections
        if self._progress:
            self._progress(
                ReplayProgress(
                    self._capture.bytes_read, self._bytes_total, self._counts.frames, self._accepted, latest
                )
            )

    def _tick(self, time_ms: int) -> None:
        if self._town_time_ms is None or time_ms > self._town_time_ms:
            self._uplink.tick(time_ms)
            self._town_time_ms = time_ms

    def _report(self) -> ReplayReport:
        counts = self._counts
        if self._capture.without_time:
            counts.rejected[FrameReject.WITHOUT_TIME] += self._capture.without_time
        return ReplayReport(
            verdict=self._capture.verdict,
            sentence=self._capture.sentence,
            frames=counts.frames,
            probe_requests=counts.probe_requests,
            other_frames=counts.other_frames,
            rejected_frames=dict(counts.rejected),
            accepted=self._accepted,
            rejected=dict(self._rejected),
            undeliverable=dict(counts.undeliverable),
            batches=self._batches,
            uploads=self._uploads,
            town_time_ms=self._town_time_ms,
        )


def _hash(stream: BinaryIO) -> int:
    digest = blake2b(digest_size=8)
    while block := stream.read(_HASHED_BLOCK):
        digest.update(block)
    return int.from_bytes(digest.digest(), "little")

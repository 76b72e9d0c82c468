"""From a capture to batches: reads each frame under the key of its day."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meguri_proto.pseudonyms import KEY_BYTES

from meguri_sensors.day_keys import DayKey, NoKey
from meguri_sensors.opt_outs import NOBODY, OptOuts
from meguri_sensors.probe_requests import FrameReader
from meguri_sensors.verdicts import FrameReject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from meguri_proto.schema.upload_pb2 import Batch

    from meguri_sensors.batches import Batcher
    from meguri_sensors.capture_file import Packet


@dataclass
class Counts:
    """What became of the frames read so far."""

    probe_requests: int = 0
    other_frames: int = 0
    rejected: Counter[FrameReject] = field(default_factory=Counter)
    undeliverable: Counter[str] = field(default_factory=Counter)
    """Probe requests of key days for which there is no key, by the reason of it."""

    @property
    def frames(self) -> int:
        """All of them."""
        return self.probe_requests + self.other_frames + self.rejected.total()


def listen(
    packets: Iterable[Packet],
    key_at: Callable[[int], DayKey | NoKey],
    batcher: Batcher,
    counts: Counts,
    opt_outs: OptOuts = NOBODY,
) -> Iterator[Batch]:
    """The batches that the packets make, each as soon as it is closed; `counts` goes on with them.

    Args:
        packets: in the order they were captured.
        key_at: the key of an instant; asked whenever a packet lies outside the key day of the one before.
            By then every batch of that day was given out.
        batcher: cuts the batches.
        counts: changed in place.
        opt_outs: whose frames are not read.
    """
    day: DayKey | NoKey = NoKey(0, 0, "")
    read = FrameReader(secrets.token_bytes(KEY_BYTES)).read
    for time_ms, data, is_cut, link_type in packets:
        if not day.start_ms <= time_ms < day.end_ms:
            if closed := batcher.close():
                yield closed
            day = key_at(time_ms)
            # Where the day has no key, a key that is never used again serves to count what is undeliverable.
            key = day.key if isinstance(day, DayKey) else secrets.token_bytes(KEY_BYTES)
            read = FrameReader(key, opt_outs).read
        heard = read(data, is_cut=is_cut, link_type=link_type)
        if heard is None:
            counts.other_frames += 1
        elif isinstance(heard, FrameReject):
            counts.rejected[heard] += 1
        else:
            counts.probe_requests += 1
            if isinstance(day, NoKey):
                counts.undeliverable[day.reason] += 1
            elif closed := batcher.add(time_ms, heard, day):
                yield closed
    if closed := batcher.close():
        yield closed

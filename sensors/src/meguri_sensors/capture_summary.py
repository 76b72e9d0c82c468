"""What a capture holds, in counts: for `meguri parse`. No address and no network name leaves it."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from meguri_proto.pseudonyms import KEY_BYTES

from meguri_sensors.capture_file import CaptureFile
from meguri_sensors.probe_requests import FrameReader
from meguri_sensors.verdicts import CaptureVerdict, FrameReject

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Progress = Callable[[int, int], None]

_PROGRESS_EVERY: Final = 8_192
"""Frames between two reports of progress."""


@dataclass(frozen=True)
class CaptureSummary:
    """The counts of one capture; times are epoch milliseconds, None where no frame has one."""

    verdict: CaptureVerdict
    sentence: str
    """The verdict for people: what, where, what to do."""
    frames: int = 0
    probe_requests: int = 0
    other_frames: int = 0
    global_addresses: int = 0
    """Distinct transmitters of probe requests whose address its maker gave them."""
    random_addresses: int = 0
    """Distinct transmitter addresses that are locally administered."""
    first_ms: int | None = None
    last_ms: int | None = None
    rejected: Mapping[FrameReject, int] = field(default_factory=dict)

    @property
    def is_truncated(self) -> bool:
        """The file ends inside its header or inside a record."""
        return self.verdict is CaptureVerdict.TRUNCATED

    @property
    def addresses(self) -> int:
        """Distinct transmitter addresses of probe requests."""
        return self.global_addresses + self.random_addresses

    def as_dict(self) -> dict[str, object]:
        """The summary as JSON takes it."""
        return {
            "verdict": self.verdict.value,
            "sentence": self.sentence,
            "truncated": self.is_truncated,
            "frames": self.frames,
            "probe_requests": self.probe_requests,
            "other_frames": self.other_frames,
            "addresses": self.addresses,
            "global_addresses": self.global_addresses,
            "random_addresses": self.random_addresses,
            "first_ms": self.first_ms,
            "last_ms": self.last_ms,
            "rejected": [
                {"reason": reason.value, "frames": count, "sentence": reason.sentence}
                for reason, count in self.rejected.items()
            ],
        }


def summarise(path: str | Path, progress: Progress | None = None) -> CaptureSummary:
    """Read a capture and count what it holds.

    Args:
        path: the capture file.
        progress: called now and then with the bytes read and the bytes of the file.

    Raises:
        OSError: the file cannot be opened or read. Whatever bytes it holds raise nothing.
    """
    path = Path(path)
    total = path.stat().st_size
    # A key that nobody else ever holds: the pseudonyms made with it serve to tell addresses apart.
    reader = FrameReader(secrets.token_bytes(KEY_BYTES))
    devices: tuple[set[int], set[int]] = (set(), set())
    frames = others = probes = 0
    rejected: Counter[FrameReject] = Counter()
    first: int | None = None
    last: int | None = None
    with path.open("rb") as stream:
        capture = CaptureFile(stream)
        for time_ms, data, is_cut, link_type in capture.packets():
            frames += 1
            first = time_ms if first is None or time_ms < first else first
            last = time_ms if last is None or time_ms > last else last
            heard = reader.read(data, is_cut=is_cut, link_type=link_type)
            if heard is None:
                others += 1
            elif isinstance(heard, FrameReject):
                rejected[heard] += 1
            else:
                probes += 1
                devices[heard.is_random].add(heard.device)
            if progress and frames % _PROGRESS_EVERY == 0:
                progress(capture.bytes_read, total)
        if progress:
            progress(capture.bytes_read, total)
    rejected[FrameReject.WITHOUT_TIME] += capture.without_time
    return CaptureSummary(
        verdict=capture.verdict,
        sentence=capture.sentence,
        frames=frames + capture.without_time,
        probe_requests=probes,
        other_frames=others,
        global_addresses=len(devices[False]),
        random_addresses=len(devices[True]),
        first_ms=first,
        last_ms=last,
        rejected={reason: rejected[reason] for reason in FrameReject if rejected[reason]},
    )

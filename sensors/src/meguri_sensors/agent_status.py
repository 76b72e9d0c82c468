"""How an agent stands, in a file that it writes every ten seconds; counts alone, nothing of any device."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from meguri_sensors.durable_files import replace_file
from meguri_sensors.verdicts import FrameReject

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from meguri_sensors.delivering import Delivering
    from meguri_sensors.listening import Counts
    from meguri_sensors.spool import Figures

_STALE_MS: Final = 60_000
"""An agent that has not written its status for so long does not run."""


class StatusError(RuntimeError):
    """There is no status to be read; the message is a sentence."""


@dataclass(frozen=True)
class Status:
    """Since the agent's start, unless said otherwise; times are epoch milliseconds."""

    at_ms: int
    interface: str
    probe_requests: int
    other_frames: int
    rejected_frames: Mapping[str, int]
    opted_out_frames: int
    undeliverable: Mapping[str, int]
    """Probe requests of days for which there was no key, by reason."""
    kernel_drops: int
    """Packets that came faster than they were read."""
    accepted: int
    """Detections that ingest has."""
    rejected: Mapping[str, int]
    """Detections and counts that ingest will never take, by reason."""
    spool: Mapping[str, int]
    """See `meguri_sensors.spool.Figures`."""
    keys_until_ms: int | None
    last_answer_ms: int | None
    """When ingest last did what it was asked."""
    trouble: str | None
    """What is wrong now, as a sentence."""

    @classmethod
    def of(  # noqa: PLR0913 - it takes what it shows
        cls,
        *,
        now_ms: int,
        interface: str,
        counts: Counts,
        drops: int,
        spool: Figures,
        delivering: Delivering,
        keys_until_ms: int | None,
        trouble: str | None,
    ) -> Status:
        """The status of an agent's parts."""
        rejected = {reason.value: count for reason, count in counts.rejected.items()}
        return cls(
            at_ms=now_ms,
            interface=interface,
            probe_requests=counts.probe_requests,
            other_frames=counts.other_frames,
            opted_out_frames=rejected.pop(FrameReject.OPTED_OUT.value, 0),
            rejected_frames=rejected,
            undeliverable=dict(counts.undeliverable),
            kernel_drops=drops,
            accepted=delivering.accepted,
            rejected=dict(delivering.rejected),
            spool=asdict(spool),
            keys_until_ms=keys_until_ms,
            last_answer_ms=delivering.last_answer_ms,
            trouble=trouble,
        )

    def problem(self, now_ms: int) -> str | None:
        """What is wrong, as a sentence; None if the agent runs and delivers."""
        if now_ms - self.at_ms > _STALE_MS:
            return "The agent does not run: its status is older than a minute."
        if self.trouble is None and self.keys_until_ms is None:
            return "The agent has no keys yet, so nothing is heard."
        return self.trouble


def write_status(path: Path, status: Status) -> None:
    """Write an agent's status; a folder that cannot be written leaves the one before."""
    try:
        replace_file(path, json.dumps(asdict(status), ensure_ascii=False), survives_power=False)
    except OSError:
        return


def read_status(path: Path) -> Status:
    """The status that an agent has written.

    Raises:
        StatusError: there is none, or another version's.
    """
    try:
        fields: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return Status(**fields)
    except FileNotFoundError:
        raise StatusError(f"There is no status at {path}: no agent has run here yet.") from None
    except (OSError, ValueError, TypeError) as error:
        raise StatusError(f"The status at {path} cannot be read: {error}") from error


def lines(status: Status, now_ms: int) -> list[str]:
    """The status for people."""
    spool = status.spool
    found = [
        status.problem(now_ms) or "The agent listens and delivers.",
        f"interface          {status.interface}",
        f"probe requests     {status.probe_requests:,} ({status.opted_out_frames:,} more opted out)",
        f"delivered          {status.accepted:,} detections",
        f"waiting            {spool['waiting']:,} detections, {spool['bytes'] / 1e6:,.1f} MB",
    ]
    lost = {
        "dropped": "given up, because the spool was full or not writable",
        "damaged": "unreadable in the spool",
        "counted": "told as counts, because their day was over",
    }
    found += [f"                   {spool[name]:,} {what}" for name, what in lost.items() if spool[name]]
    if status.kernel_drops:
        found.append(f"lost in the kernel {status.kernel_drops:,} packets")
    for title, numbers in (
        ("without a key", status.undeliverable),
        ("frames rejected", status.rejected_frames),
        ("not accepted", status.rejected),
    ):
        found += [f"{title:18} {number:,} {reason}" for reason, number in numbers.items()]
    return found

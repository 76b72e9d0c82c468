"""What each peer is asked and what it answers: two JSON files, named on its command line."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Visit = tuple[str, str, int, int, int]
"""Device, place, first and last instant in milliseconds, receptions."""


@dataclass(frozen=True)
class Job:
    """Fold a topic's detections into visits; times in milliseconds.

    The topic has one partition and one JSON detection a message (device, place, time_ms, rssi), whose key
    is device/place. What is weaker than `minimum_rssi` does not count. The last message is so late that it
    closes every visit before it.
    """

    bootstrap: str
    topic: str
    messages: int
    gap_ms: int
    lateness_ms: int
    minimum_rssi: int
    is_tuned: bool
    """Whether with the settings that were found to be the fastest, or with those that the peer comes with."""
    run: str
    """No other run's name: for the consumer group, which begins at the topic's start."""
    folder: str
    """An empty one, for what the peer keeps on the disk."""


def read_job() -> Job:
    """What is asked."""
    return Job(**json.loads(Path(sys.argv[1]).read_text("utf-8")))


def answer(seconds: float, visits: Iterable[Visit]) -> None:
    """Say what was found, and how long it took from the first message seen to the last visit."""
    Path(sys.argv[2]).write_text(json.dumps({"seconds": seconds, "visits": list(visits)}), "utf-8")

"""The visits of one device at one place by hand, for idioms that offer a state and no session windows."""

from __future__ import annotations

KeyVisit = list[int]
"""First and last instant in milliseconds, receptions."""


def hear(visits: list[KeyVisit], time_ms: int, gap_ms: int) -> None:
    """Add a detection to the visits within reach of it, which it makes one; without any, begin one."""
    heard = [time_ms, time_ms, 1]
    for visit in [each for each in visits if each[0] - gap_ms <= time_ms <= each[1] + gap_ms]:
        visits.remove(visit)
        heard = [min(heard[0], visit[0]), max(heard[1], visit[1]), heard[2] + visit[2]]
    visits.append(heard)

"""When a worker writes what it has folded: soon when nothing more comes, seldom and much while much comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SHORTEST_SECONDS: Final = 1.0
"""Between the end of a checkpoint and the next."""
LONGEST_SECONDS: Final = 10.0
BUSY_SHARE: Final = 10
"""While messages come, folding gets this many times the time that the last checkpoint took."""
MOST_BYTES: Final = 64 << 20
"""Of messages between two checkpoints: their rows wait in memory, some five times as large at worst."""


@dataclass
class CheckpointPace:
    """Says when a checkpoint is due. Times are seconds of a monotonic clock."""

    _ended: float = float("-inf")
    _took: float = 0.0
    _unwritten_since: float | None = None
    _unwritten_bytes: int = 0

    def folded(self, now: float, size: int) -> None:
        """Messages of so many bytes were folded and are not on their way."""
        if self._unwritten_since is None:
            self._unwritten_since = now
        self._unwritten_bytes += size

    @property
    def is_full(self) -> bool:
        """Whether as much waits as may."""
        return self._unwritten_bytes >= MOST_BYTES

    def took(self) -> None:
        """Everything that was folded is on its way."""
        self._unwritten_since, self._unwritten_bytes = None, 0

    def wrote(self, began: float, ended: float) -> None:
        """What was on its way is written."""
        self._ended, self._took = ended, ended - began

    def is_due(self, now: float, *, quiet: bool) -> bool:
        """Whether to write now.

        Args:
            now: the time.
            quiet: whether all that the log holds is folded, and nothing came for a moment.
        """
        if self._unwritten_since is None:
            return False
        if self.is_full:
            return True
        if quiet:
            return now >= self._ended + _bounded(self._took)
        return now >= max(self._ended, self._unwritten_since) + _bounded(BUSY_SHARE * self._took)


def _bounded(seconds: float) -> float:
    return min(max(seconds, SHORTEST_SECONDS), LONGEST_SECONDS)

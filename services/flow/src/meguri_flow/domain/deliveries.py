"""Which deliveries of a key day have been folded: the memory that makes a second one a duplicate."""

from __future__ import annotations

from bisect import bisect_right


class Sequences:
    """A set of sequence numbers, kept as intervals: a boot counts its batches up, so they are few."""

    def __init__(self, intervals: list[tuple[int, int]] | None = None) -> None:
        self._starts = [first for first, _ in intervals or []]
        self._ends = [last for _, last in intervals or []]

    def add(self, sequence: int) -> bool:
        """Remember a number; False if it was known."""
        index = bisect_right(self._starts, sequence) - 1
        if index >= 0 and sequence <= self._ends[index]:
            return False
        follows = index >= 0 and self._ends[index] == sequence - 1
        precedes = index + 1 < len(self._starts) and self._starts[index + 1] == sequence + 1
        if follows and precedes:
            self._ends[index] = self._ends.pop(index + 1)
            del self._starts[index + 1]
        elif follows:
            self._ends[index] = sequence
        elif precedes:
            self._starts[index + 1] = sequence
        else:
            self._starts.insert(index + 1, sequence)
            self._ends.insert(index + 1, sequence)
        return True

    def intervals(self) -> list[tuple[int, int]]:
        """First and last number of each interval, in order."""
        return list(zip(self._starts, self._ends, strict=True))

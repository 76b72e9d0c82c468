"""Which deliveries of a key day have been folded: the memory that makes a second one a duplicate."""

from __future__ import annotations

from bisect import bisect_right


class Sequences:
    """A set of sequence numbers, kept as intervals: a boot counts its batches up, so they are few."""

    def __init__(self, intervals: list[tuple[int, int]] | None = None) -> None:
        self._starts = [first for first, _ in intervals or []]
        self._ends = [last for _, last in intervals or []]

    def add(self, first: int, last: int) -> bool:
        """Remember the numbers from first to last; False, and nothing is remembered, if any was known."""
        index = bisect_right(self._starts, last) - 1
        if index >= 0 and first <= self._ends[index]:
            return False
        follows = index >= 0 and self._ends[index] == first - 1
        precedes = index + 1 < len(self._starts) and self._starts[index + 1] == last + 1
        if follows and precedes:
            self._ends[index] = self._ends.pop(index + 1)
            del self._starts[index + 1]
        elif follows:
            self._ends[index] = last
        elif precedes:
            self._starts[index + 1] = first
        else:
            self._starts.insert(index + 1, first)
            self._ends.insert(index + 1, last)
        return True

    def intervals(self) -> list[tuple[int, int]]:
        """First and last number of each interval, in order."""
        return list(zip(self._starts, self._ends, strict=True))

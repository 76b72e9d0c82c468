"""Random numbers that are the same on any machine: whole numbers from named streams.

Only the raw bits of PCG64 are used, whose stream numpy guarantees, and only whole-number arithmetic on
them: numpy's distributions may change with its version, and floating-point functions with the processor.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Range = tuple[int, int, int]


class Draws:
    """One stream of random numbers.

    Args:
        name: what the stream is for. Streams of different names are independent, so whatever draws more
            from one leaves all others as they were.
    """

    def __init__(self, *name: str | int) -> None:
        # Each part with its length, so that no two names read the same.
        text = "".join(f"{len(part)}:{part}" for part in map(str, name))
        self._bits = np.random.PCG64(
            int.from_bytes(blake2b(text.encode(), digest_size=16).digest(), "little")
        )

    def below(self, bound: int | Integers, size: int) -> Integers:
        """`size` numbers from 0 to below `bound` (at most 2**31; one for all, or one for each)."""
        upper = self._bits.random_raw(size) >> np.uint64(32)
        return (upper * np.asarray(bound, np.uint64) >> np.uint64(32)).astype(np.int64)

    def between(self, least: int | Integers, bound: int | Integers, size: int) -> Integers:
        """`size` numbers from `least` to below `bound`, which is greater."""
        return np.asarray(least, np.int64) + self.below(np.asarray(bound, np.int64) - least, size)

    def chances(self, per_mille: int | Integers, size: int) -> NDArray[np.bool_]:
        """`size` answers, each true so many times of a thousand (one figure for all, or one for each)."""
        return self.below(1_000, size) < per_mille

    def among(self, weights: Sequence[int], size: int) -> Integers:
        """`size` indices into the weights, each as often as its weight says."""
        bounds = np.cumsum(np.asarray(weights, np.int64))
        return np.searchsorted(bounds, self.below(int(bounds[-1]), size), side="right").astype(np.int64)

    def from_ranges(self, ranges: Sequence[Range], size: int) -> Integers:
        """`size` numbers from a table of ranges: weight, least, bound; even within each range."""
        chosen = self.among([weight for weight, _, _ in ranges], size)
        least = np.array([least for _, least, _ in ranges], np.int64)[chosen]
        bound = np.array([bound for _, _, bound in ranges], np.int64)[chosen]
        return self.between(least, bound, size)

    def bytes(self, size: int) -> bytes:
        """So many random bytes."""
        return self.below(256, size).astype(np.uint8).tobytes()

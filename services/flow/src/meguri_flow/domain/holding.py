"""How far a second fold's watermark is held back: to the least time of what is still to come late.

The first fold notes, for each five-minute bin, the last message that brought something of it late. So the
second one knows at each message what it must still wait for, closes everything else, and needs no more
memory than the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from meguri_flow.domain.day_rules import BIN_MS
from meguri_flow.domain.hearing import NOT_HELD

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOTHING_LATE = -1
"""The offset that stands in a bin of which nothing came late."""


class Hold:
    """The times below which nothing more comes late, by offset.

    Args:
        late_offsets: (bins,) the last message that brought something late, or NOTHING_LATE.
        start_ms: the day's first instant.
        until: the offset from which on late is late; messages below it are all folded.
    """

    def __init__(self, late_offsets: NDArray[np.int64], start_ms: int, until: int) -> None:
        (bins,) = np.nonzero(late_offsets != NOTHING_LATE)
        # What was noted after `until` may hide an earlier message: it is waited for as long as can be.
        last = np.minimum(late_offsets[bins], until - 1)
        order = np.argsort(last, kind="stable")
        self._last = last[order]
        starts = start_ms + bins[order] * BIN_MS
        least_from_here = np.minimum.accumulate(starts[::-1])[::-1]
        self._held_ms = np.append(least_from_here, NOT_HELD)

    def at(self, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
        """(offsets,) the least time that the messages from each offset on may bring late. Milliseconds."""
        held: NDArray[np.int64] = self._held_ms[np.searchsorted(self._last, offsets, side="left")]
        return held

"""The sweep of one key day's visits: what the watermark has made certain leaves as rows.

Sweeping late or often changes nothing that stays in a table: a visit that the watermark has left behind can
be neither extended nor joined, whatever is folded before it is swept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from meguri_flow.domain.compiling import kernel
from meguri_flow.domain.day_rules import BIN_MS, Bounds
from meguri_flow.domain.latest_visits import close_latest
from meguri_flow.domain.moving import announce
from meguri_flow.domain.open_visits import ANNOUNCED, IS_OPEN, OPEN, REMOVED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from meguri_flow.domain.latest_visits import LatestVisits


class Swept(NamedTuple):
    """What a sweep found certain."""

    announced: NDArray[np.void]
    """ENTRY records of open visits whose first detection is certain; the rest of the record is not yet."""
    closed: NDArray[np.void]
    """ENTRY records of visits that nothing can change any more."""
    moves: NDArray[np.void]
    """MOVE records, one for each announced or closed visit that a move led to."""
    presence: NDArray[np.uint32]
    """(places, bins that became final): visits that overlap each bin."""


def final_bins(watermark_ms: int, start_ms: int, end_ms: int, gap_ms: int, bins: int) -> int:
    """How many of the day's bins no detection can change any more."""
    if watermark_ms >= end_ms:
        return bins
    return max(0, min(bins, (watermark_ms - gap_ms - start_ms) // BIN_MS))


@kernel
def _look(
    table: NDArray[np.void],
    watermark_ms: int,
    bounds: Bounds,
    from_bin: int,
    presence: NDArray[np.uint32],
    fresh: NDArray[np.int64],
    over: NDArray[np.int64],
) -> tuple[int, int]:
    """Note the slots of visits that are to be announced and of those that are over; how many of each.

    The others that have begun are counted as present.
    """
    start_ms, end_ms, gap_ms, _ = bounds
    n_fresh = n_over = 0
    for slot in range(table.size):
        entry = table[slot]
        if not entry.flags & IS_OPEN or entry.first_ms >= watermark_ms:
            continue
        if not entry.flags & ANNOUNCED:
            fresh[n_fresh] = slot
            n_fresh += 1
        if entry.last_ms + gap_ms < watermark_ms or watermark_ms >= end_ms:
            over[n_over] = slot
            n_over += 1
            continue
        first_bin = max((entry.first_ms - start_ms) // BIN_MS, from_bin)
        last_bin = (entry.last_ms - start_ms) // BIN_MS
        for bin_ in range(first_bin, min(last_bin + 1, from_bin + presence.shape[1])):
            presence[entry.place, bin_ - from_bin] += np.uint32(1)
    return n_fresh, n_over


@kernel
def _close(
    table: NDArray[np.void],
    sizes: NDArray[np.int64],
    latest: NDArray[np.void],
    over: NDArray[np.int64],
    bounds: Bounds,
    from_bin: int,
    closed_presence: NDArray[np.uint32],
) -> None:
    bins = closed_presence.shape[1]
    for slot in over:
        entry = table[slot]
        close_latest(latest, entry)
        first_bin = max((entry.first_ms - bounds.start_ms) // BIN_MS, from_bin)
        last_bin = (entry.last_ms - bounds.start_ms) // BIN_MS
        for bin_ in range(first_bin, min(last_bin + 1, bins)):
            closed_presence[entry.place, bin_] += np.uint32(1)
        entry.flags = np.uint8(REMOVED)
    sizes[OPEN] -= over.size


def sweep(
    table: NDArray[np.void],
    sizes: NDArray[np.int64],
    latest: LatestVisits,
    watermark_ms: int,
    bounds: Bounds,
    from_bin: int,
    closed_presence: NDArray[np.uint32],
) -> Swept:
    """Take out of the table what the watermark has made certain.

    Args:
        table: the open visits, changed in place.
        sizes: of the table, changed in place.
        latest: the latest visits of devices, changed in place.
        watermark_ms: no detection before it is folded any more.
        bounds: of the day.
        from_bin: the first bin whose presence has not been emitted.
        closed_presence: (places, bins) closed visits that overlap each bin not emitted, changed in place.
    """
    places, bins = closed_presence.shape
    to_bin = max(from_bin, final_bins(watermark_ms, bounds.start_ms, bounds.end_ms, bounds.gap_ms, bins))
    presence = np.zeros((places, to_bin - from_bin), np.uint32)
    n_open = int(sizes[OPEN])
    fresh, over = np.empty(n_open, np.int64), np.empty(n_open, np.int64)
    n_fresh, n_over = _look(table, watermark_ms, bounds, from_bin, presence, fresh, over)
    over = over[:n_over]
    announced, moves = announce(table, fresh[:n_fresh], latest, bounds.move_ms)
    closed = table[over]
    _close(table, sizes, latest.table, over, bounds, from_bin, closed_presence)
    presence += closed_presence[:, from_bin:to_bin]
    still_open = table[announced]
    return Swept(still_open[(still_open["flags"] & IS_OPEN) != 0], closed, moves, presence)


@kernel
def count_active(table: NDArray[np.void], since_ms: int, places: int) -> NDArray[np.int64]:
    """Devices heard at or after an instant, by place: (places,)."""
    active = np.zeros(places, np.int64)
    for slot in range(table.size):
        entry = table[slot]
        if entry.flags & IS_OPEN and entry.last_ms >= since_ms:
            active[entry.place] += 1
    return active

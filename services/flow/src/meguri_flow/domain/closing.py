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
from meguri_flow.domain.open_visits import ENTRY, IS_OPEN, OPEN, REMOVED

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
def _close(
    table: NDArray[np.void],
    sizes: NDArray[np.int64],
    latest: NDArray[np.void],
    watermark_ms: int,
    bounds: Bounds,
    from_bin: int,
    to_bin: int,
    closed_presence: NDArray[np.uint32],
    presence: NDArray[np.uint32],
    closed: NDArray[np.void],
) -> int:
    start_ms, end_ms, gap_ms, _ = bounds
    bins = closed_presence.shape[1]
    n_closed = 0
    for slot in range(table.size):
        entry = table[slot]
        if not entry.flags & IS_OPEN or entry.first_ms >= watermark_ms:
            continue
        first_bin = (entry.first_ms - start_ms) // BIN_MS
        last_bin = (entry.last_ms - start_ms) // BIN_MS
        if entry.last_ms + gap_ms < watermark_ms or watermark_ms >= end_ms:
            closed[n_closed] = entry
            n_closed += 1
            close_latest(latest, entry)
            for bin_ in range(max(first_bin, from_bin), min(last_bin + 1, bins)):
                closed_presence[entry.place, bin_] += np.uint32(1)
            entry.flags = np.uint8(REMOVED)
            sizes[OPEN] -= 1
        else:
            for bin_ in range(max(first_bin, from_bin), min(last_bin + 1, to_bin)):
                presence[entry.place, bin_ - from_bin] += np.uint32(1)
    for place in range(presence.shape[0]):
        for bin_ in range(from_bin, to_bin):
            presence[place, bin_ - from_bin] += closed_presence[place, bin_]
    return n_closed


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
    marked, moves = announce(table, int(sizes[OPEN]), latest, watermark_ms, bounds.move_ms)
    to_bin = max(from_bin, final_bins(watermark_ms, bounds.start_ms, bounds.end_ms, bounds.gap_ms, bins))
    presence = np.zeros((places, to_bin - from_bin), np.uint32)
    closed = np.empty(int(sizes[OPEN]), ENTRY)
    n_closed = _close(
        table, sizes, latest.table, watermark_ms, bounds, from_bin, to_bin, closed_presence, presence, closed
    )
    closed = closed[:n_closed].copy()
    announced = table[marked]
    still_open = (announced["flags"] & IS_OPEN) != 0
    return Swept(announced[still_open], closed, moves, presence)


@kernel
def count_active(table: NDArray[np.void], since_ms: int, places: int) -> NDArray[np.int64]:
    """Devices heard at or after an instant, by place: (places,)."""
    active = np.zeros(places, np.int64)
    for slot in range(table.size):
        entry = table[slot]
        if entry.flags & IS_OPEN and entry.last_ms >= since_ms:
            active[entry.place] += 1
    return active

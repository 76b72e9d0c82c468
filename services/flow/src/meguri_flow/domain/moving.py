"""Moves: which visit a device came from, found when a visit's first detection is certain.

Visits are announced in the order of their first detections (and places), so the one before is the device's
latest that was announced. Whether the two are near enough in time is certain as well, because the limit is
no shorter than the gap: a visit that could still be extended is near enough already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from meguri_flow.domain.compiling import kernel
from meguri_flow.domain.latest_visits import IS_CLOSED, IS_KNOWN, slot_of_device
from meguri_flow.domain.open_visits import ANNOUNCED, IS_OPEN, IS_RANDOM, slot_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from meguri_flow.domain.latest_visits import LatestVisits

MOVE: Final = np.dtype(
    [
        ("device", "u8"),
        ("first_ms", "i8"),
        ("from_first_ms", "i8"),
        ("place", "i2"),
        ("from_place", "i2"),
        ("ordinal", "u1"),
        ("random", "u1"),
    ]
)
"""A move to the visit at `place` that began at `first_ms`; `ordinal` counts from 1 along an unbroken chain
and stays at 255 from there on."""

_MOST_ORDINAL: Final = 255


@kernel
def _end_ms(table: NDArray[np.void], latest: Any) -> int:  # noqa: ANN401 - a record
    """The last detection of a device's latest visit."""
    if latest.flags & IS_CLOSED:
        return int(latest.first_ms + latest.dwell_ms)
    mask = table.size - 1
    slot = slot_of(latest.device, latest.place, mask)
    while table[slot].flags:
        entry = table[slot]
        if (
            entry.device == latest.device
            and entry.place == latest.place
            and entry.first_ms == latest.first_ms
            and entry.flags & (IS_OPEN | IS_RANDOM) == IS_OPEN | (latest.flags & IS_RANDOM)
        ):
            return int(entry.last_ms)
        slot = (slot + 1) & mask
    return int(latest.first_ms)  # not reached: what is announced stays open until it is closed


@kernel
def _announce(
    table: NDArray[np.void],
    slots: NDArray[np.int64],
    latest_visits: NDArray[np.void],
    limit_ms: int,
    moves: NDArray[np.void],
) -> tuple[int, int]:
    """Numbers of moves, and of devices that are new."""
    n_moves = n_new = 0
    for slot in slots:
        visit = table[slot]
        visit.flags |= np.uint8(ANNOUNCED)
        random = visit.flags & IS_RANDOM
        latest = latest_visits[slot_of_device(latest_visits, visit.device, random)]
        if not latest.flags:
            n_new += 1
        elif visit.first_ms - _end_ms(table, latest) <= limit_ms:
            visit.ordinal = np.uint8(min(int(latest.ordinal) + 1, _MOST_ORDINAL))
            move = moves[n_moves]
            move.device = visit.device
            move.first_ms = visit.first_ms
            move.from_first_ms = latest.first_ms
            move.place = visit.place
            move.from_place = latest.place
            move.ordinal = visit.ordinal
            move.random = np.uint8(random != 0)
            n_moves += 1
        latest.device = visit.device
        latest.first_ms = visit.first_ms
        latest.place = visit.place
        latest.ordinal = visit.ordinal
        latest.flags = np.uint8(IS_KNOWN | random)
    return n_moves, n_new


def announce(
    table: NDArray[np.void], slots: NDArray[np.int64], latest: LatestVisits, limit_ms: int
) -> tuple[NDArray[np.int64], NDArray[np.void]]:
    """Mark visits as announced, and find the moves that led to them.

    Args:
        table: the open visits, changed in place.
        slots: all whose first detection the watermark has passed since the last call.
        latest: the latest visits announced before, changed in place.
        limit_ms: how long after a visit's end a move may begin its next one; at least the gap.

    Returns:
        The slots in the order of time, and MOVE records.
    """
    fresh = table[slots]
    # In the order of time, since each is the latest for the next one.
    slots = slots[np.lexsort((fresh["place"], fresh["first_ms"]))]
    if slots.size:
        latest.make_room(slots.size, table[slots[0]]["first_ms"] - limit_ms)
    moves = np.empty(slots.size, MOVE)
    n_moves, n_new = _announce(table, slots, latest.table, limit_ms, moves)
    latest.used += n_new
    return slots, moves[:n_moves]

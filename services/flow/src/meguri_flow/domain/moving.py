"""Moves: which visit a device came from, found when a visit's first detection is certain.

The visit before is the device's greatest by (first detection, place) that is smaller. It is open still, or
the device's departure: what was closed began before everything that is announced afterwards. Whether the two
are near enough in time is certain as well, because the limit is no shorter than the gap: a visit that could
still be extended is near enough already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numba import njit

from meguri_flow.domain.departures import slot_of_departure
from meguri_flow.domain.open_visits import ANNOUNCED, IS_OPEN, IS_RANDOM, slot_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

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


@njit(nogil=True)
def _passed(table: NDArray[np.void], watermark_ms: int, slots: NDArray[np.int64]) -> int:
    found = 0
    for slot in range(table.size):
        entry = table[slot]
        if entry.flags & (IS_OPEN | ANNOUNCED) == IS_OPEN and entry.first_ms < watermark_ms:
            slots[found] = slot
            found += 1
    return found


@njit(nogil=True)
def _open_before(table: NDArray[np.void], slot: int, places: int) -> int:
    """The slot of the device's open visit that began before this one, or -1."""
    visit = table[slot]
    mask = table.size - 1
    found = -1
    for place in range(places):
        at = slot_of(visit.device, place, mask)
        while table[at].flags:
            entry = table[at]
            if (
                entry.device == visit.device
                and entry.place == place
                and entry.flags & (IS_OPEN | IS_RANDOM) == IS_OPEN | (visit.flags & IS_RANDOM)
                and (
                    entry.first_ms < visit.first_ms
                    or (entry.first_ms == visit.first_ms and place < visit.place)
                )
                and (found < 0 or table[found].first_ms <= entry.first_ms)
            ):
                found = at
            at = (at + 1) & mask
    return found


@njit(nogil=True)
def _move(
    table: NDArray[np.void],
    slots: NDArray[np.int64],
    departures: NDArray[np.void],
    places: int,
    limit_ms: int,
    moves: NDArray[np.void],
) -> int:
    n_moves = 0
    for slot in slots:
        visit = table[slot]
        visit.flags |= np.uint8(ANNOUNCED)
        random = visit.flags & IS_RANDOM
        left = departures[slot_of_departure(departures, visit.device, random)]
        opened = _open_before(table, slot, places)
        if opened >= 0 and (
            not left.flags
            or left.first_ms < table[opened].first_ms
            or (left.first_ms == table[opened].first_ms and left.place < table[opened].place)
        ):
            before = table[opened]
            first_ms, last_ms, place, ordinal = before.first_ms, before.last_ms, before.place, before.ordinal
        elif left.flags:
            first_ms, last_ms, place, ordinal = left.first_ms, left.last_ms, left.place, left.ordinal
        else:
            continue
        if visit.first_ms - last_ms > limit_ms:
            continue
        visit.ordinal = np.uint8(min(int(ordinal) + 1, _MOST_ORDINAL))
        move = moves[n_moves]
        move.device = visit.device
        move.first_ms = visit.first_ms
        move.from_first_ms = first_ms
        move.place = visit.place
        move.from_place = place
        move.ordinal = visit.ordinal
        move.random = np.uint8(random != 0)
        n_moves += 1
    return n_moves


def announce(
    table: NDArray[np.void],
    n_open: int,
    departures: NDArray[np.void],
    watermark_ms: int,
    places: int,
    limit_ms: int,
) -> tuple[NDArray[np.int64], NDArray[np.void]]:
    """Mark the visits whose first detection the watermark has passed, and find the moves that led to them.

    Args:
        table: the open visits, changed in place.
        n_open: how many there are.
        departures: the table of those that were closed before.
        watermark_ms: no detection before it is folded any more.
        places: how many the day has.
        limit_ms: how long after a visit's end a move may begin its next one; at least the gap.

    Returns:
        Slots of the visits that were marked, and MOVE records.
    """
    slots = np.empty(n_open, np.int64)
    slots = slots[: _passed(table, watermark_ms, slots)]
    marked = table[slots]
    # In the order of time, since a chain's ordinals go on from visit to visit.
    slots = slots[np.lexsort((marked["place"], marked["first_ms"]))]
    moves = np.empty(slots.size, MOVE)
    return slots, moves[: _move(table, slots, departures, places, limit_ms, moves)]

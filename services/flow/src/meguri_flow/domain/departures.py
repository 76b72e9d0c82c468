"""The visits that devices have left: from where each may still move on.

Of each device the closed visit with the greatest (first detection, place): a visit that begins later comes
from no other. A table of its own, so that what every detection touches, the open visits, stays small.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from numba import njit

from meguri_flow.domain.open_visits import IS_RANDOM, slot_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEPARTURE: Final = np.dtype(
    [
        ("device", "u8"),
        ("first_ms", "i8"),
        ("last_ms", "i8"),
        ("place", "i2"),
        ("ordinal", "u1"),
        ("flags", "u1"),
        ("padding", "u4"),
    ]
)
"""A visit that was left, 32 bytes. Flags of 0 mean an empty slot; else IS_LEFT, and IS_RANDOM if it is."""

IS_LEFT: Final = 1
_MOST_USED: Final = 0.6
_SMALLEST: Final = 256


@njit(nogil=True)
def slot_of_departure(table: NDArray[np.void], device: np.uint64, random: int) -> int:
    """The slot of a device's departure, or the empty one in which it would stand."""
    mask = table.size - 1
    slot = slot_of(device, 0, mask)
    while table[slot].flags and not (
        table[slot].device == device and table[slot].flags & IS_RANDOM == random
    ):
        slot = (slot + 1) & mask
    return slot


@njit(nogil=True)
def _put(table: NDArray[np.void], visits: NDArray[np.void]) -> int:
    """Take in visits (or departures); how many devices are new."""
    new = 0
    for index in range(visits.size):
        visit = visits[index]
        random = visit.flags & IS_RANDOM
        departure = table[slot_of_departure(table, visit.device, random)]
        if departure.flags:
            if departure.first_ms > visit.first_ms:
                continue
            if departure.first_ms == visit.first_ms and departure.place > visit.place:
                continue
        else:
            new += 1
        departure.device = visit.device
        departure.first_ms = visit.first_ms
        departure.last_ms = visit.last_ms
        departure.place = visit.place
        departure.ordinal = visit.ordinal
        departure.flags = np.uint8(IS_LEFT | random)
    return new


@dataclass
class Departures:
    """An open-addressing hash table of DEPARTURE records by device."""

    table: NDArray[np.void] = field(default_factory=lambda: np.zeros(_SMALLEST, DEPARTURE))
    used: int = 0

    def take_in(self, closed: NDArray[np.void], useful_from_ms: int) -> None:
        """Remember closed visits (`open_visits.ENTRY`), and forget what ended before `useful_from_ms`."""
        if self.used + len(closed) > self.table.size * _MOST_USED:
            self.restore(self.kept(useful_from_ms), room_for=len(closed))
        self.used += _put(self.table, closed)

    def restore(self, records: NDArray[np.void], room_for: int = 0) -> None:
        """Hold these records alone, with room for as many again and `room_for` more."""
        capacity = _SMALLEST
        while capacity * _MOST_USED < 2 * (len(records) + room_for):
            capacity *= 2
        self.table = np.zeros(capacity, DEPARTURE)
        self.used = _put(self.table, records)

    def kept(self, useful_from_ms: int) -> NDArray[np.void]:
        """The records that ended at or after an instant, ordered by device."""
        table = self.table
        found = table[(table["flags"] != 0) & (table["last_ms"] >= useful_from_ms)]
        ordered: NDArray[np.void] = found[np.lexsort((found["flags"], found["device"]))]
        return ordered

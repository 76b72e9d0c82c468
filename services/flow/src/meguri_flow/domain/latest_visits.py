"""The latest visit of each device that has been announced: from it a move may lead to the next one.

A visit that begins later comes from no other. A table of its own, so that what every detection touches, the
open visits, stays small.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from meguri_flow.domain.compiling import kernel
from meguri_flow.domain.open_visits import IS_RANDOM, MOST_USED, capacity_for, slot_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

LATEST: Final = np.dtype(
    [
        ("device", "u8"),
        ("first_ms", "i8"),
        ("dwell_ms", "u4"),
        ("place", "i2"),
        ("ordinal", "u1"),
        ("flags", "u1"),
    ]
)
"""A device's latest visit, 24 bytes. Flags of 0 mean an empty slot."""

IS_KNOWN: Final = 1
IS_CLOSED: Final = 2
"""Flag: `dwell_ms` is the visit's; before, its end stands with the open visit."""
_LONGEST_MS: Final = 2**32 - 1
"""More than a day: only a file's visits last longer, and nobody asks for their moves."""
_SMALLEST: Final = 256


@kernel
def slot_of_device(table: NDArray[np.void], device: np.uint64, random: int) -> int:
    """The slot of a device's latest visit, or the empty one in which it would stand."""
    mask = table.size - 1
    slot = slot_of(device, 0, mask)
    while table[slot].flags and not (
        table[slot].device == device and table[slot].flags & IS_RANDOM == random
    ):
        slot = (slot + 1) & mask
    return slot


@kernel
def close_latest(table: NDArray[np.void], visit: Any) -> None:  # noqa: ANN401 - a record
    """Note the end of a closed visit (an `open_visits.ENTRY`), if it is its device's latest."""
    latest = table[slot_of_device(table, visit.device, visit.flags & IS_RANDOM)]
    if latest.flags and latest.first_ms == visit.first_ms and latest.place == visit.place:
        latest.dwell_ms = np.uint32(min(visit.last_ms - visit.first_ms, _LONGEST_MS))
        latest.flags |= np.uint8(IS_CLOSED)


@kernel
def _copy(source: NDArray[np.void], target: NDArray[np.void]) -> None:
    for index in range(source.size):
        latest = source[index]
        target[slot_of_device(target, latest.device, latest.flags & IS_RANDOM)] = latest


@dataclass
class LatestVisits:
    """An open-addressing hash table of LATEST records by device."""

    table: NDArray[np.void] = field(default_factory=lambda: np.zeros(_SMALLEST, LATEST))
    used: int = 0

    def make_room(self, devices: int, useful_from_ms: int) -> None:
        """See to it that so many more devices fit, forgetting visits that ended before `useful_from_ms`."""
        if self.used + devices > self.table.size * MOST_USED:
            self.restore(self.kept(useful_from_ms), room_for=devices)

    def restore(self, records: NDArray[np.void], room_for: int = 0) -> None:
        """Hold these records alone, with room for `room_for` more."""
        self.table = np.zeros(capacity_for(len(records) + room_for, _SMALLEST), LATEST)
        self.used = len(records)
        _copy(records, self.table)

    def kept(self, useful_from_ms: int) -> NDArray[np.void]:
        """The records of visits that are open or ended at or after an instant, ordered by device."""
        table = self.table
        closed = (table["flags"] & IS_CLOSED) != 0
        is_useful = table["first_ms"] + table["dwell_ms"] >= useful_from_ms
        found = table[(table["flags"] != 0) & (~closed | is_useful)]
        ordered: NDArray[np.void] = found[np.lexsort((found["flags"] & IS_RANDOM, found["device"]))]
        return ordered

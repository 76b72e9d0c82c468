"""The open visits of one key day: an open-addressing hash table in one structured array.

A key is (device, place, whether the address is random). Usually it has one open visit; while late
detections may still arrive it can have several, more than the gap apart: they stand as separate entries of
one probe sequence.

Kept as an array of records and not as one array a field: a detection touches one cache line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from meguri_flow.domain.compiling import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENTRY: Final = np.dtype(
    [
        ("device", "u8"),
        ("first_ms", "i8"),
        ("last_ms", "i8"),
        ("receptions", "u4"),
        ("place", "i2"),
        ("flags", "u1"),
        ("ordinal", "u1"),
    ]
)
"""One visit, 32 bytes; `place` is an index into the day's places, `ordinal` counts the moves that led to it.
Flags of 0 mean an empty slot, so a table of zeros is an empty one and its memory is taken only where it is
used."""

IS_OPEN: Final = 1
"""Flag: the slot holds an open visit."""
REMOVED: Final = 8
"""The flags of a slot whose visit was closed or joined to another; probing goes on over it."""
ANNOUNCED: Final = 2
"""Flag: the visit's first detection is certain, and the move that led to it has been emitted."""
IS_RANDOM: Final = 16
"""Flag: the device's address is one that it made up."""
HAS_SIBLING: Final = 4
"""Flag: the key may have a second entry further on in the probe sequence."""

OPEN: Final = 0
USED: Final = 1
"""Indices of `sizes` (int64): entries that are open; entries that are open or removed."""

MOST_USED: Final = 0.6
"""Of a table's slots; with more, probing takes long."""
_ROOM: Final = 1.25
_SMALLEST: Final = 1024
_CACHE_LINE: Final = 64
"""Bytes; `np.zeros` begins anywhere in one."""
_ENTRIES_A_LINE: Final = _CACHE_LINE // ENTRY.itemsize


def capacity_for(count: int, smallest: int) -> int:
    """Slots, a power of two, for so many entries and at least a quarter more."""
    capacity = smallest
    while capacity * MOST_USED < _ROOM * count + 1:
        capacity *= 2
    return capacity


def new_table(capacity: int = _SMALLEST) -> NDArray[np.void]:
    """An empty table, each entry within one cache line; `capacity` is a power of two."""
    size = capacity * ENTRY.itemsize
    memory = np.zeros(size + _CACHE_LINE, np.uint8)
    begin = -memory.ctypes.data % _CACHE_LINE
    return memory[begin : begin + size].view(ENTRY)


def new_sizes() -> NDArray[np.int64]:
    """The counters that belong to an empty table."""
    return np.zeros(2, np.int64)


@kernel
def is_full(table: NDArray[np.void], sizes: NDArray[np.int64]) -> bool:
    """Whether the next insertion needs a rebuilt table."""
    return bool(sizes[USED] >= int(table.size * MOST_USED))


@kernel
def slot_of(device: np.uint64, place: int, mask: int) -> int:
    """Where the probe sequence of a device at a place begins."""
    mixed = (device ^ (np.uint64(place) * np.uint64(0x9E3779B97F4A7C15))) * np.uint64(0xD6E8FEB86659FD93)
    return int(mixed >> np.uint64(32)) & mask


@kernel
def touch(table: NDArray[np.void], devices: NDArray[np.uint64], begin: int, end: int, place: int) -> int:
    """Load the slots of some devices at a place, all at once instead of one after the other.

    Of each the line in which its probe sequence begins and the next: every fourth probe goes on into that.

    Returns:
        Something of them: what is not used is not loaded.
    """
    mask = table.size - 1
    seen = 0
    for index in range(begin, end):
        slot = slot_of(devices[index], place, mask)
        seen |= table[slot].flags | table[(slot + _ENTRIES_A_LINE) & mask].flags
    return seen


@kernel
def hear(
    table: NDArray[np.void],
    sizes: NDArray[np.int64],
    device: np.uint64,
    place: int,
    random: int,
    time_ms: int,
    gap_ms: int,
) -> None:
    """Fold one detection into the visits of its device at its place; `random` is IS_RANDOM or 0.

    It extends the visit within the gap (exactly the gap included), joins two that it bridges, or begins
    one. The caller has seen to it that the table is not full.
    """
    mask = table.size - 1
    slot = slot_of(device, place, mask)
    joined = -1
    sibling = -1
    while table[slot].flags:
        entry = table[slot]
        if _is_open_of(entry, device, place, random):
            if entry.first_ms - gap_ms <= time_ms <= entry.last_ms + gap_ms:
                if joined < 0:
                    joined = slot
                    entry.first_ms = min(entry.first_ms, time_ms)
                    entry.last_ms = max(entry.last_ms, time_ms)
                    entry.receptions += np.uint32(1)
                    if not entry.flags & HAS_SIBLING:
                        return
                else:
                    # The detection bridges two visits: the one found first takes the other in.
                    kept = table[joined]
                    kept.first_ms = min(kept.first_ms, entry.first_ms)
                    kept.last_ms = max(kept.last_ms, entry.last_ms)
                    kept.receptions += entry.receptions
                    kept.flags |= entry.flags
                    entry.flags = np.uint8(REMOVED)
                    sizes[OPEN] -= 1
                    return
            sibling = slot
        slot = (slot + 1) & mask
    if joined >= 0:
        return
    entry = table[slot]
    entry.device = device
    entry.place = place
    entry.first_ms = time_ms
    entry.last_ms = time_ms
    entry.receptions = np.uint32(1)
    entry.flags = np.uint8(IS_OPEN | random)
    if sibling >= 0:
        _mark_siblings(table, device, place, random, mask)
    sizes[OPEN] += 1
    sizes[USED] += 1


@kernel
def _is_open_of(entry: Any, device: np.uint64, place: int, random: int) -> bool:  # noqa: ANN401 - a record
    return bool(
        entry.device == device
        and entry.place == place
        and entry.flags & (IS_OPEN | IS_RANDOM) == IS_OPEN | random
    )


@kernel
def _mark_siblings(table: NDArray[np.void], device: np.uint64, place: int, random: int, mask: int) -> None:
    slot = slot_of(device, place, mask)
    while table[slot].flags:
        entry = table[slot]
        if _is_open_of(entry, device, place, random):
            entry.flags |= np.uint8(HAS_SIBLING)
        slot = (slot + 1) & mask


@kernel
def _copy_open(source: NDArray[np.void], target: NDArray[np.void]) -> int:
    mask = target.size - 1
    copied = 0
    for index in range(source.size):
        entry = source[index]
        if not entry.flags & IS_OPEN:
            continue
        slot = slot_of(entry.device, int(entry.place), mask)
        while target[slot].flags:
            slot = (slot + 1) & mask
        target[slot] = entry
        copied += 1
    return copied


def rebuilt(entries: NDArray[np.void]) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """A table with the open ones of `entries` and room for at least a quarter more, and its sizes.

    Siblings keep their flag, so their order in the probe sequence does not matter.
    """
    count = int(np.count_nonzero(entries["flags"] & IS_OPEN))
    table = new_table(capacity_for(count, _SMALLEST))
    sizes = new_sizes()
    sizes[OPEN] = sizes[USED] = _copy_open(entries, table)
    return table, sizes

"""The kernel that folds detections into the open visits of one key day, message by message.

Each detection is late, weak, or heard. A message is judged against the watermark before it, so how
messages are grouped into calls changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from meguri_proto.columns import UNKNOWN_RSSI, Kind

from meguri_flow.domain.compiling import kernel
from meguri_flow.domain.day_rules import BIN_MS
from meguri_flow.domain.open_visits import IS_RANDOM, hear, is_full, touch

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEVER: Final = -(2**62)
"""Before every instant, and far enough from the smallest int64 to subtract a lateness."""
NOT_HELD: Final = 2**62
"""After every instant: the watermark is not held back."""

# Indices of a day's clock (int64).
GREATEST: Final = 0
"""The greatest time seen, of detections and ticks."""
WATERMARK: Final = 1
"""No detection before it is folded any more."""
OUTSIDE: Final = 2
"""How many detections were not of this key day (a producer's error)."""
TICKED: Final = 3
"""The greatest time of a tick."""
LATE_SINCE: Final = 4
"""How many detections came late since a refold was last asked for."""
CLOCK_SIZE: Final = 5

_TOUCHED_AHEAD: Final = 128
"""Detections: the slots of so many are loaded together, since a table of a million waits for memory."""
_RANDOM_KIND: Final = int(Kind.PROBE_REQUEST_RANDOM)

# Indices of a bin's counters (uint32) in sensor health.
DETECTIONS: Final = 0
WEAK: Final = 1
LATE: Final = 2
DUPLICATES: Final = 3
REFUSED: Final = 4


class Steps(NamedTuple):
    """What the log holds for one key day, in order: deliveries and ticks, one entry each.

    A delivery owns `detections` entries of the columns from `start`; a tick has no detections. Entries of
    the same `message` are judged against the same watermark.
    """

    message: NDArray[np.int64]
    """Offsets."""
    start: NDArray[np.int64]
    detections: NDArray[np.int64]
    base_ms: NDArray[np.int64]
    sensor: NDArray[np.int64]
    tick_ms: NDArray[np.int64]
    held_ms: NDArray[np.int64]
    """What is late by the watermark is folded all the same if it is not before this; see `holding`."""


class Columns(NamedTuple):
    """The packed columns of all messages of a read, one after another (see meguri_proto.columns)."""

    time_offset_ms: NDArray[np.uint32]
    device: NDArray[np.uint64]
    rssi: NDArray[np.int8]
    kind: NDArray[np.uint8]


class Health(NamedTuple):
    """What each sensor did in each five-minute bin of the day."""

    counts: NDArray[np.uint32]
    """(sensors, bins, 5): detections, of them weak, of them late; beside them duplicates, and what ingest
    refused because it was ahead of town time."""
    last_ms: NDArray[np.int64]
    """(sensors, bins): the greatest time heard, 0 for none."""
    lead_ms: NDArray[np.int64]
    """(sensors, bins): how far the detection that was furthest ahead stood before the town's newest tick;
    NEVER where nothing was heard after a tick."""
    changed: NDArray[np.bool_]
    """(sensors, bins): since the rows were last emitted."""


@kernel
def _note(
    health: Health,
    clock: NDArray[np.int64],
    sensor: int,
    bin_: int,
    heard: int,
    weak: int,
    late: int,
    last_ms: int,
) -> None:
    """Add to a bin of a sensor's health, and to the clock, what was heard up to `last_ms`."""
    if heard == 0:
        return
    counts = health.counts[sensor, bin_]
    counts[DETECTIONS] += np.uint32(heard)
    counts[WEAK] += np.uint32(weak)
    counts[LATE] += np.uint32(late)
    clock[LATE_SINCE] += late
    health.last_ms[sensor, bin_] = max(health.last_ms[sensor, bin_], last_ms)
    if clock[TICKED] > NEVER:
        health.lead_ms[sensor, bin_] = max(health.lead_ms[sensor, bin_], last_ms - clock[TICKED])
    health.changed[sensor, bin_] = True
    clock[GREATEST] = max(clock[GREATEST], last_ms)


@kernel
def fold(  # noqa: C901 - the loop over detections is one
    steps: Steps,
    columns: Columns,
    sensor_place: NDArray[np.int16],
    sensor_minimum_rssi: NDArray[np.int8],
    day: tuple[int, int, int, int],
    table: NDArray[np.void],
    sizes: NDArray[np.int64],
    clock: NDArray[np.int64],
    health: Health,
    late_offsets: NDArray[np.int64],
    position: NDArray[np.int64],
) -> bool:
    """Fold the steps from `position` on; False if the table has to be rebuilt first, then call again.

    Args:
        steps: the deliveries and ticks.
        columns: where the deliveries' detections are.
        sensor_place: (sensors,) place indices.
        sensor_minimum_rssi: (sensors,) dBm.
        day: start, end, gap and lateness in milliseconds.
        table: the open visits, changed in place.
        sizes: of the table, changed in place.
        clock: of the day, changed in place.
        health: of the sensors, changed in place.
        late_offsets: (bins,) the last message with something late by the watermark, changed in place.
        position: [step, detection within it, anything]; zeros at first, changed in place.
    """
    start_ms, end_ms, gap_ms, lateness_ms = day
    for i in range(position[0], steps.message.size):
        if position[1] == 0 and i > 0 and steps.message[i] != steps.message[i - 1]:
            clock[WATERMARK] = max(clock[WATERMARK], clock[GREATEST] - lateness_ms)
        clock[GREATEST] = max(clock[GREATEST], steps.tick_ms[i])
        clock[TICKED] = max(clock[TICKED], steps.tick_ms[i])
        sensor = steps.sensor[i]
        first = steps.start[i]
        place = int(sensor_place[sensor])
        # A delivery rarely leaves its bin: what it adds to the bin is summed here and noted once.
        bin_ = 0
        bin_start_ms = bin_end_ms = start_ms
        heard = weak = late = 0
        last_ms = NEVER
        for j in range(position[1], steps.detections[i]):
            # Not in a function: what it finds, stored at every detection, would take twice the time.
            if j % _TOUCHED_AHEAD == 0:
                after = first + min(j + _TOUCHED_AHEAD, steps.detections[i])
                position[2] |= touch(table, columns.device, first + j, after, place)
            time_ms = steps.base_ms[i] + np.int64(columns.time_offset_ms[first + j])
            if time_ms < bin_start_ms or time_ms >= bin_end_ms:
                if time_ms < start_ms or time_ms >= end_ms:
                    clock[OUTSIDE] += 1
                    continue
                _note(health, clock, int(sensor), bin_, heard, weak, late, last_ms)
                heard = weak = late = 0
                last_ms = NEVER
                bin_ = (time_ms - start_ms) // BIN_MS
                bin_start_ms = start_ms + bin_ * BIN_MS
                bin_end_ms = min(bin_start_ms + BIN_MS, end_ms)
            rssi = columns.rssi[first + j]
            if time_ms < clock[WATERMARK]:
                late_offsets[bin_] = steps.message[i]
            if time_ms < clock[WATERMARK] and time_ms < steps.held_ms[i]:
                late += 1
            elif rssi < sensor_minimum_rssi[sensor] and rssi != UNKNOWN_RSSI:
                weak += 1
            else:
                if is_full(table, sizes):
                    _note(health, clock, int(sensor), bin_, heard, weak, late, last_ms)
                    position[0], position[1] = i, j
                    return False
                hear(
                    table,
                    sizes,
                    columns.device[first + j],
                    place,
                    # A product and no branch, which would cost a detection half as much again.
                    int(columns.kind[first + j] == _RANDOM_KIND) * IS_RANDOM,
                    time_ms,
                    gap_ms,
                )
            heard += 1
            last_ms = max(last_ms, time_ms)
        _note(health, clock, int(sensor), bin_, heard, weak, late, last_ms)
        position[1] = 0
    clock[WATERMARK] = max(clock[WATERMARK], clock[GREATEST] - lateness_ms)
    return True

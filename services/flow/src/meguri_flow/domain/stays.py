"""Visits of detections that all lie at hand (a file): the fold's own table and sweep, without a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from meguri_flow.domain import closing, open_visits
from meguri_flow.domain.compiling import kernel
from meguri_flow.domain.day_rules import Bounds
from meguri_flow.domain.latest_visits import LatestVisits

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CHUNK = 1 << 16
_NO_END = 2**62
"""No day's end cuts these visits."""


@kernel
def _hear_all(
    device: NDArray[np.uint64],
    place: NDArray[np.int16],
    time_ms: NDArray[np.int64],
    gap_ms: int,
    table: NDArray[np.void],
    sizes: NDArray[np.int64],
    start: int,
) -> int:
    for index in range(start, device.size):
        if open_visits.is_full(table, sizes):
            return index
        open_visits.hear(table, sizes, device[index], int(place[index]), 0, time_ms[index], gap_ms)
    return int(device.size)


def stays(
    device: NDArray[np.uint64], place: NDArray[np.int16], time_ms: NDArray[np.int64], gap_ms: int
) -> NDArray[np.void]:
    """Visits of detections in any order.

    Args:
        device: (n,) a number for each device; equal numbers are the same device.
        place: (n,) place numbers from 0.
        time_ms: (n,) milliseconds since any epoch.
        gap_ms: a longer pause ends a visit.

    Returns:
        `open_visits.ENTRY` records, ordered by device, place and first detection.
    """
    order = np.argsort(time_ms, kind="stable")
    table, sizes = open_visits.new_table(), open_visits.new_sizes()
    latest = LatestVisits()
    bounds = Bounds(-_NO_END, _NO_END, gap_ms, gap_ms)
    no_presence = np.zeros((0, 0), np.uint32)
    found = []

    def sweep(watermark_ms: int) -> None:
        found.append(closing.sweep(table, sizes, latest, watermark_ms, bounds, 0, no_presence).closed)

    for first in range(0, len(order), _CHUNK):
        chunk = order[first : first + _CHUNK]
        columns = (device[chunk], place[chunk], time_ms[chunk])
        done = 0
        while (done := _hear_all(*columns, gap_ms, table, sizes, done)) < len(chunk):
            sweep(int(time_ms[chunk[done]]))
            table, sizes = open_visits.rebuilt(table)
        sweep(int(time_ms[chunk[-1]]))
    sweep(_NO_END)
    visits = np.concatenate(found)
    return visits[np.lexsort((visits["first_ms"], visits["place"], visits["device"]))]

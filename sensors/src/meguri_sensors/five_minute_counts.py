"""What becomes of the detections of a day that is over: how many there were in each five minutes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from meguri_proto.columns import read_columns
from meguri_proto.quantities import Quantity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meguri_proto.schema.upload_pb2 import Batch
    from numpy.typing import NDArray

FIVE_MINUTES_MS: Final = 5 * 60_000


@dataclass(frozen=True)
class FiveMinuteCount:
    """One count; the span is cut where the key day begins or ends."""

    quantity: Quantity
    """DETECTIONS, or DEVICES: distinct pseudonyms among them."""
    from_ms: int
    to_ms: int
    count: int


def five_minute_counts(batches: Iterable[Batch], start_ms: int, end_ms: int) -> Iterator[FiveMinuteCount]:
    """Count the detections of one key day; only those of the five minutes being counted are in memory.

    Args:
        batches: of the day, in the order of their earliest detections.
        start_ms: the key day's first instant.
        end_ms: the first instant after it.
    """
    open_bins: dict[int, list[NDArray[np.uint64]]] = {}
    for batch in batches:
        for number in sorted(open_bins):
            if (number + 1) * FIVE_MINUTES_MS <= batch.base_time_ms:
                yield from _counts(number, open_bins.pop(number), start_ms, end_ms)
        columns = read_columns(batch, batch.count)
        bins = (columns["time_offset_ms"].astype(np.int64) + batch.base_time_ms) // FIVE_MINUTES_MS
        devices = columns["device"].astype(np.uint64)
        for number in np.unique(bins).tolist():
            open_bins.setdefault(number, []).append(devices[bins == number])
    for number in sorted(open_bins):
        yield from _counts(number, open_bins[number], start_ms, end_ms)


def _counts(
    number: int, heard: list[NDArray[np.uint64]], start_ms: int, end_ms: int
) -> Iterator[FiveMinuteCount]:
    devices = np.concatenate(heard)
    from_ms = max(number * FIVE_MINUTES_MS, start_ms)
    to_ms = min((number + 1) * FIVE_MINUTES_MS, end_ms)
    yield FiveMinuteCount(Quantity.DETECTIONS, from_ms, to_ms, len(devices))
    yield FiveMinuteCount(Quantity.DEVICES, from_ms, to_ms, len(np.unique(devices)))

"""What becomes of a replayed batch of a sealed day: how many detections there were in five minutes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from meguri_proto.columns import read_columns
from meguri_proto.quantities import Quantity
from meguri_proto.schema.counts_pb2 import Count, CountBatch

if TYPE_CHECKING:
    from meguri_proto.schema.upload_pb2 import Batch
    from meguri_proto.towns import Town

FIVE_MINUTES_MS = 5 * 60_000


def late_counts(batch: Batch, sensor: str, town: Town) -> CountBatch:
    """Count the batch's detections that lie in its key day; a span is cut where the day begins or ends.

    The counter is the batch itself, under the name that it would have in the log: a batch that is posted
    again is counted as the same, and batches that share five minutes stand beside each other. Distinct
    devices are not counted, since those of two batches cannot be added.
    """
    start_ms, end_ms = town.day_bounds_ms(batch.key_day)
    times = read_columns(batch, batch.count)["time_offset_ms"].astype(np.int64) + np.int64(batch.base_time_ms)
    of_day = times[(times >= start_ms) & (times < end_ms)]
    spans, numbers = np.unique(of_day // FIVE_MINUTES_MS, return_counts=True)
    return CountBatch(
        town=town.town,
        counter=f"{sensor}/{batch.boot:016x}/{batch.sequence}",
        counts=[
            Count(
                quantity=Quantity.DETECTIONS,
                from_ms=max(span * FIVE_MINUTES_MS, start_ms),
                to_ms=min((span + 1) * FIVE_MINUTES_MS, end_ms),
                count=number,
                key_day=batch.key_day,
                version=1,
            )
            for span, number in zip(spans.tolist(), numbers.tolist(), strict=True)
        ],
    )

"""Compiling the kernels ahead of the first message: a second or two that nobody should wait for later."""

from __future__ import annotations

from functools import cache

import numpy as np
from meguri_proto.columns import DTYPES, write_columns
from meguri_proto.schema.log_pb2 import Detections, Record, Rules, Segment, SensorRule, Tick

from meguri_flow.domain import snapshot
from meguri_flow.domain.partition import Partition


@cache
def compile_kernels() -> None:
    """Fold one detection and close its visit, so that every kernel is ready; once in a process."""
    detections = Detections(segments=[Segment(town="t", sensor="s", count=1)])
    write_columns(detections, {name: np.zeros(1, dtype) for name, dtype in DTYPES.items()})
    rules = Rules(town="t", day_end_ms=1, gap_ms=1, sensors=[SensorRule(sensor="s", place="p")])
    records = [Record(rules=rules), Record(detections=detections)]
    partition = Partition()
    partition.observe(enumerate(record.SerializeToString() for record in records))
    partition.take_rows()
    (day,) = partition.days.values()
    day.active()
    snapshot.load(snapshot.dump(partition), snapshot.FORMAT)
    partition.observe([(len(records), Record(tick=Tick(town="t", town_time_ms=1)).SerializeToString())])
    partition.take_rows()

"""Batches of detections made up for tests."""

import numpy as np
from meguri_proto.columns import write_columns
from meguri_proto.pseudonyms import key_check
from meguri_proto.schema.upload_pb2 import Batch
from meguri_sensors.spool_segments import SegmentDay

DAY_MS = 24 * 3_600_000
FIRST_DAY = 20_000


def day(number=FIRST_DAY):
    """A key day of 24 hours from its number times 24 hours."""
    return SegmentDay(number, number * DAY_MS, (number + 1) * DAY_MS)


def batch(sequence, times_ms=(0,), devices=None, *, of=None, boot=7):
    """A batch of the first key day or of another; times are after the day's start."""
    of = of or day()
    count = len(times_ms)
    times = np.array(times_ms, np.int64) + of.start_ms
    made = Batch(
        boot=boot,
        sequence=sequence,
        key_day=of.key_day,
        key_check=key_check(bytes(32)),
        base_time_ms=int(times.min()),
        count=count,
    )
    number = np.arange(count) + 1_000 * sequence
    write_columns(
        made,
        {
            "time_offset_ms": times - times.min(),
            "device": np.array(devices if devices is not None else number + 2**40, np.uint64),
            "rssi": -40 - number % 50,
            "kind": number % 2 + 1,
            "fingerprint": number % 7,
            "sequence_number": number % 4_096,
        },
    )
    return made

"""What three days without ingest take on the disk; tests/bench/spool_size.py measures it at full size."""

import os

import numpy as np
from meguri_proto.columns import write_columns
from meguri_proto.schema.upload_pb2 import Batch
from meguri_sensors.packing import pack
from meguri_sensors.spool import Spool
from reference.batches import FIRST_DAY, batch, day

PER_SECOND, HOUR_MS = 200, 3_600_000
BOUND_BYTES = 512_000_000
KEPT_AT_MOST = 48 * 3_600 * PER_SECOND
"""Detections: those of two days, until the first of them has been over for 24 hours."""


def strangers(rng, count):
    """Every frame from an address never heard before, as if all phones changed theirs for every frame."""
    models = rng.integers(1, 2**32, 1_000, np.uint64)
    one = Batch(
        boot=2**63 + 5, sequence=9_999, key_day=20_000, key_check=2**31, base_time_ms=10**12, count=count
    )
    write_columns(
        one,
        {
            "time_offset_ms": np.sort(rng.integers(0, count * 1_000 // PER_SECOND, count)),
            "device": rng.integers(0, 2**64, count, np.uint64),
            "rssi": np.clip(rng.normal(-72, 10, count), -100, -20),
            "kind": np.full(count, 2),
            "fingerprint": models[np.minimum(rng.zipf(1.3, count), 1_000) - 1],
            "sequence_number": rng.integers(0, 4_096, count),
        },
    )
    return one


def test_two_days_of_detections_of_which_each_is_another_device_fit_the_spool():
    rng = np.random.default_rng(5)
    packed = sum(len(pack(strangers(rng, 2_000))) + 12 for _ in range(20))
    assert packed / 40_000 * KEPT_AT_MOST < BOUND_BYTES


def test_detections_of_devices_that_are_heard_again_take_a_third():
    rng = np.random.default_rng(5)
    one = strangers(rng, 2_000)
    columns = {"device": np.repeat(np.arange(100, dtype=np.uint64) << np.uint64(40), 20)}
    one.device = columns["device"].tobytes()
    one.fingerprint = np.repeat(np.arange(100, dtype=np.uint32), 20).tobytes()
    assert len(pack(one)) < 2_000 * 20 / 3


def test_of_three_days_without_ingest_two_are_kept_at_most_and_the_first_becomes_counts(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the power does not go here
    spool = Spool(tmp_path / "spool", BOUND_BYTES)
    most = 0
    for hour in range(72):
        of = day(FIRST_DAY + hour // 24)
        spool.append(batch(hour, [hour % 24 * HOUR_MS + minute * 60_000 for minute in range(60)], of=of), of)
        spool.seal(of.start_ms + (hour % 24 + 1) * HOUR_MS)
        most = max(most, spool.figures.waiting)
    figures = spool.figures
    assert most == 48 * 60
    assert (figures.waiting, figures.counted, figures.dropped) == (48 * 60, 24 * 60, 0)
    assert len(spool.next_counts().counts) == 2 * 24 * 12
    spool.close()

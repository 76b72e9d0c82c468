"""What is packed unpacks the same; counts are what one would count by hand; nothing is lost or doubled."""

import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from meguri_proto.columns import DTYPES, read_columns, write_columns
from meguri_proto.quantities import Quantity
from meguri_proto.schema.upload_pb2 import Batch
from meguri_sensors.five_minute_counts import FIVE_MINUTES_MS, five_minute_counts
from meguri_sensors.packing import pack, unpack
from meguri_sensors.spool import Spool
from reference.batches import DAY_MS, batch, day

detections = st.tuples(
    *(
        st.integers(int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)) | st.integers(0, 3)
        for dtype in DTYPES.values()
    )
)


@given(
    st.lists(detections, min_size=1, max_size=60),
    st.integers(0, 2**64 - 1),
    st.integers(-(2**31), 2**31 - 1),
    st.text(max_size=5),
)
def test_a_packed_batch_unpacks_the_same_to_the_last_bit(rows, boot, key_day, sensor):
    one = Batch(
        boot=boot, sequence=5, key_day=key_day, key_check=1, base_time_ms=7, count=len(rows), sensor=sensor
    )
    columns = zip(DTYPES, zip(*rows, strict=True), strict=True)
    write_columns(one, {name: np.array(column, DTYPES[name]) for name, column in columns})
    assert unpack(pack(one)).SerializeToString() == one.SerializeToString()


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, DAY_MS - 1), st.integers(0, 5)), min_size=1, max_size=8), max_size=8
    )
)
def test_five_minute_counts_are_what_one_would_count_by_hand(found):
    batches = [
        batch(number, [time for time, _ in rows], [device for _, device in rows])
        for number, rows in enumerate(found)
    ]
    batches.sort(key=lambda each: each.base_time_ms)
    start = day().start_ms
    of_bin = Counter((start + time) // FIVE_MINUTES_MS for rows in found for time, _ in rows)
    devices = Counter(
        number for number, _ in {((start + t) // FIVE_MINUTES_MS, d) for rows in found for t, d in rows}
    )
    counts = list(five_minute_counts(batches, start, day().end_ms))
    assert {
        each.from_ms // FIVE_MINUTES_MS: each.count for each in counts if each.quantity is Quantity.DETECTIONS
    } == of_bin
    assert {
        each.from_ms // FIVE_MINUTES_MS: each.count for each in counts if each.quantity is Quantity.DEVICES
    } == devices
    assert len(counts) == 2 * len(of_bin)


steps = st.lists(
    st.sampled_from(["hear", "hear", "hear", "read", "acknowledge", "crash", "cut"]), min_size=1, max_size=25
)


@settings(max_examples=40)
@given(steps)
@example(["hear", "crash", "hear", "cut", "cut"])
def test_whatever_happens_everything_that_was_written_whole_arrives_in_order_and_once(steps):
    folder = Path(tempfile.mkdtemp())
    spool = Spool(folder, 10**9)
    heard, arrived, on_its_way, lost = [], [], None, set()
    is_being_written = False
    try:
        for step in [*steps, "crash", *["read", "acknowledge"] * 10]:
            if step == "hear":
                heard.append(batch(len(heard), range(3)))
                spool.append(heard[-1], day())
                is_being_written = True
            elif step == "read":
                on_its_way = spool.next_delivery()
            elif step == "acknowledge":
                if on_its_way:
                    arrived += on_its_way.batches
                    spool.acknowledge(on_its_way)
                on_its_way = None
            else:
                spool.close()
                segments = sorted(folder.glob("*.batches"))
                if step == "cut" and segments and is_being_written:
                    # The power went while the last record was written.
                    os.truncate(segments[-1], segments[-1].stat().st_size - 1)
                    lost.add(heard[-1].sequence)
                spool, on_its_way, is_being_written = Spool(folder, 10**9), None, False
    finally:
        spool.close()
        shutil.rmtree(folder)
    assert [each.sequence for each in arrived] == [
        each.sequence for each in heard if each.sequence not in lost
    ]
    assert all(read_columns(each, 3) for each in arrived)

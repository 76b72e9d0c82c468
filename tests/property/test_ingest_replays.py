"""A detection has one name in all dead letters of its batch, and no other detection has it."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from meguri_ingest.replays import _one_by_one
from meguri_proto.columns import read_columns, write_columns
from meguri_proto.schema.upload_pb2 import Batch

detections = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 3), st.integers(-90, -88), st.integers(0, 2)),
    min_size=1,
    max_size=30,
)


def letter(rows, base_ms=1_000):
    """The batch of a dead letter that holds these detections of one posted batch."""
    batch = Batch(boot=7, sequence=9, key_day=19_797, key_check=5, base_time_ms=base_ms, count=len(rows))
    offsets, devices, rssi, numbers = (np.array(column) for column in zip(*rows, strict=True))
    write_columns(
        batch,
        {
            "time_offset_ms": offsets + 1_000 - base_ms,
            "device": devices,
            "rssi": rssi,
            "kind": np.ones(len(rows)),
            "fingerprint": np.zeros(len(rows)),
            "sequence_number": numbers,
        },
    )
    return batch


def named(batch, sensor="gate"):
    """(name, content) of each of the letter's detections."""
    found = []
    for single in _one_by_one("village", sensor, batch):
        columns = read_columns(single, 1)
        time_ms = single.base_time_ms + int(columns["time_offset_ms"][0])
        content = (time_ms, *(int(columns[name][0]) for name in ("device", "rssi", "sequence_number")))
        found.append(((single.boot, single.sequence), content))
    return found


@given(detections, st.data())
def test_letters_of_one_batch_name_a_detection_alike_and_nothing_else_so(rows, data):
    whole = named(letter(rows))
    assert len({name for name, _ in whole}) == len(rows)
    chosen = data.draw(st.lists(st.sampled_from(range(len(rows))), min_size=1, unique=True).map(sorted))
    part = named(letter([rows[index] for index in chosen], base_ms=data.draw(st.integers(900, 1_000))))
    together = dict([*whole, *part])
    assert len(together) == len(rows), "what stands in both letters has one name"
    assert Counter(together.values()) == Counter(content for _, content in whole)


@given(detections)
def test_another_sensors_letter_has_other_names(rows):
    mine, others = (dict(named(letter(rows), sensor)) for sensor in ("gate", "door"))
    assert not mine.keys() & others.keys()

"""Dividing a delivery: the slices together are the delivery, and each has its own devices in their order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from meguri_ingest.judging import Delivery
from meguri_ingest.slicing import divided
from meguri_proto.columns import DTYPES
from meguri_proto.schema.log_pb2 import Segment

devices = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 5), min_size=1, max_size=60)


def delivery(devices):
    """Detections of these devices; every other column tells which of them it is."""
    columns = {name: np.arange(len(devices)).astype(dtype).tobytes() for name, dtype in DTYPES.items()}
    columns["device"] = np.array(devices, DTYPES["device"]).tobytes()
    segment = Segment(town="village", sensor="gate", boot=7, sequence=3, key_day=19_797, base_time_ms=5)
    segment.count = len(devices)
    return Delivery(segment, columns)


def column(part, name):
    return np.frombuffer(part.columns[name], DTYPES[name]).tolist()


@given(devices, st.integers(1, 64))
def test_the_slices_together_are_the_delivery_and_each_keeps_its_order(devices, slices):
    parts = divided(delivery(devices), slices)
    found = {}
    for part in parts:
        which = column(part, "time_offset_ms")
        assert which == sorted(which)
        for name in DTYPES.keys() - {"device"}:
            assert column(part, name) == which, name
        found.update(zip(which, column(part, "device"), strict=True))
    assert [found[index] for index in range(len(devices))] == devices
    assert sum(part.segment.count for part in parts) == len(devices)


@given(devices, st.integers(1, 64))
def test_each_slice_has_its_devices_under_the_deliverys_name(devices, slices):
    whole = delivery(devices)
    parts = divided(whole, slices)
    assert [part.segment.slice for part in parts] == sorted({device % slices for device in devices})
    for part in parts:
        assert {device % slices for device in column(part, "device")} == {part.segment.slice}
        assert part.segment.count == len(column(part, "device"))
        named = Segment()
        named.CopyFrom(part.segment)
        named.slice, named.count = 0, whole.segment.count
        assert named == whole.segment

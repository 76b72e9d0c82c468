"""The reading kernel reads what protobuf reads, or leaves the message to it."""

import numpy as np
import pytest
from google.protobuf.message import DecodeError
from hypothesis import example, given
from hypothesis import strategies as st
from meguri_flow.domain.hearing import Columns
from meguri_flow.domain.reading import read_messages
from meguri_proto.columns import DTYPES, write_columns
from meguri_proto.schema.log_pb2 import Record, Segment

names = st.text("abc-09", min_size=1, max_size=5)
segments = st.builds(
    Segment,
    town=names,
    sensor=names,
    boot=st.integers(1, 2**64 - 1),
    sequence=st.integers(0, 2**62 - 1),
    key_day=st.integers(-5, 2**30 - 1),
    base_time_ms=st.integers(-(2**63), 2**63 - 1),
    count=st.integers(0, 3),
    slice=st.integers(0, 300),
)


def record_of(segments):
    """A record whose columns count up."""
    record = Record()
    record.detections.segments.extend(segments)
    total = sum(segment.count for segment in segments)
    write_columns(record.detections, {name: np.arange(total) % 100 for name in DTYPES})
    return record.SerializeToString()


records = st.lists(segments, min_size=1, max_size=4).map(record_of)


@st.composite
def damaged(draw):
    """A record with a byte changed, put in or taken out, or cut."""
    data = bytearray(draw(records))
    at = draw(st.integers(0, len(data) - 1))
    how = draw(st.sampled_from(["change", "put in", "take out", "cut"]))
    byte = draw(st.one_of(st.integers(0, 255), st.sampled_from([0x0A, 0x12, 0x19, 0x40, 0x48, 0x80, 0xFF])))
    if how == "change":
        data[at] = byte
    elif how == "put in":
        data.insert(at, byte)
    elif how == "take out":
        del data[at]
    else:
        del data[at:]
    return bytes(data)


def as_read(values):
    """What the kernel read of each message: its segments and its columns' bytes, or None where it left it."""
    read = read_messages(values)
    found = []
    for message, is_plain in enumerate(read.is_plain):
        mine = read.segments[read.segments["message"] == message]
        start, count = (int(mine["start"][0]), int(mine["count"].sum())) if len(mine) else (0, 0)
        columns = tuple(column[start : start + count].tobytes() for column in read.columns)
        found.append(([_segment(read, each) for each in mine], columns) if is_plain else None)
    return found


def _segment(read, segment):
    source = int(read.runs["source"][segment["run"]])
    of_source = read.sources[source]
    return (
        *(read.town(source), read.sensor(source), int(of_source["boot"]), int(segment["sequence"])),
        *(int(of_source["key_day"]), int(segment["base_ms"]), int(segment["count"]), int(of_source["slice"])),
    )


def as_protobuf_reads(value):
    detections = Record.FromString(value).detections
    fields = ("town", "sensor", "boot", "sequence", "key_day", "base_time_ms", "count", "slice")
    columns = tuple(getattr(detections, name) for name in Columns._fields)
    return [tuple(getattr(each, name) for name in fields) for each in detections.segments], columns


@given(st.lists(records, min_size=1, max_size=5))
def test_what_ingest_writes_is_read_whole(values):
    assert as_read(values) == [as_protobuf_reads(value) for value in values]


@given(records, damaged(), records)
@example(record_of([Segment(town="t", boot=1)]), b"", record_of([Segment(town="t", boot=1)]))
def test_what_is_not_as_ingest_writes_it_is_left_and_its_neighbours_are_read(before, value, after):
    first, found, last = as_read([before, value, after])
    assert (first, last) == (as_protobuf_reads(before), as_protobuf_reads(after))
    if found is not None:
        assert found == as_protobuf_reads(value)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(record_of([Segment(town="t")])[:-1], id="cut"),
        pytest.param(record_of([Segment(town="t")]) + b"\x3a\x00", id="a newer field of the record"),
        pytest.param(record_of([Segment(town="村")]), id="a name that is not ASCII"),
        pytest.param(record_of([Segment(sequence=2**63)]), id="a sequence number above what is signed"),
        pytest.param(b"", id="no bytes"),
    ],
)
def test_it_leaves(value):
    assert as_read([value]) == [None]


def test_it_leaves_what_protobuf_refuses_as_no_text():
    value = record_of([Segment(town="aa")]).replace(b"aa", b"\xff\xff")
    assert as_read([value]) == [None]
    with pytest.raises(DecodeError):
        Record.FromString(value)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5)), min_size=1, max_size=12))
def test_a_run_is_the_deliveries_of_a_source_whose_numbers_count_up_by_one(deliveries):
    read = read_messages([record_of([Segment(sensor=name, sequence=n)]) for name, n in deliveries])
    for number, run in enumerate(read.runs):
        mine = read.segments[read.segments["run"] == number]
        assert mine["sequence"].tolist() == list(range(run["first"], run["last"] + 1))
        assert len(mine) == run["segments"]
        assert {deliveries[index][0] for index in mine["message"]} == {read.sensor(int(run["source"]))}

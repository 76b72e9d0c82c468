"""What a snapshot refuses, and that it is a function of the state alone."""

import zlib
from pathlib import Path

import pytest
from meguri_flow.domain import snapshot
from meguri_flow.domain.day import UNKNOWN_OFFSET
from meguri_flow.domain.deliveries import Sequences
from meguri_flow.domain.partition import Partition
from reference.fold import Delivery, Detection, Message
from reference.log import DAY, MINUTE, START, as_record, closed_visits, moves, rules_record


@pytest.fixture
def partition():
    partition = Partition()
    message = Message((Delivery("a", 2**64 - 1, 5, (Detection(START + 1, 2**64 - 1),)),))
    partition.observe(enumerate([rules_record(), as_record(message)]))
    partition.take_rows()
    return partition


def test_a_snapshot_reads_back_as_the_state_that_was_written(partition):
    again = snapshot.load(snapshot.dump(partition), snapshot.FORMAT)
    assert snapshot.dump(again) == snapshot.dump(partition)
    assert again.next_offset == 2


def test_a_snapshot_of_a_newer_format_is_refused_with_both_numbers(partition):
    with pytest.raises(
        snapshot.SnapshotError, match="format 99, written by a newer Meguri; this one reads 3"
    ):
        snapshot.load(snapshot.dump(partition), 99)


def test_a_snapshot_cut_anywhere_is_damaged_and_never_half_a_state(partition):
    data = snapshot.dump(partition)
    for length in range(len(data)):
        with pytest.raises(snapshot.SnapshotError, match="damaged"):
            snapshot.load(data[:length], snapshot.FORMAT)


def test_a_snapshot_of_format_1_is_read_and_folds_on():
    before = snapshot.load((Path(__file__).parent / "snapshots/format-1.bin").read_bytes(), 1)
    again = snapshot.load(snapshot.dump(before), snapshot.FORMAT)
    assert snapshot.dump(again) == snapshot.dump(before)
    arrival = Message((Delivery("c", 1, 1, (Detection(START + 33 * MINUTE, 3),)),))
    end = Message(tick_ms=START + 250 * MINUTE)
    again.observe(enumerate([as_record(arrival), as_record(end)], start=again.next_offset))
    rows = again.take_rows()
    found = [(v.device, v.place, (v.first_ms - START) // MINUTE) for v in closed_visits([rows])]
    assert found == [(3, "hall", 27), (1, "shop", 20), (3, "shop", 21), (3, "shop", 33)]
    assert [(m.from_place, m.place, m.ordinal) for m in moves([rows])] == [
        ("shop", "hall", 1),
        ("hall", "shop", 2),
    ]


def test_a_snapshot_of_format_2_is_read_and_its_devices_move_on():
    before = snapshot.load((Path(__file__).parent / "snapshots/format-2.bin").read_bytes(), 2)
    again = snapshot.load(snapshot.dump(before), snapshot.FORMAT)
    assert snapshot.dump(again) == snapshot.dump(before)
    again.observe([(again.next_offset, as_record(Message(tick_ms=DAY.end_ms + DAY.lateness_ms)))])
    (day,) = again.days.values()
    assert day.first_offset == UNKNOWN_OFFSET, "what was not kept cannot be folded again"
    assert [(m.device, m.from_place, m.place, m.ordinal) for m in moves([again.take_rows()])] == [
        (1, "shop", "shop", 2),
        (3, "hall", "shop", 1),
    ]


def test_bytes_that_are_no_snapshot_are_damaged():
    for data in (b"", b"\x00" * 40, zlib.compress(b""), zlib.compress(b"\x02\x00\x00\x00{}")):
        with pytest.raises(snapshot.SnapshotError, match="damaged"):
            snapshot.load(data, snapshot.FORMAT)


def test_sequences_that_come_in_any_order_join_into_one_interval():
    known = Sequences()
    added = [known.add(number, number) for number in (5, 3, 4, 3, 6, 1)]
    assert added == [True, True, True, False, True, True]
    assert known.intervals() == [(1, 1), (3, 6)]

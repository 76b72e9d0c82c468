"""Where batches are cut, and what they are named."""

import numpy as np
import pytest
from meguri_proto.columns import Kind, read_columns
from meguri_proto.pseudonyms import key_check
from meguri_sensors.batches import LARGEST_BATCH, LONGEST_SPAN_MS, Batcher, last_ms
from meguri_sensors.day_keys import DayKey
from meguri_sensors.probe_requests import Heard

DAY = DayKey(20_000, 0, 10**9, b"a" * 32)
NEXT = DayKey(20_001, 10**9, 2 * 10**9, b"b" * 32)
BOOT = 2**64 - 1


def heard(device=7, rssi=-50):
    return Heard(device, rssi, 11, 12, is_random=False)


def batches(times, batcher=None, day_of=lambda _: DAY):
    batcher = batcher or Batcher(BOOT)
    found = [batcher.add(time, heard(), day_of(time)) for time in times]
    return [batch for batch in (*found, batcher.close()) if batch]


def test_a_batch_holds_what_was_heard_after_its_earliest_time():
    batcher = Batcher(BOOT)
    assert batcher.add(5_000, Heard(2**64 - 1, -128, 2**32 - 1, 4_095, is_random=True), DAY) is None
    assert batcher.add(4_000, heard(7, 3), DAY) is None
    batch = batcher.close()
    columns = {name: column.tolist() for name, column in read_columns(batch, 2).items()}
    assert columns == {
        "time_offset_ms": [1_000, 0],
        "device": [2**64 - 1, 7],
        "rssi": [-128, 3],
        "kind": [Kind.PROBE_REQUEST_RANDOM, Kind.PROBE_REQUEST],
        "fingerprint": [2**32 - 1, 11],
        "sequence_number": [4_095, 12],
    }
    assert (batch.boot, batch.sequence, batch.key_day, batch.count) == (BOOT, 0, 20_000, 2)
    assert (batch.base_time_ms, last_ms(batch)) == (4_000, 5_000)
    assert batch.key_check == key_check(DAY.key)


def test_nothing_heard_makes_no_batch():
    assert Batcher(BOOT).close() is None


def test_a_batch_of_the_longest_span_holds_together_and_one_millisecond_more_is_cut():
    assert [each.count for each in batches([0, LONGEST_SPAN_MS])] == [2]
    assert [each.count for each in batches([0, LONGEST_SPAN_MS + 1])] == [1, 1]
    assert [each.count for each in batches([LONGEST_SPAN_MS + 1, 0])] == [1, 1]


def test_a_batch_is_cut_when_it_is_full():
    assert [each.count for each in batches([0] * (LARGEST_BATCH + 1))] == [LARGEST_BATCH, 1]


def test_a_batch_never_crosses_a_key_day_and_each_day_counts_its_own():
    of = {1: DAY, 2: DAY, 3: NEXT, 4: DAY}
    found = batches([1, 2, 3, 4], day_of=of.get)
    assert [(each.key_day, each.sequence, each.count) for each in found] == [
        (20_000, 0, 2),
        (20_001, 0, 1),
        (20_000, 1, 1),
    ]


def test_sequences_go_on_where_they_are_told_to():
    batcher = Batcher(BOOT, 0, {20_000: 41})
    assert [each.sequence for each in batches([1, 2], batcher)] == [41, 42]
    assert batcher.sequences == {20_000: 43}


@pytest.mark.parametrize("day", [DAY, NEXT])
def test_nobody_reads_a_key_from_what_is_shown_of_it(day):
    assert day.key.decode() not in repr(day)


def test_the_same_detections_make_the_same_batches():
    times = np.random.default_rng(1).integers(0, 10**7, 500).tolist()
    assert batches(times) == batches(times)
